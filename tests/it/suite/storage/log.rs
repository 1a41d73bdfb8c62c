//! The log of revocations: numbers in the order of commits, epochs, how long entries must last.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chancery::protocol::audit::{AuditEvent, AuditKind};
use chancery::protocol::revocation::{Kind, VERIFIER_MARGIN};
use chancery::protocol::time::Timestamp;
use chancery::revocation::{Followed, RevocationLog};
use chancery::storage::ops::feed::{
    NoteTokenLife, RaiseEpoch, ReadHead, ReadRevocations, RenewEpoch, Revoke, Revokes,
};

use super::Given;

impl Given {
    fn revoke(&self, what: Revokes) -> Revoke {
        Revoke { what, revoking: self.revoking(), audit: self.event(AuditKind::Revoked) }
    }

    fn renew(&self, from: i64, seen: i64, audit: AuditEvent) -> RenewEpoch {
        RenewEpoch { from, seen, revoking: self.revoking(), audit }
    }
}

#[tokio::test]
async fn each_kind_of_revocation_refuses_what_it_names_for_as_long_as_it_must() {
    let Some(given) = Given::start().await else { return };
    let now = given.now();
    let expires_at = now + Duration::from_mins(5);
    let long_gone = Timestamp::from_seconds(1);
    let (ahead, reach) = (Duration::from_secs(2), Duration::from_hours(1));
    let issued = (Some(now + ahead), Some(now + reach));
    let token = |jti: &str, expires_at| Revokes::Token { jti: jti.to_owned(), expires_at };
    for (what, kind, value, (not_before, until)) in [
        (token("j", expires_at), Kind::Token, "j", (None, Some(expires_at + VERIFIER_MARGIN))),
        (token("old", long_gone), Kind::Token, "old", (None, Some(now))),
        (Revokes::Issued(Kind::Subject, "u".to_owned()), Kind::Subject, "u", issued),
        (Revokes::Everything, Kind::All, "", issued),
    ] {
        let before = given.traces().await;
        let position = given.store().write(given.revoke(what)).await.unwrap();
        let entry = given.0.log().await.pop().unwrap();
        assert_eq!((position.seq, entry.entry.kind), (entry.seq, kind));
        assert_eq!(entry.entry.digest, kind.digest(value));
        assert_eq!((entry.entry.not_before, entry.entry.until), (not_before, until));
        assert_eq!(given.traces().await, (before.0 + 1, before.1 + 1, before.2));
    }
    let mut impossible = given.revoke(Revokes::Everything);
    impossible.audit = given.impossible_event().await;
    let before = given.traces().await;
    assert!(given.store().write(impossible).await.is_err());
    assert_eq!(given.traces().await, before);
}

/// A node that starts reads a long log in pieces, and may answer once it knows all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_many_pages_is_followed_to_its_end() {
    let Some(given) = Given::start().await else { return };
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = given.store().clone();
        let revokes = (0..MANY / 8).map(|number| format!("{writer}-{number}"));
        let revokes: Vec<Revoke> = revokes
            .map(|jti| given.revoke(Revokes::Token { jti, expires_at: given.now() }))
            .collect();
        writers.spawn(async move {
            for revoke in revokes {
                store.write(revoke).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    given.store().write(given.revoke(Revokes::Everything)).await.unwrap();
    let (log, head) = (RevocationLog::default(), given.0.head().await);
    let followed = log.follow(given.store(), &head, given.now()).await.unwrap();
    assert_eq!((followed, log.epoch()), (Followed::On, Some(head.epoch)));
    assert_eq!(log.len(), usize::try_from(head.seq).unwrap());
    assert!(log.len() > MANY && log.all_not_before().is_some());
    assert_eq!(log.follow(given.store(), &head, given.now()).await.unwrap(), Followed::On);
    // What a clock that was ahead has dropped is read again, and nothing is missing between two pages.
    let ahead = given.now() + Duration::from_hours(2);
    log.follow(given.store(), &head, ahead).await.unwrap();
    assert!(log.is_empty());
    log.follow(given.store(), &head, given.now()).await.unwrap();
    assert_eq!(log.len(), usize::try_from(head.seq).unwrap());
}

/// Whoever reads up to some number must never see a smaller one appear later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_committed_in_their_order_under_parallel_writers() {
    let Some(given) = Given::start().await else { return };
    let from = given.0.head().await.seq + 1;
    let done = Arc::new(AtomicBool::new(false));
    let (store, stop) = (given.store().clone(), done.clone());
    let reader = tokio::spawn(async move {
        let mut seen = Vec::new();
        loop {
            let last_look = stop.load(Ordering::SeqCst);
            let next = seen.last().map_or(from, |last| last + 1);
            let page = store.read(ReadRevocations { from: next, limit: 1_000 }).await.unwrap();
            seen.extend(page.iter().map(|revocation| revocation.seq));
            if last_look && page.is_empty() {
                return seen;
            }
        }
    });
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (store, revokes) = (given.store().clone(), (0..25).map(|n| format!("{writer}-{n}")));
        let revokes: Vec<Revoke> = revokes
            .map(|jti| given.revoke(Revokes::Token { jti, expires_at: given.now() }))
            .collect();
        writers.spawn(async move {
            let mut numbers = Vec::new();
            for revoke in revokes {
                numbers.push(store.write(revoke).await.unwrap().seq);
            }
            numbers
        });
    }
    let told: HashSet<i64> = writers.join_all().await.into_iter().flatten().collect();
    done.store(true, Ordering::SeqCst);
    let seen = reader.await.unwrap();
    let expected: Vec<i64> = (from..from + 200).collect();
    assert_eq!(seen, expected, "the reader has missed none and met none out of order");
    assert_eq!(told, expected.into_iter().collect());
    let newest = given.0.log().await.pop().unwrap();
    assert_eq!(newest.entry.tip, given.0.head().await.tip);
}

