//! What PostgreSQL's own load generator reaches with the statement by which the server rotates, on
//! sessions that the server has made. It stands where our generator stands: beside the database.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use super::figure::{Figures, of_pgbench};
use super::process::Ran;
use crate::figures::Failure;
use crate::stage::Cluster;

/// What pgbench counted, and what ran meanwhile.
pub(super) struct Counted {
    pub(super) seconds: f64,
    pub(super) transactions: f64,
    pub(super) database: Duration,
    pub(super) generator: Duration,
}

/// Rotates the sessions of a database, one for each client, and measures once it is warm. Both times
/// are whole seconds.
pub(super) fn rotate(
    cluster: &Cluster,
    database: &str,
    clients: usize,
    [warm_up, measured]: [Duration; 2],
) -> Result<Figures, Failure> {
    let script = tempfile::NamedTempFile::new()?;
    std::fs::write(script.path(), script_of(ROTATION))?;
    let longest = warm_up + measured + MORE;
    let mut pgbench = cluster.client("pgbench")?;
    pgbench
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--progress=1"])
        .args([format!("--client={clients}"), format!("--time={}", longest.as_secs())])
        .args(VARIABLES.map(|(name, value)| format!("--define={name}={value}")))
        .args(
            BYTES.map(|(name, digits, length)| {
                format!("--define={name}=\\x{}", digits.repeat(length))
            }),
        )
        .arg("--file")
        .arg(script.path())
        .arg(database);
    let mut pgbench = pgbench.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let counted = count(&mut pgbench, cluster.postmaster()?, [warm_up, measured]);
    pgbench.kill()?;
    pgbench.wait()?;
    let counted = counted?;
    let rotated = cluster.ask_for(database, "SELECT sum(generation) FROM session")?;
    if rotated.parse::<f64>()? < counted.transactions {
        return Err("pgbench did not rotate what it should".into());
    }
    Ok(of_pgbench(&counted))
}

/// Follows the lines that pgbench writes, one for each second.
fn count(pgbench: &mut Child, postmaster: u32, bounds: [Duration; 2]) -> Result<Counted, Failure> {
    let [begin, length] = bounds.map(|span| span.as_secs_f64());
    let output = BufReader::new(pgbench.stderr.take().ok_or("pgbench has no output")?);
    let read = || Ok::<_, Failure>((Ran::of_family(postmaster)?, Ran::of(pgbench.id())?));
    let (mut before, mut said) = (None, Vec::new());
    let (mut from, mut transactions) = (0.0, 0.0);
    for line in output.lines() {
        let line = line?;
        let Some((time, rate)) = progress(&line) else {
            said.push(line);
            continue;
        };
        if let Some((start, (database, generator))) = &before {
            transactions += rate * (time - from);
            if time > length + start - TOLERANCE {
                let (ran, own) = read()?;
                let (database, generator) = (ran.since(database), own.since(generator));
                return Ok(Counted { seconds: time - start, transactions, database, generator });
            }
        } else if time > begin - TOLERANCE {
            before = Some((time, read()?));
        }
        from = time;
    }
    Err(format!("pgbench ended too early: {}", said.join(" ")).into())
}

/// Seconds since the start, and transactions in a second, such as `progress: 1.0 s, 801.0 tps, …`.
fn progress(line: &str) -> Option<(f64, f64)> {
    let (time, rest) = line.strip_prefix("progress: ")?.split_once(" s, ")?;
    Some((time.parse().ok()?, rest.split_once(" tps")?.0.parse().ok()?))
}

/// The statement, as the server sends it.
const ROTATION: &str = include_str!("../../../src/storage/queries/rotate_session.sql");

/// Each client finds a session of its own, and from then on rotates it with new values each time.
fn script_of(rotation: &str) -> String {
    let with = |new: usize, old: usize| {
        let names = PARAMETERS.iter().enumerate().rev();
        names.fold(rotation.to_owned(), |text, (index, name)| {
            let value = name.replace("NEW", &new.to_string()).replace("OLD", &old.to_string());
            text.replace(&format!("${}", index + 1), &format!(":{value}"))
        })
    };
    let (odd, even) = (with(1, 0), with(0, 1));
    format!(
        "\\if :new\n\
         SELECT id, generation FROM session ORDER BY id OFFSET :client_id LIMIT 1 \\gset\n\
         \\set new 0\n\\endif\n\\set now :now + 1\n\\set odd 1 - :odd\n\
         \\if :odd\n{odd};\n\\else\n{even};\n\\endif\n\
         \\set generation :generation + 1\n"
    )
}

/// What the server binds, in its order.
const PARAMETERS: [&str; 8] =
    ["leaf_NEW", "leaf_OLD", "now", "sealed_NEW", "idle", "address", "id", "generation"];
const VARIABLES: [(&str, &str); 5] = [
    ("new", "1"),
    ("odd", "0"),
    ("now", "1790000000000"),
    ("idle", "1799999999999"),
    ("address", "127.0.0.1"),
];
/// Bytes by their digits, each of one value and as many of them as the server has there.
const BYTES: [(&str, &str, usize); 4] =
    [("leaf_0", "6d", 32), ("leaf_1", "1f", 32), ("sealed_0", "5c", 61), ("sealed_1", "e7", 61)];
/// For the last line to come, and for what is read then.
const MORE: Duration = Duration::from_secs(3);
/// The lines come a little before or after their second.
const TOLERANCE: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_the_servers_statement_with_a_value_for_each_parameter() {
        let script = script_of(ROTATION);
        assert!(script.contains("leaf_hashes = :leaf_1, parent_hash = :leaf_0"), "{script}");
        assert!(script.contains("WHERE id = :id AND generation = :generation AND"), "{script}");
        assert!(!script.contains(['$', '"']), "{script}");
    }

    #[test]
    fn a_line_of_pgbench_says_how_many_transactions_there_were() {
        let line = "progress: 2.0 s, 801.5 tps, lat 1.2 ms stddev 0.3, 0 failed";
        assert_eq!(progress(line), Some((2.0, 801.5)));
        assert_eq!(progress("pgbench (15.1)"), None);
    }
}
