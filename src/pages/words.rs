//! Owns how foreign text is shown: names, host names and addresses that somebody else has chosen.
//! Must not import a view. Escaping is not its business: the templates do that.

/// The most characters of a foreign name that are shown.
const NAME: usize = 80;

/// The most characters of a foreign sentence. A host name is shorter, and so never cut: its end
/// is what tells whose it is.
const SENTENCE: usize = 300;

/// A foreign name for a page: without characters that act on their neighbours, and not so long
/// that it pushes the page aside.
pub(super) fn shown(text: &str) -> String {
    cut(text, NAME)
}

/// The same for what may be longer: a sentence, an address, a host name.
pub(super) fn told(text: &str) -> String {
    cut(text, SENTENCE)
}

fn cut(text: &str, longest: usize) -> String {
    let spaced = text.chars().map(|one| if one.is_whitespace() { ' ' } else { one });
    let mut kept: String = spaced.filter(|one| !acts(*one)).take(longest + 1).collect();
    if let Some((end, _)) = kept.char_indices().nth(longest) {
        kept.truncate(end);
        kept.push('…');
    }
    kept.trim().to_owned()
}

/// The letter or digit that stands for a name; empty if it has none.
pub(super) fn initial(name: &str) -> String {
    let first = name.chars().find(|one| one.is_alphanumeric());
    first.map(|one| one.to_uppercase().collect()).unwrap_or_default()
}

/// A link that may be followed: `https` only, so that neither a script nor another application
/// is behind it (C051).
pub(super) fn link(uri: Option<&str>) -> Option<&str> {
    uri.filter(|uri| starts(uri, "https://"))
}

/// Where a form may be sent to: an address of the web.
pub(super) fn target(uri: &str) -> Option<&str> {
    Some(uri).filter(|uri| starts(uri, "https://") || starts(uri, "http://"))
}

/// A path of this server, as pictures have it: a foreign one would tell who signs in, and where
/// (C050).
pub(super) fn local(path: &str) -> Option<&str> {
    let local = path.starts_with('/') && !path.starts_with("//");
    // Browsers read `\` as `/` and leave out tabs and line breaks (URL Standard §4.4).
    Some(path).filter(|path| local && !path.contains(['\\', '\n', '\t', '\r']))
}

fn starts(uri: &str, with: &str) -> bool {
    uri.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

/// Controls, and the characters that turn the direction of others or cannot be seen.
fn acts(one: char) -> bool {
    one.is_control()
        || matches!(one,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{initial, link, local, shown, target, told};

    #[test]
    fn what_turns_or_hides_text_is_left_out() {
        assert_eq!(shown("safe\u{202e}moc.elpmaxe"), "safemoc.elpmaxe");
        assert_eq!(shown(" a\u{0}\u{1b}[31mb\u{200b}\u{2066}\n c\u{feff} "), "a[31mb  c");
        // Joiners are letters' business: emoji and Persian need them.
        assert_eq!(shown("می\u{200c}خواهم 👩\u{200d}🚀"), "می\u{200c}خواهم 👩\u{200d}🚀");
    }

    #[test]
    fn a_long_name_ends_in_an_ellipsis() {
        assert_eq!(shown(&"x".repeat(80)), "x".repeat(80));
        assert_eq!(shown(&"ü".repeat(5000)), format!("{}…", "ü".repeat(80)));
    }

    #[test]
    fn a_host_name_keeps_its_end() {
        let host = format!("{}evil.example", "a.".repeat(120));
        assert_eq!(told(&host), host);
        assert_eq!(told(&"x".repeat(5000)).chars().count(), 301);
    }

    #[test]
    fn the_initial_is_a_letter_or_a_digit() {
        assert_eq!(initial("«été»"), "É");
        assert_eq!(initial("3 Birds"), "3");
        assert_eq!(initial("☃ <>"), "");
    }

    /// C051.
    #[test]
    fn only_https_is_linked() {
        assert_eq!(link(Some("https://a.example/")), Some("https://a.example/"));
        assert_eq!(link(Some("HTTPS://a.example/")), Some("HTTPS://a.example/"));
        for bad in ["http://a.example", "javascript:alert(1)", "data:text/html,x", "//a", "https:é"]
        {
            assert_eq!(link(Some(bad)), None, "{bad}");
        }
        assert_eq!(target("http://127.0.0.1:9/cb"), Some("http://127.0.0.1:9/cb"));
        assert_eq!(target("javascript:alert(1)"), None);
        assert_eq!(target("com.example.app:/cb"), None);
    }

    /// C050.
    #[test]
    fn a_picture_is_of_this_server() {
        assert_eq!(local("/logos/1"), Some("/logos/1"));
        for bad in ["", "//evil.example/x", "/\\evil.example", "/\t/evil", "https://a", "x.png"] {
            assert_eq!(local(bad), None, "{bad}");
        }
    }
}
