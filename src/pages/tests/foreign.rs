//! Owns what happens to texts of strangers on a page.
//! Must not import anything but the pages.

use super::samples::{Foreign, USUAL, foreign};
use super::{tags, value};
use crate::pages::{
    Application, Brand, BrandSettings, ErrorPage, GoOn, LANGUAGES, Problem, SignIn,
};
use crate::protocol::picture::PictureHash;

/// The pages with one text in every place that takes one.
fn pages(text: &str) -> Vec<(&'static str, String)> {
    let from = Foreign { name: text, username: text, uri: text, path: Some(text), logo: None };
    let settings = BrandSettings { name: text.to_owned(), ..BrandSettings::default() };
    let brand = Brand::new(&settings).unwrap();
    LANGUAGES.iter().flat_map(|texts| foreign(&brand, texts, from)).collect()
}

/// C051: no text becomes a tag, an attribute or a handler.
#[test]
fn what_is_foreign_is_escaped() {
    let usual = foreign(&Brand::default(), LANGUAGES[0], USUAL);
    let kinds = |page: &str| {
        let mut kinds: Vec<String> =
            tags(page).map(|tag| tag.split([' ', '>']).next().unwrap().to_owned()).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    let known: Vec<String> = usual.iter().flat_map(|(_, page)| kinds(page)).collect();
    for text in [
        "<script>alert(1)</script>",
        "\"><script>alert(1)</script>",
        "'><img src=x onerror=alert(1)>",
        "\" onfocus=alert(1) autofocus x=\"",
        "</title></p><svg onload=alert(1)>",
        "{{ view.csrf }}{% raw %}",
        "&lt;script&gt;",
        "--><!--",
    ] {
        for (name, page) in pages(text) {
            let strange: Vec<_> =
                kinds(&page).into_iter().filter(|one| !known.contains(one)).collect();
            assert!(strange.is_empty(), "{name}: {strange:?} by {text}");
            for tag in tags(&page) {
                // Outside the quotes of its values a tag has only what the template says.
                let bare: String = tag.split('"').step_by(2).collect();
                assert!(!bare.contains("onfocus") && !bare.contains("alert"), "{name}: {tag}");
            }
            assert!(!page.contains(text) || text.starts_with("{{"), "{name}: {text} as it is");
        }
    }
}

/// C050, C051.
#[test]
fn foreign_addresses_are_neither_linked_nor_loaded() {
    for text in
        ["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "http://evil.example"]
    {
        for (name, page) in pages(text) {
            for tag in tags(&page) {
                let places =
                    ["href", "src", "action"].into_iter().filter_map(|one| value(tag, one));
                for place in places {
                    // The answer to a client may go there: its address is a registered one.
                    let answers = ["form-post", "go-on"].contains(&name);
                    let to_client = answers && place == "http://evil.example";
                    let here = place.starts_with('#');
                    let own = here || place.starts_with('/') && !place.starts_with("//");
                    assert!(to_client || own, "{name}: {tag}");
                }
            }
        }
    }
}

#[test]
fn links_to_strangers_open_elsewhere_and_tell_nothing() {
    for (name, page) in foreign(&Brand::default(), LANGUAGES[0], USUAL) {
        for tag in tags(&page).filter(|tag| tag.starts_with("<a ") && tag.contains("https://")) {
            assert!(tag.contains(" rel=\"noopener noreferrer\""), "{name}: {tag}");
            assert_eq!(tag.contains(" target=\"_blank\""), name == "consent", "{name}: {tag}");
        }
    }
}

/// C051: a name cannot turn the words around it, nor push them out of sight.
#[test]
fn what_turns_or_floods_a_page_is_left_out() {
    for (name, page) in pages("safe\u{202e}moc.elpmaxe\u{2066}\u{0}") {
        // What is sent back, rather than shown, stays as it is.
        let shown: String = page.split('<').filter(|one| !one.starts_with("input")).collect();
        assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{0}']), "{name}");
        assert!(shown.contains("safemoc.elpmaxe"), "{name}");
    }
    let usual = foreign(&Brand::default(), LANGUAGES[0], USUAL);
    for ((name, page), (_, usual)) in pages(&"<b>".repeat(1_700)).into_iter().zip(usual) {
        let shown = |page: &str| {
            page.split('<').filter(|one| !one.starts_with("input")).map(str::len).sum::<usize>()
        };
        assert!(shown(&page) < shown(&usual) + 20_000, "{name}: {}", shown(&page));
    }
}

#[test]
fn a_foreign_name_is_isolated() {
    for (name, page) in pages("\u{5e9}\u{5dc}\u{5d5}\u{5dd}") {
        let outside = page
            .split("<bdi")
            .enumerate()
            .map(|(nr, part)| if nr == 0 { part } else { part.split_once("</bdi>").unwrap().1 });
        for part in outside {
            let words = part.split('<').filter_map(|one| one.split_once('>')).map(|(tag, text)| {
                // The window's title has no markup, and what is unseen or a picture has no neighbours.
                let alone = tag == "title" || tag.contains("unseen") || tag.contains("aria-hidden");
                if alone { "" } else { text }
            });
            assert!(!words.collect::<String>().contains('\u{5e9}'), "{name}: {part}");
        }
    }
}

#[test]
fn an_own_picture_is_shown() {
    let hash = PictureHash::from_bytes([0xab; 32]);
    let from = Foreign { logo: Some(hash), ..USUAL };
    for (name, page) in foreign(&Brand::default(), LANGUAGES[0], from) {
        let picture = format!("<img class=\"tile\" src=\"/assets/clients/{hash}\" alt=\"\"");
        let shown = page.contains(&picture);
        assert_eq!(shown, !["error", "signed-out"].contains(&name), "{name}");
    }
}

#[test]
fn a_client_without_a_name_still_has_one() {
    let application = Application { name: "\u{202e} \u{0}", logo: None };
    let error = ErrorPage {
        problem: Problem::Request,
        application: Some(application),
        code: None,
        detail: None,
        reference: None,
        retry: None,
    };
    assert!(error.render(&Brand::default(), LANGUAGES[0]).contains("<bdi>An application</bdi>"));
}

/// C051: what comes back into a field is what was typed, and nothing more.
#[test]
fn what_was_typed_comes_back_unchanged() {
    let view = SignIn {
        csrf: "c",
        i: None,
        application: None,
        username: "\"a\"<b>'&\u{202e}",
        again: false,
        problem: None,
    };
    let page = view.render(&Brand::default(), LANGUAGES[0]);
    assert!(page.contains("value=\"&#34;a&#34;&#60;b&#62;&#39;&#38;\u{202e}\""), "{page}");
}

/// C051: the `state` of a client comes back as it was sent, and cannot leave its field.
#[test]
fn what_a_form_carries_stays_in_its_fields() {
    let application = Some(Application { name: "Shop", logo: None });
    let text = "\"><script>alert('1')</script>&amp;";
    let fields = [("state", text), (text, "value")];
    let page = GoOn { to: "https://shop.example/cb?a=\"'><b>", application, fields: Some(&fields) }
        .render(&Brand::default(), LANGUAGES[0]);
    let escaped = "&#34;&#62;&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#38;amp;";
    assert!(page.contains(&format!("name=\"state\" value=\"{escaped}\"")), "{page}");
    assert!(page.contains(&format!("name=\"{escaped}\" value=\"value\"")), "{page}");
    assert!(
        page.contains("action=\"https://shop.example/cb?a=&#34;&#39;&#62;&#60;b&#62;\""),
        "{page}"
    );
}

/// C051: a client that got past the rules for redirect URIs still cannot run a script here.
#[test]
fn an_answer_goes_to_the_web_only() {
    let application = Some(Application { name: "Shop", logo: None });
    for action in ["javascript:alert(1)", "data:,", "com.example:/cb", "", "/relative"] {
        for fields in [Some(&[("code", "secret")][..]), None] {
            let page =
                GoOn { to: action, application, fields }.render(&Brand::default(), LANGUAGES[0]);
            for part in ["<form", "secret", "<script", "refresh", "<a "] {
                assert!(!page.contains(part), "{part}: {page}");
            }
            assert!(page.contains("role=\"alert\""));
        }
    }
}
