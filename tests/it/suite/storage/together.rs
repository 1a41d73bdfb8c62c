//! What many ask for in the same moment: each has the answer to his own question, and none has to answer
//! for another.

use std::collections::HashSet;

use chancery::protocol::audit::AuditKind;
use chancery::protocol::client::ClientId;
use chancery::protocol::session::{EndReason, Session, SessionStatus};
use chancery::storage::ops::Swap;
use chancery::storage::ops::feed::{Revoke, Revokes};
use chancery::storage::ops::sessions::{EndSessions, FindSession, Sessions};
use chancery::storage::{StorageError, Stored};
use futures_util::future::join_all;

use super::Given;

impl Given {
    async fn sessions(&self, count: usize) -> Vec<Session> {
        let user = self.stored_user("anna").await;
        let mut sessions = Vec::new();
        for _ in 0..count {
            sessions.push(self.stored_session(&user).await);
        }
        sessions
    }

    /// Asks for all of these in the same moment.
    async fn at_once<O: Stored>(&self, all: Vec<O>) -> Vec<Result<O::Output, StorageError>> {
        join_all(all.into_iter().map(|one| self.store().write(one))).await
    }

    fn token(&self, jti: &str) -> Revoke {
        let what = Revokes::Token { jti: jti.to_owned(), expires_at: self.now() };
        Revoke { what, revoking: self.revoking(), audit: self.event(AuditKind::Revoked) }
    }
}

#[tokio::test]
async fn each_finds_his_own_session_also_where_two_ask_for_one_or_somebody_for_none() {
    let Some(given) = Given::start().await else { return };
    let sessions = given.sessions(6).await;
    let unknown = given.session(&given.user("nobody")).id;
    let mut ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
    ids.extend([unknown, ids[2], ids[2]]);
    let found = join_all(ids.iter().map(|id| given.store().read(FindSession(*id)))).await;
    for (id, found) in ids.iter().zip(found) {
        let found = found.unwrap().map(|found| found.session.id);
        assert_eq!(found, (*id != unknown).then_some(*id));
    }
}

#[tokio::test]
async fn a_session_that_cannot_be_read_is_no_fault_of_the_others() {
    let Some(given) = Given::start().await else { return };
    let sessions = given.sessions(3).await;
    let spoilt = sessions[1].id;
    let mut raw = given.0.raw().await;
    let id = raw.bytes(spoilt.as_bytes());
    raw.run(&format!("UPDATE session SET scope = '\"' WHERE id = {id}")).await;
    let finds = sessions.iter().map(|session| given.store().read(FindSession(session.id)));
    for (session, found) in sessions.iter().zip(join_all(finds).await) {
        assert_eq!(found.is_err(), session.id == spoilt);
    }
}

#[tokio::test]
async fn sessions_rotate_each_to_its_own_leaf_and_of_two_callers_one_wins() {
    let Some(given) = Given::start().await else { return };
    let sessions = given.sessions(5).await;
    let rotations: Vec<_> =
        sessions.iter().chain(&sessions).map(|session| given.rotate(session)).collect();
    let leaves: Vec<_> = rotations.iter().map(|one| (one.id, one.child.clone())).collect();
    let swaps = given.at_once(rotations).await;
    let mut won = HashSet::new();
    for ((id, leaf), swap) in leaves.into_iter().zip(swaps) {
        let session = given.store().read(FindSession(id)).await.unwrap().unwrap().session;
        assert_eq!(session.rotation.leaves == [leaf], swap.unwrap() == Swap::Won);
        assert_eq!(session.rotation.generation, 1);
        won.insert(session.id);
    }
    assert_eq!(won.len(), sessions.len());
}

#[tokio::test]
async fn sessions_that_end_each_leave_an_entry_with_its_own_mark_and_an_event() {
    let Some(given) = Given::start().await else { return };
    let sessions = given.sessions(6).await;
    let (other, before) = (ClientId::parse("another").unwrap(), given.traces().await);
    let last = sessions[5].id;
    let mut ends: Vec<EndSessions> =
        sessions[..5].iter().map(|one| given.end(Sessions::One(one.id))).collect();
    ends.push(given.end(Sessions::OneOf(last, other)));
    ends.push(given.end(Sessions::One(sessions[0].id)));
    let ended = given.at_once(ends).await.into_iter().map(Result::unwrap);
    let numbers: Vec<_> = ended.map(|one| (one.sessions, one.feed.map(|at| at.seq))).collect();
    let once = numbers.iter().filter(|(ids, _)| *ids == [sessions[0].id]).count();
    assert_eq!(once, 1, "of two who end one session one does");
    assert_eq!(numbers[5], (vec![], None), "it is another client's");
    let places: HashSet<_> = numbers.iter().filter_map(|(_, seq)| *seq).collect();
    assert_eq!(places.len(), 5);
    let log = given.0.log().await;
    let tips: HashSet<_> = log.iter().map(|one| *one.entry.tip.as_bytes()).collect();
    assert_eq!(tips.len(), log.len());
    assert_eq!(given.traces().await, (before.0 + 5, before.1 + 5, before.2));
    for session in &sessions {
        let ended = given.status(session).await == SessionStatus::Ended(EndReason::EndedByAdmin);
        assert_eq!(ended, session.id != last);
    }
}

#[tokio::test]
async fn a_revocation_whose_event_cannot_be_written_has_not_happened_but_those_beside_it_have() {
    let Some(given) = Given::start().await else { return };
    let mut revocations: Vec<_> = ["a", "b", "c"].map(|jti| given.token(jti)).into();
    revocations[1].audit = given.impossible_event().await;
    let before = given.traces().await;
    let done = given.at_once(revocations).await;
    assert_eq!(done.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(given.traces().await, (before.0 + 2, before.1 + 2, before.2));
    let mut ends: Vec<_> = given.sessions(3).await;
    let bad = ends.remove(1);
    let mut all: Vec<_> = ends.iter().map(|one| given.end(Sessions::One(one.id))).collect();
    all.push(EndSessions {
        audit: Some(given.impossible_event().await),
        ..given.end(Sessions::One(bad.id))
    });
    let done = given.at_once(all).await;
    assert_eq!(done.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(given.status(&bad).await, SessionStatus::Active);
}
