//! Revocations that go together: all changes first and then the entries, since the end of the log is
//! locked until the commit.

use std::collections::HashMap;

use super::super::super::error::DbError;
use super::super::super::operation::{Execute, Together};
use super::super::super::ops::FeedPosition;
use super::super::super::ops::feed::Revoke;
use super::super::super::ops::sessions::{EndSessions, Ended};
use super::super::queries::feed::{Publication, entry, refuse_if_late};
use super::super::queries::notices::leave;
use super::super::queries::session_ends::ends;
use super::super::{Engine, Tx};
use super::{first_of_its_id, session_id};
use crate::protocol::audit::AuditEvent;
use crate::protocol::client::ClientId;
use crate::protocol::ids::{SessionId, Tip};
use crate::protocol::time::Timestamp;

/// An entry and its mark.
type Entry = (Publication, Tip);

impl Execute<Engine> for Together<EndSessions> {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Option<Ended>>, DbError> {
        let ended = end(tx, &self.0).await?;
        if ended.is_empty() {
            return Ok(self.0.iter().map(|_| None).collect());
        }
        append(tx, ended.iter().filter_map(|(_, end)| end.audit.as_ref())).await?;
        let now = (tx.now)();
        let entries = ended.iter().flat_map(|(id, end)| {
            let ends = ends(&[*id], &end.revoking, now).into_iter();
            ends.map(|entry| (entry, end.revoking.tip(0)))
        });
        let positions = publish(tx, &entries.collect::<Vec<_>>()).await?;
        let over = ended.into_iter().zip(positions);
        let over = over.map(|((id, _), at)| (id, Ended { sessions: vec![id], feed: Some(at) }));
        let mut over: HashMap<_, _> = over.collect();
        Ok(self.0.iter().map(|end| over.remove(&end.one()?.0)).collect())
    }
}

impl Execute<Engine> for Together<Revoke> {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Option<FeedPosition>>, DbError> {
        let now = (tx.now)();
        append(tx, self.0.iter().map(|revoke| &revoke.audit)).await?;
        let entries = self.0.iter().map(|revoke| (entry(revoke, now), revoke.revoking.tip(0)));
        let positions = publish(tx, &entries.collect::<Vec<_>>()).await?;
        refuse_if_late(tx, now)?;
        Ok(positions.into_iter().map(Some).collect())
    }
}

/// Ends those sessions that are active and that nobody else is about to change, and leaves a notice of
/// each whose client wants one.
async fn end<'e>(
    tx: &mut Tx<'_>,
    ends: &'e [EndSessions],
) -> Result<Vec<(SessionId, &'e EndSessions)>, DbError> {
    let mut first = first_of_its_id();
    let mut ends: Vec<_> = ends.iter().filter_map(|end| Some((end.one()?.0, end))).collect();
    ends.retain(|(id, _)| first(*id));
    let clients = ends.iter().map(|(_, end)| end.one().and_then(|(_, client)| client));
    let rows: Vec<(Vec<u8>, i64)> = tx
        .query_as(
            "UPDATE session SET ended_reason = one.reason, ended_at = $1, \
             successor_sealed = NULL FROM (SELECT asked.* FROM unnest($2::bytea[], $3::text[], \
             $4::text[]) AS asked (id, client_id, reason) JOIN session AS free \
             ON free.id = asked.id AND free.ended_reason IS NULL \
             AND (asked.client_id IS NULL OR free.client_id = asked.client_id) \
             WHERE octet_length(asked.id) = 16 FOR UPDATE OF free SKIP LOCKED) AS one \
             WHERE session.id = one.id AND session.ended_reason IS NULL RETURNING session.id, \
             (SELECT COUNT(*) FROM client WHERE client.id = session.client_id \
             AND client.status <> 'disabled' AND client.backchannel_logout_uri IS NOT NULL)",
        )
        .bind((tx.now)().millis())
        .bind(ends.iter().map(|(id, _)| &id.as_bytes()[..]).collect::<Vec<_>>())
        .bind(clients.map(|client| client.map(ClientId::as_str)).collect::<Vec<_>>())
        .bind(ends.iter().map(|(_, end)| end.reason.as_str()).collect::<Vec<_>>())
        .fetch_all(&mut *tx.conn)
        .await?;
    let mut listeners = HashMap::new();
    for (id, number) in rows {
        listeners.insert(session_id(&id)?, number);
    }
    ends.retain(|(id, _)| listeners.contains_key(id));
    for (id, end) in ends.iter().filter(|(id, _)| listeners[id] > 0) {
        leave(tx, &[*id], &end.revoking).await?;
    }
    Ok(ends)
}