#[tokio::test]
async fn of_many_nodes_that_renew_an_epoch_one_does() {
    let Some(given) = Given::start().await else { return };
    let before = given.0.head().await;
    let traces = given.traces().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let audit = given.event(AuditKind::StorageRegressed);
        let renew = given.renew(before.epoch, before.epoch, audit);
        let store = given.store().clone();
        tasks.spawn(async move { store.write(renew).await.unwrap() });
    }
    let renewed: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(renewed.len(), 1);
    let after = given.0.head().await;
    assert_eq!((renewed[0].epoch, renewed[0].seq), (after.epoch, after.seq));
    assert_eq!(after.epoch, given.now().millis(), "numbers of epochs follow the clock");
    assert_eq!(after.regressed_at, Some(given.now()));
    assert_eq!(given.traces().await, (traces.0 + 1, traces.1 + 1, traces.2));
    assert_eq!(given.0.log().await.pop().unwrap().entry.kind, Kind::All);

    // Even a clock that was set back makes a larger number.
    given.0.clock.step_wall(-3_600_000);
    let audit = given.event(AuditKind::StorageRegressed);
    let renew = given.renew(after.epoch, after.epoch, audit);
    let again = given.store().write(renew).await.unwrap().unwrap();
    assert_eq!(again.epoch, after.epoch + 1);

    // An epoch that was seen and is lost is never begun again.
    let audit = given.event(AuditKind::StorageRegressed);
    let renew = given.renew(again.epoch, again.epoch + 70, audit);
    let beyond = given.store().write(renew).await.unwrap().unwrap();
    assert_eq!(beyond.epoch, again.epoch + 71);
}

#[tokio::test]
async fn of_many_nodes_that_raise_an_epoch_one_does_and_nothing_is_refused() {
    let Some(given) = Given::start().await else { return };
    let (before, traces) = (given.0.head().await, given.traces().await);
    for _ in 0..3 {
        given.store().write(RaiseEpoch { from: before.epoch }).await.unwrap();
    }
    let after = given.0.head().await;
    assert_eq!(after.epoch, given.now().millis().max(before.epoch + 1));
    assert_eq!((after.seq, after.regressed_at), (before.seq, before.regressed_at));
    assert_eq!(given.traces().await, traces);
    given.0.clock.step_wall(-3_600_000);
    given.store().write(RaiseEpoch { from: after.epoch }).await.unwrap();
    assert_eq!(given.0.head().await.epoch, after.epoch + 1);
}

#[tokio::test]
async fn a_lowered_life_of_tokens_counts_only_when_the_last_longer_one_has_expired() {
    let Some(given) = Given::start().await else { return };
    let longest = async || given.store().read(ReadHead).await.unwrap().longest_token;
    let note = async |life: Duration, at: Timestamp| {
        given.store().write(NoteTokenLife { life, at }).await.unwrap();
    };
    let (hour, short) = (Duration::from_hours(1), Duration::from_mins(5));
    let last = given.now() + Duration::from_mins(10);
    note(hour, last).await;
    note(hour, given.now()).await;
    note(short, given.now() + Duration::from_hours(24)).await;
    assert_eq!(longest().await, hour);
    given.0.advance(70 * 60 - 1);
    assert_eq!(longest().await, hour, "an earlier note does not shorten it");
    given.0.advance(1);
    assert_eq!(longest().await, short);
    note(2 * hour, given.now()).await;
    assert_eq!(longest().await, 2 * hour);
    given.0.advance(3 * 86_400);
    assert_eq!(longest().await, Duration::ZERO);
}

#[tokio::test]
async fn a_revocation_whose_commit_came_late_is_stored_and_has_to_be_asked_for_again() {
    let Some(given) = Given::start().await else { return };
    let before = given.0.log().await.len();
    // In time before the commit, and too late after it.
    given.0.clock.run(Duration::from_millis(700));
    let revoke = given.revoke(Revokes::Issued(Kind::Subject, "u".to_owned()));
    let late = given.store().write(revoke).await;
    given.0.clock.run(Duration::ZERO);
    assert!(matches!(late, Err(chancery::storage::StorageError::Late)));
    let revoke = given.revoke(Revokes::Issued(Kind::Subject, "u".to_owned()));
    given.store().write(revoke).await.unwrap();
    assert_eq!(given.0.log().await.len(), before + 2);
}

#[tokio::test]
async fn a_revocation_that_took_too_long_gives_itself_up() {
    let Some(given) = Given::start().await else { return };
    let before = given.traces().await;
    // Each reading of the clock moves it on, as if a statement took so long.
    given.0.clock.run(Duration::from_millis(1_100));
    let revoke = given.revoke(Revokes::Issued(Kind::Subject, "u".to_owned()));
    let late = given.store().write(revoke).await;
    given.0.clock.run(Duration::ZERO);
    assert!(matches!(late, Err(chancery::storage::StorageError::Conflict)));
    assert_eq!(given.traces().await, before);
    let revoke = given.revoke(Revokes::Issued(Kind::Subject, "u".to_owned()));
    given.store().write(revoke).await.unwrap();

    let epoch = given.0.head().await.epoch;
    let renew = given.renew(epoch, epoch, given.event(AuditKind::StorageRegressed));
    given.0.clock.run(Duration::from_millis(1_100));
    let late = given.store().write(renew).await;
    given.0.clock.run(Duration::ZERO);
    assert!(matches!(late, Err(chancery::storage::StorageError::Conflict)));
    assert_eq!(given.0.head().await.epoch, epoch);
}

/// So many that one page is merged together with the next: the third of a thousand, while two are known.
const MANY: usize = 4_200;
