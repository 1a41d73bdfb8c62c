//! Removing what nobody can need any more: expired and ended sessions, revocations that can refuse
//! nothing alive, codes, notices of ended sessions, old audit events, keys whose last token has expired.

use std::time::Duration;

use super::error::FlowError;
use super::server::Server;
use crate::protocol::ids::{BrowserSessionId, SessionId};
use crate::protocol::time::Timestamp;
use crate::storage::Stored;
use crate::storage::ops::failed_logins::SweepFailedLogins;
use crate::storage::ops::janitor::{
    SweepAudit, SweepBrowserSessions, SweepCodes, SweepNotices, SweepRevocations, SweepSessions,
    Swept,
};
use crate::storage::ops::subscribers::SweepSubscribers;

/// Where the janitor is, and when it last saw the clock.
#[derive(Default)]
pub struct Sweep {
    after: Option<SessionId>,
    after_browser: Option<BrowserSessionId>,
    seen: Option<Seen>,
    /// Until when, in monotonic time, nothing is removed, since the clock has jumped.
    rests_until: Duration,
}

struct Seen {
    clock: Timestamp,
    monotonic: Duration,
}

/// What one round removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Removed {
    /// Sessions.
    pub sessions: u64,
    /// Browser sessions.
    pub browser_sessions: u64,
    /// Authorization codes.
    pub codes: u64,
    /// Notices of ended sessions.
    pub notices: u64,
    /// Revocations.
    pub revocations: u64,
    /// Audit events.
    pub audit: u64,
    /// Accounts with failed logins.
    pub failed_logins: u64,
    /// Subscribers of the feed.
    pub subscribers: u64,
}

impl Removed {
    /// Whether there may be much more of something: it was half of what one round looks at. It need not be
    /// all of it, since sessions that go on lie between those that are over, and what another node removes in
    /// the same moment is not counted here.
    pub fn is_full(&self) -> bool {
        let Self { sessions, browser_sessions, codes, notices, revocations, .. } = *self;
        let much = u64::from(BATCH) * u64::from(BATCHES) / 2;
        let Self { audit, failed_logins, .. } = *self;
        let removed =
            [sessions, browser_sessions, codes, notices, revocations, audit, failed_logins];
        removed.into_iter().any(|rows| rows >= much)
    }
}

impl Sweep {
    /// Where there is no second clock to tell by, nothing is removed for as long as any token may
    /// live: a clock that was ahead from the start would call revocations over that refuse something.
    pub fn at_start(server: &Server) -> Self {
        let one_clock = server.settings.clock_offset_limit.is_none();
        let rest = if one_clock { REST } else { Duration::ZERO };
        Self { rests_until: server.world.clock.monotonic() + rest, ..Self::default() }
    }

    /// Rounds, until one has removed little.
    pub async fn catch_up(&mut self, server: &Server) -> Result<(), FlowError> {
        while self.run(server).await?.is_full() {}
        Ok(())
    }

    /// One round, bounded in rows: it goes on next time where it has stopped. A clock that has
    /// jumped, or is far from the database's, removes nothing, since what it calls expired may not
    /// be.
    pub async fn run(&mut self, server: &Server) -> Result<Removed, FlowError> {
        if self.rests(server) {
            return Ok(Removed::default());
        }
        let Some(now) = server.clock.past(&server.store, &server.world).await? else {
            tracing::warn!("the clock is too far from the database's: nothing is removed");
            return Ok(Removed::default());
        };
        let removed = Removed {
            sessions: self.sessions(server, now).await?,
            browser_sessions: self.browser_sessions(server, now).await?,
            codes: remove(server, &mut None, |_| SweepCodes {
                before: now - CODE_MARGIN,
                limit: BATCH,
            })
            .await?,
            notices: remove(server, &mut None, |_| SweepNotices {
                before: now - NOTICE_LIFE,
                limit: BATCH,
            })
            .await?,
            revocations: remove(server, &mut None, |_| SweepRevocations {
                until: now - REVOCATION_MARGIN,
                limit: BATCH,
            })
            .await?,
            audit: remove(server, &mut None, |_| SweepAudit {
                before: now - server.settings.audit_retention,
                limit: BATCH,
            })
            .await?,
            failed_logins: remove(server, &mut None, |_| SweepFailedLogins {
                before: now - FAILURE_MARGIN,
                limit: BATCH,
            })
            .await?,
            subscribers: server
                .store
                .write(SweepSubscribers { before: now - SUBSCRIBER_MARGIN })
                .await?,
        };
        if server.memory.keeper().remove_retired(now).await? {
            server.memory.refresh().await?;
        }
        for (table, rows) in [
            ("session", removed.sessions),
            ("browser_session", removed.browser_sessions),
            ("authorization_code", removed.codes),
            ("logout_notice", removed.notices),
            ("revocation", removed.revocations),
            ("audit", removed.audit),
            ("failed_login", removed.failed_logins),
            ("feed_subscriber", removed.subscribers),
        ] {
            metrics::counter!("chancery_janitor_removed_total", "table" => table).increment(rows);
        }
        Ok(removed)
    }

