//! Ending sessions: the one routine behind logout, administration and every change that ends many.

use super::error::FlowError;
use super::known::Known;
use super::server::Server;
use crate::audit;
use crate::protocol::audit::AuditEvent;
use crate::protocol::revocation::Kind;
use crate::protocol::session::EndReason;
use crate::storage::ops::browser_sessions::{BrowserSessions, EndBrowserSessions};
use crate::storage::ops::sessions::{EndSessions, Ended, Sessions};
use crate::storage::ops::users::ChangedUser;

impl Server {
    /// Ends the sessions, one bounded transaction after the other until none is left, and answers
    /// how many there were. `audit` is written with the first.
    pub(super) async fn end_sessions(
        &self,
        mut which: Sessions,
        reason: EndReason,
        mut audit: Option<AuditEvent>,
        known: &Known,
    ) -> Result<u64, FlowError> {
        let mut count = 0;
        loop {
            let end = EndSessions {
                which: which.clone(),
                reason,
                revoking: self.revoking_user(known),
                audit: audit.clone(),
                regressed: None,
            };
            let ended = self.store.write(end).await?;
            if !ended.sessions.is_empty() {
                count += count_ended(&ended);
                audit.take().iter().for_each(audit::log);
            }
            which.rest(&ended.sessions);
            if !ended.is_full() {
                return Ok(count);
            }
        }
    }
}

impl Server {
    /// Ends browser sessions and the sessions under them that do not outlive them, in the same way,
    /// and answers how many browser sessions there were. One that was over already may have left
    /// sessions: they end too.
    pub(super) async fn end_browser_sessions(
        &self,
        which: BrowserSessions,
        reason: EndReason,
        mut audit: Option<AuditEvent>,
        known: &Known,
    ) -> Result<u64, FlowError> {
        let mut count = 0;
        loop {
            let revoking = self.revoking_user(known);
            let end = EndBrowserSessions { which, reason, revoking, audit: audit.clone() };
            let ended = self.store.write(end).await?;
            count += u64::try_from(ended.browsers.len()).unwrap_or(u64::MAX);
            count_ended(&ended.sessions);
            if !ended.is_empty() {
                audit.take().iter().for_each(audit::log);
            }
            if !ended.is_full() {
                return Ok(count);
            }
        }
    }
}

/// Counts the entries of the sessions that were ended, and answers how many sessions there are.
pub(super) fn count_ended(ended: &Ended) -> u64 {
    let sessions = u64::try_from(ended.sessions.len()).unwrap_or(u64::MAX);
    if ended.feed.is_some() {
        count_revocations(Kind::Session, sessions);
    }
    sessions
}

/// Counts the entries of a changed user.
pub(super) fn count_changed(changed: &ChangedUser) {
    count_ended(&changed.ended);
    if changed.refused {
        count_revocations(Kind::Subject, 1);
    }
}

/// Counts entries of the log of revocations, which are stored by now.
pub(super) fn count_revocations(kind: Kind, entries: u64) {
    metrics::counter!("chancery_revocations_total", "kind" => kind.as_str()).increment(entries);
}
