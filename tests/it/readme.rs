//! Owns the proof that README.md tells the truth: every shell block is run against the built binary,
//! and the tables are compared with the code. Must not import the support of the in-process tests
//! but for databases and addresses.
//!
//! The convention: a block whose fence says `sh` is run by `sh -eu`, and the lines that it prints are
//! exactly its lines that begin with `# →`, where `…` stands for any text. One that says
//! `sh background` is started, shows nothing, and goes on beside those that follow. A fence that says
//! `sh no-run NAME` is not run, and [`NOT_RUN`] names it.

mod blocks;
mod compose;
mod image;
mod log;
mod process;
mod tables;
mod unit;

use std::fs;
use std::path::{Path, PathBuf};

use blocks::{Block, blocks};
use process::Running;

use crate::support::postgres;

/// The blocks that a test cannot run: they build, start or test the project itself, or need what is
/// not here.
const NOT_RUN: &[&str] = &["start", "test", "postgres", "copy", "docker"];

/// How the blocks that run begin, so that each can be pasted alone.
const FIRST_LINE: &str = ". chancery-data/first-run.env";

#[test]
fn the_tour_works_on_sqlite() {
    tour(None);
}

#[test]
fn the_tour_works_on_postgres_with_one_variable_changed() {
    match postgres::empty_database() {
        Ok(database) => tour(Some(database.url())),
        Err(skip) => postgres::skip_or_fail(
            "the_tour_works_on_postgres_with_one_variable_changed",
            &skip.reason,
        ),
    }
}

#[test]
fn every_block_is_run_or_named_here() {
    let readme = readme();
    let blocks = blocks(&readme).unwrap();
    let not_run: Vec<_> = blocks.iter().filter_map(|block| block.not_run).collect();
    assert_eq!(not_run, NOT_RUN, "blocks that are not run");
    let run: Vec<_> = blocks.iter().filter(|block| block.not_run.is_none()).collect();
    assert!(run.len() >= 5, "{} blocks are run", run.len());
    for block in run {
        assert_eq!(block.script.lines().next(), Some(FIRST_LINE), "line {}", block.line);
        let shows = !block.expected.is_empty();
        assert!(shows != block.background, "line {}: what is shown", block.line);
    }
}

#[test]
fn the_first_run_prints_the_first_blocks_of_the_tour() {
    let readme = readme();
    let blocks = blocks(&readme).unwrap();
    let run = blocks.iter().filter(|block| block.not_run.is_none()).take(2);
    let scripts = run.map(|block| {
        let lines = block.script.lines().filter(|line| !line.starts_with("# →"));
        lines.collect::<Vec<_>>().join("\n")
    });
    let printed = fs::read_to_string(root().join("src/cli/tour.sh")).unwrap();
    assert_eq!(scripts.collect::<Vec<_>>().join("\n\n") + "\n", printed);
}

fn tour(database: Option<&str>) {
    let readme = readme();
    let mut server = Running::start(database);
    let said = server.said();
    let (_, printed) = said.split_once("in the same folder:\n\n").unwrap();
    let output = server.sh(printed);
    assert!(output.status.success() && output.stderr.is_empty(), "as it was printed: {output:?}");
    for block in blocks(&readme).unwrap().iter().filter(|block| block.not_run.is_none()) {
        if block.background {
            server.start_beside(&block.script);
        } else {
            check(&server, block);
        }
    }
    let password = server.sh(". chancery-data/first-run.env; echo \"$PASSWORD\"").stdout;
    let password = String::from_utf8(password).unwrap();
    let log = server.end();
    for line in ["\"message\":\"audit\"", "\"message\":\"request\"", "\"about\":"] {
        assert!(log.contains(line), "{line} is not logged at all:\n{log}");
    }
    log::check(&log, &[password.trim()]).unwrap();
    assert_nobody_introspects_while_an_api_obeys(&log);
}

/// The block that begins and ends with a look at the metrics is the first that has any.
fn assert_nobody_introspects_while_an_api_obeys(log: &str) {
    let mut parts = log.split(r#""route":"/metrics""#);
    let (before, between) = (parts.next().unwrap(), parts.next().unwrap());
    assert!(parts.next().is_some(), "the metrics are not looked at twice:\n{log}");
    let asked = r#""route":"/oauth/introspect""#;
    assert!(before.contains(asked), "what is looked for is not logged in this way:\n{before}");
    // Its stream begins when it is ready, and is logged then or a little later.
    assert!(before.contains(r#""route":"/revocations""#), "nobody follows:\n{before}");
    assert!(log.contains(r#""route":"/revocations/stream""#), "nobody streams:\n{log}");
    assert!(!between.contains(asked), "somebody asked about a token:\n{between}");
}

fn check(server: &Running, block: &Block<'_>) {
    let output = server.sh(&block.script);
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let at = format!("README.md, the block in line {}", block.line);
    let beside = server.said_beside();
    assert!(output.status.success(), "{at}: {}\n{complaints}\n{printed}\n{beside}", output.status);
    if let Err(difference) = blocks::compare(&block.expected, &printed) {
        panic!("{at}: {difference}\n{complaints}\n{beside}");
    }
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
