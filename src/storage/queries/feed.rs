//! The log of revocations.

use std::time::Duration;

use sqlx::QueryBuilder;

use super::audit::append;
use super::{Db, DbError, Engine, Execute, Tx, corrupt, millis, unsigned};
use crate::protocol::ids::Tip;
use crate::protocol::revocation::{Digest, FeedHead, Kind, NewRevocation, Revocation};
use crate::protocol::time::Timestamp;
use crate::storage::operation::LATE;
use crate::storage::ops::feed::{
    BeginAnew, BeginLog, NoteTokenLife, RaiseEpoch, ReadHead, ReadRevocations, RenewEpoch, Revoke,
    Revokes,
};
use crate::storage::ops::{FeedPosition, Revoking};

/// An entry that gets its number and mark when it is published.
pub(in crate::storage) struct Publication {
    pub(in crate::storage) kind: Kind,
    pub(in crate::storage) digest: Digest,
    pub(in crate::storage) not_before: Option<Timestamp>,
    pub(in crate::storage) until: Option<Timestamp>,
}

/// Appends entries to the log. Must come last in its transaction: from the first statement on the
/// end of the log is locked, so that numbers are committed in their order.
pub(super) async fn publish(
    tx: &mut Tx<'_>,
    entries: &[Publication],
    revoking: &Revoking,
) -> Result<FeedPosition, DbError> {
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let newest = revoking.tip(entries.len().saturating_sub(1));
    let (epoch, seq): (i64, i64) = tx
        .query_as(concat!(
            "UPDATE feed_head SET seq = seq + $1, tip = $2 WHERE id = 1 RETURNING epoch, seq",
            and_wake!()
        ))
        .bind(count)
        .bind(newest.as_bytes().as_slice())
        .fetch_one(&mut *tx.conn)
        .await?;
    let mut insert = QueryBuilder::<Db>::new(
        "INSERT INTO revocation (seq, tip, kind, digest, not_before, until) ",
    );
    insert.push_values(entries.iter().enumerate(), |mut row, (index, entry)| {
        row.push_bind(seq - count + 1 + i64::try_from(index).unwrap_or(0))
            .push_bind(revoking.tip(index).as_bytes().to_vec())
            .push_bind(entry.kind.as_str())
            .push_bind(entry.digest.0.to_vec())
            .push_bind(entry.not_before.map(Timestamp::millis))
            .push_bind(entry.until.map(Timestamp::millis));
    });
    let keep = tx.keeps(entries.len());
    tx.count_statement(insert.sql().as_str());
    insert.build().persistent(keep).execute(&mut *tx.conn).await?;
    Ok(FeedPosition { epoch, seq })
}

/// Which loss of writes was found.
pub(super) enum Loss {
    /// One that was noticed in this epoch.
    Of(i64),
    /// One that counts as found before, if any was found at this time or later.
    Since(Timestamp),
    /// One that an operator tells of, whatever was found before.
    Told,
}

/// Begins a new epoch, beyond all that were `seen`, unless the loss was found before; answers the time
/// at which it did, if it did. Numbers from before do not compare, so every reader starts again from
/// a snapshot, and no node can tell any more what the log has lost: an entry that refuses [`all`] must
/// follow.
pub(super) async fn renew_epoch(
    tx: &mut Tx<'_>,
    loss: &Loss,
    seen: i64,
) -> Result<Option<Timestamp>, DbError> {
    let head = lock_head(tx).await?;
    // After the lock: whoever waited for it may have waited for long.
    let now = (tx.now)();
    let due = match loss {
        Loss::Of(epoch) => head.whole_since <= *epoch,
        Loss::Since(time) => head.regressed_at.is_none_or(|at| at < time.millis()),
        Loss::Told => true,
    };
    if !due {
        return Ok(None);
    }
    tx.query("UPDATE feed_head SET epoch = $1, whole_since = $1, regressed_at = $2 WHERE id = 1")
        .bind(next_epoch(now, head.epoch.max(seen)))
        .bind(now.millis())
        .execute(&mut *tx.conn)
        .await?;
    Ok(Some(now))
}

