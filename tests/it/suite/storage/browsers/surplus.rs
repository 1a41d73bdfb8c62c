//! More browser sessions than a user may have.

use std::time::Duration;

use chancery::protocol::browser_session::BrowserSession;
use chancery::protocol::session::{EndReason, SessionStatus};
use chancery::protocol::user::User;
use chancery::storage::ops::browser_sessions::{
    BeginBrowserSession, BrowserSessions, EndBrowserSessions, EndedBrowserSessions,
};
use chancery::storage::ops::sessions::{CreateSession, RecentSessions};
use chancery::storage::ops::users::UserChange;

use super::super::{AuditKind, Given};

const TOO_MANY: SessionStatus = SessionStatus::Ended(EndReason::TooMany);

impl Given {
    /// Begins one more, of which `keep` may be.
    async fn begin_keeping(&self, session: &BrowserSession, keep: u32) -> EndedBrowserSessions {
        let begin = BeginBrowserSession { keep, ..self.beginning(session, None) };
        self.store().write(begin).await.unwrap().unwrap()
    }

    /// Three, each used a minute after the one before.
    async fn three(&self, user: &User) -> [BrowserSession; 3] {
        let mut browsers = Vec::new();
        for _ in 0..3 {
            browsers.push(self.stored_browser(user).await);
            self.0.advance(60);
        }
        browsers.try_into().ok().unwrap()
    }
}

#[tokio::test]
async fn one_too_many_ends_the_one_unused_for_longest_with_what_lies_under_it() {
    // C148
    let Some(given) = Given::start().await else { return };
    let [anna, bert] = [given.stored_user("anna").await, given.stored_user("bert").await];
    let other = given.stored_browser(&bert).await;
    let [first, second, third] = given.three(&anna).await;
    let [under, offline] = [given.under(&second, false).await, given.under(&second, true).await];
    let stays = given.under(&first, false).await;
    given.touch(first.id).await;
    let before = given.0.head().await.seq;
    let new = given.browser(&anna);
    let ended = given.begin_keeping(&new, 3).await;
    assert_eq!(ended.browsers, [second.id]);
    assert_eq!(ended.sessions.sessions, [under.id]);
    assert_eq!(ended.sessions.feed.unwrap().seq, before + 1, "their access tokens are refused");
    assert_eq!(given.browser_status(&second).await, TOO_MANY);
    assert_eq!(given.status(&under).await, TOO_MANY);
    for session in [&offline, &stays] {
        assert_eq!(given.status(session).await, SessionStatus::Active);
    }
    for browser in [&first, &third, &new, &other] {
        assert_eq!(given.browser_status(browser).await, SessionStatus::Active);
    }
}

#[tokio::test]
async fn those_that_are_over_take_no_place() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let mut expired = given.browser(&anna);
    expired.life.idle_expires_at = given.now() + Duration::from_secs(1);
    expired.last_seen = given.now() + Duration::from_hours(1);
    given.begin(&expired, None).await;
    let ended = given.stored_browser(&anna).await;
    given.ended(BrowserSessions::One(ended.id)).await;
    let [first, ..] = given.three(&anna).await;
    assert!(given.begin_keeping(&given.browser(&anna), 4).await.is_empty());
    assert_eq!(given.begin_keeping(&given.browser(&anna), 4).await.browsers, [first.id]);
    given.change(&anna, UserChange::LogoutEverywhere).await;
    let later = User { version: anna.version + 1, ..anna };
    assert!(given.begin_keeping(&given.browser(&later), 1).await.is_empty());
}

#[tokio::test]
async fn who_has_just_signed_in_stays_whatever_the_clock_of_the_others() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let mut ahead = given.browser(&anna);
    ahead.last_seen = given.now() + Duration::from_secs(2);
    given.begin(&ahead, None).await;
    let new = given.browser(&anna);
    assert_eq!(given.begin_keeping(&new, 1).await.browsers, [ahead.id]);
    assert_eq!(given.listed_browsers(&anna).await, [new.id]);
}

#[tokio::test]
async fn what_lies_under_them_ends_in_batches() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let old = given.stored_browser(&anna).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..510 {
        let mut session = given.session(&anna);
        (session.browser_session_id, session.offline) = (Some(old.id), false);
        let (store, audit) = (given.store().clone(), given.event(AuditKind::Login));
        tasks.spawn(async move { store.write(CreateSession { session, audit }).await.unwrap() });
        if tasks.len() == 60 {
            tasks.join_next().await;
        }
    }
    tasks.join_all().await;
    let new = given.browser(&anna);
    let ended = given.begin_keeping(&new, 1).await;
    assert_eq!((ended.browsers.len(), ended.sessions.sessions.len()), (1, 500));
    let which = BrowserSessions::Surplus(anna.id, new.id, 1);
    let rest = EndBrowserSessions { reason: EndReason::TooMany, ..given.end_browsers(which) };
    let rest = given.store().write(rest).await.unwrap();
    assert_eq!((rest.browsers.len(), rest.sessions.sessions.len()), (0, 10));
}

#[tokio::test]
async fn those_used_last_are_listed_first() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browsers = given.three(&anna).await;
    given.touch(browsers[0].id).await;
    let newest = [browsers[0].id, browsers[2].id, browsers[1].id];
    assert_eq!(given.recent_browsers(&anna, 2).await, newest[..2]);
    assert_eq!(given.recent_browsers(&anna, 5).await, newest);
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.insert(0, given.under(&browsers[1], false).await.id);
        given.0.advance(1);
    }
    let list = RecentSessions { user: anna.id, now: given.now(), limit: 3 };
    let listed = given.store().read(list).await.unwrap();
    assert_eq!(listed.iter().map(|one| one.id).collect::<Vec<_>>(), sessions[..3]);
}
