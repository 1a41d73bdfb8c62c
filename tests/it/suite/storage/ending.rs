//! Beginning and ending sessions.

use std::collections::HashSet;
use std::time::Duration;

use chancery::protocol::audit::AuditKind;
use chancery::protocol::client::{ClientId, ClientStatus};
use chancery::protocol::revocation::Kind;
use chancery::protocol::session::{EndReason, Session, SessionStatus};
use chancery::protocol::user::{Roles, User};
use chancery::storage::ops::clients::{ChangeClient, ListClients};
use chancery::storage::ops::feed::{Revoke, Revokes};
use chancery::storage::ops::sessions::{CountSessions, EndSessions, ListSessions, Sessions};
use chancery::storage::ops::users::{ChangeUser, UserChange};
use chancery::storage::ops::{Swap, sessions};

use super::Given;

const ENDED: SessionStatus = SessionStatus::Ended(EndReason::EndedByAdmin);

impl Given {
    pub(super) async fn change(&self, user: &User, change: UserChange) {
        let audit = self.event(AuditKind::UserDisabled);
        let (spares, revoking) = (Roles::default(), self.revoking());
        let change = ChangeUser { id: user.id, change, spares, declared: false, revoking, audit };
        assert!(self.store().write(change).await.unwrap().is_ok());
    }

    async fn many(&self, user: &User, count: usize) -> Vec<Session> {
        let sessions: Vec<Session> = (0..count).map(|_| self.session(user)).collect();
        let mut tasks = tokio::task::JoinSet::new();
        for chunk in sessions.chunks(60) {
            for session in chunk {
                let audit = self.event(AuditKind::Login);
                let create = sessions::CreateSession { session: session.clone(), audit };
                let store = self.store().clone();
                tasks.spawn(async move { store.write(create).await.unwrap() });
            }
            while let Some(created) = tasks.join_next().await {
                assert_eq!(created.unwrap(), Swap::Won);
            }
        }
        sessions
    }

    async fn listed(&self, user: &User) -> usize {
        let list = ListSessions { user: Some(user.id), after: None, now: self.now(), limit: 5000 };
        self.store().read(list).await.unwrap().len()
    }
}

#[tokio::test]
async fn c149_a_session_begins_only_for_the_user_and_client_that_were_read() {
    // C149
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let early = given.session(&anna);
    given.change(&anna, UserChange::LogoutEverywhere).await;
    let before = given.traces().await;
    assert_eq!(given.create(&early).await, Swap::Lost, "another version of the user");
    let mut now = User { version: anna.version + 1, ..anna.clone() };
    given.change(&anna, UserChange::Disable).await;
    now.version += 1;
    assert_eq!(given.create(&given.session(&now)).await, Swap::Lost, "disabled");
    given.change(&anna, UserChange::Enable).await;
    let unknown = given.user("nobody");
    assert_eq!(given.create(&given.session(&unknown)).await, Swap::Lost);
    let mut elsewhere = given.session(&now);
    elsewhere.client_id = ClientId::parse("no-such-client").unwrap();
    assert_eq!(given.create(&elsewhere).await, Swap::Lost);
    let after = given.traces().await;
    assert_eq!((after.0, after.1), (before.0, before.1 + 2), "only the two changes tell of it");
    assert_eq!(given.create(&given.session(&now)).await, Swap::Won);

    let clients = given.store().read(ListClients { after: None, limit: 100 }).await.unwrap();
    let demo = clients.into_iter().find(|client| client.id.as_str() == "demo").unwrap();
    for (version, status) in [ClientStatus::Paused, ClientStatus::Disabled].iter().enumerate() {
        let mut client = demo.clone();
        client.version += i64::try_from(version).unwrap();
        client.status = *status;
        let audit = given.event(AuditKind::ClientChanged);
        let change = ChangeClient { client, revoke: None, audit };
        given.store().write(change).await.unwrap().unwrap();
        assert_eq!(given.create(&given.session(&now)).await, Swap::Lost, "{status:?}");
    }
}

#[tokio::test]
async fn a_session_whose_event_cannot_be_written_has_not_begun_and_has_not_ended() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let impossible = given.impossible_event().await;
    let session = given.session(&anna);
    let create = sessions::CreateSession { session: session.clone(), audit: impossible.clone() };
    assert!(given.store().write(create).await.is_err());
    assert_eq!(given.listed(&anna).await, 0);
    assert_eq!(given.create(&session).await, Swap::Won);
    let before = given.traces().await;
    let end = EndSessions { audit: Some(impossible), ..given.end(Sessions::One(session.id)) };
    assert!(given.store().write(end).await.is_err());
    assert_eq!(given.status(&session).await, SessionStatus::Active);
    assert_eq!(given.traces().await, before);
}