/// Begins an epoch beyond `from`, if none has begun yet, in which nothing is lost: readers are to
/// forget what they were told beside the entries. Nodes go on to compare what they have read.
pub(super) async fn raise_epoch(tx: &mut Tx<'_>, from: Option<i64>) -> Result<(), DbError> {
    let head = lock_head(tx).await?;
    if from.is_some_and(|from| head.epoch > from) {
        return Ok(());
    }
    let raise =
        tx.query(concat!("UPDATE feed_head SET epoch = $1 WHERE id = 1", returning_wake!()));
    raise.bind(next_epoch((tx.now)(), head.epoch)).execute(&mut *tx.conn).await?;
    Ok(())
}

async fn lock_head(tx: &mut Tx<'_>) -> Result<LockedHead, DbError> {
    let sql = concat!(
        "SELECT epoch, whole_since, regressed_at FROM feed_head WHERE id = 1",
        for_update!()
    );
    Ok(tx.query_as(sql).fetch_one(&mut *tx.conn).await?)
}

/// Epochs follow the clock, so that those of two databases differ.
fn next_epoch(now: Timestamp, last: i64) -> i64 {
    now.millis().max(last.saturating_add(1))
}

/// Tells every node to read clients, resources and keys again. The number follows the clock: where a change
/// was lost and another is made in its place, whoever knows the lost one sees that. (Not while the clock is behind the
/// number of a change that was made by one that was ahead: then they count on by one.)
pub(super) async fn note_change(tx: &mut Tx<'_>) -> Result<(), DbError> {
    let now = (tx.now)().millis();
    let note = tx.query(concat!(
        "UPDATE feed_head SET changes = CASE WHEN changes < $1 THEN $1 ELSE changes + 1 END \
         WHERE id = 1",
        returning_wake!()
    ));
    note.bind(now).execute(&mut *tx.conn).await?;
    Ok(())
}

/// Gives up a revocation that took too long since its revoking time was read: a token issued
/// meanwhile might lie after its not-before.
pub(in crate::storage) fn refuse_if_late(
    tx: &mut Tx<'_>,
    revoked_at: Timestamp,
) -> Result<(), DbError> {
    if (tx.now)().since(revoked_at) > LATE {
        return Err(DbError::Abandoned);
    }
    // The commit is measured too.
    tx.revoked_at = Some(revoked_at);
    Ok(())
}

impl Execute<Engine> for ReadHead {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<FeedHead, DbError> {
        // A life counts until a token of it that was issued last has expired.
        let row: HeadRow = tx
            .query_as(
                "SELECT epoch, whole_since, seq, tip, changes, regressed_at, \
                 (SELECT MAX(life) FROM token_life WHERE last_issued_at + life > $1) AS longest \
                 FROM feed_head WHERE id = 1",
            )
            .bind((tx.now)().millis())
            .fetch_one(&mut *tx.conn)
            .await?;
        Ok(FeedHead {
            epoch: row.epoch,
            whole_since: row.whole_since,
            seq: row.seq,
            tip: Tip::try_from(row.tip.as_slice()).map_err(|_| corrupt("feed_head", "tip"))?,
            changes: row.changes,
            regressed_at: row.regressed_at.map(Timestamp::from_millis),
            longest_token: Duration::from_millis(unsigned(
                row.longest.unwrap_or(0),
                "token_life",
                "life",
            )?),
        })
    }
}

impl Execute<Engine> for ReadRevocations {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Revocation>, DbError> {
        tx.query_as::<RevocationRow>(
            "SELECT seq, tip, kind, digest, not_before, until FROM revocation \
             WHERE seq >= $1 ORDER BY seq LIMIT $2",
        )
        .bind(self.from)
        .bind(i64::from(self.limit))
        .fetch_all(&mut *tx.conn)
        .await?
        .into_iter()
        .map(Revocation::try_from)
        .collect()
    }
}

impl Execute<Engine> for Revoke {
    grouped!(revocations, Revoke::changes_nothing_else);

    async fn execute(&self, tx: &mut Tx<'_>) -> Result<FeedPosition, DbError> {
        let now = (tx.now)();
        append(tx, &self.audit).await?;
        if matches!(self.what, Revokes::Everything) {
            end_everything(tx, self.revoking.not_before(now)).await?;
        }
        let position = publish(tx, &[entry(self, now)], &self.revoking).await?;
        refuse_if_late(tx, now)?;
        Ok(position)
    }
}

