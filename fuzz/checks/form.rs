//! Forms and queries, against the reading that browsers have (URL Standard §5.1).

use std::collections::HashSet;

use url::form_urlencoded;

use crate::protocol::form::{Collected, Params};

/// What is accepted has one reading, which is everybody's, and is read again as it was.
pub fn check(input: &[u8]) {
    let collected = Collected::parse(input);
    let Ok(params) = Params::parse(input) else {
        assert!(collected.map_or(true, |all| all.repeats_any()), "only what is repeated differs");
        return;
    };
    let collected = collected.unwrap_or_else(|_| panic!("the lenient reading refuses"));
    assert!(!collected.repeats_any());
    let read = pairs(&params);
    let theirs: Vec<(String, String)> = form_urlencoded::parse(input)
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let sorted = |mut pairs: Vec<(String, String)>| {
        // Values of the one name that may be repeated keep their order.
        pairs.sort_by(|one, other| one.0.cmp(&other.0));
        pairs
    };
    assert_eq!(sorted(read.clone()), sorted(theirs), "browsers read something else");
    let mut once = HashSet::new();
    for (name, value) in &read {
        assert!(once.insert(name) || name == "resource", "{name} stands twice");
        assert!(!collected.is_empty(name) || name == "resource");
        assert!(collected.values(name).any(|one| one == value));
    }
    let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(&read).finish();
    let again = Params::parse(written.as_bytes()).map(|again| pairs(&again));
    assert_eq!(again.ok().as_ref(), Some(&read), "{written}");
}

fn pairs(params: &Params<'_>) -> Vec<(String, String)> {
    let mut seen = HashSet::new();
    let names = params.names().filter(|name| seen.insert(*name));
    names
        .flat_map(|name| params.values(name).map(move |value| (name.to_owned(), value.to_owned())))
        .collect()
}
