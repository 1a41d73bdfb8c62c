//! Owns the reading of pages that name tests, and of the tests that they name.

use std::collections::BTreeSet;

use super::lexer::is_word;

/// What a word before a name stands for, as docs/security-tests.md says: the beginnings of the paths
/// of the files that are meant.
const PLACES: &[(&str, &[&str])] = &[
    ("", &["verifier/"]),
    ("backchannel", &["tests/it/suite/backchannel/"]),
    ("client", &["verifier/tests/client/"]),
    ("layer", &["verifier/tests/layer/"]),
    ("proxies", &["tests/it/proxies.rs"]),
    ("races", &["tests/it/suite/races/"]),
    ("rules", &["src/gate/", "src/http/gate.rs"]),
    ("server", &["src/"]),
    ("signin", &["tests/it/suite/authorize/"]),
    ("signout", &["tests/it/suite/sign_out.rs"]),
    ("suite", &["tests/it/suite/gate.rs"]),
];

/// A test, or some: `place: module::name`; of a family (`family_…`) the beginning that its names share,
/// and of a whole module (`module::…`) nothing.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Named<'a> {
    place: &'a str,
    module: Option<&'a str>,
    name: &'a str,
}

/// A test of a file.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Test {
    path: String,
    name: String,
}

impl Test {
    /// Whether it is one of the server's, and says in its name which bad input it tries.
    pub(super) fn tries_bad_input(&self) -> bool {
        let id = self.name.strip_prefix('c').and_then(|name| name.split_once('_'));
        let is_id = |id: &str| id.len() == 3 && id.bytes().all(|byte| byte.is_ascii_digit());
        self.path.starts_with("tests/it/suite/authorize/") && id.is_some_and(|(id, _)| is_id(id))
    }
}

/// The ids that a row of a page begins with: one, some, or the first and the last of a range.
pub(super) fn rows(page: &str) -> BTreeSet<u16> {
    let number = |id: &str| id.trim().strip_prefix('C').and_then(|id| id.parse().ok());
    let cells = page.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    let ranges = cells.flat_map(|cell| cell.split(',')).filter_map(|ids| {
        let (first, last) = ids.split_once('–').unwrap_or((ids, ids));
        Some(number(first)?..=number(last)?)
    });
    ranges.flatten().collect()
}

/// The tests that a page names in backticks.
pub(super) fn named(page: &str) -> Vec<Named<'_>> {
    page.split('`').skip(1).step_by(2).filter_map(read).collect()
}

fn read(code: &str) -> Option<Named<'_>> {
    let (place, path) = code.split_once(": ").unwrap_or(("", code));
    let is_path = path.chars().all(|c| is_word(c) || c == ':' || c == '…');
    let is_place = place.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_path || !is_place || (place.is_empty() && !path.contains("::")) {
        return None;
    }
    let (modules, name) = path.rsplit_once("::").unwrap_or(("", path));
    let module = modules.split("::").filter(|module| *module != "tests").last();
    Some(Named { place, module: module.filter(|module| !module.is_empty()), name })
}

impl Named<'_> {
    /// Whether this is the test, or one of those, that is named.
    pub(super) fn is(&self, test: &Test) -> bool {
        let places = PLACES.iter().find(|(place, _)| *place == self.place);
        let in_place =
            places.is_some_and(|(_, paths)| paths.iter().any(|path| test.path.starts_with(path)));
        let in_module = self.module.is_none_or(|module| {
            let inner = test.path.trim_end_matches(".rs").trim_end_matches("/mod");
            inner.rsplit('/').next() == Some(module)
        });
        let named = match self.name.strip_suffix('…') {
            Some("") => self.module.is_some(),
            Some(family) => test.name.starts_with(family),
            None => test.name == self.name,
        };
        in_place && in_module && named
    }
}

/// The tests that a file has.
pub(super) fn tests(path: &str, text: &str) -> Vec<Test> {
    let (mut is_test, mut found) = (false, Vec::new());
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if is_test && let Some((_, rest)) = line.split_once("fn ") {
            let name = rest.split(|c| !is_word(c)).next().unwrap_or_default().to_owned();
            found.push(Test { path: path.to_owned(), name });
            is_test = false;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tests_families_and_modules_are_found() {
        let page = "| C001 | `alg` | `form::c001_none`, `client: a::keys::c019_…` (3), `suite: c026_x`,\
                    `documents::…`, `b::tests::c024_y` | `X-Auth-…: a b` |";
        let expected = [
            ("", Some("form"), "c001_none"),
            ("client", Some("keys"), "c019_…"),
            ("suite", None, "c026_x"),
            ("", Some("documents"), "…"),
            ("", Some("b"), "c024_y"),
        ];
        let expected = expected.map(|(place, module, name)| Named { place, module, name });
        assert_eq!(named(page), expected);
    }

    #[test]
    fn rows_begin_with_ids_and_tests_of_bad_input_with_one() {
        let page = "| id | x |\n| --- |\n| C001–C003 | C009 |\n| C005, C007 |\nC011 |\n";
        assert_eq!(rows(page), BTreeSet::from([1, 2, 3, 5, 7]));
        let tries = |path: &str, name: &str| {
            Test { path: path.to_owned(), name: name.to_owned() }.tries_bad_input()
        };
        assert!(tries("tests/it/suite/authorize/codes.rs", "c083_a_code"));
        assert!(!tries("tests/it/suite/authorize/codes.rs", "code_083"));
        assert!(!tries("tests/it/suite/authorize/codes.rs", "c83_a_code"));
        assert!(!tries("tests/it/suite/login.rs", "c083_a_code"));
    }

    #[test]
    fn a_name_is_that_of_a_test_in_its_place_and_of_no_other() {
        let source = "#[tokio::test]\nasync fn c026_long() {}\nfn c026_helper() {}\n";
        let [test] = &tests("tests/it/suite/gate.rs", source)[..] else { panic!() };
        for right in
            ["suite: c026_long", "suite: c026_…", "suite: gate::…", "suite: gate::c026_long"]
        {
            assert!(read(right).unwrap().is(test), "{right}");
        }
        for wrong in [
            "suite: c026_lon",
            "suite: c026_helper",
            "suite: c027_…",
            "suite: …",
            "suite: other::…",
            "rules: c026_long",
            "sute: c026_long",
            "gate::c026_long",
        ] {
            assert!(!read(wrong).unwrap().is(test), "{wrong}");
        }
    }
}
