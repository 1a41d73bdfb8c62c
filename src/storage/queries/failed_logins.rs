//! Failed logins, counted for all nodes together.

use std::time::Duration;

use super::{DbError, Engine, Execute, Swap, Tx, swapped, unsigned};
use crate::protocol::failed_attempts::{AccountTag, FailedAttempts};
use crate::protocol::time::Timestamp;
use crate::storage::ops::failed_logins::{
    CountFailedLogin, FindFailedLogins, ForgiveFailedLogins, ReplaceFailedLogins, SweepFailedLogins,
};
use crate::storage::ops::janitor::Swept;

impl Execute<Engine> for FindFailedLogins {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<FailedAttempts>, DbError> {
        find(tx, "SELECT clear_at, until FROM failed_login WHERE account = $1", self.0).await
    }
}

impl Execute<Engine> for CountFailedLogin {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        let now = since_epoch(self.at);
        let first = FailedAttempts::none(now).and_one(&self.limit, now);
        let sql =
            concat!("SELECT clear_at, until FROM failed_login WHERE account = $1", for_update!());
        // Between two statements the failures may be forgiven, and counted again.
        for _ in 0..ATTEMPTS {
            if insert(tx, self.account, first).await? {
                return Ok(());
            }
            if let Some(before) = find(tx, sql, self.account).await? {
                return update(tx, self.account, before.and_one(&self.limit, now)).await;
            }
        }
        Err(DbError::Abandoned)
    }
}

impl Execute<Engine> for ReplaceFailedLogins {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let replaced = tx
            .query(
                "UPDATE failed_login SET until = $1 \
                 WHERE account = $2 AND clear_at = $3 AND until = $4",
            )
            .bind(super::millis(self.new.until))
            .bind(bytes(self.account))
            .bind(super::millis(self.old.clear_at))
            .bind(super::millis(self.old.until))
            .execute(&mut *tx.conn)
            .await?;
        Ok(swapped(replaced.rows_affected()))
    }
}

impl Execute<Engine> for ForgiveFailedLogins {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.query("DELETE FROM failed_login WHERE account = $1")
            .bind(bytes(self.0))
            .execute(&mut *tx.conn)
            .await?;
        Ok(())
    }
}

impl Execute<Engine> for SweepFailedLogins {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swept<()>, DbError> {
        let sql = "DELETE FROM failed_login WHERE account IN (SELECT account FROM failed_login \
                   WHERE clear_at < $1 ORDER BY clear_at LIMIT $2) AND clear_at < $1";
        let remove = tx.query(sql).bind(self.before.millis()).bind(i64::from(self.limit));
        let removed = remove.execute(&mut *tx.conn).await?.rows_affected();
        Ok(Swept { removed, next: (removed == u64::from(self.limit)).then_some(()) })
    }
}

async fn find(
    tx: &mut Tx<'_>,
    sql: &'static str,
    account: AccountTag,
) -> Result<Option<FailedAttempts>, DbError> {
    let row: Option<(i64, i64)> =
        tx.query_as(sql).bind(bytes(account)).fetch_optional(&mut *tx.conn).await?;
    let time = |millis, column| unsigned(millis, "failed_login", column).map(Duration::from_millis);
    row.map(|(clear_at, until)| {
        Ok(FailedAttempts { clear_at: time(clear_at, "clear_at")?, until: time(until, "until")? })
    })
    .transpose()
}

/// Whether the account had no failures.
async fn insert(
    tx: &mut Tx<'_>,
    account: AccountTag,
    first: FailedAttempts,
) -> Result<bool, DbError> {
    let inserted = tx
        .query(
            "INSERT INTO failed_login (account, clear_at, until) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(bytes(account))
        .bind(super::millis(first.clear_at))
        .bind(super::millis(first.until))
        .execute(&mut *tx.conn)
        .await?;
    Ok(inserted.rows_affected() > 0)
}

async fn update(
    tx: &mut Tx<'_>,
    account: AccountTag,
    failures: FailedAttempts,
) -> Result<(), DbError> {
    tx.query("UPDATE failed_login SET clear_at = $1, until = $2 WHERE account = $3")
        .bind(super::millis(failures.clear_at))
        .bind(super::millis(failures.until))
        .bind(bytes(account))
        .execute(&mut *tx.conn)
        .await?;
    Ok(())
}

fn bytes(account: AccountTag) -> Vec<u8> {
    account.0.to_vec()
}

const ATTEMPTS: u32 = 3;

fn since_epoch(at: Timestamp) -> Duration {
    at.since(Timestamp::from_millis(0))
}
