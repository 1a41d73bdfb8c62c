//! Ending sessions: the one routine behind logout, administration and every change that ends many.

use super::error::FlowError;
use super::memory::Known;
use super::server::Server;
use crate::audit;
use crate::protocol::audit::AuditEvent;
use crate::protocol::session::EndReason;
use crate::storage::ops::sessions::{EndSessions, Sessions};

impl Server {
    /// Ends the sessions, one bounded transaction after the other until none is left, and answers
    /// how many there were. `audit` is written with the first.
    pub(super) async fn end_sessions(
        &self,
        which: Sessions,
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
                regressed: false,
            };
            let ended = self.store.write(end).await?;
            if ended.feed.is_some() {
                let here = u64::try_from(ended.sessions.len()).unwrap_or(u64::MAX);
                count += here;
                metrics::counter!("chancery_revocations_total", "kind" => "sid").increment(here);
                audit.take().iter().for_each(audit::log);
            }
            if !ended.is_full() {
                return Ok(count);
            }
        }
    }
}
