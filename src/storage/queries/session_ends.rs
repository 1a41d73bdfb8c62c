//! The ends of sessions.

use super::audit::append;
use super::feed::{Loss, Publication, all, publish, refuse_if_late, renew_epoch};
use super::notices::leave;
use super::{DbError, Engine, Execute, Tx, corrupt};
use crate::protocol::ids::SessionId;
use crate::protocol::revocation::Kind;
use crate::protocol::session::EndReason;
use crate::protocol::time::Timestamp;
use crate::storage::ops::browser_sessions::BrowserSessions;
use crate::storage::ops::sessions::{EndSessions, Ended, Sessions};
use crate::storage::ops::{BATCH, Revoking};

impl Execute<Engine> for EndSessions {
    grouped!(ends, EndSessions::ends_only_one);

    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Ended, DbError> {
        if is_overtaken(tx, &self.which).await? {
            return Ok(Ended::default());
        }
        let sessions = end(tx, &self.which, (self.reason, &self.revoking)).await?;
        if sessions.is_empty() {
            return Ok(Ended::default());
        }
        if let Some(audit) = &self.audit {
            append(tx, audit).await?;
        }
        if matches!(self.which, Sessions::OfClient(..)) {
            // The entry of the client refuses the tokens of all.
            return Ok(Ended { sessions, feed: None });
        }
        let mut entries = ends(&sessions, &self.revoking, (tx.now)());
        let mut renewed = None;
        if let Some(regression) = self.regressed {
            let loss = Loss::Since(regression.after);
            renewed = renew_epoch(tx, &loss, regression.seen).await?;
        }
        // Whatever else the database has lost may have been a revocation.
        entries.extend(renewed.map(|now| all(&self.revoking, now)));
        let feed = publish(tx, &entries, &self.revoking).await?;
        if let Some(now) = renewed {
            refuse_if_late(tx, now)?;
        }
        Ok(Ended { sessions, feed: Some(feed) })
    }
}

/// Whether a session that would make room for itself was ended meanwhile, by another that did. One at a
/// time for each user: of two that begin together one stays.
async fn is_overtaken(tx: &mut Tx<'_>, which: &Sessions) -> Result<bool, DbError> {
    let Sessions::Surplus(user, begun, _) = which else {
        return Ok(false);
    };
    let lock = concat!("SELECT 1 FROM users WHERE id = $1", for_update!());
    tx.query(lock).bind(user.as_bytes().as_slice()).execute(&mut *tx.conn).await?;
    let ended: Option<Id> = tx
        .query_as("SELECT id FROM session WHERE id = $1 AND ended_reason IS NOT NULL")
        .bind(begun.as_bytes().as_slice())
        .fetch_optional(&mut *tx.conn)
        .await?;
    Ok(ended.is_some())
}

/// What tells the log that these sessions are over.
pub(in crate::storage) fn ends(
    sessions: &[SessionId],
    revoking: &Revoking,
    now: Timestamp,
) -> Vec<Publication> {
    let until = Some(revoking.until(now));
    let publication = |session: &SessionId| Publication {
        kind: Kind::Session,
        digest: Kind::Session.digest(&session.to_string()),
        not_before: None,
        until,
    };
    sessions.iter().map(publication).collect()
}

/// Ends the active sessions among `which`, and leaves a notice of each whose client wants one. A client
/// that was disabled is told of nothing.
pub(super) async fn end(
    tx: &mut Tx<'_>,
    which: &Sessions,
    (reason, revoking): (EndReason, &Revoking),
) -> Result<Vec<SessionId>, DbError> {
    let Marked { sessions, listened } = mark(tx, which, reason).await?;
    if listened && !matches!(which, Sessions::OfClient(..)) {
        leave(tx, &sessions, revoking).await?;
    }
    Ok(sessions)
}

/// What has just been ended.
#[derive(Default)]
pub(super) struct Marked {
    pub(super) sessions: Vec<SessionId>,
    /// Whether a client of one of them may want to be told.
    listened: bool,
}

// Ends the active sessions that a condition finds, and says of each how many clients it has that listen:
// one or none. $1 is the reason, $2 the time.
macro_rules! end_where {
    ($tx:ident, $reason:ident, $which:expr $(, $bound:expr)*) => {
        end!(
            $tx,
            $reason,
            concat!("id IN (SELECT id FROM session WHERE ", $which, for_update!(), ")")
            $(, $bound)*
        )
    };
}
macro_rules! end {
    ($tx:ident, $reason:ident, $which:expr $(, $bound:expr)*) => {{
        let sql = concat!(
            "UPDATE session SET ended_reason = $1, ended_at = $2, successor_sealed = NULL \
             WHERE ended_reason IS NULL AND ",
            $which,
            " RETURNING id, (SELECT COUNT(*) FROM client WHERE client.id = session.client_id \
             AND client.status <> 'disabled' AND client.backchannel_logout_uri IS NOT NULL)"
        );
        let now = ($tx.now)().millis();
        $tx.query_as::<Ending>(sql)
            .bind($reason.as_str())
            .bind(now)
            $(.bind($bound))*
            .fetch_all(&mut *$tx.conn)
            .await?
    }};
}

