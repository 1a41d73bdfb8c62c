//! Operations of one kind, executed together: each is a row of what one statement is given.
//!
//! Each row is said to have an id of 16 bytes, which all have. The planner takes it that nearly none has,
//! and so makes one plan, by the index, for any number of rows; else it makes a new one for each number,
//! which costs more than to execute it.

mod log;

use std::collections::{HashMap, HashSet};

use super::super::error::DbError;
use super::super::operation::{Execute, Together};
use super::super::ops::Swap;
use super::super::ops::sessions::{FindSession, FoundSession, RotateSession};
use super::queries::session_rows::FoundRow;
use super::{Engine, Tx};
use crate::protocol::ids::SessionId;

impl Execute<Engine> for Together<FindSession> {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Option<Option<FoundSession>>>, DbError> {
        let ids: Vec<&[u8]> = self.0.iter().map(|FindSession(id)| &id.as_bytes()[..]).collect();
        let sql = find_session!(
            "unnest($1::bytea[]) AS asked (id) JOIN session ON session.id = asked.id",
            "octet_length(asked.id) = 16"
        );
        let query = tx.query_as::<FoundRow>(sql).bind(ids);
        let rows = query.fetch_all(&mut *tx.conn).await?.into_iter();
        let found = rows.map(|row| {
            let found = FoundSession::try_from(row)?;
            Ok::<_, DbError>((found.session.id, found))
        });
        let mut found: HashMap<_, _> = found.collect::<Result<_, _>>()?;
        let mut first = first_of_its_id();
        Ok(self.0.iter().map(|FindSession(id)| first(*id).then(|| found.remove(id))).collect())
    }
}

impl Execute<Engine> for Together<RotateSession> {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Option<Swap>>, DbError> {
        let mut first = first_of_its_id();
        let mut rotations: Vec<_> = self.0.iter().filter(|one| first(one.id)).collect();
        rotations.sort_unstable_by_key(|one| one.id);
        let rotations = || rotations.iter();
        // Whatever somebody else is about to change is passed by: nobody waits for the others.
        let query = tx.query_as(
            "UPDATE session SET generation = session.generation + 1, leaf_hashes = one.child, \
             parent_hash = one.parent, rotated_at = one.at, reissued_at = one.at, \
             successor_sealed = one.sealed, idle_expires_at = one.idle_expires_at, \
             last_seen = one.at, ip = one.ip FROM (SELECT asked.* FROM unnest($1::bytea[], \
             $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bigint[], \
             $8::text[]) AS asked (id, generation, child, parent, at, sealed, idle_expires_at, ip) \
             JOIN session AS free ON free.id = asked.id AND free.generation = asked.generation \
             AND free.ended_reason IS NULL WHERE octet_length(asked.id) = 16 \
             FOR UPDATE OF free SKIP LOCKED) AS one \
             WHERE session.id = one.id AND session.generation = one.generation \
             AND session.ended_reason IS NULL RETURNING session.id",
        );
        let rows = query
            .bind(rotations().map(|one| &one.id.as_bytes()[..]).collect::<Vec<_>>())
            .bind(rotations().map(|one| i64::from(one.from)).collect::<Vec<_>>())
            .bind(rotations().map(|one| &one.child.as_bytes()[..]).collect::<Vec<_>>())
            .bind(rotations().map(|one| &one.parent.as_bytes()[..]).collect::<Vec<_>>())
            .bind(rotations().map(|one| one.at.millis()).collect::<Vec<_>>())
            .bind(rotations().map(|one| &one.sealed[..]).collect::<Vec<_>>())
            .bind(rotations().map(|one| one.idle_expires_at.millis()).collect::<Vec<_>>())
            .bind(rotations().map(|one| one.address.map(|ip| ip.to_string())).collect::<Vec<_>>())
            .fetch_all(&mut *tx.conn)
            .await?;
        let mut rotated = changed(&rows)?;
        Ok(self.0.iter().map(|one| rotated.remove(&one.id).then_some(Swap::Won)).collect())
    }
}

/// Says of each id whether it comes for the first time. One statement changes a row once, so that who
/// asks for the same goes alone, after it.
fn first_of_its_id() -> impl FnMut(SessionId) -> bool {
    let mut seen = HashSet::new();
    move |id| seen.insert(id)
}

/// The sessions that a statement has changed.
fn changed(rows: &[(Vec<u8>,)]) -> Result<HashSet<SessionId>, DbError> {
    rows.iter().map(|(id,)| session_id(id)).collect()
}

fn session_id(bytes: &[u8]) -> Result<SessionId, DbError> {
    SessionId::try_from(bytes).map_err(|_| DbError::Corrupt { table: "session", column: "id" })
}
