//! What the server asks for only in a case that takes long to bring about, operation by operation.

use std::time::Duration;

use chancery::protocol::audit::{Actor, AuditKind};
use chancery::protocol::client::ClientId;
use chancery::protocol::failed_attempts::AccountTag;
use chancery::protocol::ids::{BrowserSessionId, SessionId, UserId};
use chancery::protocol::key::KeyState;
use chancery::protocol::rotation::RetryStreak;
use chancery::protocol::secret::SecretHash;
use chancery::protocol::session::EndReason;
use chancery::protocol::subscriber::{Applied, Carrier, Report, SubscriberName};
use chancery::protocol::uri::WebOrigin;
use chancery::protocol::user::StoredHash;
use chancery::storage::ops::browser_sessions::{
    BrowserSessions, EndBrowserSessions, FindBrowserSession, ListBrowserSessions,
    RecentBrowserSessions, TouchBrowserSession,
};
use chancery::storage::ops::clients::{FindClient, FindClients, HasOrigin, LoadManagedClients};
use chancery::storage::ops::failed_logins::{
    CountFailedLogin, FindFailedLogins, ForgiveFailedLogins, ReplaceFailedLogins,
};
use chancery::storage::ops::keys::{KeyMove, KeyName, LoadKeys, MoveKeys, ReplaceSealed};
use chancery::storage::ops::notices::{
    DropNotice, GiveUpNotice, NextNotice, PostponeNotice, TakeNotices,
};
use chancery::storage::ops::sessions::{
    CountRetry, CountSessions, EndSessions, HasSessions, ReadAddresses, RecentSessions,
    RotateSession, Sessions, TouchSession,
};
use chancery::storage::ops::subscribers::{NoteApplied, Room};
use chancery::storage::ops::users::{HasAdministrator, LoadManagedUsers, Rehash};
use chancery::storage::ops::{FeedPosition, Revoking, Swap};

use crate::support::TestServer;

const USER: UserId = UserId::from_bytes([b'0'; 16]);
const SESSION: SessionId = SessionId::from_bytes([b'0'; 16]);
const BROWSER: BrowserSessionId = BrowserSessionId::from_bytes([b'0'; 16]);

pub(super) async fn all(server: &TestServer) {
    ends(server).await;
    rotates_nothing(server).await;
    looks(server).await;
    keys(server).await;
    notices(server).await;
    subscribers(server).await;
    failed_logins(server).await;
}

fn revoking() -> Revoking {
    Revoking { seed: [7; 16], reach: Duration::from_hours(1), ahead: Duration::from_secs(2) }
}

/// What is not there rotates with others no more than alone.
async fn rotates_nothing(server: &TestServer) {
    let (hash, now) = (|| SecretHash::from_bytes([7; 32]), server.server.now());
    let rotate = RotateSession {
        id: SESSION,
        from: 7,
        parent: hash(),
        child: hash(),
        sealed: vec![],
        at: now,
        idle_expires_at: now,
        address: None,
    };
    assert_eq!(server.server.store.write(rotate).await.unwrap(), Swap::Lost);
}

/// However sessions are chosen that end.
async fn ends(server: &TestServer) {
    let demo = || ClientId::parse("demo").unwrap();
    for which in [
        Sessions::OfUser(USER, None),
        Sessions::OfUserBefore(USER, 7),
        Sessions::OfClient(demo(), None),
        Sessions::Surplus(USER, SESSION, 2),
        Sessions::Under(BrowserSessions::Surplus(USER, BROWSER, 2)),
        Sessions::OfGrant(USER, demo()),
    ] {
        let (reason, revoking) = (EndReason::EndedByAdmin, revoking());
        let end = EndSessions { which, reason, revoking, audit: None, regressed: None };
        server.server.store.write(end).await.unwrap();
    }
    for which in [BrowserSessions::One(BROWSER), BrowserSessions::OfUser(USER, None)] {
        let (reason, revoking) = (EndReason::Logout, revoking());
        let end = EndBrowserSessions { which, reason, revoking, audit: None };
        server.server.store.write(end).await.unwrap();
    }
}

