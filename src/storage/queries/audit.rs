//! The audit log.

use std::time::Duration;

use sqlx::QueryBuilder;

use super::{Db, DbError, Engine, Execute, Tx, corrupt};
use crate::protocol::audit::{Actor, AuditEvent, AuditKind, Note, Origin};
use crate::protocol::ids::AuditId;
use crate::protocol::time::Timestamp;
use crate::storage::ops::audit::{Append, ListAudit};

/// Writes one event into the open transaction.
pub(super) async fn append(tx: &mut Tx<'_>, event: &AuditEvent) -> Result<(), DbError> {
    let (actor_kind, actor) = event.actor.parts();
    tx.query(
        "INSERT INTO audit (id, at, kind, actor_kind, actor, target, client_id, ip, user_agent, \
         request_id, reason, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(event.id.as_bytes().as_slice())
    .bind(event.at.millis())
    .bind(event.kind.as_str())
    .bind(actor_kind)
    .bind(actor)
    .bind(event.target.as_deref())
    .bind(event.client_id.as_deref())
    .bind(event.origin.address.map(|address| address.to_string()))
    .bind(event.origin.user_agent.as_deref())
    .bind(event.origin.request_id.as_deref())
    .bind(event.reason.as_deref())
    .bind(event.note.as_ref().map(Note::as_str))
    .execute(&mut *tx.conn)
    .await?;
    Ok(())
}

impl Execute<Engine> for Append {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        append(tx, &self.0).await
    }
}

impl Execute<Engine> for ListAudit {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<AuditEvent>, DbError> {
        // Only the conditions that are asked for: each has an index, which one text with all of
        // them could not use.
        let mut list = QueryBuilder::<Db>::new(
            "SELECT id, at, kind, actor_kind, actor, target, client_id, ip, user_agent, \
             request_id, reason, note FROM audit WHERE id < ",
        );
        list.push_bind(self.after.map_or(vec![0xFF; 17], |id| id.as_bytes().to_vec()));
        if let Some(kind) = self.kind {
            list.push(" AND kind = ").push_bind(kind.as_str());
        }
        if let Some(actor) = self.actor.clone() {
            list.push(" AND actor = ").push_bind(actor);
        }
        if let Some(target) = self.target.clone() {
            list.push(" AND target = ").push_bind(target);
        }
        if let Some(since) = self.since {
            list.push(" AND at >= ").push_bind(since.millis());
            list.push(" AND id >= ").push_bind(first_id(since - ID_SLACK));
        }
        if let Some(before) = self.before {
            list.push(" AND at < ").push_bind(before.millis());
            list.push(" AND id < ").push_bind(first_id(before + ID_SLACK));
        }
        list.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(self.limit));
        tx.count_statement(list.sql().as_str());
        let list = list.build_query_as::<AuditRow>().persistent(false);
        list.fetch_all(&mut *tx.conn).await?.into_iter().map(AuditEvent::try_from).collect()
    }
}

/// The least id that an event of this time can have (RFC 9562 §5.7: milliseconds come first).
fn first_id(time: Timestamp) -> Vec<u8> {
    let millis = u64::try_from(time.millis()).unwrap_or(0).to_be_bytes();
    [&millis[2..], &[0; 10]].concat()
}

/// An event's id is made a moment before or after its time is read.
const ID_SLACK: Duration = Duration::from_mins(1);

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: Vec<u8>,
    at: i64,
    kind: String,
    actor_kind: String,
    actor: Option<String>,
    target: Option<String>,
    client_id: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    reason: Option<String>,
    note: Option<String>,
}

impl TryFrom<AuditRow> for AuditEvent {
    type Error = DbError;

    fn try_from(row: AuditRow) -> Result<Self, DbError> {
        let actor = row.actor.unwrap_or_default();
        Ok(Self {
            id: AuditId::try_from(row.id.as_slice()).map_err(|_| corrupt(TABLE, "id"))?,
            at: Timestamp::from_millis(row.at),
            kind: AuditKind::parse(&row.kind).ok_or_else(|| corrupt(TABLE, "kind"))?,
            actor: match row.actor_kind.as_str() {
                "anonymous" => Actor::Anonymous,
                "user" => Actor::User(actor),
                "client" => Actor::Client(actor),
                "cli" => Actor::CommandLine,
                "configuration" => Actor::Configuration,
                "system" => Actor::System,
                _ => return Err(corrupt(TABLE, "actor_kind")),
            },
            target: row.target,
            client_id: row.client_id,
            origin: Origin {
                request_id: row.request_id,
                address: row.ip.and_then(|ip| ip.parse().ok()),
                user_agent: row.user_agent,
            },
            reason: row.reason.map(Into::into),
            note: row
                .note
                .map(|note| Note::parse(&note))
                .transpose()
                .map_err(|_| corrupt(TABLE, "note"))?,
        })
    }
}

const TABLE: &str = "audit";
