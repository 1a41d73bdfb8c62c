//! Compare-and-set of rotation: each write happens to exactly the row that was read, or not at all.

use std::time::Duration;

use chancery::protocol::audit::AuditKind;
use chancery::protocol::rotation::RetryStreak;
use chancery::protocol::session::Session;
use chancery::storage::ops::Swap;
use chancery::storage::ops::sessions::{
    AddLeaf, CountRetry, RotateSession, Sessions, TouchSession,
};

use super::Given;

impl Given {
    pub(super) fn rotate(&self, session: &Session) -> RotateSession {
        RotateSession {
            id: session.id,
            from: session.rotation.generation,
            parent: session.rotation.leaves[0].clone(),
            child: self.hash(),
            sealed: vec![7; 61],
            at: self.now(),
            idle_expires_at: self.now() + Duration::from_hours(24),
            address: Some([127, 0, 0, 1].into()),
        }
    }

    fn add_leaf(&self, session: &Session) -> AddLeaf {
        let rotation = &session.rotation;
        AddLeaf {
            id: session.id,
            generation: rotation.generation,
            reissued_at: rotation.reissued_at,
            leaves: rotation.leaves.iter().cloned().chain([self.hash()]).collect(),
            sealed: vec![8; 61],
            at: self.now(),
            retries: RetryStreak { generation: rotation.generation, length: 1 },
            audit: Some(self.event(AuditKind::RefreshRisk)),
        }
    }

    async fn write<O: chancery::storage::Stored<Output = Swap>>(&self, operation: O) -> Swap {
        self.store().write(operation).await.unwrap()
    }
}

#[tokio::test]
async fn a_session_rotates_once_per_generation_and_reads_back_as_written() {
    let Some(given) = Given::start().await else { return };
    let user = given.stored_user("anna").await;
    let first = given.stored_session(&user).await;
    given.0.advance(5);
    let (one, other) = (given.rotate(&first), given.rotate(&first));
    let (child, at, idle) = (one.child.clone(), one.at, one.idle_expires_at);
    assert_eq!(given.write(one).await, Swap::Won);
    assert_eq!(given.write(other).await, Swap::Lost);

    let second = given.find(&first).await.session;
    let rotation = &second.rotation;
    assert_eq!(rotation.generation, 1);
    assert!(rotation.leaves == [child]);
    assert!(rotation.parent.as_ref() == Some(&first.rotation.leaves[0]));
    assert_eq!((rotation.rotated_at, rotation.reissued_at), (at, at));
    assert_eq!(rotation.successor_sealed.as_deref(), Some(&[7; 61][..]));
    assert_eq!((second.idle_expires_at, second.last_seen), (idle, at));
    assert_eq!(second.max_expires_at, first.max_expires_at);
    assert_eq!(second.address, Some([127, 0, 0, 1].into()));
    assert_eq!(given.write(given.rotate(&second)).await, Swap::Won);
}

#[tokio::test]
async fn of_many_parallel_rotations_of_one_generation_one_wins() {
    let Some(given) = Given::start().await else { return };
    let user = given.stored_user("anna").await;
    let session = given.stored_session(&user).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (store, rotate) = (given.store().clone(), given.rotate(&session));
        tasks.spawn(async move { store.write(rotate).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|swap| **swap == Swap::Won).count(), 1);
    assert_eq!(given.find(&session).await.session.rotation.generation, 1);
}

#[tokio::test]
async fn a_leaf_is_added_to_what_was_read_alone_and_two_in_one_millisecond_are_told_apart() {
    let Some(given) = Given::start().await else { return };
    let user = given.stored_user("anna").await;
    let session = given.stored_session(&user).await;
    given.write(given.rotate(&session)).await;
    let read = given.find(&session).await.session;
    let (one, other) = (given.add_leaf(&read), given.add_leaf(&read));
    let leaves = one.leaves.clone();
    let before = given.traces().await;
    assert_eq!(given.write(one).await, Swap::Won);
    assert_eq!(given.write(other).await, Swap::Lost);
    let after = given.traces().await;
    assert_eq!(after.1, before.1 + 1, "the event of the one that won");

    let now = given.find(&session).await.session.rotation;
    assert!(now.leaves == leaves);
    assert_eq!(now.retries, RetryStreak { generation: 1, length: 1 });
    assert_eq!(now.rotated_at, read.rotation.rotated_at, "a retry does not move the window");
    let mut stale = given.add_leaf(&given.find(&session).await.session);
    stale.reissued_at = stale.reissued_at + Duration::from_millis(1);
    assert_eq!(given.write(stale).await, Swap::Lost);
    let old = given.add_leaf(&session);
    assert_eq!(given.write(old).await, Swap::Lost, "of another generation");
}

#[tokio::test]
async fn a_retry_is_counted_once_per_generation() {
    let Some(given) = Given::start().await else { return };
    let user = given.stored_user("anna").await;
    let session = given.stored_session(&user).await;
    given.write(given.rotate(&session)).await;
    let count = |generation, length| CountRetry {
        id: session.id,
        retries: RetryStreak { generation, length },
        audit: Some(given.event(AuditKind::RefreshRisk)),
    };
    let before = given.traces().await;
    assert_eq!(given.write(count(0, 1)).await, Swap::Lost, "the session has moved on");
    assert_eq!(given.write(count(1, 1)).await, Swap::Won);
    assert_eq!(given.write(count(1, 2)).await, Swap::Lost, "counted already");
    assert_eq!(given.traces().await.1, before.1 + 1);
}

#[tokio::test]
async fn nothing_is_written_to_a_session_that_is_over() {
    let Some(given) = Given::start().await else { return };
    let user = given.stored_user("anna").await;
    let session = given.stored_session(&user).await;
    given.write(given.rotate(&session)).await;
    let read = given.find(&session).await.session;
    given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    let before = given.traces().await;
    let retries = RetryStreak { generation: 1, length: 1 };
    let audit = Some(given.event(AuditKind::RefreshRisk));
    let touch = TouchSession {
        id: session.id,
        at: given.now(),
        idle_expires_at: given.now(),
        address: None,
    };
    assert_eq!(given.write(given.rotate(&read)).await, Swap::Lost);
    assert_eq!(given.write(given.add_leaf(&read)).await, Swap::Lost);
    assert_eq!(given.write(CountRetry { id: session.id, retries, audit }).await, Swap::Lost);
    assert_eq!(given.write(touch).await, Swap::Lost);
    let again = given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    assert!(again.sessions.is_empty() && again.feed.is_none());
    assert_eq!(given.traces().await, before);
    let sealed = given.find(&session).await.session.rotation.successor_sealed;
    assert!(sealed.is_none(), "nobody may open it any more");
}

#[tokio::test]
async fn a_retry_whose_event_cannot_be_written_has_not_happened() {
    let Some(given) = Given::start().await else { return };
    let user = given.stored_user("anna").await;
    let session = given.stored_session(&user).await;
    given.write(given.rotate(&session)).await;
    let read = given.find(&session).await.session;
    let impossible = given.impossible_event().await;
    let add = AddLeaf { audit: Some(impossible.clone()), ..given.add_leaf(&read) };
    assert!(given.store().write(add).await.is_err());
    let retries = RetryStreak { generation: 1, length: 1 };
    let count = CountRetry { id: session.id, retries, audit: Some(impossible) };
    assert!(given.store().write(count).await.is_err());
    let after = given.find(&session).await.session.rotation;
    assert_eq!((after.leaves.len(), after.retries), (1, RetryStreak::default()));
}
