//! Owns what holds for every page. What holds for one part stands beside that part.
//! Must not import anything but the pages.

mod foreign;
pub(crate) mod samples;
mod views;

use super::{Brand, BrandSettings, LANGUAGES};
use samples::all;

/// C047, C050, C051: the policy allows neither script nor style in a page, nor foreign places.
#[test]
fn no_page_breaks_its_policy() {
    for texts in LANGUAGES {
        for (name, page) in all(&Brand::default(), texts) {
            let lower = page.to_lowercase();
            for forbidden in ["style=", "<style", "javascript:", " on", "<base", "<iframe"] {
                let found = lower.match_indices(forbidden).any(|(at, _)| {
                    // ` on` begins a handler only where letters and an `=` follow.
                    let rest = &lower[at + forbidden.len()..];
                    let word = rest.trim_start_matches(|one: char| one.is_ascii_lowercase());
                    forbidden != " on" || word.starts_with('=')
                });
                assert!(!found, "{name}: {forbidden}");
            }
            for tag in tags(&page).filter(|tag| !tag.starts_with("<a ")) {
                let foreign = tag.contains("//")
                    && !tag.starts_with("<form method=\"post\" action=\"https://shop.example/")
                    && !tag
                        .starts_with("<meta http-equiv=\"refresh\" content=\"0;url=https://shop.")
                    && !tag.starts_with("<input type=\"hidden\"");
                assert!(!foreign, "{name}: {tag}");
            }
            let scripts: Vec<_> = tags(&page).filter(|tag| tag.starts_with("<script")).collect();
            assert_eq!(scripts.len(), usize::from(name.starts_with("form-post")), "{name}");
            assert!(scripts.iter().all(|tag| tag.contains("src=\"/assets/form-post-")), "{name}");
        }
    }
}

#[test]
fn every_page_has_its_language_a_title_one_heading_and_landmarks() {
    let mut titles = Vec::new();
    for texts in LANGUAGES {
        for (name, page) in all(&Brand::default(), texts) {
            assert!(page.starts_with("<!doctype html>"), "{name}");
            assert!(page.contains(&format!("<html lang=\"{}\" dir=\"ltr\">", texts.tag)), "{name}");
            for once in ["<title>", "<h1", "<main>", "<header", "name=\"viewport\""] {
                assert_eq!(page.matches(once).count(), 1, "{name}: {once}");
            }
            assert!(!page.contains("<h3"), "{name}: a heading that none is above");
            titles
                .push(page.split("<title>").nth(1).unwrap().split('<').next().unwrap().to_owned());
        }
    }
    assert!(titles.iter().all(|title| title.ends_with(" – Chancery")), "{titles:?}");
    assert!(titles.iter().any(|title| title == "Error: Sign in – Chancery"), "{titles:?}");
}

#[test]
fn every_field_has_a_label_and_every_id_is_its_own() {
    for texts in LANGUAGES {
        for (name, page) in all(&Brand::default(), texts) {
            for tag in
                tags(&page).filter(|tag| tag.starts_with("<input") && !tag.contains("hidden"))
            {
                let label = format!("<label for=\"{}\">", value(tag, "id").unwrap());
                assert_eq!(page.matches(&label).count(), 1, "{name}: {tag}");
            }
            let ids: Vec<_> = tags(&page).filter_map(|tag| value(tag, "id")).collect();
            for tag in tags(&page) {
                for list in ["aria-describedby", "aria-labelledby"] {
                    let mut named = value(tag, list).unwrap_or_default().split_whitespace();
                    assert!(named.all(|id| ids.contains(&id)), "{name}: {tag}");
                }
            }
            for id in &ids {
                assert_eq!(ids.iter().filter(|other| other == &id).count(), 1, "{name}: {id}");
            }
        }
    }
}

/// C043: whatever changes something is a POST that carries the token.
#[test]
fn every_form_posts_the_token() {
    for (name, page) in all(&Brand::default(), LANGUAGES[0]) {
        for form in page.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap();
            assert!(form.starts_with("method=\"post\" action=\""), "{name}: {form}");
            let ours = form.contains("<input type=\"hidden\" name=\"csrf\" value=\"the-csrf\">");
            // Our token is no business of a client's.
            assert_eq!(ours, !name.starts_with("form-post"), "{name}: {form}");
            assert!(form.contains("<button type=\"submit\""), "{name}: {form}");
        }
    }
}

#[test]
fn everything_stands_below_the_issuer() {
    let settings = BrandSettings {
        base: "/tenant/".to_owned(),
        logo: Some(b"\x89PNG\r\n\x1a\n".to_vec()),
        ..BrandSettings::default()
    };
    let brand = Brand::new(&settings).unwrap();
    for (name, page) in all(&brand, LANGUAGES[0]) {
        for tag in tags(&page) {
            for path in ["href", "src", "action"].into_iter().filter_map(|one| value(tag, one)) {
                let below = path.starts_with("/tenant/") && !path.starts_with("/tenant//");
                let elsewhere = path.starts_with("https://") || path.starts_with('#');
                assert!(below || elsewhere, "{name}: {tag}");
            }
        }
        assert!(page.contains("src=\"/tenant/assets/logo-"), "{name}");
    }
}

#[test]
fn every_page_leads_to_the_operators_help() {
    let help = |uri: &str| BrandSettings { help: Some(uri.to_owned()), ..BrandSettings::default() };
    let [brand, bad] =
        ["https://help.example", "http://help.example"].map(|uri| Brand::new(&help(uri)).unwrap());
    for (name, page) in all(&brand, LANGUAGES[0]) {
        let link = "<a href=\"https://help.example\" rel=\"noopener noreferrer\">Help</a>";
        assert_eq!(page.matches(link).count(), 1, "{name}");
    }
    assert!(all(&bad, LANGUAGES[0]).iter().all(|(_, page)| !page.contains("<footer")));
}

/// The tags of a page. No text or value here holds a `<` or `>` of its own: they are escaped.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.match_indices('<').map(|(at, _)| &page[at..=at + page[at..].find('>').unwrap()])
}

/// The value of an attribute of a tag.
fn value<'a>(tag: &'a str, attribute: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {attribute}=\""))?.1.split('"').next()
}
