//! Files that are made up of keys that there are and values that may be wrong.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

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
            select(describe().into_iter().map(|doc| doc.key).collect::<Vec<_>>()),
            value(),
            0..4,
        ),
    ) {
        let lines = given.iter().map(|(key, value)| format!("{key} = {value}\n"));
        crate::fuzz_checks::configuration::check(lines.collect::<String>().as_bytes());
    }
}
