//! Sessions.

use std::net::IpAddr;

use super::audit::append;
use super::session_rows::{FoundRow, SessionRow, join_hashes};
use super::{DbError, Engine, Execute, Swap, Tx, words};
use crate::protocol::session::Session;
use crate::protocol::uri::ResourceUri;
use crate::storage::ops::sessions::{
    CountSessions, CreateSession, FindSession, FoundSession, HasSessions, ListSessions,
    ReadAddresses, RecentSessions,
};

// Sessions that are alive at a time.
macro_rules! list {
    ($which:literal, $now:literal, $order:literal) => {
        concat!(
            "SELECT ",
            session_columns!(),
            " FROM session WHERE ",
            $which,
            " AND ended_reason IS NULL AND idle_expires_at > ",
            $now,
            " AND ",
            not_over!(),
            " AND ",
            browser_alive!($now),
            " ORDER BY ",
            $order
        )
    };
}

// Everything, or everything of a client, was ended up to a time, which is written in one row and not
// in those of the sessions. Whose version was raised since, or who is gone, has none left either:
// beyond one batch, they are marked later.
macro_rules! not_over {
    () => {
        "created_at > COALESCE((SELECT ended_before FROM feed_head WHERE id = 1), -1) \
         AND created_at > COALESCE((SELECT client.ended_before FROM client \
         WHERE client.id = session.client_id), -1) \
         AND user_version = (SELECT users.version FROM users WHERE users.id = session.user_id)"
    };
}

impl Execute<Engine> for CreateSession {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        if !insert(tx, &self.session).await? {
            return Ok(Swap::Lost);
        }
        append(tx, &self.audit).await?;
        Ok(Swap::Won)
    }
}

/// Stores a new session, if its user and its client are what they have to be; answers whether it did.
pub(super) async fn insert(tx: &mut Tx<'_>, session: &Session) -> Result<bool, DbError> {
    let Session { grant, authentication, rotation, .. } = session;
    // The user and the client are locked against a change until this commits: either the change
    // sees this session and ends it, or this sees the change and stores nothing.
    let sql = concat!(
        "INSERT INTO session (id, user_id, user_version, client_id, scope, resources, \
         auth_time, acr, amr, created_at, idle_expires_at, max_expires_at, generation, \
         leaf_hashes, rotated_at, reissued_at, retry_generation, retry_streak, last_seen, \
         user_agent, ip, browser_session_id, offline, claims) \
         SELECT $1, users.id, users.version, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $8, \
         $8, 0, 0, $8, $12, $13, $14, $15, $16 FROM users CROSS JOIN client \
         WHERE users.id = $17 AND users.version = $18 AND users.status = 'active' \
         AND client.id = $2 AND client.status = 'active'",
        for_share!()
    );
    let inserted = tx
        .query(sql)
        .bind(session.id.as_bytes().as_slice())
        .bind(session.client_id.as_str())
        .bind(grant.scope.to_string())
        .bind(words(grant.resources.iter().map(ResourceUri::as_str)))
        .bind(authentication.at.millis())
        .bind(authentication.acr.as_deref())
        .bind(words(authentication.amr.iter().map(String::as_str)))
        .bind(session.created_at.millis())
        .bind(session.idle_expires_at.millis())
        .bind(session.max_expires_at.millis())
        .bind(join_hashes(&rotation.leaves))
        .bind(session.user_agent.as_deref())
        .bind(session.address.map(|address| address.to_string()))
        .bind(session.browser_session_id.as_ref().map(|id| id.as_bytes().to_vec()))
        .bind(i64::from(session.offline))
        .bind(session.claims.as_deref())
        .bind(session.user_id.as_bytes().as_slice())
        .bind(session.user_version)
        .execute(&mut *tx.conn)
        .await?;
    Ok(inserted.rows_affected() > 0)
}

