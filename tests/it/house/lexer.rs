//! Owns reading Rust source as far as the house rules need it: code apart from prose, and tokens.
//! Must not import anything: it is pure and knows no rule.

/// One source text twice, each of its length and with its line breaks: what is not of the kind is
/// blank.
pub(super) struct Source {
    /// Without comments and without what strings and characters hold.
    pub(super) code: String,
    /// Comments and strings alone.
    pub(super) prose: String,
}

/// Splits a source text. Text that is not Rust gives some split, never an error.
pub(super) fn split(text: &str) -> Source {
    let (mut code, mut prose) = (String::new(), String::new());
    let mut rest = text;
    while !rest.is_empty() {
        let (length, is_prose) = piece(rest);
        let (piece, after) = rest.split_at(length);
        let (takes, other) =
            if is_prose { (&mut prose, &mut code) } else { (&mut code, &mut prose) };
        takes.push_str(piece);
        other.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    Source { code, prose }
}

/// The length in bytes of the next comment, literal, word or character, and whether it is prose.
fn piece(rest: &str) -> (usize, bool) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), true);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), true);
    }
    let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    if word > 0 {
        return match raw_string(&rest[..word], &rest[word..]) {
            Some(length) => (word + length, true),
            None => (word, false),
        };
    }
    if rest.starts_with('"') {
        return (quoted(rest, '"'), true);
    }
    if is_character(rest) {
        return (quoted(rest, '\''), true);
    }
    (rest.chars().next().map_or(1, char::len_utf8), false)
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a raw string after its prefix; `None` for another word, and for `r#type`.
fn raw_string(prefix: &str, rest: &str) -> Option<usize> {
    let hashes = rest.bytes().take_while(|b| *b == b'#').count();
    if !matches!(prefix, "r" | "br" | "cr") || !rest[hashes..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = hashes + 1;
    Some(rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len()))
}

/// The length of a literal between two quotes, where a backslash takes the next character along.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Whether this quote opens a character and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut next = rest.chars();
    match (next.next(), next.next(), next.next()) {
        (Some('\''), Some('\\'), _) => true,
        (Some('\''), Some(c), Some('\'')) => c != '\'',
        _ => false,
    }
}

/// The words (`r#type` as `type`), the `::`, and every other mark by itself.
pub(super) fn tokens(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match rest.find(|c| !is_word(c)).unwrap_or(rest.len()) {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            word => word,
        };
        let (token, after) = rest.split_at(length);
        let raw = token == "r" && after.starts_with('#') && after[1..].starts_with(is_word);
        if !raw {
            found.push(token);
        }
        rest = if raw { &after[1..] } else { after.trim_start() };
    }
    found
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::{split, tokens};

    /// Everything that is code is lower case here, everything that is prose upper case.
    #[test]
    fn code_and_prose_are_told_apart() {
        let cases = [
            "a /* B /* \"B\" */ B */ b // C \"\n c",
            r#"a "B \" // B" b 'C' c '\'' d '\u{C}' e"#,
            "a r#\"B \" B\"# b br\"C\\\" c c\"D\" d",
            "fn f<'a>(x: &'a str, y: &'static str) -> &'a str { 'É' 'b: loop {} }",
            "//! A\n/// B\n//\na r#type b'C' r \"É\" \n/* unended: C"
                .trim_end_matches("unended: C"),
        ];
        for case in cases {
            let source = split(case);
            let shapes = (source.code.chars().count(), source.prose.chars().count());
            assert_eq!(shapes, (case.chars().count(), case.chars().count()), "{case}");
            let prefixes = ["r#\"", "br\"", "\\u{C}"];
            let shown = prefixes.iter().fold(source.prose.clone(), |p, x| p.replace(x, ""));
            assert!(!shown.contains(|c: char| c.is_ascii_lowercase()), "{case}: {shown}");
            assert!(!source.code.contains(char::is_uppercase), "{case}: {}", source.code);
        }
    }

    #[test]
    fn a_path_is_words_and_separators() {
        let expected =
            ["use", "crate", "::", "type", "::", "{", "self", ",", "b_1", "}", ";", "a", ":", "b"];
        assert_eq!(tokens("use crate::r#type:: {self, b_1};\n a: b"), expected);
    }
}
