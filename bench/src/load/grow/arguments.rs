//! What the command is asked for.

use std::fmt;
use std::time::Duration;

use clap::Args;

use super::fill::Size;
use super::{Growth, room};
use crate::figures::Failure;
use crate::load::Database;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) sizes: Sizes,
    /// Where the server keeps its data.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Database::Sqlite])]
    pub(super) database: Vec<Database>,
    /// How many sessions are refreshed, by turns at random, or revoked; half of all at most.
    #[arg(long, default_value_t = CHAINS)]
    chains: usize,
    /// How many virtual users there are, each with a connection.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// For how many seconds each load is on before it is measured.
    #[arg(long, default_value_t = 1)]
    warm_up: u64,
    /// For how many seconds it is measured.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How often each load is measured on each database. A figure is the median of all runs.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How many expired sessions the janitor finds in the largest database; none leaves it out. It
    /// begins after a minute, on SQLite after an hour.
    #[arg(long, default_value_t = 0)]
    expired: u64,
    /// Print JSON in the place of a table.
    #[arg(long)]
    pub(super) json: bool,
}

/// How much there is.
#[derive(Args, Clone)]
pub(crate) struct Sizes {
    /// How many sessions there are, one database for each number. A user has ten of them, a client a
    /// hundred, and for ten there is a revocation in force.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 300_000])]
    sessions: Vec<u64>,
    /// So many clients, in the place of what the sessions say.
    #[arg(long)]
    clients: Option<u64>,
    /// So many revocations, in the place of what the sessions say.
    #[arg(long)]
    revocations: Option<u64>,
    /// Fill databases although that takes long and much room.
    #[arg(long)]
    yes: bool,
}

impl Arguments {
    pub(super) fn growth(&self, processor: Option<usize>) -> Growth {
        Growth {
            sizes: self.sizes.clone(),
            chains: self.chains,
            connections: self.connections,
            time: [self.warm_up, self.seconds].map(Duration::from_secs),
            runs: self.runs,
            expired: self.expired,
            processor,
        }
    }
}

impl Sizes {
    /// Says what the databases take, and refuses what was not asked for twice or has no room.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        room::check(&self.all(), self.yes)
    }

    /// The smallest first.
    pub(super) fn all(&self) -> Vec<Size> {
        let size = |sessions: &u64| {
            let size = Size::of(*sessions);
            let clients = self.clients.unwrap_or(size.clients);
            Size { clients, revocations: self.revocations.unwrap_or(size.revocations), ..size }
        };
        let mut sizes: Vec<_> = self.sessions.iter().map(size).collect();
        sizes.sort_by_key(|size| size.sessions);
        sizes
    }
}

impl fmt::Display for Sizes {
    /// As arguments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, clients, revocations, yes } = self;
        let sessions: Vec<_> = sessions.iter().map(u64::to_string).collect();
        write!(f, "--sessions {}", sessions.join(","))?;
        for (name, number) in [("clients", clients), ("revocations", revocations)] {
            if let Some(number) = number {
                write!(f, " --{name} {number}")?;
            }
        }
        if *yes { write!(f, " --yes") } else { Ok(()) }
    }
}

/// Enough that those that are refreshed are not the ones that were just read.
pub(crate) const CHAINS: usize = 100_000;
