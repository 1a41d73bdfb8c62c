//! Connections, and how a statement is run on one.

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::path::PathBuf;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use rusqlite::{OpenFlags, Statement};
use sqlx::{
    ConnectOptions, Connection, Describe, Either, Error, Execute, Executor, SqlStr, Transaction,
};

use super::arguments::Arguments;
use super::error;
use super::row::{Column, Columns, DirectRow};
use super::value::{Kind, Value};
use super::{Changes, DirectSqlite};

/// An open connection.
pub struct Direct {
    conn: rusqlite::Connection,
    /// Of the statements that are kept prepared.
    shapes: HashMap<Box<str>, Arc<Shape>>,
}

/// What is known of a statement before it is run.
struct Shape {
    columns: Arc<Columns>,
    /// Which argument goes to each parameter: the library numbers them as they occur.
    order: Box<[usize]>,
}

/// How a connection is opened.
#[derive(Clone, Debug)]
pub struct Opening {
    path: PathBuf,
    writes: bool,
}

/// A statement that is to be prepared when it is run.
#[derive(Clone)]
pub struct Prepared(SqlStr);

impl Opening {
    /// A connection that writes and makes the file, or one that only reads.
    pub(in super::super) fn new(path: PathBuf, writes: bool) -> Self {
        Self { path, writes }
    }

    /// Opens it. `FULL` makes every commit durable; the time to wait is for the command line, which
    /// may write beside the server.
    pub(in super::super) fn open(&self) -> Result<Direct, Error> {
        let access = if self.writes {
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
        } else {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = rusqlite::Connection::open_with_flags(&self.path, flags).map_err(error::of)?;
        conn.busy_timeout(BUSY_TIMEOUT).map_err(error::of)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        conn.execute_batch(SETTINGS).map_err(error::of)?;
        if !self.writes {
            conn.execute_batch(OF_READERS).map_err(error::of)?;
        }
        Ok(Direct { conn, shapes: HashMap::new() })
    }
}

impl Direct {
    /// Runs a statement that has no parameters.
    pub(in super::super) fn command(&mut self, sql: &str) -> Result<(), Error> {
        let mut statement = self.conn.prepare_cached(sql).map_err(error::of)?;
        statement.raw_execute().map(drop).map_err(error::of)
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        !self.conn.is_autocommit()
    }

    /// Runs a statement, and gives back at most `limit` rows.
    fn run<'q>(
        &mut self,
        mut query: impl Execute<'q, DirectSqlite>,
        limit: usize,
    ) -> Result<(Changes, Vec<DirectRow>), Error> {
        let arguments = query.take_arguments().map_err(Error::Encode)?.unwrap_or_default();
        let persistent = query.persistent();
        let sql = query.sql();
        if persistent {
            let mut statement = self.conn.prepare_cached(sql.as_str()).map_err(error::of)?;
            let shape = if let Some(shape) = self.shapes.get(sql.as_str()) {
                shape.clone()
            } else {
                let shape = Arc::new(Shape::of(&statement)?);
                self.shapes.insert(sql.as_str().into(), shape.clone());
                shape
            };
            shape.step(&self.conn, &mut statement, &arguments, limit)
        } else {
            let mut statement = self.conn.prepare(sql.as_str()).map_err(error::of)?;
            Shape::of(&statement)?.step(&self.conn, &mut statement, &arguments, limit)
        }
    }
}

impl Shape {
    fn of(statement: &Statement<'_>) -> Result<Self, Error> {
        let argument = |index: usize| match statement.parameter_name(index) {
            // Numbered, as in the text; or one that only has its place.
            Some(name) => name.get(1..).and_then(|number| number.parse().ok()),
            None => Some(index),
        };
        let order = (1..=statement.parameter_count())
            .map(|index| argument(index).and_then(|number: usize| number.checked_sub(1)))
            .collect::<Option<_>>()
            .ok_or_else(|| Error::Protocol("a parameter has no number".to_owned()))?;
        Ok(Self { columns: Arc::new(Columns::of(statement)), order })
    }