#[tokio::test]
async fn ending_one_session_leaves_the_others_and_tells_the_log() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let (one, other) = (given.stored_session(&anna).await, given.stored_session(&anna).await);
    let before = given.0.head().await;
    let ended = given.store().write(given.end(Sessions::One(one.id))).await.unwrap();
    assert_eq!(ended.sessions, [one.id]);
    let feed = ended.feed.unwrap();
    assert_eq!((feed.epoch, feed.seq), (before.epoch, before.seq + 1));
    let entry = given.0.log().await.pop().unwrap();
    assert_eq!(entry.seq, feed.seq);
    assert_eq!(entry.entry.tip, given.0.head().await.tip);
    assert_eq!(entry.entry.digest, Kind::Session.digest(&one.id.to_string()));
    assert_eq!(entry.entry.until, Some(given.now() + Duration::from_hours(1)));
    assert_eq!(given.status(&one).await, ENDED);
    assert_eq!(given.status(&other).await, SessionStatus::Active);
}

#[tokio::test]
async fn twelve_hundred_sessions_end_in_batches_each_with_its_entry() {
    // C150
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let bert = given.stored_user("bert").await;
    let kept = given.stored_session(&bert).await;
    let sessions = given.many(&anna, 1_200).await;
    let except = sessions[600].clone();
    let before = given.0.head().await.seq;
    let mut sizes = Vec::new();
    loop {
        let which = Sessions::OfUser(anna.id, Some(except.id));
        let ended = given.store().write(given.end(which)).await.unwrap();
        sizes.push(ended.sessions.len());
        if !ended.is_full() {
            break;
        }
    }
    assert_eq!(sizes, [500, 500, 199]);
    assert_eq!(given.listed(&anna).await, 1);
    assert_eq!(given.status(&except).await, SessionStatus::Active);
    assert_eq!(given.status(&kept).await, SessionStatus::Active);
    assert_log_tells_of(&given, before, sessions.iter().filter(|s| s.id != except.id)).await;
    assert_eq!(given.0.events(AuditKind::SessionsEnded).await, 3, "one event per batch");
}

async fn assert_log_tells_of(given: &Given, before: i64, sessions: impl Iterator<Item = &Session>) {
    let log = given.0.log().await;
    let mut news: Vec<_> = log.iter().filter(|entry| entry.seq > before).collect();
    let numbers: Vec<i64> = news.iter().map(|entry| entry.seq).collect();
    let expected: Vec<i64> = (before + 1..).take(news.len()).collect();
    assert_eq!(numbers, expected, "contiguous");
    news.retain(|entry| entry.entry.kind == Kind::Session);
    let digests: HashSet<_> = news.iter().map(|entry| entry.entry.digest.0).collect();
    let tips: HashSet<_> = news.iter().map(|entry| entry.entry.tip).collect();
    assert_eq!(tips.len(), news.len(), "each entry has a mark of its own");
    let named: HashSet<_> =
        sessions.map(|session| Kind::Session.digest(&session.id.to_string()).0).collect();
    assert_eq!(digests, named);
}

#[tokio::test]
async fn a_change_of_a_user_ends_the_first_batch_and_the_rest_follows() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let sessions = given.many(&anna, 700).await;
    let before = given.0.head().await.seq;
    let audit = given.event(AuditKind::UserDisabled);
    let revoking = given.revoking();
    let (change, spares) = (UserChange::Disable, Roles::default());
    let change = ChangeUser { id: anna.id, change, spares, declared: false, revoking, audit };
    let changed = given.store().write(change).await.unwrap().ok().unwrap();
    assert!(changed.ended.is_full());
    assert_eq!(changed.ended.sessions.len(), 500);
    // Nobody may come to tell of the rest, so one entry has refused it.
    assert!(changed.refused);
    assert_eq!(given.0.entries(Kind::Subject).await, 1);
    given.change(&anna, UserChange::Enable).await;
    let now = User { version: changed.user.version, ..anna.clone() };
    let later = given.stored_session(&now).await;
    let rest = Sessions::OfUserBefore(anna.id, now.version);
    let rest = given.store().write(given.end(rest)).await.unwrap();
    assert_eq!(rest.sessions.len(), 200);
    assert_eq!(given.status(&later).await, SessionStatus::Active, "it began after the change");
    assert_log_tells_of(&given, before, sessions.iter()).await;
    let found = given.find(&sessions[0]).await;
    let refused = found.check_alive(given.now());
    assert!(refused.is_err());
}