impl Execute<Engine> for FindSession {
    grouped!(finds);

    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<FoundSession>, DbError> {
        tx.query_as::<FoundRow>(find_session!("session", "session.id = $1"))
            .bind(self.0.as_bytes().as_slice())
            .fetch_optional(&mut *tx.conn)
            .await?
            .map(FoundSession::try_from)
            .transpose()
    }
}

impl Execute<Engine> for ListSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Session>, DbError> {
        let after = self.after.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice());
        let (now, limit) = (self.now.millis(), i64::from(self.limit));
        let rows = if let Some(user) = self.user {
            let sql = list!("user_id = $1 AND id > $2", "$3", "id LIMIT $4");
            let query = tx.query_as::<SessionRow>(sql).bind(user.as_bytes().to_vec());
            query.bind(after).bind(now).bind(limit).fetch_all(&mut *tx.conn).await?
        } else {
            let sql = list!("id > $1", "$2", "id LIMIT $3");
            let query = tx.query_as::<SessionRow>(sql);
            query.bind(after).bind(now).bind(limit).fetch_all(&mut *tx.conn).await?
        };
        rows.into_iter().map(Session::try_from).collect()
    }
}

impl Execute<Engine> for ReadAddresses {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<IpAddr>, DbError> {
        let sql = concat!(
            "SELECT ip FROM session WHERE ",
            "user_id = (SELECT id FROM users WHERE canonical_name = $1) ",
            "AND ended_reason IS NULL AND idle_expires_at > $2 AND ip IS NOT NULL ",
            "AND browser_session_id IS NULL AND ",
            not_over!(),
            " UNION ALL SELECT ip FROM browser_session WHERE ",
            "user_id = (SELECT id FROM users WHERE canonical_name = $1) ",
            "AND ended_reason IS NULL AND idle_expires_at > $2 AND ip IS NOT NULL ",
            "AND created_at > COALESCE((SELECT ended_before FROM feed_head WHERE id = 1), -1) ",
            "AND user_version = (SELECT version FROM users WHERE canonical_name = $1) LIMIT $3"
        );
        let query = tx.query_as::<(String,)>(sql).bind(self.canonical.as_str());
        let rows = query.bind(self.at.millis()).bind(MOST_ADDRESSES);
        let rows = rows.fetch_all(&mut *tx.conn).await?;
        Ok(rows.into_iter().filter_map(|(ip,)| ip.parse().ok()).collect())
    }
}

impl Execute<Engine> for RecentSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Session>, DbError> {
        let rows = tx
            .query_as::<SessionRow>(list!("user_id = $1", "$2", "last_seen DESC, id LIMIT $3"))
            .bind(self.user.as_bytes().as_slice())
            .bind(self.now.millis())
            .bind(i64::from(self.limit))
            .fetch_all(&mut *tx.conn)
            .await?;
        rows.into_iter().map(Session::try_from).collect()
    }
}

impl Execute<Engine> for CountSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<u32, DbError> {
        let (count,): (i64,) = tx
            .query_as(concat!(
                "SELECT COUNT(*) FROM session WHERE user_id = $1 AND ended_reason IS NULL \
                 AND idle_expires_at > $2 AND ",
                browser_alive!("$2")
            ))
            .bind(self.0.as_bytes().as_slice())
            .bind((tx.now)().millis())
            .fetch_one(&mut *tx.conn)
            .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

impl Execute<Engine> for HasSessions {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<bool, DbError> {
        // The first one found is enough. In their order, because the index then leads past all that
        // began later also where the answer is no.
        let found: Option<(Vec<u8>,)> = tx
            .query_as(
                "SELECT id FROM session WHERE created_at <= $1 AND idle_expires_at > $2 \
                 AND max_expires_at > $2 AND ended_reason IS NULL ORDER BY created_at LIMIT 1",
            )
            .bind(self.begun_by.millis())
            .bind(self.alive_at.millis())
            .fetch_optional(&mut *tx.conn)
            .await?;
        Ok(found.is_some())
    }
}

/// More than anybody has sessions by default.
const MOST_ADDRESSES: i64 = 500;
