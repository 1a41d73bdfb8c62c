//! What the janitor removes, and what it must leave.

use std::time::Duration;

use chancery::flows::janitor::Sweep;
use chancery::protocol::audit::AuditKind;
use chancery::protocol::session::Session;
use chancery::protocol::time::Timestamp;
use chancery::storage::ops::audit::Append;
use chancery::storage::ops::browser_sessions::BrowserSessions;
use chancery::storage::ops::feed::{Revoke, Revokes};
use chancery::storage::ops::janitor::{
    SweepAudit, SweepBrowserSessions, SweepCodes, SweepNotices, SweepRevocations, SweepSessions,
};
use chancery::storage::ops::notices::TakeNotices;
use chancery::storage::ops::sessions::{FindSession, RotateSession, Sessions};

use super::Given;

impl Given {
    async fn exists(&self, session: &Session) -> bool {
        self.store().read(FindSession(session.id)).await.unwrap().is_some()
    }

    /// Sweeps all sessions in pages of `limit`, and answers how many went.
    async fn sweep(&self, over_since: Timestamp, limit: u32) -> u64 {
        let (mut removed, mut after) = (0, None);
        loop {
            let sealed_before = over_since;
            let sweep = SweepSessions { after, over_since, sealed_before, limit };
            let swept = self.store().write(sweep).await.unwrap();
            removed += swept.removed;
            after = swept.next;
            if after.is_none() {
                return removed;
            }
        }
    }

    async fn revoke_jti(&self, expires_at: Timestamp) {
        let what = Revokes::Token { jti: "j".to_owned(), expires_at };
        let audit = self.event(AuditKind::Revoked);
        let revoke = Revoke { what, revoking: self.revoking(), audit };
        self.store().write(revoke).await.unwrap();
    }
}

#[tokio::test]
async fn sessions_go_when_they_ended_or_expired_before_the_margin_and_never_sooner() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let now = given.now();
    let day = Duration::from_hours(24);
    let ended = given.stored_session(&anna).await;
    given.store().write(given.end(Sessions::One(ended.id))).await.unwrap();
    let mut idle = given.session(&anna);
    idle.idle_expires_at = now + day;
    let mut over = given.session(&anna);
    (over.idle_expires_at, over.max_expires_at) = (now + 3 * day, now + 2 * day);
    let mut alive = given.session(&anna);
    (alive.idle_expires_at, alive.max_expires_at) = (now + 5 * day, now + 5 * day);
    for session in [&idle, &over, &alive] {
        given.create(session).await;
    }
    let left = async || {
        let mut left = Vec::new();
        for session in [&ended, &idle, &over, &alive] {
            left.push(given.exists(session).await);
        }
        left
    };
    let millisecond = Duration::from_millis(1);
    for (since, expected) in [
        (now, [true, true, true, true]),
        (now + millisecond, [false, true, true, true]),
        (now + day, [false, true, true, true]),
        (now + day + millisecond, [false, false, true, true]),
        (now + 2 * day, [false, false, true, true]),
        (now + 2 * day + millisecond, [false, false, false, true]),
    ] {
        given.sweep(since, 2).await;
        assert_eq!(left().await, expected);
    }
}

#[tokio::test]
async fn a_sealed_successor_is_erased_when_no_retry_can_use_it_and_its_session_stays() {
    // RT-5
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    let rotate = RotateSession {
        id: session.id,
        from: 0,
        parent: given.hash(),
        child: given.hash(),
        sealed: vec![1],
        at: given.now(),
        idle_expires_at: session.idle_expires_at,
        address: None,
    };
    given.store().write(rotate).await.unwrap();
    for (later, sealed) in [(0, true), (1, false)] {
        given.sweep(given.now() + Duration::from_millis(later), 10).await;
        let rotation = given.find(&session).await.session.rotation;
        assert_eq!(rotation.successor_sealed.is_some(), sealed);
        assert_eq!(rotation.generation, 1);
    }
}

