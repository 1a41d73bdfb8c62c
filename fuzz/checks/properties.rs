//! The checks on inputs that are made by a grammar, so that many are good or nearly so.

use proptest::prelude::*;
use proptest::sample::select;

/// Texts that are redirect URIs, or nearly.
fn uris() -> impl Strategy<Value = String> {
    let scheme = "https://|http://|com.example.app:/|javascript:|//";
    let host = r"app\.example|127\.0\.0\.1|\[::1\]|localhost|a@b|";
    let port = ":[0-9]{1,5}|:|";
    (scheme, host, port, r"(/[a-z.%2\\]{0,5}){0,2}(\?[a-z=&]{0,6})?#?")
        .prop_map(|(scheme, host, port, rest)| format!("{scheme}{host}{port}{rest}"))
}

proptest! {
    #[test]
    fn c143_what_matches_leads_to_the_place_that_was_registered(
        (registered, presented) in (uris(), uris()),
        here in r"http://(127\.0\.0\.1|\[::1\])",
        (port, other) in ("|:[1-9][0-9]{1,3}", "|:[0-9]{1,5}|:1@b"),
        (path, next) in (r"/?|/[ab]\?a=b", r"/?|/[ab]\?a=b"),
    ) {
        let input = format!("{registered}\n{presented}");
        super::redirect_uri::check(input.as_bytes());
        let input = format!("{here}{port}{path}\n{here}{other}{next}");
        super::redirect_uri::check(input.as_bytes());
    }
}

proptest! {
    #[test]
    fn c143_whatever_comes_there_is_one_way_to_authenticate(
        header in "([Bb]asic [A-Za-z0-9+/]{0,12}={0,2})?",
        form in "(client_(id|secret|assertion)=[a-z%0-9]{0,4}&){0,3}",
    ) {
        super::basic::check(format!("{header}\n{form}").as_bytes());
    }
}

proptest! {
    #[test]
    fn c143_a_cookie_counts_once_and_in_one_spelling(
        pairs in proptest::collection::vec(
            ("( |;)?(__Host-)?chancery_(session|csrf)|[a-z]{1,3}", "=|", "[A-Za-z0-9_-]{42}[AEIMQ]|[a-z=\"]{0,3}"),
            0..5,
        ),
        separator in "; |;|\n",
    ) {
        let pairs = pairs.iter().map(|(name, equals, value)| format!("{name}{equals}{value}"));
        let input = pairs.collect::<Vec<_>>().join(&separator);
        super::cookie::check(input.as_bytes());
    }
}

/// A value in the form of TOML, often one that some key takes.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (0..100_000_i64).prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        "[0-9]{1,4}(ms|s|m|h|d)".prop_map(|span| format!("'{span}'")),
        "[ -&(-~]{0,12}".prop_map(|text| format!("'{text}'")),
        "(127\\.0\\.0\\.1|\\[::1\\]):[0-9]{2,5}".prop_map(|address| format!("['{address}']")),
        Just("'hunter2'".to_owned()),
        Just("['https://a.example', 'hunter2']".to_owned()),
    ]
}

proptest! {
    #[test]
    fn c143_no_file_is_half_accepted_and_no_value_is_repeated(
        given in proptest::collection::btree_map(
            select(crate::config::describe().into_iter().map(|doc| doc.key).collect::<Vec<_>>()),
            value(),
            0..4,
        ),
    ) {
        let lines = given.iter().map(|(key, value)| format!("{key} = {value}\n"));
        super::configuration::check(lines.collect::<String>().as_bytes());
    }
}
