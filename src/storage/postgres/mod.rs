//! The distributed database. What many ask for in the same moment goes to it together.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::Postgres;
use tokio::time::Instant;

use super::error::StorageError;
use super::group::{Carried, Group, Turn};
use super::operation::{self, Execute, Operation, Together};
use super::ops::feed::Revoke;
use super::ops::sessions::{EndSessions, FindSession, RotateSession};
use super::{Now, StoreOptions};
use link::Link;

pub use wakes::Wakes;

// The dialect: other nodes write at the same time, so what a decision rests on is locked.
macro_rules! for_update {
    () => {
        " FOR UPDATE"
    };
}
macro_rules! for_share {
    () => {
        " FOR SHARE"
    };
}

// What a statement that changes the head of the log gives back beside its columns, or alone: the
// other nodes are woken when it is committed.
macro_rules! and_wake {
    () => {
        ", pg_notify('chancery_feed', '')"
    };
}
macro_rules! returning_wake {
    () => {
        " RETURNING pg_notify('chancery_feed', '')"
    };
}
macro_rules! clock {
    () => {
        "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
}
// What a commit is worth here: settings that are words, and settings that are numbers.
macro_rules! durability {
    () => {
        (
            &[
                ("fsync", "SELECT current_setting('fsync')"),
                ("synchronous_commit", "SELECT current_setting('synchronous_commit')"),
                (
                    "synchronous_standby_names",
                    "SELECT current_setting('synchronous_standby_names')",
                ),
            ],
            &[],
        )
    };
}

// Where an operation waits for others of its kind, if it is one of those for which that is right.
macro_rules! grouped {
    ($name:ident $(, $right:expr)?) => {
        fn group<'g>(
            &self,
            groups: &'g $crate::storage::postgres::Groups,
        ) -> Option<&'g $crate::storage::group::Group<Self>> {
            Some(&groups.$name)$(.filter(|_| $right(self)))?
        }
    };
}

mod link;
mod open;
mod pool;
#[path = "../queries/mod.rs"]
mod queries;
mod together;
mod wakes;

/// The driver's type of this database, for the shared queries.
type Db = Postgres;

/// Marks the operations that this database executes.
pub struct Engine;

impl operation::Engine for Engine {
    type Db = Db;
    type Groups = Groups;
}

/// An open transaction, or a connection that reads.
type Tx<'c> = operation::Tx<'c, Engine>;

/// An open PostgreSQL database.
#[derive(Clone)]
pub(super) struct Database {
    link: Link,
    groups: Arc<Groups>,
}

/// What goes together.
pub(super) struct Groups {
    finds: Group<FindSession>,
    rotations: Group<RotateSession>,
    ends: Group<EndSessions>,
    revocations: Group<Revoke>,
}

impl Database {
    pub(super) async fn open(
        url: &str,
        options: StoreOptions,
        now: Now,
    ) -> Result<Self, StorageError> {
        let link = Link::open(url, options, now).await?;
        let groups = Groups {
            finds: Group::new(LINES, carry(&link, false)),
            rotations: Group::new(LINES, carry(&link, true)),
            // Of those that append to the log one goes after the other in any case.
            ends: Group::new(1, carry(&link, true)),
            revocations: Group::new(1, carry(&link, true)),
        };
        Ok(Self { link, groups: Arc::new(groups) })
    }

    pub(super) async fn write<O: Execute<Engine>>(
        &self,
        operation: O,
    ) -> Result<O::Output, StorageError> {
        let deadline = self.link.deadline();
        match self.join(operation, deadline).await {
            Turn::Over(result) => result,
            Turn::Alone(operation) => self.link.write(&operation, deadline).await,
        }
    }

    pub(super) async fn read<O: Execute<Engine>>(
        &self,
        operation: O,
    ) -> Result<O::Output, StorageError> {
        let deadline = self.link.deadline();
        match self.join(operation, deadline).await {
            Turn::Over(result) => result,
            Turn::Alone(operation) => self.link.read(&operation, deadline).await,
        }
    }

    async fn join<O: Execute<Engine>>(&self, operation: O, deadline: Instant) -> Turn<O> {
        match operation.group(&self.groups) {
            Some(group) => group.join(operation, deadline).await,
            None => Turn::Alone(operation),
        }
    }

    pub(super) async fn wakes(&self) -> Result<Option<Wakes>, StorageError> {
        self.link.wakes().await
    }

    pub(super) async fn close(&self) {
        self.link.close().await;
    }
}

/// The way of a group to the database, for what writes there or for what only reads.
fn carry<O>(
    link: &Link,
    writes: bool,
) -> impl Fn(Together<O>, Instant) -> BoxFuture<'static, Carried<O>> + use<O>
where
    O: Operation,
    Together<O>: Execute<Engine>,
{
    let link = link.clone();
    move |together, deadline| {
        let link = link.clone();
        Box::pin(async move {
            let result = if writes {
                link.write(&together, deadline).await
            } else {
                link.read(&together, deadline).await
            };
            (together, result)
        })
    }
}

/// How many groups of one kind are on their way at a time.
const LINES: usize = 2;