#[tokio::test]
async fn a_sweep_walks_all_sessions_in_small_steps() {
    // C140
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    for _ in 0..25 {
        let mut session = given.session(&anna);
        session.idle_expires_at = given.now();
        given.create(&session).await;
        given.stored_session(&anna).await;
    }
    given.0.advance(1);
    assert_eq!(given.sweep(given.now(), 7).await, 25);
    assert_eq!(given.sweep(given.now(), 7).await, 0);
}

#[tokio::test]
async fn revocations_go_when_they_can_refuse_nothing_but_never_the_newest_nor_a_keys() {
    let Some(given) = Given::start().await else { return };
    let now = given.now();
    let before = given.0.log().await.len();
    for _ in 0..5 {
        given.revoke_jti(now).await;
    }
    let end = now + chancery::protocol::revocation::VERIFIER_MARGIN;
    let sweep =
        async |until, limit| given.store().write(SweepRevocations { until, limit }).await.unwrap();
    assert_eq!(sweep(end, 100).await.removed, 0, "not before its end");
    let after = end + Duration::from_millis(1);
    let first = sweep(after, 3).await;
    assert_eq!((first.removed, first.next.is_some()), (3, true));
    let second = sweep(after, 3).await;
    assert_eq!((second.removed, second.next.is_some()), (1, false));
    let newest = given.0.log().await.pop().unwrap();
    assert_eq!(newest.seq, given.0.head().await.seq, "nodes compare where the log ends");
    assert_eq!(given.0.log().await.len(), before + 1);
    given.revoke_jti(now + Duration::from_hours(9)).await;
    assert_eq!(sweep(after, 3).await.removed, 1, "now that it is not the newest any more");
}

#[tokio::test]
async fn audit_events_go_by_age_alone() {
    let Some(given) = Given::start().await else { return };
    given.0.advance(86_400);
    let kept = given.now();
    for _ in 0..3 {
        given.store().write(Append(given.event(AuditKind::RefreshRisk))).await.unwrap();
    }
    let mut removed = 0;
    loop {
        let swept = given.store().write(SweepAudit { before: kept, limit: 2 }).await.unwrap();
        removed += swept.removed;
        if swept.next.is_none() {
            break;
        }
    }
    assert!(removed > 0);
    assert_eq!(given.traces().await.1, 3);
}

#[tokio::test]
async fn one_round_keeps_its_margins_and_catches_up_with_many_events() {
    // C140
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    for _ in 0..1_100 {
        let event = given.event(AuditKind::LoginFailed);
        given.store().write(Append(event)).await.unwrap();
    }
    let mut sweep = Sweep::default();
    given.0.advance(24 * 3600);
    assert_eq!(sweep.run(&given.0.server).await.unwrap().sessions, 0);
    given.0.advance(1);
    let removed = sweep.run(&given.0.server).await.unwrap();
    assert_eq!((removed.sessions, removed.audit), (1, 0));
    given.0.advance(91 * 86_400);
    let removed = sweep.run(&given.0.server).await.unwrap();
    assert!(removed.audit > 1_100, "more than one batch in a round: {removed:?}");

    // C135: a clock that jumps alone removes nothing.
    let session = given.stored_session(&anna).await;
    given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    sweep.run(&given.0.server).await.unwrap();
    given.0.clock.step_wall(3 * 86_400_000);
    assert_eq!(sweep.run(&given.0.server).await.unwrap().sessions, 0);
    assert!(given.exists(&session).await);
}

