//! The pieces of SQL in the source of the queries.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::super::BACKEND;
use super::judge;
use crate::support::Backend;

/// Every string of the queries of this database that is a statement or a part of one.
pub(super) fn in_the_code() -> BTreeSet<String> {
    let folders = ["src/storage/queries", "src/storage/postgres/together"];
    let folders = &folders[..if BACKEND == Backend::Postgres { 2 } else { 1 }];
    let files = folders.iter().flat_map(|folder| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path())
    });
    files.flat_map(|file| pieces(&file)).filter(|string| is_sql(string)).collect()
}

/// The strings of a source, or the one statement of a file that has nothing else.
fn pieces(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    if file.extension().is_some_and(|kind| kind == "sql") { vec![text] } else { strings(&text) }
}

/// The strings of a source text that has no raw ones, and no quotes in others or in characters.
fn strings(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |code, line| code + line + "\n");
    code.split('"').skip(1).step_by(2).map(unwrapped).collect()
}

/// A string that goes on behind the end of its line leaves out the space before the next.
fn unwrapped(string: &str) -> String {
    string.split("\\\n").enumerate().fold(String::new(), |whole, (number, line)| {
        whole + if number == 0 { line } else { line.trim_start() }
    })
}

/// Statements about tables that have few rows in every installation need no index.
fn is_sql(string: &str) -> bool {
    let words = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "FROM ", "WHERE ", " = $", "ORDER BY"];
    let mentions = |names: &[&str]| names.iter().any(|name| string.contains(name));
    mentions(&words) && (!mentions(judge::SMALL) || mentions(GROWING))
}

const GROWING: &[&str] = &[
    "users",
    "client",
    "session",
    "authorization_code",
    "consent",
    "logout_notice",
    "revocation",
    "audit",
];
