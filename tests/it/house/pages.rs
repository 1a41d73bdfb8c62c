//! Owns the reading of pages that name tests, and of the tests that they name.

use super::lexer::is_word;

/// What a word before a name stands for, as docs/security-tests.md says: the beginnings of the paths
/// of the files that are meant.
const PLACES: &[(&str, &[&str])] = &[
    ("", &["verifier/"]),
    ("client", &["verifier/tests/client/"]),
    ("layer", &["verifier/tests/layer/"]),
    ("proxies", &["tests/it/proxies.rs"]),
    ("rules", &["src/gate/", "src/http/gate.rs"]),
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
