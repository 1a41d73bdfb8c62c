//! Notices of ended sessions: left for the clients that want them, and taken once at a time.

use std::collections::HashSet;
use std::time::Duration;

use chancery::protocol::audit::AuditKind;
use chancery::protocol::browser_session::BrowserSession;
use chancery::protocol::client::{ClientId, ClientStatus};
use chancery::protocol::logout_notice::LogoutNotice;
use chancery::protocol::session::{Session, SessionStatus};
use chancery::protocol::user::StoredHash;
use chancery::storage::ops::browser_sessions::{BrowserSessions, EndBrowserSessions};
use chancery::storage::ops::clients::{ChangeClient, ListClients};
use chancery::storage::ops::consents::WithdrawConsent;
use chancery::storage::ops::notices::{
    DropNotice, GiveUpNotice, NextNotice, PostponeNotice, TakeNotices,
};
use chancery::storage::ops::sessions::Sessions;
use chancery::storage::ops::users::UserChange;

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
        let again_at = now + Duration::from_secs(30);
        TakeNotices { now, limit, again_at, except: Vec::new() }
    }

    async fn taken_notices(&self, limit: u32) -> Vec<LogoutNotice> {
        self.store().write(self.take_notices(limit)).await.unwrap()
    }

    /// One notice was left, of this session.
    async fn assert_told(&self, session: &Session, why: &str) {
        let notices = self.taken_notices(10).await;
        let told: Vec<_> = notices.iter().map(|n| (n.session_id, n.user_id)).collect();
        assert_eq!(told, [(session.id, session.user_id)], "{why}");
        self.store().write(DropNotice(notices[0].id)).await.unwrap();
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
    let offline = given.under(&browser, true).await;
    let user = given.found_browser(browser.id).await.unwrap().user.unwrap();
    let mut deaf = given.session(&user);
    deaf.client_id = chancery::protocol::client::ClientId::parse("chancery-admin").unwrap();
    (deaf.browser_session_id, deaf.offline) = (Some(browser.id), false);
    given.create(&deaf).await;
    let ended = given.ended(BrowserSessions::One(browser.id)).await;
    assert_eq!(ended.sessions.sessions.len(), 3);
    let notices = given.taken_notices(10).await;
    let told: HashSet<_> = notices.iter().map(|notice| notice.session_id).collect();
    // BCL-02: also of the one that goes on without the browser.
    assert_eq!(told, sessions.iter().chain([&offline]).map(|session| session.id).collect());
    assert_eq!(given.status(&offline).await, SessionStatus::Active);
    let ids: HashSet<_> = notices.iter().map(|notice| notice.id).collect();
    assert_eq!(ids.len(), 3);
    for notice in &notices {
        assert_eq!((notice.client_id.as_str(), notice.user_id), ("demo", user.id));
        assert_eq!((notice.attempts, notice.created_at), (1, given.now()));
        assert_eq!(notice.due_at, given.now() + Duration::from_secs(30));
        given.store().write(DropNotice(notice.id)).await.unwrap();
    }
    given.ended(BrowserSessions::One(browser.id)).await;
    assert!(given.taken_notices(10).await.is_empty(), "once");
}

#[tokio::test]
async fn however_a_session_is_ended_its_client_is_told_once() {
    // BCL-02
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let client = ClientId::parse("demo").unwrap();
    let password = UserChange::Password(StoredHash::new("another".to_owned()));
    let everywhere = UserChange::LogoutEverywhere;
    for (name, change) in [
        ("disabled", UserChange::Disable),
        ("deleted", UserChange::Delete),
        ("password", password),
        ("everywhere", everywhere),
    ] {
        let user = given.stored_user(name).await;
        let session = given.stored_session(&user).await;
        given.change(&user, change).await;
        given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
        given.assert_told(&session, name).await;
    }
    let anna = given.stored_user("anna").await;
    for way in 0..4 {
        let session = given.stored_session(&anna).await;
        let which = match way {
            0 => Sessions::OfUser(anna.id, None),
            1 => Sessions::One(session.id),
            2 => Sessions::OfUserBefore(anna.id, 2),
            _ => Sessions::OfGrant(anna.id, client.clone()),
        };
        for _ in 0..2 {
            given.store().write(given.end(which.clone())).await.unwrap();
        }
        given.assert_told(&session, &format!("{which:?}")).await;
    }
    let session = given.stored_session(&anna).await;
    given.0.advance(1);
    let newest = given.stored_session(&anna).await;
    let surplus = Sessions::Surplus(anna.id, newest.id, 1);
    given.store().write(given.end(surplus)).await.unwrap();
    given.assert_told(&session, "surplus").await;
    let (revoking, audit) = (given.revoking(), None);
    let withdraw = WithdrawConsent { user: anna.id, client, revoking, audit };
    given.store().write(withdraw).await.unwrap();
    given.assert_told(&newest, "consent").await;
}

