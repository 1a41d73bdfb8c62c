//! What an operation is: a value that both databases can execute.

use std::time::Duration;

use metrics::Counter;
use sqlx::database::HasStatementCache;
use sqlx::query::{Query, QueryAs};
use sqlx::{Database, FromRow};
use tracing::Level;
use tracing::dispatcher::{Dispatch, get_default, with_default};
use tracing::level_filters::STATIC_MAX_LEVEL;

use super::Now;
use super::error::{DbError, StorageError};
use super::group::Group;
use crate::protocol::time::Timestamp;

/// Something that a database does as a whole or not at all.
pub trait Operation: Send + Sync + 'static {
    /// What it answers. A lost race is an answer, not an error.
    type Output: Send + 'static;

    /// Whether it is a single statement, and so atomic without a transaction of its own.
    const SINGLE_STATEMENT: bool = false;

    /// Whether it may overtake others in a full queue, as a revocation does.
    const URGENT: bool = false;
}

/// Some of an operation that were asked for in the same moment. One that is answered `None` was not
/// done, and has to go alone.
pub(super) struct Together<O>(pub(super) Vec<O>);

impl<O: Operation> Operation for Together<O> {
    type Output = Vec<Option<O::Output>>;

    const SINGLE_STATEMENT: bool = O::SINGLE_STATEMENT;
    const URGENT: bool = O::URGENT;
}

/// One of the databases.
pub(super) trait Engine: Send + Sync + 'static {
    /// The driver's type of it.
    type Db: Database + HasStatementCache;

    /// Where operations wait for others of their kind.
    type Groups;
}

/// How an operation is executed on one database. The implementations are in `queries/`.
pub(super) trait Execute<E: Engine>: Operation + Sized {
    fn execute(
        &self,
        tx: &mut Tx<'_, E>,
    ) -> impl Future<Output = Result<Self::Output, DbError>> + Send;

    /// Where it waits for others to go with, if it does.
    fn group<'g>(&self, _groups: &'g E::Groups) -> Option<&'g Group<Self>> {
        None
    }
}

/// An open transaction, or a connection that reads.
pub(super) struct Tx<'c, E: Engine> {
    pub(super) conn: &'c mut <E::Db as Database>::Connection,
    /// The time, to be read after what is changed was locked.
    pub(super) now: &'c Now,
    /// Whether statements are prepared by name.
    pub(super) persistent: bool,
    /// Counts statements, so that what operations cost can be told from outside.
    pub(super) statements: Statements,
    /// When what it revokes was revoked, if it revokes anything.
    pub(super) revoked_at: Option<Timestamp>,
}

/// Refuses to confirm a revocation whose commit came late: whoever could not see it yet may have issued
/// a token that lies after its not-before. Asked for again, it has a later one.
pub(super) fn check_commit(
    revoked_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StorageError> {
    match revoked_at {
        Some(at) if now.since(at) > LATE => {
            tracing::error!(took_s = now.since(at).as_secs(), "a revocation was committed late");
            Err(StorageError::Late)
        }
        _ => Ok(()),
    }
}

/// How long after its revoking time a revocation may be committed: what every not-before allows for.
pub(super) const LATE: Duration = Duration::from_secs(1);

impl<E: Engine> Tx<'_, E> {
    pub(super) fn query(
        &self,
        sql: &'static str,
    ) -> Query<'static, E::Db, <E::Db as Database>::Arguments> {
        self.count_statement(sql);
        sqlx::query(sql).persistent(self.persistent)
    }

    pub(super) fn query_as<R>(
        &self,
        sql: &'static str,
    ) -> QueryAs<'static, E::Db, R, <E::Db as Database>::Arguments>
    where
        R: for<'r> FromRow<'r, <E::Db as Database>::Row>,
    {
        self.count_statement(sql);
        sqlx::query_as(sql).persistent(self.persistent)
    }

    /// Whether a statement whose text differs with the number of its rows is kept prepared: only the one
    /// about one row, which is nearly all that there are.
    pub(super) fn keeps(&self, rows: usize) -> bool {
        self.persistent && rows == 1
    }

    /// Counts a statement that is not made here.
    pub(super) fn count_statement(&self, sql: &str) {
        self.statements.count(sql);
    }
}

/// An operation that both databases can execute.
#[expect(private_bounds, reason = "the queries are nobody else's business")]
pub trait Stored:
    Operation + Execute<super::postgres::Engine> + Execute<super::sqlite::Engine>
{
}

impl<O> Stored for O where
    O: Operation + Execute<super::postgres::Engine> + Execute<super::sqlite::Engine>
{
}

/// Who is told of the statements of operations: whoever listens where one is asked for, on whatever
/// thread it runs, and where they go together, where their group is carried.
///
/// Each is told as it is made, once for all whom it serves, and again where the operation is tried again.
/// What no operation makes is left out: `BEGIN`, `COMMIT` and savepoints, migrations, and what is about a
/// connection.
#[derive(Clone)]
pub(super) struct Statements {
    counter: Counter,
    /// Hears their texts, which hold no values, for the tests of plans: a release build leaves this out.
    listener: Option<Dispatch>,
}

impl Statements {
    pub(super) fn here() -> Self {
        let is_heard = STATIC_MAX_LEVEL >= Level::TRACE;
        Self {
            counter: metrics::counter!("chancery_storage_statements_total"),
            listener: is_heard.then(|| get_default(Dispatch::clone)),
        }
    }

    fn count(&self, sql: &str) {
        self.counter.increment(1);
        if let Some(listener) = &self.listener {
            with_default(listener, || tracing::trace!(target: "chancery::statement", sql));
        }
    }
}
