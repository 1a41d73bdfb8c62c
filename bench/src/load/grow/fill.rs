//! Filling a database with rows like those that a server makes: each is a copy of one of its own, with
//! what has to differ made anew.

use super::bulk::Bulk;
use crate::figures::Failure;

/// How much there is.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) sessions: u64,
    pub(super) users: u64,
    pub(super) clients: u64,
    pub(super) revocations: u64,
}

/// What a column of a copy has in the place of what the original has.
type Others<'a> = &'a [(&'a str, String)];

impl Size {
    pub(super) fn of(sessions: u64) -> Self {
        let (users, clients) = ((sessions / 10).max(1), (sessions / 100).max(1));
        Self { sessions, users, clients, revocations: users }
    }
}

/// Fills everything up to `size`, beside what the server has made. Sessions come in a random order, and
/// those of the server are spread among them.
pub(super) fn fill(bulk: &Bulk<'_>, size: Size) -> Result<(), Failure> {
    users(bulk, size)?;
    clients(bulk, size)?;
    revocations(bulk, size)?;
    bulk.run(
        "CREATE TABLE own AS SELECT session.*, ROW_NUMBER() OVER () AS place FROM session; \
         DELETE FROM session",
    )?;
    let own: u64 = bulk.run("SELECT COUNT(*) FROM own")?.parse()?;
    sessions(bulk, (size, size.sessions.saturating_sub(own)))?;
    bulk.run("DROP TABLE own")?;
    bulk.settle()
}

/// Adds sessions that expired half a year ago, and that the janitor meets first: they are the first in
/// the order of ids.
pub(super) fn expire(bulk: &Bulk<'_>, size: Size, count: u64) -> Result<(), Failure> {
    let ago = |column: &str| format!("original.{column} - {HALF_A_YEAR}");
    let others = [
        ("id", bulk.early_id("i")),
        ("user_id", bulk.id('u', &format!("i % {}", size.users))),
        ("idle_expires_at", ago("idle_expires_at")),
        ("max_expires_at", ago("max_expires_at")),
        ("created_at", ago("created_at")),
    ];
    copies(bulk, ("session", "client_id = 'load'"), count, &others)?;
    bulk.settle()
}

fn users(bulk: &Bulk<'_>, size: Size) -> Result<(), Failure> {
    let name = || "'grown-' || i".to_owned();
    let others = [("id", bulk.id('u', "i")), ("name", name()), ("canonical_name", name())];
    copies(bulk, ("users", "name = 'user-0'"), size.users, &others)
}

fn clients(bulk: &Bulk<'_>, size: Size) -> Result<(), Failure> {
    let others = [("key", bulk.id('c', "i")), ("id", "'grown-' || i".to_owned())];
    copies(bulk, ("client", "id = 'load'"), size.clients, &others)
}

/// Tokens that are refused for a day.
fn revocations(bulk: &Bulk<'_>, size: Size) -> Result<(), Failure> {
    let others = [
        ("seq", "i + (SELECT seq FROM feed_head)".to_owned()),
        ("tip", bulk.random_16().to_owned()),
        ("digest", bulk.random_16().to_owned()),
        ("kind", "'jti'".to_owned()),
        ("not_before", "NULL".to_owned()),
        ("until", "original.until + 86400000".to_owned()),
    ];
    copies(bulk, ("revocation", "kind = 'jti'"), size.revocations, &others)?;
    bulk.run(
        "UPDATE feed_head SET seq = (SELECT MAX(seq) FROM revocation), \
         tip = (SELECT tip FROM revocation ORDER BY seq DESC LIMIT 1)",
    )?;
    Ok(())
}

fn sessions(bulk: &Bulk<'_>, (size, count): (Size, u64)) -> Result<(), Failure> {
    let columns = bulk.columns("session")?;
    let others = [
        ("id", bulk.random_16().to_owned()),
        ("user_id", bulk.id('u', &format!("i % {}", size.users))),
        ("client_id", format!("'grown-' || (i % {})", size.clients)),
        ("created_at", "original.created_at - i % 604800000".to_owned()),
        ("idle_expires_at", "original.idle_expires_at - i % 604800000".to_owned()),
        ("generation", "1 + i % 50".to_owned()),
        ("leaf_hashes", bulk.random_32().to_owned()),
        ("parent_hash", bulk.random_32().to_owned()),
    ];
    let (list, values) = (columns.join(", "), values(&columns, &others));
    let batches = count.div_ceil(BATCH).max(1);
    for batch in 0..batches {
        let from = batch * BATCH + 1;
        let numbers = bulk.numbers(from, count.min(from + BATCH - 1));
        bulk.run(&format!(
            "INSERT INTO session ({list}) WITH {numbers}, original AS (SELECT * FROM own \
             WHERE client_id = 'load' ORDER BY generation DESC LIMIT 1) \
             SELECT {values} FROM number CROSS JOIN original UNION ALL \
             SELECT {list} FROM own WHERE place % {batches} = {batch} ORDER BY 1"
        ))?;
        eprint!("\r{} of {count} sessions ", count.min((batch + 1) * BATCH));
    }
    eprintln!();
    Ok(())
}

/// Adds so many copies of one row of a table.
fn copies(
    bulk: &Bulk<'_>,
    (table, original): (&str, &str),
    count: u64,
    others: Others<'_>,
) -> Result<(), Failure> {
    if count == 0 {
        return Ok(());
    }
    let columns = bulk.columns(table)?;
    let (list, values, numbers) =
        (columns.join(", "), values(&columns, others), bulk.numbers(1, count));
    bulk.run(&format!(
        "INSERT INTO {table} ({list}) WITH {numbers}, original AS (SELECT * FROM {table} \
         WHERE {original} LIMIT 1) SELECT {values} FROM number CROSS JOIN original"
    ))?;
    Ok(())
}

fn values(columns: &[String], others: Others<'_>) -> String {
    let value = |column: &String| {
        let other = others.iter().find(|(name, _)| name == column);
        other.map_or_else(|| format!("original.{column}"), |(_, value)| value.clone())
    };
    columns.iter().map(value).collect::<Vec<_>>().join(", ")
}

/// In milliseconds.
const HALF_A_YEAR: u64 = 180 * 86_400_000;
/// Rows of one statement.
const BATCH: u64 = 250_000;
