//! Ending browser sessions, and what is under them.

use std::collections::HashSet;

use chancery::protocol::revocation::Kind;
use chancery::protocol::session::{Session, SessionStatus};
use chancery::storage::ops::Swap;
use chancery::storage::ops::browser_sessions::{BrowserSessions, EndBrowserSessions};
use chancery::storage::ops::sessions::CreateSession;

use super::super::{AuditKind, Given};
use super::LOGGED_OUT;

#[tokio::test]
async fn ending_one_ends_the_sessions_under_it_but_for_those_that_outlive_it() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let [one, other] = [given.stored_browser(&anna).await, given.stored_browser(&anna).await];
    let under = [given.under(&one, false).await, given.under(&one, false).await];
    let stay = [
        given.under(&one, true).await,
        given.under(&other, false).await,
        given.stored_session(&anna).await,
    ];
    let before = given.0.head().await;
    let ended = given.ended(BrowserSessions::One(one.id)).await;
    assert_eq!(ended.browsers, [one.id]);
    let ids: HashSet<_> = ended.sessions.sessions.iter().copied().collect();
    assert_eq!(ids, under.iter().map(|session| session.id).collect());
    assert_eq!(ended.sessions.feed.unwrap().seq, before.seq + 2);
    let log = given.0.log().await;
    let told: HashSet<_> =
        log.iter().filter(|e| e.seq > before.seq).map(|e| e.entry.digest.0).collect();
    let digest = |session: &Session| Kind::Session.digest(&session.id.to_string()).0;
    assert_eq!(told, under.iter().map(digest).collect());
    assert_eq!(given.browser_status(&one).await, LOGGED_OUT);
    assert_eq!(given.browser_status(&other).await, SessionStatus::Active);
    for session in &under {
        assert_eq!(given.status(session).await, LOGGED_OUT);
    }
    for session in &stay {
        assert_eq!(given.status(session).await, SessionStatus::Active);
    }

    let before = given.traces().await;
    let again = given.ended(BrowserSessions::One(one.id)).await;
    assert!(again.browsers.is_empty() && again.sessions.sessions.is_empty());
    assert!(again.sessions.feed.is_none() && !again.is_full());
    assert_eq!(given.traces().await, before);
}

#[tokio::test]
async fn those_of_a_user_end_all_or_but_for_one_and_those_of_others_stay() {
    let Some(given) = Given::start().await else { return };
    let [anna, bert] = [given.stored_user("anna").await, given.stored_user("bert").await];
    let mut browsers = Vec::new();
    let mut sessions = Vec::new();
    for user in [&anna, &anna, &anna, &bert] {
        let browser = given.stored_browser(user).await;
        sessions.push(given.under(&browser, false).await);
        browsers.push(browser);
    }
    let direct = given.stored_session(&anna).await;
    let alive = async || {
        let mut alive = Vec::new();
        for (browser, session) in browsers.iter().zip(&sessions) {
            let status = given.status(session).await;
            assert_eq!(status, given.browser_status(browser).await);
            alive.push(status == SessionStatus::Active);
        }
        alive
    };
    given.ended(BrowserSessions::OfUser(anna.id, Some(browsers[1].id))).await;
    assert_eq!(alive().await, [false, true, false, true]);
    let ended = given.ended(BrowserSessions::OfUser(anna.id, None)).await;
    assert_eq!(
        (ended.browsers, ended.sessions.sessions),
        (vec![browsers[1].id], vec![sessions[1].id])
    );
    assert_eq!(alive().await, [false, false, false, true]);
    assert_eq!(given.status(&direct).await, SessionStatus::Active, "it began in no browser");
}

#[tokio::test]
async fn more_than_a_batch_of_sessions_ends_in_several_although_the_browser_session_is_over() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..620 {
        let mut session = given.session(&anna);
        (session.browser_session_id, session.offline) = (Some(browser.id), false);
        let (store, audit) = (given.store().clone(), given.event(AuditKind::Login));
        tasks.spawn(async move { store.write(CreateSession { session, audit }).await.unwrap() });
        if tasks.len() == 60 {
            tasks.join_next().await;
        }
    }
    tasks.join_all().await;
    let before = given.0.head().await.seq;
    for (browsers, sessions, full) in [(1, 500, true), (0, 120, false), (0, 0, false)] {
        let ended = given.ended(BrowserSessions::One(browser.id)).await;
        assert_eq!((ended.browsers.len(), ended.sessions.sessions.len()), (browsers, sessions));
        assert_eq!(ended.is_full(), full);
    }
    assert_eq!(given.0.head().await.seq, before + 620);
}

#[tokio::test]
async fn an_end_whose_event_cannot_be_written_has_not_happened() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let session = given.under(&browser, false).await;
    let impossible = given.impossible_event().await;
    let before = given.traces().await;
    let end = EndBrowserSessions {
        audit: Some(impossible),
        ..given.end_browsers(BrowserSessions::One(browser.id))
    };
    assert!(given.store().write(end).await.is_err());
    assert_eq!(given.browser_status(&browser).await, SessionStatus::Active);
    assert_eq!(given.status(&session).await, SessionStatus::Active);
    assert_eq!(given.traces().await, before);
    assert_eq!(given.touch(browser.id).await, Swap::Won);
}
