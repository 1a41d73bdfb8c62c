//! Owns finding the names of metrics: where they are recorded, described and documented.
//! Must not import anything: it is pure; the caller reads the files.

use std::collections::BTreeSet;

/// The names that a source text records, as the first argument of a macro.
pub(super) fn recorded(text: &str) -> BTreeSet<String> {
    names(text, |before| before.trim_end().ends_with("!("))
}

/// The names that a source text pairs with a meaning.
pub(super) fn described(text: &str) -> BTreeSet<String> {
    names(text, |before| before.ends_with('(') && !before.ends_with("!("))
}

/// The names that the rows of a table in Markdown begin with.
pub(super) fn documented(page: &str) -> BTreeSet<String> {
    let row = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    page.lines().filter_map(row).filter(|name| is_name(name)).collect()
}

/// The names in a text, wherever they stand: a histogram by its own name, not by that of its buckets.
pub(super) fn mentioned(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let names = words.map(|word| word.strip_suffix("_bucket").unwrap_or(word));
    names.filter(|name| is_name(name)).map(str::to_owned).collect()
}

fn names(text: &str, counts: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let literals = text.match_indices("\"chancery_").filter(|(at, _)| counts(&text[..*at]));
    let literals = literals.filter_map(|(at, _)| text[at + 1..].split('"').next());
    literals.filter(|name| is_name(name)).map(str::to_owned).collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with("chancery_") && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::{described, documented, mentioned, recorded};

    #[test]
    fn a_metric_is_recorded_by_a_macro() {
        let text = "counter!(\"chancery_a\");\nmetrics::gauge!(\n    \"chancery_b\", x);\n\
                    seen(\"chancery_c\"); (\"chancery_d\", \"D\"); line(\"chancery_e 1\")";
        assert_eq!(recorded(text).into_iter().collect::<Vec<_>>(), ["chancery_a", "chancery_b"]);
    }

    #[test]
    fn a_metric_is_described_by_a_pair() {
        let text = "counter!(\"chancery_a\"); [(\"chancery_d\", \"D\")]";
        assert_eq!(described(text).into_iter().collect::<Vec<_>>(), ["chancery_d"]);
    }

    #[test]
    fn a_metric_is_documented_by_a_row() {
        let page = "| `chancery_a` | b |\nsee `chancery_c`\n| `outcome` | d |\n";
        assert_eq!(documented(page).into_iter().collect::<Vec<_>>(), ["chancery_a"]);
    }
    #[test]
    fn a_metric_is_mentioned_in_an_expression() {
        let text = "`rate(chancery_a_bucket[5m]) > chancery_b{c=\"d\"}`, `chancery backup`";
        assert_eq!(mentioned(text).into_iter().collect::<Vec<_>>(), ["chancery_a", "chancery_b"]);
    }
}
