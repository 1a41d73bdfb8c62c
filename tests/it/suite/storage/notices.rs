//! Notices of ended sessions: left for the clients that want them, and taken once at a time.

use std::collections::HashSet;
use std::time::Duration;

use chancery::protocol::browser_session::BrowserSession;
use chancery::protocol::logout_notice::LogoutNotice;
use chancery::protocol::session::Session;
use chancery::storage::ops::browser_sessions::{BrowserSessions, EndBrowserSessions};
use chancery::storage::ops::notices::{DropNotice, TakeNotices};

use super::Given;

impl Given {
    /// From now on the client `demo` wants to be told.
    pub(super) async fn listen(&self) {
        let uri = "https://app.example/backchannel";
        let listen =
            format!("UPDATE client SET backchannel_logout_uri = '{uri}' WHERE id = 'demo'");
        self.0.raw().await.run(&listen).await;
    }

    fn take_notices(&self, limit: u32) -> TakeNotices {
        let now = self.now();
        TakeNotices { now, limit, again_at: now + Duration::from_secs(30) }
    }

    async fn taken_notices(&self, limit: u32) -> Vec<LogoutNotice> {
        self.store().write(self.take_notices(limit)).await.unwrap()
    }

    /// A browser session with so many sessions under it.
    async fn browser_with(&self, count: usize) -> (BrowserSession, Vec<Session>) {
        let anna = self.stored_user("anna").await;
        let browser = self.stored_browser(&anna).await;
        let mut sessions = Vec::new();
        for _ in 0..count {
            sessions.push(self.under(&browser, false).await);
        }
        (browser, sessions)
    }
}

#[tokio::test]
async fn each_session_that_ends_with_its_browser_session_leaves_a_notice_for_a_client_that_listens()
{
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let (browser, sessions) = given.browser_with(2).await;
    given.under(&browser, true).await;
    let user = given.found_browser(browser.id).await.unwrap().user.unwrap();
    let mut deaf = given.session(&user);
    deaf.client_id = chancery::protocol::client::ClientId::parse("chancery-admin").unwrap();
    (deaf.browser_session_id, deaf.offline) = (Some(browser.id), false);
    given.create(&deaf).await;
    let ended = given.ended(BrowserSessions::One(browser.id)).await;
    assert_eq!(ended.sessions.sessions.len(), 3);
    let notices = given.taken_notices(10).await;
    let told: HashSet<_> = notices.iter().map(|notice| notice.session_id).collect();
    assert_eq!(told, sessions.iter().map(|session| session.id).collect());
    let ids: HashSet<_> = notices.iter().map(|notice| notice.id).collect();
    assert_eq!(ids.len(), 2);
    for notice in &notices {
        assert_eq!((notice.client_id.as_str(), notice.user_id), ("demo", user.id));
        assert_eq!((notice.attempts, notice.created_at), (1, given.now()));
        assert_eq!(notice.due_at, given.now() + Duration::from_secs(30));
    }
}

#[tokio::test]
async fn without_a_client_that_listens_nothing_is_left() {
    let Some(given) = Given::start().await else { return };
    let (browser, _) = given.browser_with(2).await;
    given.ended(BrowserSessions::One(browser.id)).await;
    assert!(given.taken_notices(10).await.is_empty());
}

#[tokio::test]
async fn a_notice_is_taken_again_when_it_is_due_again_until_it_is_dropped() {
    // C117
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let (browser, _) = given.browser_with(2).await;
    given.ended(BrowserSessions::One(browser.id)).await;
    let first = given.taken_notices(1).await;
    let second = given.taken_notices(10).await;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0].id, second[0].id);
    assert!(given.taken_notices(10).await.is_empty(), "both were taken");
    given.0.advance(29);
    assert!(given.taken_notices(10).await.is_empty());
    given.store().write(DropNotice(first[0].id)).await.unwrap();
    given.store().write(DropNotice(first[0].id)).await.unwrap();
    given.0.advance(1);
    let again = given.taken_notices(10).await;
    assert_eq!((again.len(), again[0].id, again[0].attempts), (1, second[0].id, 2));
    assert_eq!(again[0].created_at, second[0].created_at);
}

#[tokio::test]
async fn of_many_that_take_at_once_no_two_get_the_same_notice() {
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let (browser, _) = given.browser_with(30).await;
    given.ended(BrowserSessions::One(browser.id)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (store, take) = (given.store().clone(), given.take_notices(5));
        tasks.spawn(async move { store.write(take).await.unwrap() });
    }
    let mut taken: Vec<_> =
        tasks.join_all().await.into_iter().flatten().map(|notice| notice.id).collect();
    // One that waited for another finds less than it has asked for, and gets it next time.
    taken.extend(given.taken_notices(100).await.into_iter().map(|notice| notice.id));
    assert_eq!(taken.len(), 30);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 30);
}

#[tokio::test]
async fn an_end_that_is_undone_leaves_no_notice() {
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let (browser, _) = given.browser_with(1).await;
    let impossible = given.impossible_event().await;
    let end = given.end_browsers(BrowserSessions::One(browser.id));
    let end = EndBrowserSessions { audit: Some(impossible), ..end };
    assert!(given.store().write(end).await.is_err());
    assert!(given.taken_notices(10).await.is_empty());
}

#[tokio::test]
async fn the_notices_that_are_due_are_found_by_an_index() {
    let Some(given) = Given::start().await else { return };
    let mut raw = given.0.raw().await;
    let plan = raw
        .plan("SELECT id FROM logout_notice WHERE due_at <= 5 ORDER BY due_at, id LIMIT 5")
        .await;
    assert!(plan.contains("logout_notice_by_due"), "{plan}");
}