/// Writes events into the open transaction.
async fn append(
    tx: &mut Tx<'_>,
    events: impl Iterator<Item = &AuditEvent> + Clone,
) -> Result<(), DbError> {
    let text = |column: fn(&AuditEvent) -> Option<&str>| events.clone().map(column).collect();
    let texts: [Vec<Option<&str>>; 8] = [
        text(|event| Some(event.kind.as_str())),
        text(|event| Some(event.actor.parts().0)),
        text(|event| event.actor.parts().1),
        text(|event| event.target.as_deref()),
        text(|event| event.client_id.as_deref()),
        text(|event| event.origin.user_agent.as_deref()),
        text(|event| event.origin.request_id.as_deref()),
        text(|event| event.reason.as_deref()),
    ];
    let [kinds, actor_kinds, actors, targets, clients, agents, requests, reasons] = texts;
    let address = |event: &AuditEvent| event.origin.address.map(|address| address.to_string());
    let note = |event: &'_ AuditEvent| event.note.as_ref().map(|note| note.as_str().to_owned());
    tx.query(
        "INSERT INTO audit (id, at, kind, actor_kind, actor, target, client_id, ip, user_agent, \
         request_id, reason, note) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::text[], \
         $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], \
         $11::text[], $12::text[])",
    )
    .bind(events.clone().map(|event| event.id.as_bytes().to_vec()).collect::<Vec<_>>())
    .bind(events.clone().map(|event| event.at.millis()).collect::<Vec<_>>())
    .bind(kinds)
    .bind(actor_kinds)
    .bind(actors)
    .bind(targets)
    .bind(clients)
    .bind(events.clone().map(address).collect::<Vec<_>>())
    .bind(agents)
    .bind(requests)
    .bind(reasons)
    .bind(events.map(note).collect::<Vec<_>>())
    .execute(&mut *tx.conn)
    .await?;
    Ok(())
}

/// Appends entries to the log, in one statement, and answers the position of each.
async fn publish(tx: &mut Tx<'_>, entries: &[Entry]) -> Result<Vec<FeedPosition>, DbError> {
    let tips: Vec<&[u8]> = entries.iter().map(|(_, tip)| &tip.as_bytes()[..]).collect();
    let time = |time: Option<Timestamp>| time.map(Timestamp::millis);
    let rows: Vec<(i64, i64)> = tx
        .query_as(concat!(
            "WITH head AS (UPDATE feed_head SET seq = seq + $1, tip = $2 WHERE id = 1 \
             RETURNING epoch, seq - $1 AS before",
            and_wake!(),
            ") INSERT INTO revocation (seq, tip, kind, digest, not_before, until) \
             SELECT head.before + entry.place, entry.tip, entry.kind, entry.digest, \
             entry.not_before, entry.until FROM head CROSS JOIN unnest($3::bytea[], $4::text[], \
             $5::bytea[], $6::bigint[], $7::bigint[]) WITH ORDINALITY \
             AS entry (tip, kind, digest, not_before, until, place) \
             RETURNING (SELECT epoch FROM head), seq"
        ))
        .bind(i64::try_from(entries.len()).unwrap_or(i64::MAX))
        .bind(tips.last().copied().unwrap_or_default())
        .bind(&tips)
        .bind(entries.iter().map(|(entry, _)| entry.kind.as_str()).collect::<Vec<_>>())
        .bind(entries.iter().map(|(entry, _)| &entry.digest.0[..]).collect::<Vec<_>>())
        .bind(entries.iter().map(|(entry, _)| time(entry.not_before)).collect::<Vec<_>>())
        .bind(entries.iter().map(|(entry, _)| time(entry.until)).collect::<Vec<_>>())
        .fetch_all(&mut *tx.conn)
        .await?;
    let mut positions: Vec<_> =
        rows.into_iter().map(|(epoch, seq)| FeedPosition { epoch, seq }).collect();
    positions.sort_unstable();
    Ok(positions)
}
