//! What subscribers of the feed say that they have applied.

use super::{DbError, Engine, Execute, Tx, corrupt};
use crate::protocol::client::ClientId;
use crate::protocol::revocation::FeedPosition;
use crate::protocol::subscriber::{Applied, Carrier, History, Report, Subscriber, SubscriberName};
use crate::protocol::time::Timestamp;
use crate::storage::ops::subscribers::{
    ListSubscribers, NoteApplied, Noted, Room, SweepSubscribers,
};

impl Execute<Engine> for NoteApplied {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Noted, DbError> {
        let key = self.report.key();
        let mut history = match find_history(tx, &key).await? {
            Some(history) => history,
            None if make_room(tx, &self.report, self.room).await? => History::default(),
            None => return Ok(Noted::NoRoom),
        };
        history.note(self.report.applied);
        store(tx, &key, (&self.report, &history)).await?;
        Ok(Noted::Yes)
    }
}

async fn find_history(tx: &mut Tx<'_>, key: &str) -> Result<Option<History>, DbError> {
    let sql = concat!("SELECT history FROM feed_subscriber WHERE key = $1", for_update!());
    let row: Option<(Vec<u8>,)> = tx.query_as(sql).bind(key).fetch_optional(&mut *tx.conn).await?;
    let read =
        |(bytes,): (Vec<u8>,)| History::from_bytes(&bytes).ok_or_else(|| corrupt(TABLE, "history"));
    row.map(read).transpose()
}

/// Whether there is room for one more.
async fn make_room(tx: &mut Tx<'_>, report: &Report, room: Room) -> Result<bool, DbError> {
    let client_id = report.client_id.as_str();
    let (own, all): (i64, i64) = tx
        .query_as(
            "SELECT (SELECT COUNT(*) FROM feed_subscriber WHERE client_id = $1), \
             (SELECT COUNT(*) FROM feed_subscriber)",
        )
        .bind(client_id)
        .fetch_one(&mut *tx.conn)
        .await?;
    let silent_since = report.reported_at - room.silence;
    if own >= i64::from(room.each) {
        forget_longest_silent(tx, Some(client_id), silent_since).await
    } else if all >= i64::from(room.all) {
        forget_longest_silent(tx, None, silent_since).await
    } else {
        Ok(true)
    }
}

/// Forgets one subscriber, of one client or of any, and says whether it did.
async fn forget_longest_silent(
    tx: &mut Tx<'_>,
    client_id: Option<&str>,
    silent_since: Timestamp,
) -> Result<bool, DbError> {
    let forgotten = tx
        .query(
            "DELETE FROM feed_subscriber WHERE reported_at < $1 AND key = (SELECT key \
             FROM feed_subscriber WHERE client_id = COALESCE($2, client_id) \
             ORDER BY reported_at LIMIT 1)",
        )
        .bind(silent_since.millis())
        .bind(client_id)
        .execute(&mut *tx.conn)
        .await?;
    Ok(forgotten.rows_affected() > 0)
}

/// Of two reports that arrive in the wrong order the later one stays.
async fn store(
    tx: &mut Tx<'_>,
    key: &str,
    (report, history): (&Report, &History),
) -> Result<(), DbError> {
    tx.query(
        "INSERT INTO feed_subscriber \
         (key, client_id, name, via, epoch, seq, applied_at, reported_at, history) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (key) DO UPDATE SET via = excluded.via, epoch = excluded.epoch, \
         seq = excluded.seq, applied_at = excluded.applied_at, \
         reported_at = excluded.reported_at, history = excluded.history \
         WHERE feed_subscriber.reported_at <= excluded.reported_at",
    )
    .bind(key)
    .bind(report.client_id.as_str())
    .bind(report.name.as_str())
    .bind(report.via.as_str())
    .bind(report.applied.position.epoch)
    .bind(report.applied.position.seq)
    .bind(report.applied.at.millis())
    .bind(report.reported_at.millis())
    .bind(history.to_bytes())
    .execute(&mut *tx.conn)
    .await?;
    Ok(())
}

impl Execute<Engine> for ListSubscribers {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Subscriber>, DbError> {
        tx.query_as::<SubscriberRow>(
            "SELECT client_id, name, via, epoch, seq, applied_at, reported_at, history \
             FROM feed_subscriber WHERE key > $1 ORDER BY key LIMIT $2",
        )
        .bind(self.after.as_deref().unwrap_or_default())
        .bind(i64::from(self.limit))
        .fetch_all(&mut *tx.conn)
        .await?
        .into_iter()
        .map(Subscriber::try_from)
        .collect()
    }
}

impl Execute<Engine> for SweepSubscribers {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<u64, DbError> {
        let removed = tx
            .query("DELETE FROM feed_subscriber WHERE reported_at < $1")
            .bind(self.before.millis())
            .execute(&mut *tx.conn)
            .await?;
        Ok(removed.rows_affected())
    }
}

#[derive(sqlx::FromRow)]
struct SubscriberRow {
    client_id: String,
    name: String,
    via: String,
    epoch: i64,
    seq: i64,
    applied_at: i64,
    reported_at: i64,
    history: Vec<u8>,
}

impl TryFrom<SubscriberRow> for Subscriber {
    type Error = DbError;

    fn try_from(row: SubscriberRow) -> Result<Self, DbError> {
        Ok(Self {
            report: Report {
                client_id: ClientId::parse(&row.client_id)
                    .map_err(|_| corrupt(TABLE, "client_id"))?,
                name: SubscriberName::parse(&row.name).ok_or_else(|| corrupt(TABLE, "name"))?,
                via: Carrier::parse(&row.via).ok_or_else(|| corrupt(TABLE, "via"))?,
                applied: Applied {
                    position: FeedPosition { epoch: row.epoch, seq: row.seq },
                    at: Timestamp::from_millis(row.applied_at),
                },
                reported_at: Timestamp::from_millis(row.reported_at),
            },
            history: History::from_bytes(&row.history).ok_or_else(|| corrupt(TABLE, "history"))?,
        })
    }
}

const TABLE: &str = "feed_subscriber";
