//! Which database, and how it is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

/// Where the data is.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// `postgres://…`, the whole URL; it may carry a password and so has no `Debug`.
    Postgres(String),
    /// `sqlite://PATH`, the path of the file.
    Sqlite(PathBuf),
}

/// The text is no database URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("takes sqlite://PATH or postgres://USER@HOST/NAME")]
pub struct InvalidDatabaseUrl;

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Whether to bring the tables up to date; otherwise older tables are refused.
    pub migrate: bool,
    /// Connections to PostgreSQL, or readers of SQLite if there are cores for as many.
    pub connections: u32,
    /// How long an operation waits for a connection in all, before the answer is 503.
    pub acquire_timeout: Duration,
    /// Whether statements are prepared by name; off for PgBouncer in transaction mode.
    pub prepared_statements: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            migrate: true,
            connections: 8,
            acquire_timeout: Duration::from_secs(2),
            prepared_statements: true,
        }
    }
}

impl DatabaseUrl {
    /// Parses a URL.
    pub fn parse(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            let memory = path.is_empty() || path.contains(":memory:") || path.contains('?');
            return if memory { Err(InvalidDatabaseUrl) } else { Ok(Self::Sqlite(path.into())) };
        }
        let postgres =
            Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql"));
        if postgres { Ok(Self::Postgres(text.to_owned())) } else { Err(InvalidDatabaseUrl) }
    }

    /// The SQLite file at `path`.
    pub fn sqlite(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }

    /// The engine and the place, without any password.
    pub fn describe(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
            Self::Postgres(text) => Url::parse(text).map_or_else(
                |_| "postgres://".to_owned(),
                |url| {
                    let host = url.host_str().unwrap_or_default();
                    format!("postgres://{host}{}", url.path())
                },
            ),
        }
    }

    /// How far the clock of a node that is ready may be from the database's. None for SQLite: it
    /// has one node, and the command line beside it reads the same clock.
    pub fn clock_offset_limit(&self) -> Option<Duration> {
        match self {
            Self::Postgres(_) => Some(Duration::from_secs(1)),
            Self::Sqlite(_) => None,
        }
    }

    /// How far the clocks of two nodes that are ready may be apart: one ahead of the database's,
    /// the other behind it.
    pub fn clock_offset_bound(&self) -> Duration {
        2 * self.clock_offset_limit().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_file_databases_and_postgresql_are_accepted() {
        assert!(matches!(DatabaseUrl::parse("sqlite://data/x.db"), Ok(DatabaseUrl::Sqlite(_))));
        assert!(matches!(DatabaseUrl::parse("postgres://h/n"), Ok(DatabaseUrl::Postgres(_))));
        for text in ["sqlite://", "sqlite://:memory:", "sqlite://x?mode=memory", "mysql://h", "x"] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn two_nodes_may_be_apart_by_twice_what_each_may_be_off() {
        let shared = DatabaseUrl::parse("postgres://h/n").unwrap();
        let limit = shared.clock_offset_limit().unwrap();
        assert_eq!(shared.clock_offset_bound(), limit + limit);
        let embedded = DatabaseUrl::parse("sqlite://x.db").unwrap();
        assert_eq!(embedded.clock_offset_limit(), None);
        assert_eq!(embedded.clock_offset_bound(), Duration::ZERO);
    }

    #[test]
    fn a_description_holds_no_password() {
        let url = DatabaseUrl::parse("postgres://me:hunter2@db.example:5432/chancery").unwrap();
        assert_eq!(url.describe(), "postgres://db.example/chancery");
    }
}