async fn looks(server: &TestServer) {
    let (store, now) = (&server.server.store, server.server.now());
    store.read(FindClient::Named(ClientId::parse("demo").unwrap())).await.unwrap();
    store.read(HasOrigin(WebOrigin::parse("https://a.example").unwrap())).await.unwrap();
    store.read(FindClients(vec![ClientId::parse("demo").unwrap()])).await.unwrap();
    store.read(LoadManagedClients).await.unwrap();
    store.read(LoadManagedUsers).await.unwrap();
    store.read(HasAdministrator).await.unwrap();
    store.read(HasSessions { begun_by: now, alive_at: now }).await.unwrap();
    store.read(CountSessions(USER)).await.unwrap();
    store.read(RecentSessions { user: USER, now, limit: 5 }).await.unwrap();
    store.read(FindBrowserSession::Id(BROWSER)).await.unwrap();
    store.read(RecentBrowserSessions { user: USER, now, limit: 5 }).await.unwrap();
    let list = ListBrowserSessions { user: USER, after: None, now, limit: 5 };
    store.read(list).await.unwrap();
    let touch = TouchSession { id: SESSION, at: now, idle_expires_at: now, address: None };
    store.write(touch).await.unwrap();
    let touch = TouchBrowserSession { id: BROWSER, at: now, idle_expires_at: now, address: None };
    store.write(touch).await.unwrap();
    let retries = RetryStreak { generation: 1, length: 1 };
    store.write(CountRetry { id: SESSION, retries, audit: None }).await.unwrap();
    let hash = || StoredHash::new("a hash".to_owned());
    store.write(Rehash { id: USER, old: hash(), new: hash() }).await.unwrap();
}

async fn keys(server: &TestServer) {
    let signing = server.server.store.read(LoadKeys).await.unwrap().signing.remove(0);
    let token = KeyName::Token(200);
    for key in [KeyName::Signing(signing.kid.clone()), token.clone()] {
        let audit = server.server.event(AuditKind::SessionEnded, Actor::System);
        let replace = ReplaceSealed { key, old: vec![], new: vec![], audit };
        server.server.store.write(replace).await.unwrap();
    }
    for key in [KeyName::Signing(signing.kid), token] {
        let (from, to) = (KeyState::Removed, KeyState::Retired);
        let moves = vec![KeyMove { key, from, to }];
        let at = server.server.now();
        server.server.store.write(MoveKeys { moves, at, audit: None }).await.unwrap();
    }
}

/// Notices that the walk has left.
async fn notices(server: &TestServer) {
    let (store, now) = (&server.server.store, server.server.now());
    store.read(NextNotice).await.unwrap();
    let take = |except| TakeNotices { now, limit: 1, again_at: now, except };
    store.write(take(vec![ClientId::parse("demo").unwrap()])).await.unwrap();
    let notice = store.write(take(vec![])).await.unwrap().remove(0);
    let id = notice.id;
    store.write(PostponeNotice { notice, due_at: now }).await.unwrap();
    let audit = server.server.event(AuditKind::SessionEnded, Actor::System);
    store.write(GiveUpNotice { id, audit }).await.unwrap();
    store.write(DropNotice(id)).await.unwrap();
}

/// Twice, and then the right one.
async fn failed_logins(server: &TestServer) {
    let account = AccountTag([7; 16]);
    let (store, at) = (&server.server.store, server.server.now());
    let limit = *server.server.credentials.throttle.account_limit();
    for _ in 0..2 {
        store.write(CountFailedLogin { account, limit, at }).await.unwrap();
    }
    let seen = store.read(FindFailedLogins(account)).await.unwrap().unwrap();
    store.write(ReplaceFailedLogins { account, old: seen, new: seen }).await.unwrap();
    store.write(ForgiveFailedLogins(account)).await.unwrap();
    store.read(ReadAddresses { canonical: "admin".to_owned(), at }).await.unwrap();
}

/// One more than there is room for, of one client and of all.
async fn subscribers(server: &TestServer) {
    let now = server.server.now();
    for (name, each, all) in [("one", 9, 9), ("two", 1, 9), ("three", 9, 1)] {
        let room = Room { each, all, silence: Duration::from_hours(1) };
        let report = Report {
            client_id: ClientId::parse("demo").unwrap(),
            name: SubscriberName::parse(name).unwrap(),
            via: Carrier::Poll,
            applied: Applied { position: FeedPosition { epoch: 0, seq: 0 }, at: now },
            reported_at: now,
        };
        server.server.store.write(NoteApplied { report, room }).await.unwrap();
    }
}
