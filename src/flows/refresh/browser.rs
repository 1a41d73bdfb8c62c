//! The use of a browser session by the applications under it: who uses one stays signed in.

use std::time::Duration;

use super::super::server::Server;
use super::{Reading, Refresh};
use crate::storage::ops::browser_sessions::TouchBrowserSession;

impl Refresh<'_> {
    /// What notes that the browser session was used, where the session ends with it; but not each time.
    pub(super) fn browser_touch(&self, reading: &Reading) -> Option<TouchBrowserSession> {
        let session = Some(&reading.session).filter(|session| session.ends_with_browser())?;
        let (id, life) = (session.browser_session_id?, reading.browser?);
        let (now, lifetimes) = (self.server.now(), &self.server.settings.browser_sessions);
        let idle_expires_at = lifetimes.idle_expiry(now, life.max_expires_at);
        let due = TOUCH_EVERY.min(lifetimes.idle / 4);
        let unused = idle_expires_at.since(life.idle_expires_at);
        // The address is that of the application, which may be a server.
        (unused >= due).then_some(TouchBrowserSession {
            id,
            at: now,
            idle_expires_at,
            address: None,
        })
    }
}

/// Notes the use, if that is due. The refresh is good whether it can be noted or not.
pub(super) async fn note_use(server: &Server, touch: Option<TouchBrowserSession>) {
    let Some(touch) = touch else {
        return;
    };
    if let Err(error) = server.store.write(touch).await {
        tracing::warn!(%error, "the use of a browser session could not be noted");
    }
}

/// How often the refreshes of its applications are noted as the use of a browser session: seldom,
/// since each is a write, and often against an idle lifetime of hours.
const TOUCH_EVERY: Duration = Duration::from_mins(15);