    fn step(
        &self,
        conn: &rusqlite::Connection,
        statement: &mut Statement<'_>,
        arguments: &Arguments,
        limit: usize,
    ) -> Result<(Changes, Vec<DirectRow>), Error> {
        for (index, argument) in self.order.iter().enumerate() {
            let value = arguments.0.get(*argument).unwrap_or(&Value::Null);
            statement.raw_bind_parameter(index + 1, value).map_err(error::of)?;
        }
        if statement.column_count() == 0 {
            let changed = statement.raw_execute().map_err(error::of)?;
            return Ok((Changes(changed as u64), Vec::new()));
        }
        let (mut found, mut rows) = (Vec::new(), statement.raw_query());
        while let Some(row) = rows.next().map_err(error::of)? {
            found.push(DirectRow::copy(row, &self.columns)?);
            if found.len() == limit {
                break;
            }
        }
        drop(rows);
        let changed = if statement.readonly() { 0 } else { conn.changes() };
        Ok((Changes(changed), found))
    }
}

impl Debug for Direct {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}

type Later<'e, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'e>>;
type Each<'e, T> = Pin<Box<dyn stream::Stream<Item = Result<T, Error>> + Send + 'e>>;

impl<'c> Executor<'c> for &'c mut Direct {
    type Database = DirectSqlite;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> Later<'e, Changes>
    where
        'c: 'e,
        E: 'q + Execute<'q, DirectSqlite>,
    {
        Box::pin(async move { self.run(query, usize::MAX).map(|(changes, _)| changes) })
    }

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Each<'e, Either<Changes, DirectRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DirectSqlite>,
    {
        let (last, rows) = match self.run(query, usize::MAX) {
            Ok((changes, rows)) => (Ok(Either::Left(changes)), rows),
            Err(error) => (Err(error), Vec::new()),
        };
        let rows = rows.into_iter().map(|row| Ok(Either::Right(row)));
        Box::pin(stream::iter(rows.chain(std::iter::once(last))))
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> Later<'e, Vec<DirectRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DirectSqlite>,
    {
        Box::pin(async move { self.run(query, usize::MAX).map(|(_, rows)| rows) })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Later<'e, Option<DirectRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DirectSqlite>,
    {
        Box::pin(async move { self.run(query, 1).map(|(_, rows)| rows.into_iter().next()) })
    }

    fn prepare_with<'e>(self, sql: SqlStr, _: &'e [Kind]) -> Later<'e, Prepared>
    where
        'c: 'e,
    {
        Box::pin(async move { Ok(Prepared(sql)) })
    }

    fn describe<'e>(self, _: SqlStr) -> Later<'e, Describe<DirectSqlite>>
    where
        'c: 'e,
    {
        let error = Error::Protocol("nothing is described before it is run".to_owned());
        Box::pin(std::future::ready(Err(error)))
    }
}

impl Connection for Direct {
    type Database = DirectSqlite;
    type Options = Opening;

    async fn close(self) -> Result<(), Error> {
        self.conn.close().map_err(|(_, error)| error::of(error))
    }

    async fn close_hard(self) -> Result<(), Error> {
        self.close().await
    }

    async fn ping(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn begin(&mut self) -> Result<Transaction<'_, DirectSqlite>, Error> {
        Transaction::begin(self, None).await
    }

    fn shrink_buffers(&mut self) {}

    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn should_flush(&self) -> bool {
        false
    }
}

impl ConnectOptions for Opening {
    type Connection = Direct;

    fn from_url(url: &url::Url) -> Result<Self, Error> {
        Ok(Self::new(url.path().into(), true))
    }

    async fn connect(&self) -> Result<Direct, Error> {
        self.open()
    }

    fn log_statements(self, _: log::LevelFilter) -> Self {
        self
    }

    fn log_slow_statements(self, _: log::LevelFilter, _: Duration) -> Self {
        self
    }
}

impl FromStr for Opening {
    type Err = Error;

    fn from_str(path: &str) -> Result<Self, Error> {
        Ok(Self::new(path.into(), true))
    }
}

impl sqlx::Statement for Prepared {
    type Database = DirectSqlite;

    fn into_sql(self) -> SqlStr {
        self.0
    }

    fn sql(&self) -> &SqlStr {
        &self.0
    }

    fn parameters(&self) -> Option<Either<&[Kind], usize>> {
        None
    }

    fn columns(&self) -> &[Column] {
        &[]
    }

    sqlx_core::impl_statement_query!(Arguments);
}

/// How long the file may be locked by another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// More than there are in the queries.
const STATEMENTS: usize = 256;
const SETTINGS: &str =
    "PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
/// In KiB. There are several, and each would keep 2 MB of the file; what is not there is in the memory of the
/// operating system.
const OF_READERS: &str = "PRAGMA cache_size = -512;";
