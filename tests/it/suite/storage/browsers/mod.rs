//! Browser sessions: beginning, finding and listing them.

use std::time::Duration;

use chancery::protocol::audit::AuditKind;
use chancery::protocol::browser_session::{BrowserLife, BrowserSession};
use chancery::protocol::ids::BrowserSessionId;
use chancery::protocol::session::{Authentication, EndReason, Session, SessionStatus};
use chancery::protocol::user::User;
use chancery::storage::ops::Swap;
use chancery::storage::ops::browser_sessions::{
    BeginBrowserSession, BrowserSessions, EndBrowserSessions, EndedBrowserSessions,
    FindBrowserSession, FoundBrowserSession, ListBrowserSessions, RecentBrowserSessions,
    TouchBrowserSession,
};
use chancery::storage::ops::feed::{Revoke, Revokes};
use chancery::storage::ops::users::UserChange;

use super::Given;

mod ending;
mod replacing;
mod surplus;

impl Given {
    pub(super) fn browser(&self, user: &User) -> BrowserSession {
        let now = self.now();
        BrowserSession {
            id: BrowserSessionId::at(now, self.random()),
            secret: self.hash(),
            user_id: user.id,
            user_version: user.version,
            authentication: Authentication {
                at: now,
                acr: Some("urn:acr".to_owned()),
                amr: vec!["pwd".to_owned(), "otp".to_owned()],
            },
            created_at: now,
            last_seen: now,
            life: BrowserLife {
                idle_expires_at: now + Duration::from_hours(8),
                max_expires_at: now + Duration::from_hours(48),
                status: SessionStatus::Active,
            },
            user_agent: Some("a browser".to_owned()),
            address: Some([192, 0, 2, 7].into()),
        }
    }

    pub(super) async fn begin(
        &self,
        session: &BrowserSession,
        replaces: Option<BrowserSessionId>,
    ) -> Swap {
        let begin = self.beginning(session, replaces);
        let ended = self.store().write(begin).await.unwrap();
        ended.map_or(Swap::Lost, |_| Swap::Won)
    }

    fn beginning(
        &self,
        session: &BrowserSession,
        replaces: Option<BrowserSessionId>,
    ) -> BeginBrowserSession {
        let (session, revoking) = (session.clone(), self.revoking());
        let audit = self.event(AuditKind::Login);
        BeginBrowserSession { session, replaces, keep: 200, revoking, audit }
    }

    pub(super) async fn stored_browser(&self, user: &User) -> BrowserSession {
        let session = self.browser(user);
        assert_eq!(self.begin(&session, None).await, Swap::Won);
        session
    }

    pub(super) async fn found_browser(&self, id: BrowserSessionId) -> Option<FoundBrowserSession> {
        self.store().read(FindBrowserSession::Id(id)).await.unwrap()
    }

    async fn browser_status(&self, session: &BrowserSession) -> SessionStatus {
        self.found_browser(session.id).await.unwrap().session.life.status
    }

    pub(super) fn end_browsers(&self, which: BrowserSessions) -> EndBrowserSessions {
        let (reason, revoking) = (EndReason::Logout, self.revoking());
        let audit = Some(self.event(AuditKind::SessionEnded));
        EndBrowserSessions { which, reason, revoking, audit }
    }

    pub(super) async fn ended(&self, which: BrowserSessions) -> EndedBrowserSessions {
        self.store().write(self.end_browsers(which)).await.unwrap()
    }

    /// A session of the same user under a browser session.
    pub(super) async fn under(&self, browser: &BrowserSession, offline: bool) -> Session {
        let user = self.found_browser(browser.id).await.unwrap().user.unwrap();
        let session =
            Session { browser_session_id: Some(browser.id), offline, ..self.session(&user) };
        assert_eq!(self.create(&session).await, Swap::Won);
        session
    }

    async fn listed_browsers(&self, user: &User) -> Vec<BrowserSessionId> {
        let list = ListBrowserSessions { user: user.id, after: None, now: self.now(), limit: 100 };
        self.store().read(list).await.unwrap().iter().map(|session| session.id).collect()
    }

    async fn recent_browsers(&self, user: &User, limit: u32) -> Vec<BrowserSessionId> {
        let list = RecentBrowserSessions { user: user.id, now: self.now(), limit };
        self.store().read(list).await.unwrap().iter().map(|session| session.id).collect()
    }

    async fn touch(&self, id: BrowserSessionId) -> Swap {
        let at = self.now();
        let idle_expires_at = at + Duration::from_hours(8);
        let touch =
            TouchBrowserSession { id, at, idle_expires_at, address: Some([192, 0, 2, 8].into()) };
        self.store().write(touch).await.unwrap()
    }
}

const LOGGED_OUT: SessionStatus = SessionStatus::Ended(EndReason::Logout);

