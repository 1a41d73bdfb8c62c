//! The tables of the documentation.

use super::*;

#[test]
fn every_key_is_described_in_full() {
    for doc in describe().iter().chain(&describe_declared()) {
        assert!(!doc.takes.is_empty(), "{doc:?}");
        assert!(doc.meaning.ends_with('.'), "{doc:?}");
        assert!(!doc.meaning.starts_with(char::is_whitespace), "{doc:?}");
    }
    assert!(describe_declared().iter().all(|doc| doc.env.is_empty()));
}

#[test]
fn what_is_described_is_what_is_shown() {
    let lists = ["users", "clients", "resources"];
    let shown = load(&[], "").show().into_iter().map(|(key, _)| key);
    let shown: Vec<_> = shown.filter(|key| !lists.contains(&key.as_str())).collect();
    let described = describe().into_iter().map(|doc| doc.key);
    let described: Vec<_> = described.filter(|key| !key.ends_with("_file")).collect();
    assert_eq!(shown, described);
}

#[test]
fn a_default_that_is_a_value_can_be_given_as_it_stands() {
    let defaults = load(&[], "").show();
    let in_words = ["issuer", "database_url", "passwords.hash_permits", "gate.issuer"];
    let docs = describe();
    let given: Vec<_> = docs
        .iter()
        .filter(|doc| !doc.default.is_empty() && !in_words.contains(&doc.key.as_str()))
        .map(|doc| (doc.env.as_str(), doc.default.as_str()))
        .collect();
    assert!(given.len() > 25, "{given:?}");
    assert_eq!(load(&given, "").show(), defaults);
}

#[test]
fn the_tables_have_a_row_for_each_key() {
    let table = markdown_table();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), describe().len() + 2);
    assert_eq!(lines[0], "| key | variable | takes | default | meaning |");
    let row = "| `tokens.retry_window` | `CHANCERY_TOKENS__RETRY_WINDOW` | a span from 0s to 1h: a whole \
               number of `s`, `m`, `h` or `d`, or of seconds where no unit follows | 10m | How long";
    assert!(lines.iter().any(|line| line.starts_with(row)), "{table}");
    let file = "| `master_key_file` | `CHANCERY_MASTER_KEY_FILE` | the path of a file";
    assert!(lines.iter().any(|line| line.starts_with(file)), "{table}");
    assert!(lines.iter().all(|line| line.matches(" |").count() == 5), "{table}");

    let table = markdown_table_declared();
    assert_eq!(table.lines().count(), describe_declared().len() + 2);
    assert!(table.contains("| `clients[].id` | 1 to 128 printable ASCII"), "{table}");
    assert!(table.lines().all(|line| line.matches(" |").count() == 4), "{table}");
}
