//! What stands in one row: what is asked of which server by how many.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::scenario::Scenario;

/// What is measured where.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) scenario: Scenario,
    /// Where the server keeps its data; the bare programs keep none.
    pub(crate) database: Option<Database>,
    /// What access tokens are signed with, where there are some.
    pub(crate) algorithm: Option<String>,
    /// How many virtual users there are, each with a connection.
    pub(crate) connections: usize,
    pub(crate) filling: Filling,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// What a server knows for which nobody asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Filling {
    /// Further clients.
    pub(crate) clients: usize,
    /// Revocations in force.
    pub(crate) revocations: usize,
}

impl Line {
    /// Whether another can be held against this one: nothing that it has is different here.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.connections == other.connections
            && (other.database.is_none() || other.database == self.database)
            && (other.algorithm.is_none() || other.algorithm == self.algorithm)
            && (other.filling == Filling::default() || other.filling == self.filling)
    }
}

impl Database {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}
