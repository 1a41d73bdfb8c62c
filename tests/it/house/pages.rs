//! Owns the reading of pages that name tests, and of the tests that they name.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::is_word;

/// What a word before a name stands for, as docs/security-tests.md says: the beginnings of the paths
/// of the files that are meant.
const PLACES: &[(&str, &[&str])] = &[
    ("", &["verifier/"]),
    ("backchannel", &["tests/it/suite/backchannel/"]),
    ("browser", &["tests/it/browser/"]),
    ("client", &["verifier/tests/client/"]),
    ("fuzz", &["fuzz/checks/"]),
    ("clocks", &["tests/it/postgres/clocks.rs", "tests/it/suite/clock.rs"]),
    ("cuts", &["tests/it/postgres/unknown.rs", "tests/it/postgres/unsure.rs"]),
    ("disk", &["tests/it/sqlite/full.rs", "tests/it/sqlite/room.rs"]),
    ("floods", &["tests/it/suite/flood.rs"]),
    ("layer", &["verifier/tests/layer/"]),
    ("postgres", &["tests/it/postgres/"]),
    ("proxies", &["tests/it/proxies.rs"]),
    ("races", &["tests/it/suite/races/"]),
    ("rules", &["src/gate/", "src/http/gate.rs"]),
    ("server", &["src/"]),
    ("signin", &["tests/it/suite/authorize/"]),
    ("signout", &["tests/it/suite/sign_out.rs"]),
    ("sqlite", &["tests/it/sqlite/"]),
    ("suite", &["tests/it/suite/"]),
    ("timing", &["tests/timing/"]),
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
    /// The id of the bad input that it tries, if its name begins with one: `c094_…`.
    pub(super) fn id(&self) -> Option<u16> {
        let (id, _) = self.name.strip_prefix('c')?.split_once('_')?;
        let is_id = id.len() == 3 && id.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| id.parse().ok()).flatten()
    }

    /// Whether this is `path/of/file::name`, without the `.rs`; a folder is that of its `mod.rs`.
    pub(super) fn is_at(&self, named: &str) -> bool {
        let file = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        named.rsplit_once("::").is_some_and(|(path, name)| path == file && name == self.name)
    }
}

/// The tests that a page names in backticks by their file: `tests/it/suite/backup::c144_…`, whole.
pub(super) fn by_file(page: &str) -> Vec<&str> {
    let codes = page.split('`').skip(1).step_by(2);
    codes.filter(|code| code.contains('/') && code.contains("::")).collect()
}

/// The ids that the rows of a page begin with: one, some, or the first and the last of a range; and
/// whether a row says instead of a test why there is none.
pub(super) fn rows(page: &str) -> BTreeMap<u16, bool> {
    let number = |id: &str| id.trim().strip_prefix('C').and_then(|id| id.parse::<u16>().ok());
    let mut found = BTreeMap::new();
    for row in page.lines().filter_map(|line| line.strip_prefix('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let says_why = matches!(cells[..], [_, _, "–", why, ..] if !why.is_empty());
        for ids in cells[0].split(',') {
            let (first, last) = ids.split_once('–').unwrap_or((ids, ids));
            let (Some(first), Some(last)) = (number(first), number(last)) else { continue };
            for id in first..=last {
                *found.entry(id).or_default() |= says_why;
            }
        }
    }
    found
}

/// The bad input that the requirements explain and that is not done with: each has to have a row in
/// the page, and a test that has its id in its name, unless a row says why there is none.
pub(super) fn undone(
    explained: &BTreeSet<String>,
    rows: &BTreeMap<u16, bool>,
    tests: &[Test],
) -> BTreeSet<u16> {
    let tried: BTreeSet<u16> = tests.iter().filter_map(Test::id).collect();
    let ids = explained.iter().filter_map(|id| id.strip_prefix('C')?.parse().ok());
    ids.filter(|id| rows.get(id).is_none_or(|says_why| !says_why && !tried.contains(id))).collect()
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
    fn rows_begin_with_ids_and_say_why_there_is_no_test() {
        let page = "| id | x | y | z |\n| --- |\n| C001–C003 | C009 | – | not here |\nC011 |\n\
                    | C005, C007 | a | `b` | c |\n| C002 | a | `b` | c |\n| C008 | a | – | |\n";
        let expected = [(1, true), (2, true), (3, true), (5, false), (7, false), (8, false)];
        assert_eq!(rows(page), BTreeMap::from(expected));
    }

    fn test(name: &str) -> Test {
        Test { path: String::new(), name: name.to_owned() }
    }

    #[test]
    fn the_id_of_a_test_is_what_its_name_begins_with() {
        assert_eq!(test("c083_a_code").id(), Some(83));
        for name in ["code_083", "c83_a_code", "c083", "cab3_a_code", "a_c083_code"] {
            assert_eq!(test(name).id(), None, "{name}");
        }
    }

    #[test]
    fn what_has_no_row_or_neither_a_test_nor_a_reason_is_undone() {
        let explained = ["C1", "C2", "C3", "C4", "D5"].map(str::to_owned).into();
        let rows = BTreeMap::from([(1, false), (2, true), (3, false)]);
        let tests = [test("c001_a"), test("c004_a")];
        assert_eq!(undone(&explained, &rows, &tests), BTreeSet::from([3, 4]));
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
    #[test]
    fn a_test_is_named_by_its_file() {
        let page = "`a/b::c_d`, `a::b`, `a/b` and `x y`";
        assert_eq!(by_file(page), ["a/b::c_d"]);
        let test = |path: &str| Test { path: path.to_owned(), name: "c_d".to_owned() };
        assert!(test("a/b.rs").is_at("a/b::c_d") && test("a/b/mod.rs").is_at("a/b::c_d"));
        assert!(!test("a/b.rs").is_at("a/b::c") && !test("a/c.rs").is_at("a/b::c_d"));
    }
}
