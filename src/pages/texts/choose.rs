//! Owns the choice of a language: RFC 4647 §3.4, lookup.
//! Must not import a view or a template.

use super::{LANGUAGES, Texts};

/// How many wishes are looked at.
const MOST: usize = 32;

/// The language that a person prefers: first by the parameter `ui_locales` (OpenID Connect Core
/// §3.1.2.1: tags in order, with spaces between), then by `Accept-Language` (RFC 9110 §12.5.4).
/// None if there is none of these.
pub(in crate::pages) fn choose(
    ui_locales: Option<&str>,
    accept_language: Option<&str>,
) -> Option<&'static Texts> {
    let asked = ui_locales.unwrap_or_default().split(' ').take(MOST);
    let accepted = ranges(accept_language.unwrap_or_default());
    asked.chain(accepted).find_map(look_up)
}

/// The ranges of a header, the dearest first; those of the same worth stay in order.
fn ranges(header: &str) -> impl Iterator<Item = &str> {
    let mut ranges: Vec<(u16, &str)> = header
        .split(',')
        .take(MOST)
        .filter_map(weighed)
        .filter(|(weight, _)| *weight > 0)
        .collect();
    ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    ranges.into_iter().map(|(_, range)| range)
}

/// A range and its weight in thousandths. One with a broken weight does not count.
fn weighed(item: &str) -> Option<(u16, &str)> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next()?;
    let mut weights =
        parts.filter_map(|one| one.strip_prefix(['q', 'Q'])?.trim().strip_prefix('='));
    weights.next().map_or(Some(1000), thousandths).map(|weight| (weight, range))
}

/// Reads `0`, `0.8`, `1.000` (RFC 9110 §12.4.2).
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if rest.len() > 3 || !rest.bytes().all(|one| one.is_ascii_digit()) {
        return None;
    }
    let rest: u16 = format!("{rest:0<3}").parse().ok()?;
    match (whole, rest) {
        ("0", rest) => Some(rest),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// The language of a range, or of the range with fewer and fewer subtags.
fn look_up(range: &str) -> Option<&'static Texts> {
    let mut range = range;
    loop {
        let found = LANGUAGES.iter().find(|texts| texts.tag.eq_ignore_ascii_case(range));
        if let Some(texts) = found {
            return Some(texts);
        }
        // A single letter begins an extension: it says nothing without what followed.
        range = range.rsplit_once('-')?.0;
        while let Some((rest, last)) = range.rsplit_once('-')
            && last.len() == 1
        {
            range = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    fn choose(ui_locales: Option<&str>, accept_language: Option<&str>) -> &'static str {
        super::choose(ui_locales, accept_language).map_or("none", |texts| texts.tag)
    }

    #[test]
    fn the_parameter_comes_before_the_header() {
        let cases = [
            (None, None, "none"),
            (Some("de"), Some("en"), "de"),
            (Some("fr de en"), Some("en"), "de"),
            (Some("fr"), Some("de"), "de"),
            (Some(""), Some("de-AT"), "de"),
            (Some("  DE-ch-1996 "), None, "de"),
        ];
        for (ui_locales, header, tag) in cases {
            assert_eq!(choose(ui_locales, header), tag, "{ui_locales:?} {header:?}");
        }
    }

    #[test]
    fn the_header_is_weighed() {
        let cases = [
            ("de", "de"),
            ("de-DE,de;q=0.9,en;q=0.8", "de"),
            ("en;q=0.8, de;q=0.9", "de"),
            ("en; q=0.899 ,de ; Q=0.9", "de"),
            ("en,de", "en"),
            ("de,en", "de"),
            ("de;q=0,en;q=0.1", "en"),
            ("de;q=0", "none"),
            ("fr-FR, *;q=0.5", "none"),
            ("*, de;q=0.5", "de"),
            ("de;q=2, en;q=0.1", "en"),
            ("de;q=0.1234", "none"),
            ("de;q=x,,;;,-", "none"),
            ("den, de-", "de"),
        ];
        for (header, tag) in cases {
            assert_eq!(choose(None, Some(header)), tag, "{header}");
        }
    }

    #[test]
    fn subtags_are_taken_away_one_by_one() {
        for range in ["de", "de-AT", "de-Latn-DE-1996", "de-x-private", "de-a-b-c", "DE-de"] {
            assert_eq!(choose(Some(range), None), "de", "{range}");
        }
        for range in ["d", "deu", "x-de", "nds-de", "-de", "-", "--", "de_DE"] {
            assert_eq!(choose(Some(range), None), "none", "{range}");
        }
    }

    #[test]
    fn a_flood_of_wishes_is_cut() {
        let flood = format!("{}de", "fr,".repeat(100_000));
        assert_eq!(choose(None, Some(&flood)), "none");
        assert_eq!(choose(Some(&"a-".repeat(100_000)), None), "none");
    }
}
