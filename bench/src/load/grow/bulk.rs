//! SQL for whole tables, by the databases' own programs: `sqlite3` and `psql`.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::figures::Failure;
use crate::stage::Cluster;

/// A database that no server uses now.
pub(super) enum Bulk<'a> {
    Sqlite(PathBuf),
    Postgres(&'a Cluster, String),
}

impl Bulk<'_> {
    /// Runs statements, and answers what they print.
    pub(super) fn run(&self, sql: &str) -> Result<String, Failure> {
        let (mut command, first) = match self {
            Self::Sqlite(path) => {
                let mut command = Command::new("sqlite3");
                command.arg("-bail").arg(path);
                (command, OF_SQLITE)
            }
            Self::Postgres(cluster, name) => {
                let mut command = cluster.client("psql")?;
                command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
                command.args(["--set=ON_ERROR_STOP=1", "--dbname", name]);
                (command, OF_POSTGRES)
            }
        };
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = process.stdin.take().ok_or("the database's program has no input")?;
        write!(input, "{first}\n{sql};\n")?;
        drop(input);
        let output = process.wait_with_output()?;
        if !output.status.success() {
            return Err(format!("the database did not do this: {sql}").into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The columns of a table, in their order.
    pub(super) fn columns(&self, table: &str) -> Result<Vec<String>, Failure> {
        let list = match self {
            Self::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}')"),
            Self::Postgres(..) => format!(
                "SELECT column_name FROM information_schema.columns \
                 WHERE table_name = '{table}' AND table_schema = 'public' ORDER BY ordinal_position"
            ),
        };
        let columns: Vec<String> = self.run(&list)?.lines().map(str::to_owned).collect();
        if columns.is_empty() { Err(format!("there is no {table}").into()) } else { Ok(columns) }
    }

    /// The numbers from one to another, as the rows of `number (i)`.
    pub(super) fn numbers(&self, from: u64, to: u64) -> String {
        match self {
            Self::Sqlite(_) => format!(
                "RECURSIVE number (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM number \
                 WHERE i < {to})"
            ),
            Self::Postgres(..) => {
                format!("number (i) AS (SELECT generate_series({from}::bigint, {to}::bigint))")
            }
        }
    }

    /// Sixteen random bytes, of each row others.
    pub(super) fn random_16(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "randomblob(16)",
            Self::Postgres(..) => "uuid_send(gen_random_uuid())",
        }
    }

    /// Thirty-two of them.
    pub(super) fn random_32(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "randomblob(32)",
            Self::Postgres(..) => "sha256(uuid_send(gen_random_uuid()))",
        }
    }

    /// An id of sixteen bytes that a number gives, after a letter.
    pub(super) fn id(&self, letter: char, number: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("CAST(printf('{letter}%015d', {number}) AS BLOB)"),
            Self::Postgres(..) => {
                format!("convert_to('{letter}' || lpad(({number})::text, 15, '0'), 'UTF8')")
            }
        }
    }

    /// Such an id that comes before all that are made at random.
    pub(super) fn early_id(&self, number: &str) -> String {
        match self {
            Self::Sqlite(_) => {
                format!("CAST(char(0, 0, 0, 0) || printf('%012d', {number}) AS BLOB)")
            }
            Self::Postgres(..) => {
                let digits = format!("convert_to(lpad(({number})::text, 12, '0'), 'UTF8')");
                format!("'\\x00000000'::bytea || {digits}")
            }
        }
    }

    /// Leaves it as one that has been used for long: nothing of it has still to be written.
    pub(super) fn settle(&self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(file) => Ok(File::open(file)?.sync_all()?),
            Self::Postgres(..) => self.run("VACUUM ANALYZE; CHECKPOINT").map(drop),
        }
    }
}

/// No server is there to see a half of it, and what is lost by a crash is made again.
const OF_SQLITE: &str = ".output /dev/null\n\
     PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;\n\
     .output stdout";
const OF_POSTGRES: &str = "SET synchronous_commit = off;";
