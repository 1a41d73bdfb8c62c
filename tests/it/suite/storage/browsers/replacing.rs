//! A sign-in in a browser that was signed in: a new id, and the old one is dead (SES-01, C045).

use chancery::protocol::session::{EndReason, SessionStatus};
use chancery::storage::ops::Swap;
use chancery::storage::ops::browser_sessions::{BeginBrowserSession, BrowserSessions};

use super::super::Given;
use super::LOGGED_OUT;

const REPLACED: SessionStatus = SessionStatus::Ended(EndReason::Replaced);

#[tokio::test]
async fn the_replaced_one_ends_and_the_sessions_of_the_same_user_go_on_under_the_new_one() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let [old, beside] = [given.stored_browser(&anna).await, given.stored_browser(&anna).await];
    let [session, offline] = [given.under(&old, false).await, given.under(&old, true).await];
    let ended = given.under(&old, false).await;
    given.store().write(given.end(super::super::Sessions::One(ended.id))).await.unwrap();
    let other = given.under(&beside, false).await;
    let before = given.traces().await;
    let new = given.browser(&anna);
    assert_eq!(given.begin(&new, Some(old.id)).await, Swap::Won);
    let after = given.traces().await;
    assert_eq!((after.0, after.1), (before.0, before.1 + 1), "nothing is refused by it");
    assert_eq!(given.browser_status(&old).await, REPLACED);
    assert_eq!(given.browser_status(&new).await, SessionStatus::Active);
    assert_eq!(given.browser_status(&beside).await, SessionStatus::Active);
    for (session, under) in [(&session, &new), (&offline, &new), (&ended, &old), (&other, &beside)]
    {
        assert_eq!(given.find(session).await.session.browser_session_id, Some(under.id));
    }
    let gone = given.ended(BrowserSessions::One(new.id)).await;
    assert_eq!(gone.sessions.sessions, [session.id], "they end with the new one");
}

#[tokio::test]
async fn the_sessions_of_another_user_stay_under_the_replaced_one_and_can_be_ended() {
    let Some(given) = Given::start().await else { return };
    let [anna, bert] = [given.stored_user("anna").await, given.stored_user("bert").await];
    let old = given.stored_browser(&anna).await;
    let session = given.under(&old, false).await;
    let new = given.browser(&bert);
    assert_eq!(given.begin(&new, Some(old.id)).await, Swap::Won);
    assert_eq!(given.browser_status(&old).await, REPLACED);
    assert_eq!(given.find(&session).await.session.browser_session_id, Some(old.id));
    let ended = given.ended(BrowserSessions::One(old.id)).await;
    assert!(ended.browsers.is_empty(), "it is over already");
    assert_eq!(ended.sessions.sessions, [session.id]);
    assert_eq!(given.browser_status(&old).await, REPLACED);
    assert_eq!(given.browser_status(&new).await, SessionStatus::Active);
}

#[tokio::test]
async fn of_many_that_replace_one_at_once_one_takes_over_its_sessions() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let old = given.stored_browser(&anna).await;
    let sessions = [given.under(&old, false).await, given.under(&old, false).await];
    let mut tasks = tokio::task::JoinSet::new();
    let mut ids = Vec::new();
    for _ in 0..20 {
        let (store, session) = (given.store().clone(), given.browser(&anna));
        ids.push(session.id);
        let begin = given.beginning(&session, Some(old.id));
        tasks.spawn(async move { store.write(begin).await.unwrap() });
    }
    assert!(tasks.join_all().await.iter().all(Option::is_some));
    assert_eq!(given.browser_status(&old).await, REPLACED);
    let mut heirs = Vec::new();
    for session in &sessions {
        heirs.push(given.find(session).await.session.browser_session_id.unwrap());
    }
    assert!(ids.contains(&heirs[0]) && heirs[0] == heirs[1], "{heirs:?}");
    let mut listed = given.listed_browsers(&anna).await;
    listed.sort();
    ids.sort();
    assert_eq!(listed, ids, "and nobody is lost who has proved who he is");
}

#[tokio::test]
async fn what_was_ended_before_is_not_replaced_and_hands_nothing_on() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let old = given.stored_browser(&anna).await;
    given.ended(BrowserSessions::One(old.id)).await;
    // What a later batch is still to end.
    let session = given.under(&old, false).await;
    let new = given.browser(&anna);
    assert_eq!(given.begin(&new, Some(old.id)).await, Swap::Won);
    assert_eq!(given.browser_status(&old).await, LOGGED_OUT);
    assert_eq!(given.find(&session).await.session.browser_session_id, Some(old.id));
}

#[tokio::test]
async fn a_sign_in_that_is_lost_or_cannot_be_audited_replaces_nothing() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let old = given.stored_browser(&anna).await;
    let session = given.under(&old, false).await;
    let mut stale = given.browser(&anna);
    stale.user_version += 1;
    assert_eq!(given.begin(&stale, Some(old.id)).await, Swap::Lost);
    let audit = given.impossible_event().await;
    let new = given.browser(&anna);
    let begin = BeginBrowserSession { audit, ..given.beginning(&new, Some(old.id)) };
    assert!(given.store().write(begin).await.is_err());
    assert!(given.found_browser(new.id).await.is_none());
    assert_eq!(given.browser_status(&old).await, SessionStatus::Active);
    assert_eq!(given.find(&session).await.session.browser_session_id, Some(old.id));
}
