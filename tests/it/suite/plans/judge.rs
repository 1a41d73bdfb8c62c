//! Reading plans.

use crate::support::Raw;

/// What is wrong with the way in which the database answers a statement.
pub(super) async fn faults(raw: &mut Raw, sql: &str) -> Vec<String> {
    let plan = raw.explain(sql).await;
    match raw {
        Raw::Sqlite(_) => plan.iter().filter(|step| is_slow_on_sqlite(step)).cloned().collect(),
        Raw::Postgres(_) => slow_on_postgres(&plan),
    }
}

/// Whether what is wrong is that something is sorted.
pub(super) fn is_sort(fault: &str) -> bool {
    fault.starts_with("Sort") || fault.contains("TEMP B-TREE")
}

/// `SCAN` reads all of a table or of an index, `USE TEMP B-TREE` sorts what was read.
fn is_slow_on_sqlite(step: &str) -> bool {
    let all = step.strip_prefix("SCAN ").is_some_and(|rest| {
        let table = rest.split(' ').next().unwrap_or_default();
        let made = rest.starts_with('(') || rest.contains("ROW") || table == "page";
        !SMALL.contains(&table) && !made
    });
    all || step.contains("TEMP B-TREE")
}

/// An index that is read without a condition is read from one end to the other. An incremental sort is led by an
/// index, and sorts only what is equal there.
fn slow_on_postgres(plan: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in plan.iter().enumerate() {
        let step = line.trim_start().trim_start_matches("->").trim_start();
        let on = step.split_once(" on ").map_or("", |(_, rest)| rest);
        let table = on.split(' ').next().unwrap_or_default();
        let conditions = plan[number + 1..].iter().take_while(|line| !line.contains("->"));
        let searched = conditions.clone().any(|line| line.contains("Index Cond:"));
        let scans =
            step.starts_with("Seq Scan") || (step.contains("Index") && !on.is_empty() && !searched);
        if (scans && !SMALL.contains(&table)) || step.starts_with("Sort  (") {
            faults.push(step.to_owned());
        }
    }
    faults
}

/// The tables that have few rows, however many users, clients and sessions there are: of subscribers
/// the server remembers no more than 10,000.
pub(super) const SMALL: &[&str] = &[
    "feed_head",
    "feed_subscriber",
    "resource",
    "setting",
    "signing_key",
    "token_key",
    "token_life",
];