    /// A clock that has jumped may be set right again soon, so it is believed after a while only.
    fn rests(&mut self, server: &Server) -> bool {
        let monotonic = server.world.clock.monotonic();
        if self.clock_jumped(server.now(), monotonic) {
            tracing::warn!(rest_s = REST.as_secs(), "the clock has jumped: nothing is removed");
            self.rests_until = monotonic + REST;
        }
        monotonic < self.rests_until
    }

    fn clock_jumped(&mut self, now: Timestamp, monotonic: Duration) -> bool {
        let before = self.seen.replace(Seen { clock: now, monotonic });
        before.is_some_and(|before| {
            let expected = before.clock + monotonic.saturating_sub(before.monotonic);
            now.since(expected).max(expected.since(now)) > JUMP
        })
    }

    async fn sessions(&mut self, server: &Server, now: Timestamp) -> Result<u64, FlowError> {
        let over_since = now - SESSION_MARGIN;
        let sealed_before = now - server.settings.retry_window - server.settings.retry_echo;
        let sweep = |after| SweepSessions { after, over_since, sealed_before, limit: BATCH };
        remove(server, &mut self.after, sweep).await
    }

    async fn browser_sessions(
        &mut self,
        server: &Server,
        now: Timestamp,
    ) -> Result<u64, FlowError> {
        let over_since = now - SESSION_MARGIN;
        let sweep = |after| SweepBrowserSessions { after, over_since, limit: BATCH };
        remove(server, &mut self.after_browser, sweep).await
    }
}

/// Removes what a sweep finds, in batches from `after` on, until there is no more or there were many.
/// Each is small, and followed by a rest: whoever writes meanwhile waits for one of them at most.
async fn remove<O, Id: Copy>(
    server: &Server,
    after: &mut Option<Id>,
    sweep: impl Fn(Option<Id>) -> O,
) -> Result<u64, FlowError>
where
    O: Stored<Output = Swept<Id>>,
{
    let mut removed = 0;
    for _ in 0..BATCHES {
        let begun = server.world.clock.monotonic();
        let swept = server.store.write(sweep(*after)).await?;
        removed += swept.removed;
        *after = swept.next;
        if after.is_none() {
            break;
        }
        let took = server.world.clock.monotonic().saturating_sub(begun);
        server.world.clock.sleep((took * RESTS).min(LONGEST_REST)).await;
    }
    Ok(removed)
}

const BATCH: u32 = 50;
const BATCHES: u32 = 200;
/// How many times as long as a batch took the janitor rests after it.
const RESTS: u32 = 3;
const LONGEST_REST: Duration = Duration::from_millis(200);
const JUMP: Duration = Duration::from_mins(5);
const REST: Duration = Duration::from_hours(1);
const SESSION_MARGIN: Duration = Duration::from_hours(24);
const SUBSCRIBER_MARGIN: Duration = Duration::from_hours(24);
const REVOCATION_MARGIN: Duration = Duration::from_hours(1);
const CODE_MARGIN: Duration = Duration::from_hours(1);
const FAILURE_MARGIN: Duration = Duration::from_hours(1);
/// For so long a notice is tried to be delivered.
pub(super) const NOTICE_LIFE: Duration = Duration::from_hours(24);
