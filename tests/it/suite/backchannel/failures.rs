//! What a client answers that cannot be told, and what then happens.

use chancery::protocol::audit::AuditKind;

use super::*;

/// What is waited for after each attempt that failed.
const DELAYS: [u64; 7] = [5, 30, 120, 600, 3600, 3 * 3600, 8 * 3600];

#[tokio::test]
async fn c117_whoever_does_not_answer_is_told_again_ever_more_rarely_and_at_last_no_more() {
    let Some((server, party)) = told().await else { return };
    let elsewhere = RelyingParty::start().await;
    let bad = [
        Answer::HangUp,
        Answer::Status(500),
        Answer::Redirect(elsewhere.address),
        Answer::Status(503),
        Answer::Status(404),
        Answer::Status(302),
        Answer::HangUp,
        Answer::Status(201),
    ];
    party.answer(bad);
    server.logged_out().await;
    server.deliver().await;
    for (made, delay) in DELAYS.into_iter().enumerate() {
        assert_eq!(party.heard().len(), made + 1, "before {delay}");
        server.advance(delay - 1);
        server.deliver().await;
        assert_eq!(party.heard().len(), made + 1, "too soon for {delay}");
        assert!(server.has_notices().await);
        server.advance(1);
        server.deliver().await;
    }
    assert_eq!(party.heard().len(), 8);
    assert_eq!(server.events(AuditKind::LogoutUndelivered).await, 1);
    assert!(!server.has_notices().await);
    server.advance(86_400);
    server.deliver().await;
    assert_eq!(party.heard().len(), 8);
    assert_eq!(elsewhere.heard().len(), 0, "no redirect was followed");
    let ids: HashSet<_> =
        party.heard().iter().map(|token| claims(token)["jti"].to_string()).collect();
    assert_eq!(ids.len(), 8);
}

#[tokio::test]
async fn c117_one_who_is_back_hears_what_he_has_missed_with_a_token_of_now() {
    let Some((server, party)) = told().await else { return };
    party.answer([Answer::HangUp]);
    server.logged_out().await;
    server.deliver().await;
    server.advance(5);
    server.deliver().await;
    let heard = party.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!(claims(&heard[0])["sid"], claims(&heard[1])["sid"]);
    assert_eq!(claims(&heard[1])["iat"], server.clock.seconds());
    assert!(!server.has_notices().await);
    assert_eq!(server.events(AuditKind::LogoutUndelivered).await, 0);
}

#[tokio::test]
async fn c117_one_who_refuses_the_token_is_not_told_again() {
    let Some((server, party)) = told().await else { return };
    party.answer([Answer::Status(400)]);
    server.logged_out().await;
    server.deliver().await;
    assert_eq!(party.heard().len(), 1);
    assert!(!server.has_notices().await);
    assert_eq!(server.events(AuditKind::LogoutUndelivered).await, 1);
}

#[tokio::test]
async fn c117_an_address_of_this_network_is_not_called_and_tried_no_more_often_than_others() {
    let options = Options { calls_itself: false, ..Options::default() };
    let Some((server, party)) = told_with(options).await else { return };
    server.logged_out().await;
    server.deliver().await;
    for delay in DELAYS {
        assert!(server.has_notices().await, "before {delay}");
        server.advance(delay);
        server.deliver().await;
    }
    assert!(!server.has_notices().await);
    assert_eq!(party.heard().len(), 0);
    assert_eq!(server.events(AuditKind::LogoutUndelivered).await, 1);
}

#[tokio::test]
async fn c117_what_could_not_be_told_for_a_day_is_told_no_more() {
    let Some((server, party)) = told().await else { return };
    party.answer(vec![Answer::HangUp; 2]);
    server.logged_out().await;
    server.advance(86_400 - 20);
    server.deliver().await;
    server.advance(5);
    server.deliver().await;
    assert_eq!(party.heard().len(), 2);
    assert!(!server.has_notices().await, "the next attempt would be too late");
    assert_eq!(server.events(AuditKind::LogoutUndelivered).await, 1);

    server.logged_out().await;
    server.advance(86_400 + 1);
    assert_eq!(Sweep::default().run(&server.server).await.unwrap().notices, 1);
}

#[tokio::test]
async fn a_key_that_is_missing_lets_the_notice_wait() {
    let Some((server, party)) = told().await else { return };
    let mut raw = server.raw().await;
    raw.run("UPDATE client SET id_token_algorithm = 'EdDSA' WHERE id = 'demo'").await;
    raw.run("UPDATE feed_head SET changes = changes + 1").await;
    server.logged_out().await;
    server.deliver().await;
    assert!(server.has_notices().await);
    assert_eq!(party.heard().len(), 0);
    server.server.maintain_keys().await.unwrap();
    server.advance(60);
    server.deliver().await;
    assert_eq!(party.heard().len(), 1);
}