#[tokio::test]
async fn the_sessions_of_a_client_end_and_those_of_others_stay() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let demo = given.stored_session(&anna).await;
    let mut other = given.session(&anna);
    other.client_id = ClientId::parse("chancery-admin").unwrap();
    given.create(&other).await;
    let entries = given.0.log().await.len();
    let which = Sessions::OfClient(demo.client_id.clone(), None);
    let ended = given.store().write(given.end(which)).await.unwrap();
    assert!(ended.sessions.contains(&demo.id));
    assert_eq!(given.0.log().await.len(), entries, "the entry of the client tells of them all");
    assert_eq!(given.status(&demo).await, ENDED);
    assert_eq!(given.status(&other).await, SessionStatus::Active);
}

#[tokio::test]
async fn the_sessions_of_a_client_end_in_batches_each_from_where_the_last_has_ended() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let mut ids: Vec<_> = given.many(&anna, 1_200).await.iter().map(|session| session.id).collect();
    ids.sort();
    let mut which = Sessions::OfClient(ClientId::parse("demo").unwrap(), None);
    for batch in ids.chunks(500) {
        let mut ended = given.store().write(given.end(which.clone())).await.unwrap().sessions;
        ended.sort();
        assert_eq!(ended, batch);
        which.rest(&ended);
        let Sessions::OfClient(_, after) = &which else { unreachable!("so it was made") };
        assert_eq!(after.as_ref(), batch.last());
    }
}

#[tokio::test]
async fn the_sessions_of_a_disabled_client_are_over_before_any_is_marked_and_stay_so() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let begun = given.stored_session(&anna).await;
    for status in [ClientStatus::Disabled, ClientStatus::Active] {
        let clients = given.store().read(ListClients { after: None, limit: 100 }).await.unwrap();
        let mut client = clients.into_iter().find(|client| client.id.as_str() == "demo").unwrap();
        client.status = status;
        let revoke = (status == ClientStatus::Disabled).then(|| given.revoking());
        let audit = given.event(AuditKind::ClientChanged);
        given.store().write(ChangeClient { client, revoke, audit }).await.unwrap().unwrap();
        let over = SessionStatus::Ended(EndReason::ClientDisabled);
        assert_eq!(given.status(&begun).await, over, "{status:?}");
        assert_eq!(given.listed(&anna).await, 0, "{status:?}");
    }
    given.0.advance(3);
    let after = given.stored_session(&anna).await;
    assert_eq!(given.status(&after).await, SessionStatus::Active);
    assert_eq!(given.listed(&anna).await, 1);
}

#[tokio::test]
async fn the_surplus_of_a_user_is_what_was_unused_for_longest() {
    // C148
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let mut sessions = Vec::new();
    for _ in 0..5 {
        given.0.advance(10);
        sessions.push(given.stored_session(&anna).await);
    }
    let surplus = |begun: usize| given.end(Sessions::Surplus(anna.id, sessions[begun].id, 2));
    let ended = given.store().write(surplus(4)).await.unwrap();
    let ended: HashSet<_> = ended.sessions.into_iter().collect();
    assert_eq!(ended, sessions[..3].iter().map(|session| session.id).collect());
    assert!(given.store().write(surplus(4)).await.unwrap().sessions.is_empty());
    // Two that begin together do not both end the other.
    assert!(given.store().write(surplus(0)).await.unwrap().sessions.is_empty());
    assert_eq!(given.status(&sessions[4]).await, SessionStatus::Active);
    // Sessions that begin in one millisecond are all as old: the one that has just begun stays.
    for _ in 0..8 {
        let begun = given.stored_session(&anna).await;
        let surplus = given.end(Sessions::Surplus(anna.id, begun.id, 1));
        given.store().write(surplus).await.unwrap();
        assert_eq!(given.status(&begun).await, SessionStatus::Active);
        assert_eq!(given.listed(&anna).await, 1);
    }
}

