//! What can go wrong with a database, as the flows see it and as the queries see it.

use sqlx::error::ErrorKind;

/// Why an operation has no result. None of these may become a success, nor a 400: clients take a 400
/// for a logout.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Nothing was changed: the database cannot be reached, is full, or is too busy.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The connection broke while the change was being committed: it may be there or not.
    #[error("the database did not say whether the change was committed: {0}")]
    OutcomeUnknown(String),
    /// The change is there, but came so late that tokens issued beside it may outlive it.
    #[error("the revocation was committed late, and has to be asked for again")]
    Late,
    /// Nothing was changed: what the operation relied on was changed meanwhile.
    #[error("the data was changed meanwhile")]
    Conflict,
    /// Nothing was changed: the database does not take one of the values. No request should get as
    /// far with it, so it is a fault of ours, and trying again does not help.
    #[error("a value cannot be stored: {0}")]
    Unstorable(String),
    /// A stored value is not what the server ever writes.
    #[error("table {table} holds a {column} that cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The tables are missing, or of an older version: a migration helps.
    #[error("{0}")]
    Schema(String),
    /// The tables are of a newer version, or were made by other migrations: only another program or another
    /// database helps.
    #[error("{0}")]
    ForeignSchema(String),
}

/// What a query runs into.
#[derive(Debug)]
pub(super) enum DbError {
    Sql(sqlx::Error),
    Corrupt {
        table: &'static str,
        column: &'static str,
    },
    /// The operation gives up and is to be undone.
    Abandoned,
}

/// What an error means for the transaction it happened in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Severity {
    /// Only this operation failed; its own changes have to be undone.
    Operation,
    /// Another transaction was in the way; the same again may work.
    Contention,
    /// The transaction or the connection is not to be trusted any more.
    Connection,
}

impl DbError {
    pub(super) fn severity_of(error: &sqlx::Error) -> Severity {
        let Some(error) = error.as_database_error() else {
            return Severity::Connection;
        };
        match (error.kind(), error.code().as_deref()) {
            (ErrorKind::Other, Some("40001" | "40P01")) => Severity::Contention,
            // PostgreSQL's class 22, such as a NUL in a text: the connection is as good as before.
            (ErrorKind::Other, Some(code)) if is_data_exception(code) => Severity::Operation,
            (ErrorKind::Other, _) => Severity::Connection,
            _ => Severity::Operation,
        }
    }
}

/// The SQLSTATEs of class 22, of five characters; the codes of SQLite are shorter numbers.
fn is_data_exception(code: &str) -> bool {
    code.len() == 5 && code.starts_with("22")
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<DbError> for StorageError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Sql(error) => error.into(),
            DbError::Corrupt { table, column } => Self::Corrupt { table, column },
            DbError::Abandoned => Self::Conflict,
        }
    }
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if code.is_some_and(|code| is_data_exception(&code)) {
            return Self::Unstorable(error.to_string());
        }
        if DbError::severity_of(&error) == Severity::Operation {
            // A constraint of the tables was in the way, which is what they are for: two changes
            // that exclude each other cannot both be made.
            tracing::warn!(%error, "a change contradicts what is stored");
            return Self::Conflict;
        }
        Self::Unavailable(error.to_string())
    }
}

impl From<sqlx::migrate::MigrateError> for StorageError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError;
        match error {
            MigrateError::VersionMissing(version) => Self::ForeignSchema(format!(
                "the database has migration {version}, which this version of chancery does not \
                 know: run the newer version, or restore a backup"
            )),
            MigrateError::VersionMismatch(_) => Self::ForeignSchema(error.to_string()),
            MigrateError::Execute(error) => error.into(),
            error => Self::Schema(error.to_string()),
        }
    }
}