/// Marks the active sessions among `which` as ended, in the order of their ids, so that two transactions
/// that end many cannot wait for each other.
pub(super) async fn mark(
    tx: &mut Tx<'_>,
    which: &Sessions,
    reason: EndReason,
) -> Result<Marked, DbError> {
    let rows: Vec<Ending> = match which {
        Sessions::One(id) => end!(tx, reason, "id = $3", id.as_bytes().as_slice()),
        Sessions::OneOf(id, client) => end!(
            tx,
            reason,
            "id = $3 AND client_id = $4",
            id.as_bytes().as_slice(),
            client.as_str()
        ),
        Sessions::OfUser(user, except) => end_where!(
            tx,
            reason,
            "user_id = $3 AND id <> $4 AND ended_reason IS NULL ORDER BY id LIMIT $5",
            user.as_bytes().as_slice(),
            except.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice()),
            BATCH
        ),
        Sessions::OfUserBefore(user, version) => end_where!(
            tx,
            reason,
            "user_id = $3 AND user_version < $4 AND ended_reason IS NULL ORDER BY id LIMIT $5",
            user.as_bytes().as_slice(),
            *version,
            BATCH
        ),
        Sessions::OfClient(client, after) => end_where!(
            tx,
            reason,
            "client_id = $3 AND id > $4 AND ended_reason IS NULL ORDER BY id LIMIT $5",
            client.as_str(),
            after.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice()),
            BATCH
        ),
        Sessions::Surplus(user, begun, keep) => end_where!(
            tx,
            reason,
            concat!(
                "user_id = $3 AND id <> $4 AND ended_reason IS NULL AND idle_expires_at > $2 AND ",
                browser_alive!("$2"),
                " ORDER BY last_seen DESC, id LIMIT $5 OFFSET $6"
            ),
            user.as_bytes().as_slice(),
            begun.as_bytes().as_slice(),
            BATCH,
            i64::from(*keep) - 1
        ),
        Sessions::Under(browsers) => mark_under(tx, browsers, reason).await?,
        Sessions::OfGrant(user, client) => end_where!(
            tx,
            reason,
            "user_id = $3 AND client_id = $4 AND ended_reason IS NULL ORDER BY id LIMIT $5",
            user.as_bytes().as_slice(),
            client.as_str(),
            BATCH
        ),
    };
    let mut marked = Marked::default();
    for (id, listeners) in rows {
        let id = SessionId::try_from(id.as_slice()).map_err(|_| corrupt("session", "id"))?;
        marked.sessions.push(id);
        marked.listened |= listeners > 0;
    }
    Ok(marked)
}

/// Those begun under browser sessions, but for those that outlive them.
async fn mark_under(
    tx: &mut Tx<'_>,
    browsers: &BrowserSessions,
    reason: EndReason,
) -> Result<Vec<Ending>, DbError> {
    Ok(match browsers {
        BrowserSessions::One(id) => end_where!(
            tx,
            reason,
            "browser_session_id = $3 AND offline = 0 AND ended_reason IS NULL \
             ORDER BY id LIMIT $4",
            id.as_bytes().as_slice(),
            BATCH
        ),
        BrowserSessions::OfUser(user, except) => end_where!(
            tx,
            reason,
            "user_id = $3 AND browser_session_id <> $4 AND offline = 0 AND ended_reason IS NULL \
             ORDER BY id LIMIT $5",
            user.as_bytes().as_slice(),
            except.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice()),
            BATCH
        ),
        // Browser sessions that are too many end for the same reason as what lies under them.
        BrowserSessions::Surplus(user, ..) => end_where!(
            tx,
            reason,
            "user_id = $3 AND offline = 0 AND ended_reason IS NULL AND EXISTS (SELECT 1 \
             FROM browser_session AS browser WHERE browser.id = session.browser_session_id \
             AND browser.ended_reason = $1) ORDER BY id LIMIT $4",
            user.as_bytes().as_slice(),
            BATCH
        ),
    })
}

type Id = (Vec<u8>,);
type Ending = (Vec<u8>, i64);
