//! Owns the rules of the house that no compiler knows: who may import whom, and where things stand.
//! Must not import the crate under test: it reads the sources as text.
//!
//! Each rule is a pure function in a module of its own, which shows there that it can fail.

mod edges;
mod ids;
mod lexer;
mod metrics;
mod pages;
mod paths;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// The longest that a source file may be. Half of it is a better aim.
const LONGEST: usize = 400;

#[test]
fn modules_import_downward_only() {
    let edges: Vec<String> =
        files("src", "rs").iter().flat_map(|(path, text)| edges::forbidden(path, text)).collect();
    assert!(edges.is_empty(), "edges that the house does not have:\n{}", edges.join("\n"));
}

#[test]
fn source_files_stay_short() {
    let long: Vec<String> = files(".", "rs")
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "files past {LONGEST} lines:\n{}", long.join("\n"));
}

#[test]
fn frameworks_stay_in_their_modules() {
    let misplaced: Vec<String> =
        files("src", "rs").iter().flat_map(|(path, text)| words::misplaced(path, text)).collect();
    assert!(misplaced.is_empty(), "names in the wrong module:\n{}", misplaced.join("\n"));
}

#[test]
fn one_function_decides_who_stands() {
    let found = files("src", "rs");
    let own: Vec<String> =
        found.iter().flat_map(|(path, text)| words::own_judgements(path, text)).collect();
    assert!(own.is_empty(), "decided elsewhere than in protocol::standing:\n{}", own.join("\n"));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let [sqlite, postgres] = ["migrations/sqlite", "migrations/postgres"].map(|folder| {
        let names: Vec<String> = files(folder, "sql").into_keys().collect();
        assert!(!names.is_empty(), "no migrations in {folder}");
        names
    });
    assert_eq!(sqlite, postgres, "the migrations of SQLite and of PostgreSQL");
}

#[test]
fn every_cited_requirement_is_explained() {
    let requirements = fs::read_to_string(root().join("docs/requirements.md")).unwrap_or_default();
    let explained = ids::explained(&requirements);
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["src", "tests", "verifier", "bench"] {
        for (path, text) in files(folder, "rs") {
            for id in ids::cited(&text).difference(&explained) {
                missing.entry(id.clone()).or_default().push(format!("{folder}/{path}"));
            }
        }
    }
    let missing: Vec<String> =
        missing.iter().map(|(id, paths)| format!("{id} ({})", paths.join(", "))).collect();
    let shown = missing.join("\n");
    assert!(missing.is_empty(), "not explained in docs/requirements.md:\n{shown}");
}

#[test]
fn every_metric_is_recorded_described_and_documented() {
    let sources = files("src", "rs");
    let (telemetry, others): (Vec<_>, Vec<_>) =
        sources.iter().partition(|(path, _)| path.starts_with("telemetry/"));
    let described: BTreeSet<String> =
        telemetry.iter().flat_map(|(_, text)| metrics::described(text)).collect();
    let recorded: BTreeSet<String> =
        others.iter().flat_map(|(_, text)| metrics::recorded(text)).collect();
    let page = fs::read_to_string(root().join("docs/metrics.md")).unwrap_or_default();
    assert!(!recorded.is_empty());
    assert_eq!(described, recorded, "described in src/telemetry, and recorded in src");
    assert_eq!(metrics::documented(&page), recorded, "documented in docs/metrics.md, and recorded");
}

#[test]
fn every_metric_that_operators_are_told_to_watch_exists() {
    let mut there: BTreeSet<String> =
        files("src/telemetry", "rs").values().flat_map(|text| metrics::described(text)).collect();
    let verifier =
        fs::read_to_string(root().join("verifier/src/prometheus.rs")).unwrap_or_default();
    there.extend(metrics::mentioned(&verifier));
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap_or_default();
    let named = metrics::mentioned(&page);
    assert!(!named.is_empty());
    let missing: Vec<_> = named.difference(&there).collect();
    assert!(missing.is_empty(), "named in docs/operations.md, and nowhere a metric: {missing:?}");
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let page = fs::read_to_string(root().join("SECURITY.md")).unwrap_or_default();
    let tests: Vec<pages::Test> =
        files(".", "rs").iter().flat_map(|(path, text)| pages::tests(path, text)).collect();
    let named = pages::by_file(&page);
    assert!(!named.is_empty());
    let missing: Vec<_> =
        named.iter().filter(|one| !tests.iter().any(|it| it.is_at(one))).collect();
    assert!(missing.is_empty(), "named in SECURITY.md, and nowhere a test: {missing:?}");
}

#[test]
fn every_test_that_a_page_names_exists() {
    let (page, tests) = security_tests();
    let named = pages::named(&page);
    assert!(!named.is_empty());
    let missing: Vec<_> = named.iter().filter(|one| !tests.iter().any(|it| one.is(it))).collect();
    assert!(missing.is_empty(), "named in docs/security-tests.md, and nowhere a test: {missing:?}");
}

#[test]
fn every_test_of_bad_input_is_named_by_its_page() {
    let (page, tests) = security_tests();
    let named = pages::named(&page);
    // What is owed is named with its row.
    let tries = |test: &&pages::Test| test.id().is_some_and(|id| !OWED.contains(&id));
    let unnamed: Vec<_> =
        tests.iter().filter(|test| tries(test) && !named.iter().any(|one| one.is(test))).collect();
    assert!(unnamed.is_empty(), "not named in docs/security-tests.md: {unnamed:?}");
}

#[test]
fn every_bad_input_has_its_row_and_a_test_of_its_name() {
    let (page, tests) = security_tests();
    let requirements = fs::read_to_string(root().join("docs/requirements.md")).unwrap_or_default();
    let explained = ids::explained(&requirements);
    let undone = pages::undone(&explained, &pages::rows(&page), &tests);
    let owed = BTreeSet::from(OWED);
    assert_eq!(undone, owed, "without a row, or without a test of its name and a reason; and owed");
}

/// The bad input that has no row in docs/security-tests.md yet, or no test of its name. It only shrinks.
const OWED: [u16; 0] = [];

/// The page on tests of bad input, and every test that there is.
fn security_tests() -> (String, Vec<pages::Test>) {
    let page = fs::read_to_string(root().join("docs/security-tests.md")).unwrap_or_default();
    let tests = files(".", "rs").iter().flat_map(|(path, text)| pages::tests(path, text)).collect();
    (page, tests)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files under a folder of the workspace, by their path in it, in order.
///
/// # Panics
/// If there is none: a rule that looks in the wrong place would hold for ever.
fn files(folder: &str, extension: &str) -> BTreeMap<String, String> {
    let folder = root().join(folder);
    let mut found = BTreeMap::new();
    let outcome = collect(&folder, "", extension, &mut found);
    outcome.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert!(!found.is_empty(), "no .{extension} file in {}", folder.display());
    found
}

fn collect(
    folder: &Path,
    prefix: &str,
    extension: &str,
    found: &mut BTreeMap<String, String>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if path.is_dir() {
            if !is_foreign(&path, name) {
                collect(&path, &format!("{prefix}{name}/"), extension, found)?;
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.insert(format!("{prefix}{name}"), fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Folders whose files nobody wrote here: hidden ones, build outputs, installed packages. Cargo tags
/// its own folder only where it makes it: not where something was put into `target` before.
fn is_foreign(path: &Path, name: &str) -> bool {
    name.starts_with('.')
        || ["node_modules", "target"].contains(&name)
        || path.join("CACHEDIR.TAG").exists()
}