#[tokio::test]
async fn a_browser_session_is_found_by_its_secret_and_its_id_and_reads_as_written() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    given.stored_browser(&anna).await;
    for which in
        [FindBrowserSession::Secret(browser.secret.clone()), FindBrowserSession::Id(browser.id)]
    {
        let found = given.store().read(which).await.unwrap().unwrap();
        let (read, user) = (found.session, found.user.unwrap());
        assert_eq!((read.id, read.user_id), (browser.id, anna.id));
        assert!(read.secret == browser.secret);
        assert_eq!(read.authentication, browser.authentication);
        assert_eq!((read.created_at, read.last_seen), (browser.created_at, browser.last_seen));
        assert_eq!(read.life, browser.life);
        assert_eq!((&read.user_agent, read.address), (&browser.user_agent, browser.address));
        assert!(read.standing(Some(&user)).check(given.now()).is_ok());
    }
    let unknown = given.browser(&anna);
    for which in [FindBrowserSession::Secret(unknown.secret), FindBrowserSession::Id(unknown.id)] {
        assert!(given.store().read(which).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_browser_session_begins_only_for_the_user_that_was_read() {
    // C149
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let early = given.browser(&anna);
    given.change(&anna, UserChange::LogoutEverywhere).await;
    let mut now = User { version: anna.version + 1, ..anna.clone() };
    let before = given.traces().await;
    assert_eq!(given.begin(&early, None).await, Swap::Lost, "another version of the user");
    assert_eq!(given.begin(&given.browser(&given.user("nobody")), None).await, Swap::Lost);
    assert_eq!(given.traces().await, before);
    assert!(given.found_browser(early.id).await.is_none());
    given.change(&anna, UserChange::Disable).await;
    now.version += 1;
    assert_eq!(given.begin(&given.browser(&now), None).await, Swap::Lost, "disabled");
    given.change(&anna, UserChange::Enable).await;
    assert_eq!(given.begin(&given.browser(&now), None).await, Swap::Won);
}

#[tokio::test]
async fn a_change_of_the_user_ends_his_browser_sessions_at_once() {
    // C055
    for change in [UserChange::LogoutEverywhere, UserChange::Disable, UserChange::Delete] {
        let Some(given) = Given::start().await else { return };
        let anna = given.stored_user("anna").await;
        let browser = given.stored_browser(&anna).await;
        given.change(&anna, change).await;
        let found = given.found_browser(browser.id).await.unwrap();
        assert!(found.session.standing(found.user.as_ref()).check(given.now()).is_err());
        assert!(given.listed_browsers(&anna).await.is_empty());
    }
}

#[tokio::test]
async fn a_use_moves_the_idle_expiry_of_one_that_is_alive_alone() {
    // SES-01
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let [browser, idle] = [given.stored_browser(&anna).await, given.stored_browser(&anna).await];
    let mut old = given.browser(&anna);
    old.life.max_expires_at = given.now() + Duration::from_hours(8);
    old.life.idle_expires_at = old.life.max_expires_at + Duration::from_hours(1);
    given.begin(&old, None).await;
    given.0.advance(4 * 3600);
    assert_eq!(given.touch(browser.id).await, Swap::Won);
    let found = given.found_browser(browser.id).await.unwrap().session;
    assert_eq!(found.last_seen, given.now());
    assert_eq!(found.life.idle_expires_at, given.now() + Duration::from_hours(8));
    assert_eq!(found.life.max_expires_at, browser.life.max_expires_at);
    assert_eq!(found.address, Some([192, 0, 2, 8].into()));
    given.0.advance(4 * 3600);
    assert_eq!(given.touch(idle.id).await, Swap::Lost, "expired unused");
    assert_eq!(given.touch(old.id).await, Swap::Lost, "expired by age");
    assert_eq!(given.touch(browser.id).await, Swap::Won);
    given.ended(BrowserSessions::One(browser.id)).await;
    assert_eq!(given.touch(browser.id).await, Swap::Lost, "ended");
    assert_eq!(given.found_browser(idle.id).await.unwrap().session.life, idle.life);
}

#[tokio::test]
async fn those_of_a_user_that_are_alive_are_listed_in_pages() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let bert = given.stored_user("bert").await;
    given.stored_browser(&bert).await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(given.stored_browser(&anna).await.id);
    }
    for index in 0..2 {
        let mut expired = given.browser(&anna);
        let times = &mut expired.life;
        *[&mut times.idle_expires_at, &mut times.max_expires_at][index] = given.now();
        given.begin(&expired, None).await;
    }
    ids.sort();
    given.ended(BrowserSessions::One(ids.remove(3))).await;
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let list = ListBrowserSessions { user: anna.id, after, now: given.now(), limit: 2 };
        let page = given.store().read(list).await.unwrap();
        assert!(page.len() <= 2);
        let Some(end) = page.last() else { break };
        after = Some(end.id);
        listed.extend(page.iter().map(|session| session.id));
    }
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn ending_everything_ends_the_browser_sessions_begun_so_far() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let (what, audit) = (Revokes::Everything, given.event(AuditKind::Revoked));
    given.store().write(Revoke { what, revoking: given.revoking(), audit }).await.unwrap();
    let over = SessionStatus::Ended(EndReason::EverythingRevoked);
    assert_eq!(given.browser_status(&browser).await, over);
    assert!(given.listed_browsers(&anna).await.is_empty());
    given.0.advance(3);
    let after = given.stored_browser(&anna).await;
    assert_eq!(given.browser_status(&after).await, SessionStatus::Active);
    assert_eq!(given.listed_browsers(&anna).await, [after.id]);
}

#[tokio::test]
async fn browser_sessions_and_what_is_under_them_are_found_by_an_index() {
    let Some(given) = Given::start().await else { return };
    let mut raw = given.0.raw().await;
    let bytes = raw.bytes(&[1; 16]);
    for (sql, index) in [
        (format!("SELECT id FROM browser_session WHERE secret_hash = {bytes}"), "secret_hash"),
        (
            format!(
                "SELECT id FROM browser_session WHERE user_id = {bytes} AND id > {bytes} \
                 AND ended_reason IS NULL ORDER BY id LIMIT 5"
            ),
            "browser_session_by_user",
        ),
        (
            format!(
                "SELECT id FROM session WHERE browser_session_id = {bytes} AND offline = 0 \
                 AND ended_reason IS NULL ORDER BY id LIMIT 5"
            ),
            "session_by_browser",
        ),
    ] {
        let plan = raw.plan(&sql).await;
        // SQLite does not name the index of a constraint by its column.
        let found = plan.contains(index) || plan.contains("sqlite_autoindex_browser_session_2");
        assert!(found, "{sql}: {plan}");
    }
}