#[tokio::test]
async fn what_has_expired_is_no_surplus_and_not_counted() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let expired =
        Session { idle_expires_at: given.now() + Duration::from_secs(5), ..given.session(&anna) };
    given.create(&expired).await;
    let begun = given.stored_session(&anna).await;
    let count = || given.store().read(CountSessions(anna.id));
    assert_eq!(count().await.unwrap(), 2);
    given.0.advance(5);
    assert_eq!(count().await.unwrap(), 1);
    let surplus = given.end(Sessions::Surplus(anna.id, begun.id, 1));
    assert!(given.store().write(surplus).await.unwrap().sessions.is_empty());
    // What ends with a browser session that is over has ended too.
    let browser = given.stored_browser(&anna).await;
    given.under(&browser, false).await;
    assert_eq!((count().await.unwrap(), given.listed(&anna).await), (2, 2));
    let mut raw = given.0.raw().await;
    raw.run("UPDATE browser_session SET idle_expires_at = 1").await;
    assert_eq!((count().await.unwrap(), given.listed(&anna).await), (1, 1));
}

#[tokio::test]
async fn ending_everything_ends_what_a_clock_ahead_began_and_spares_what_begins_after() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let begun = given.stored_session(&anna).await;
    let mut ahead = given.session(&anna);
    ahead.created_at = ahead.created_at + Duration::from_secs(1);
    given.create(&ahead).await;
    let what = Revokes::Everything;
    let audit = given.event(AuditKind::Revoked);
    let revoke = Revoke { what, revoking: given.revoking(), audit };
    given.store().write(revoke).await.unwrap();
    for session in [&begun, &ahead] {
        let over = SessionStatus::Ended(EndReason::EverythingRevoked);
        assert_eq!(given.status(session).await, over);
    }
    assert_eq!(given.listed(&anna).await, 0, "nor are they listed");
    let everybody = ListSessions { user: None, after: None, now: given.now(), limit: 100 };
    assert!(given.store().read(everybody).await.unwrap().is_empty());
    given.0.advance(3);
    let after = given.stored_session(&anna).await;
    assert_eq!(given.status(&after).await, SessionStatus::Active);
    assert_eq!(given.listed(&anna).await, 1);
}

#[tokio::test]
async fn ending_everything_by_a_clock_set_back_brings_nothing_back_to_life() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let begun = given.stored_session(&anna).await;
    for step in [0, -3_600_000] {
        given.0.clock.step_wall(step);
        let audit = given.event(AuditKind::Revoked);
        let revoke = Revoke { what: Revokes::Everything, revoking: given.revoking(), audit };
        given.store().write(revoke).await.unwrap();
        let over = SessionStatus::Ended(EndReason::EverythingRevoked);
        assert_eq!(given.status(&begun).await, over);
    }
}

#[tokio::test]
async fn sessions_are_listed_in_pages_without_what_is_over_or_expired() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let mut ids: Vec<_> = given.many(&anna, 25).await.iter().map(|session| session.id).collect();
    ids.sort();
    let mut expired = given.session(&anna);
    expired.idle_expires_at = given.now();
    given.create(&expired).await;
    given.store().write(given.end(Sessions::One(ids.remove(7)))).await.unwrap();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let list = ListSessions { user: Some(anna.id), after, now: given.now(), limit: 10 };
        let page = given.store().read(list).await.unwrap();
        let Some(end) = page.last() else { break };
        after = Some(end.id);
        listed.extend(page.iter().map(|session| session.id));
    }
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn whether_an_old_session_is_alive_is_answered_without_reading_the_younger_ones() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    let alive = async |begun_by, alive_at| {
        given.store().read(sessions::HasSessions { begun_by, alive_at }).await.unwrap()
    };
    let (begun, second) = (session.created_at, Duration::from_secs(1));
    assert!(alive(begun, begun).await);
    assert!(!alive(begun - second, begun).await, "it began later");
    assert!(!alive(begun, session.idle_expires_at).await, "it has expired");
    given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    assert!(!alive(begun, begun).await, "it was ended");
    let mut raw = given.0.raw().await;
    let plan = raw.plan(
        "SELECT id FROM session WHERE created_at <= 1 AND idle_expires_at > 2 \
         AND max_expires_at > 2 AND ended_reason IS NULL ORDER BY created_at LIMIT 1",
    );
    let plan = plan.await;
    assert!(plan.contains("session_by_begin"), "{plan}");
}