/// The entry of what is revoked at `now`.
pub(in crate::storage) fn entry(revoke: &Revoke, now: Timestamp) -> Publication {
    match &revoke.what {
        Revokes::Token { jti, expires_at } => Publication {
            kind: Kind::Token,
            digest: Kind::Token.digest(jti),
            not_before: None,
            until: Some((*expires_at + crate::protocol::revocation::VERIFIER_MARGIN).max(now)),
        },
        Revokes::Issued(kind, value) => Publication {
            kind: *kind,
            digest: kind.digest(value),
            not_before: Some(revoke.revoking.not_before(now)),
            until: Some(revoke.revoking.until(now)),
        },
        Revokes::Everything => all(&revoke.revoking, now),
    }
}

impl Execute<Engine> for RenewEpoch {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<FeedPosition>, DbError> {
        let Some(now) = renew_epoch(tx, &Loss::Of(self.from), self.seen).await? else {
            return Ok(None);
        };
        append(tx, &self.audit).await?;
        let position = publish(tx, &[all(&self.revoking, now)], &self.revoking).await?;
        refuse_if_late(tx, now)?;
        Ok(Some(position))
    }
}

impl Execute<Engine> for BeginAnew {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<FeedPosition, DbError> {
        let now = renew_epoch(tx, &Loss::Told, 0).await?.ok_or(DbError::Abandoned)?;
        append(tx, &self.audit).await?;
        end_everything(tx, self.revoking.not_before(now)).await?;
        let position = publish(tx, &[all(&self.revoking, now)], &self.revoking).await?;
        refuse_if_late(tx, now)?;
        Ok(position)
    }
}

/// Every session begun up to a time is over, whatever its row says. It is the not-before of the
/// access tokens, since the clock of another node that begins a session may be ahead.
async fn end_everything(tx: &mut Tx<'_>, not_before: Timestamp) -> Result<(), DbError> {
    // A clock that was set back does not bring to life what an earlier call has ended.
    let end = tx.query(
        "UPDATE feed_head SET ended_before = $1 \
         WHERE id = 1 AND (ended_before IS NULL OR ended_before < $1)",
    );
    end.bind(not_before.millis()).execute(&mut *tx.conn).await?;
    Ok(())
}

pub(super) fn all(revoking: &Revoking, now: Timestamp) -> Publication {
    Publication {
        kind: Kind::All,
        digest: Kind::All.digest(""),
        not_before: Some(revoking.not_before(now)),
        until: Some(revoking.until(now)),
    }
}

impl Execute<Engine> for RaiseEpoch {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        raise_epoch(tx, Some(self.from)).await
    }
}

impl Execute<Engine> for BeginLog {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.query("UPDATE feed_head SET epoch = $1, whole_since = $1 WHERE id = 1 AND epoch = 0")
            .bind(self.at.millis())
            .execute(&mut *tx.conn)
            .await?;
        Ok(())
    }
}

impl Execute<Engine> for NoteTokenLife {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        tx.query(
            "INSERT INTO token_life (life, last_issued_at) VALUES ($1, $2) \
             ON CONFLICT (life) DO UPDATE SET last_issued_at = \
             CASE WHEN token_life.last_issued_at > excluded.last_issued_at \
             THEN token_life.last_issued_at ELSE excluded.last_issued_at END",
        )
        .bind(millis(self.life))
        .bind(self.at.millis())
        .execute(&mut *tx.conn)
        .await?;
        Ok(())
    }
}

#[derive(sqlx::FromRow)]
struct LockedHead {
    epoch: i64,
    whole_since: i64,
    regressed_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct HeadRow {
    epoch: i64,
    whole_since: i64,
    seq: i64,
    tip: Vec<u8>,
    changes: i64,
    regressed_at: Option<i64>,
    longest: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct RevocationRow {
    seq: i64,
    tip: Vec<u8>,
    kind: String,
    digest: Vec<u8>,
    not_before: Option<i64>,
    until: Option<i64>,
}

impl TryFrom<RevocationRow> for Revocation {
    type Error = DbError;

    fn try_from(row: RevocationRow) -> Result<Self, DbError> {
        let digest = <[u8; 16]>::try_from(row.digest).map_err(|_| corrupt(TABLE, "digest"))?;
        Ok(Self {
            seq: row.seq,
            entry: NewRevocation {
                kind: Kind::parse(&row.kind).ok_or_else(|| corrupt(TABLE, "kind"))?,
                digest: Digest(digest),
                not_before: row.not_before.map(Timestamp::from_millis),
                until: row.until.map(Timestamp::from_millis),
                tip: Tip::try_from(row.tip.as_slice()).map_err(|_| corrupt(TABLE, "tip"))?,
            },
        })
    }
}

const TABLE: &str = "revocation";