#[tokio::test]
async fn of_a_session_that_had_expired_nobody_is_told() {
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let anna = given.stored_user("anna").await;
    for (idle, max) in [(0, 60), (60, 0)] {
        let mut session = given.session(&anna);
        session.idle_expires_at = given.now() + Duration::from_secs(idle);
        session.max_expires_at = given.now() + Duration::from_secs(max);
        given.create(&session).await;
    }
    let ended = given.store().write(given.end(Sessions::OfUser(anna.id, None))).await.unwrap();
    assert_eq!(ended.sessions.len(), 2);
    assert!(given.taken_notices(10).await.is_empty());
}

#[tokio::test]
async fn a_client_that_is_disabled_is_told_of_nothing() {
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let anna = given.stored_user("anna").await;
    let bert = given.stored_user("bert").await;
    let sessions = [given.stored_session(&anna).await, given.stored_session(&bert).await];
    let clients = given.store().read(ListClients { after: None, limit: 100 }).await.unwrap();
    let mut client = clients.into_iter().find(|client| client.id.as_str() == "demo").unwrap();
    client.status = ClientStatus::Disabled;
    let (revoke, audit) = (Some(given.revoking()), given.event(AuditKind::ClientChanged));
    let (id, change) = (client.id.clone(), ChangeClient { client, revoke, audit });
    given.store().write(change).await.unwrap().unwrap();
    for which in [Sessions::OfUser(bert.id, None), Sessions::OfClient(id, None)] {
        assert_eq!(given.store().write(given.end(which)).await.unwrap().sessions.len(), 1);
    }
    for session in &sessions {
        assert_ne!(given.status(session).await, SessionStatus::Active);
    }
    assert!(given.taken_notices(10).await.is_empty());
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
async fn a_notice_of_a_client_that_is_left_out_stays_for_later() {
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    let client = |id| ClientId::parse(id).unwrap();
    let except = vec![client("other"), session.client_id.clone()];
    let take = TakeNotices { except, ..given.take_notices(10) };
    assert!(given.store().write(take).await.unwrap().is_empty());
    let take = TakeNotices { except: vec![client("other")], ..given.take_notices(10) };
    assert_eq!(given.store().write(take).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_notice_is_postponed_by_who_took_it_last_and_the_next_that_is_due_is_known() {
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let next = async || given.store().read(NextNotice).await.unwrap();
    assert_eq!(next().await, None);
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    assert_eq!(next().await, Some(given.now()));
    let first = given.taken_notices(1).await.remove(0);
    let due_at = given.now() + Duration::from_secs(500);
    given.0.advance(30);
    let second = given.taken_notices(1).await.remove(0);
    given.store().write(PostponeNotice { notice: first, due_at }).await.unwrap();
    assert_eq!(next().await, Some(given.now() + Duration::from_secs(30)), "not his any more");
    given.store().write(PostponeNotice { notice: second, due_at }).await.unwrap();
    assert_eq!(next().await, Some(due_at));
}

#[tokio::test]
async fn a_notice_is_given_up_once_and_with_its_event() {
    let Some(given) = Given::start().await else { return };
    given.listen().await;
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    let id = given.taken_notices(1).await.remove(0).id;
    let impossible = GiveUpNotice { id, audit: given.impossible_event().await };
    assert!(given.store().write(impossible).await.is_err());
    for _ in 0..2 {
        let audit = given.event(AuditKind::LogoutUndelivered);
        given.store().write(GiveUpNotice { id, audit }).await.unwrap();
    }
    assert_eq!(given.0.events(AuditKind::LogoutUndelivered).await, 1);
    assert_eq!(given.store().read(NextNotice).await.unwrap(), None);
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