#[tokio::test]
async fn browser_sessions_go_when_they_ended_or_expired_before_the_margin_and_never_sooner() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let (now, hour) = (given.now(), Duration::from_hours(1));
    let ended = given.stored_browser(&anna).await;
    given.ended(BrowserSessions::One(ended.id)).await;
    let mut idle = given.browser(&anna);
    idle.life.idle_expires_at = now + hour;
    let mut over = given.browser(&anna);
    (over.life.idle_expires_at, over.life.max_expires_at) = (now + 4 * hour, now + 2 * hour);
    let alive = given.browser(&anna);
    for browser in [&idle, &over, &alive] {
        given.begin(browser, None).await;
    }
    let millisecond = Duration::from_millis(1);
    for (over_since, removed) in [
        (now, 0),
        (now + millisecond, 1),
        (now + hour, 0),
        (now + hour + millisecond, 1),
        (now + 2 * hour, 0),
        (now + 2 * hour + millisecond, 1),
    ] {
        let (mut swept, mut after) = (0, None);
        loop {
            let sweep = SweepBrowserSessions { after, over_since, limit: 2 };
            let batch = given.store().write(sweep).await.unwrap();
            (swept, after) = (swept + batch.removed, batch.next);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(swept, removed);
    }
    for (browser, left) in [(&ended, false), (&idle, false), (&over, false), (&alive, true)] {
        assert_eq!(given.found_browser(browser.id).await.is_some(), left);
    }
}

#[tokio::test]
async fn codes_and_notices_go_by_age_in_small_steps() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    given.listen().await;
    let browser = given.stored_browser(&anna).await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(given.stored_code(&anna, &browser).await);
        given.under(&browser, false).await;
    }
    given.ended(BrowserSessions::One(browser.id)).await;
    let (made, expired) = (given.now(), codes[0].expires_at);
    given.0.advance(1);
    let (other, later) = (given.stored_browser(&anna).await, Duration::from_millis(1));
    codes.push(given.stored_code(&anna, &other).await);
    given.under(&other, false).await;
    given.ended(BrowserSessions::One(other.id)).await;
    for (since, steps) in [(Duration::ZERO, [0, 0, 0]), (later, [2, 2, 1])] {
        for removed in steps {
            let sweep = SweepCodes { before: expired + since, limit: 2 };
            let swept = given.store().write(sweep).await.unwrap();
            assert_eq!((swept.removed, swept.next.is_some()), (removed, removed == 2));
            let sweep = SweepNotices { before: made + since, limit: 2 };
            let swept = given.store().write(sweep).await.unwrap();
            assert_eq!((swept.removed, swept.next.is_some()), (removed, removed == 2));
        }
    }
    assert!(given.found_code(&codes[0]).await.is_none());
    assert!(given.found_code(&codes[5]).await.is_some());
    let take = TakeNotices { now: given.now(), limit: 10, again_at: given.now(), except: vec![] };
    assert_eq!(given.store().write(take).await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_round_keeps_the_margins_of_browser_sessions_codes_and_notices() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    given.listen().await;
    let browser = given.stored_browser(&anna).await;
    given.under(&browser, false).await;
    given.stored_code(&anna, &browser).await;
    given.ended(BrowserSessions::One(browser.id)).await;
    let mut sweep = Sweep::default();
    let mut round = async |seconds: u64| {
        given.0.advance(seconds);
        let removed = sweep.run(&given.0.server).await.unwrap();
        [removed.codes, removed.browser_sessions, removed.notices]
    };
    assert_eq!(round(3600 + 60).await, [0, 0, 0]);
    assert_eq!(round(1).await, [1, 0, 0]);
    assert_eq!(round(23 * 3600 - 61).await, [0, 0, 0]);
    assert_eq!(round(1).await, [0, 1, 1]);
}

#[tokio::test]
async fn the_codes_that_expired_are_found_by_an_index() {
    let Some(given) = Given::start().await else { return };
    let mut raw = given.0.raw().await;
    let sql =
        "SELECT hash FROM authorization_code WHERE expires_at < 5 ORDER BY expires_at LIMIT 5";
    let plan = raw.plan(sql).await;
    assert!(plan.contains("authorization_code_by_expiry"), "{plan}");
}
