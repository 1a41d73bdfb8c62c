//! The processes that a load is on, and what is read of them.

use super::process::{Memory, Ran};
use crate::figures::Failure;
use crate::stage::http::get;

/// What is watched: a server, its database beside it, and this program.
pub(super) struct Watched<'a> {
    pub(super) server: u32,
    /// Where the server tells its metrics, if it has some.
    pub(super) metrics: Option<&'a str>,
    /// The parent of all processes of PostgreSQL.
    pub(super) postmaster: Option<u32>,
    /// Whether the database has to run where this program does.
    pub(super) is_shared: bool,
}

/// What had been counted at one time.
pub(super) struct Reading {
    pub(super) server: Ran,
    pub(super) database: Option<Ran>,
    /// None where it stays awake, since then it always runs.
    pub(super) generator: Option<Ran>,
    /// How many statements the server had sent to its database.
    pub(super) statements: Option<u64>,
    /// How many sessions it had ended.
    pub(super) ended: Option<u64>,
}

impl Watched<'_> {
    pub(super) async fn read(&self) -> Result<Reading, Failure> {
        let metrics = match self.metrics {
            Some(url) => Some(get(url).await?),
            None => None,
        };
        let counter = |name| metrics.as_deref().map(|metrics| counter(metrics, name));
        Ok(Reading {
            server: Ran::of(self.server)?,
            database: self.postmaster.map(Ran::of_family).transpose()?,
            generator: self.is_shared.then(|| Ran::of(std::process::id())).transpose()?,
            statements: counter(STATEMENTS),
            ended: counter(ENDED),
        })
    }

    pub(super) fn memory(&self) -> Result<Memory, Failure> {
        Memory::of(self.server)
    }
}

/// A counter, with its labels if it has some, in the text format of Prometheus. One that was never used is not
/// there.
pub(super) fn counter(metrics: &str, name: &str) -> u64 {
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

const STATEMENTS: &str = "chancery_storage_statements_total";
const ENDED: &str = "chancery_revocations_total{kind=\"sid\"}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_whole_name() {
        let text = "# TYPE x_total counter\nx_total_more 7\nx_total 41\n";
        assert_eq!(counter(text, "x_total"), 41);
        assert_eq!(counter(text, "y_total"), 0);
    }
}
