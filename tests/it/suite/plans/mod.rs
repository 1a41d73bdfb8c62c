//! How the databases find what they are asked for: every statement that the server sends is answered
//! by an index, however many rows there are. The statements are those that a server was heard to send
//! while it did everything that it can do, and a statement in the code that was not among them is a
//! fault as well.
//!
//! A plan is shown for the few thousand rows that are there, twice. First without statistics, as the
//! database of a new installation has none, and PostgreSQL takes an index wherever there is one: so
//! this shows what the indexes allow. Then with statistics, and PostgreSQL takes what it holds for the
//! cheapest: so this shows that it prefers the index to reading so many rows.

use std::collections::BTreeSet;

use crate::support::{Options, Raw, Sent};

mod judge;
mod operations;
mod seed;
mod texts;
mod walk;

/// Statements that read more than an index leads to, by a part of their text, and why they may.
const SCANS: &[(&str, &str)] = &[
    ("WITH RECURSIVE id_token", "what it walks through are the few algorithms that it has found"),
    ("FROM client WHERE managed = 1", "asked when the file of declarations is applied"),
    ("FROM users WHERE managed = 1", "the index has those alone; asked when the file is applied"),
    ("replace(' ' || roles", "asked at a first start and by a command"),
    ("DELETE FROM audit", "the oldest in the order of the key, up to the limit"),
    ("DELETE FROM logout_notice WHERE created_at", "the oldest in the order of the key"),
    ("UPDATE authorization_code SET expires_at = created_at", "a code is kept for an hour"),
];

/// Statements that sort what they have read, and why they may.
const SORTS: &[(&str, &str)] = &[
    ("AS page ORDER BY id DESC", "one page of ids"),
    ("ORDER BY last_seen DESC", "what one user has"),
    ("AND browser_session_id IN (", "what lies under a few browser sessions"),
    ("browser_session_id = $3 AND offline = 0", "what lies under one browser session"),
    ("FROM signing_key", "a few keys"),
    ("ORDER BY reported_at", "the subscribers that are remembered, of whom there are few"),
];

#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index() {
    let Some(given) = walk::given(Options::default()).await else { return };
    let Some(sent) = Sent::listen() else { return };
    walk::everything(&given).await;
    let sent = sent.texts();
    let unsent = texts::in_the_code().into_iter().filter(|text| !is_in(text, &sent));
    let unsent: Vec<String> = unsent.collect();
    assert!(unsent.is_empty(), "in the code, but not sent: {unsent:#?}");
    for (part, why) in SCANS.iter().chain(SORTS) {
        assert!(is_in(part, &sent), "there is no such statement any more: {part} ({why})");
    }
    seed::fill(&given.server).await;
    let led = faults(&mut Raw::led_by_indexes(given.server.url()).await, &sent).await;
    assert!(led.is_empty(), "where an index is taken if there is one:\n{}", led.join("\n"));
    given.server.raw().await.run("ANALYZE").await;
    let mut free = faults(&mut given.server.raw().await, &sent).await;
    // A few rows that an index has led to are sorted sooner than read in their order.
    free.retain(|fault| !judge::is_sort(fault));
    assert!(free.is_empty(), "where the cheapest way is taken:\n{}", free.join("\n"));
}

#[tokio::test]
async fn a_server_that_does_not_remember_all_clients_does_everything_as_well() {
    let options = Options { remembered_clients: 1, ..Options::default() };
    let Some(given) = walk::given(options).await else { return };
    walk::everything(&given).await;
    assert!(given.server.server.memory.last_known().unwrap().clients.len() <= 2);
}

fn is_in(part: &str, sent: &BTreeSet<String>) -> bool {
    sent.iter().any(|sql| sql.contains(part))
}

/// What is wrong with the plans of these statements, but for those that are known.
async fn faults(raw: &mut Raw, sent: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for sql in sent {
        let found = judge::faults(raw, sql).await.into_iter().filter(|fault| {
            let known = if judge::is_sort(fault) { SORTS } else { SCANS };
            !known.iter().any(|(part, _)| sql.contains(part))
        });
        faults.extend(found.map(|fault| format!("{fault}\n    {sql}")));
    }
    faults
}
