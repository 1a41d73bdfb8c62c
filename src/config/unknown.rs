//! What was given and is no key, and which key was probably meant. Must not know any key.

use super::describe::KeyDoc;
use super::environment;
use super::given::Place;
use super::problem::{At, Problem};

/// Every name that would have been right.
pub(super) struct Names<'a> {
    object: &'a str,
    keys: Vec<&'a str>,
    variables: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// The names of these keys, and of `sections` and lists, within the declared `object`.
    pub(super) fn new(docs: &'a [KeyDoc], sections: &'a [String], object: &'a str) -> Self {
        let keys = docs.iter().filter_map(|doc| doc.key.strip_prefix(object));
        let variables = docs.iter().map(|doc| doc.env.as_str());
        Self {
            object,
            keys: keys.chain(sections.iter().map(String::as_str)).collect(),
            variables: variables.chain([environment::FILE]).collect(),
        }
    }

    /// A variable that stands for no key.
    pub(super) fn unknown_variable(&self, variable: String) -> Problem {
        let nearest = nearest(&variable, &self.variables);
        let place = Some(Place::Environment);
        Problem::Unknown { at: At { key: String::new(), variable, place }, nearest }
    }

    /// A key of the file that does not exist.
    pub(super) fn unknown_key(&self, key: &str, place: Place) -> Problem {
        let nearest = nearest(key, &self.keys);
        // A name in quotes may hold line ends.
        let key = format!("{}{}", self.object, key.escape_debug());
        let at = At { key, variable: String::new(), place: Some(place) };
        Problem::Unknown { at, nearest }
    }
}

/// The name among `names` that is only a few letters from `given`, or that was given in another
/// section.
fn nearest(given: &str, names: &[&str]) -> Option<String> {
    let distance = |name: &str| if leaf(name) == leaf(given) { 0 } else { distance(given, name) };
    let near = names.iter().map(|name| (distance(name), *name)).min()?;
    let tolerated = (given.len() / 4).clamp(1, 4);
    (near.0 <= tolerated).then(|| near.1.to_owned())
}

/// The name without its section.
fn leaf(name: &str) -> &str {
    let name = name.strip_prefix("CHANCERY_").unwrap_or(name);
    let name = name.rsplit_once("__").map_or(name, |(_, leaf)| leaf);
    name.rsplit_once('.').map_or(name, |(_, leaf)| leaf)
}

/// How many letters must be put in, taken out or replaced to turn one text into the other
/// (Levenshtein), by one row of the table after another.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (done, letter) in one.chars().enumerate() {
        let mut diagonal = done;
        row[0] = done + 1;
        for column in 1..row.len() {
            let replaced = diagonal + usize::from(letter != other[column - 1]);
            diagonal = row[column];
            row[column] = replaced.min(diagonal + 1).min(row[column - 1] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_single_letters() {
        for (one, other, letters) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("listen", "listne", 2)]
        {
            assert_eq!(distance(one, other), letters, "{one} {other}");
            assert_eq!(distance(other, one), letters, "{other} {one}");
        }
    }

    #[test]
    fn a_slip_and_a_wrong_section_are_understood_and_nonsense_is_not() {
        let names = ["listen", "tokens.retry_echo", "CHANCERY_TOKENS__RETRY_ECHO"];
        let nearest = |given| nearest(given, &names);
        assert_eq!(nearest("lisen").as_deref(), Some("listen"));
        assert_eq!(nearest("retry_echo").as_deref(), Some("tokens.retry_echo"));
        assert_eq!(
            nearest("CHANCERY_TOKENS_RETRY_ECHO").as_deref(),
            Some("CHANCERY_TOKENS__RETRY_ECHO")
        );
        assert_eq!(nearest("colour"), None);
    }
}
