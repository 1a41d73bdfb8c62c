//! Databases that lost writes, as after a failover to a standby that lagged: what the nodes notice,
//! and what they refuse from then on.

use chancery::flows::admin::By;
use chancery::flows::admin::keys::{self, KeyView};
use chancery::protocol::audit::AuditKind;
use chancery::protocol::key::{KeyState, KeyUse};
use chancery::protocol::revocation::Kind;

use http::Method;
use serde_json::json;

use super::BACKEND;
use crate::support::{Options, Raw, TestServer};

async fn keep_log(raw: &mut Raw) {
    raw.keep("feed_head", "id = 1").await;
    raw.keep("revocation", "seq >= 0").await;
}

async fn set_log_back(raw: &mut Raw) {
    raw.put_back("revocation", "seq >= 0").await;
    raw.put_back("feed_head", "id = 1").await;
}

#[tokio::test]
async fn a_log_that_lost_its_end_begins_a_new_epoch_in_which_everything_older_is_refused() {
    // C144
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    let stays = server.login().await;
    let revoked = server.login().await;
    let before = server.head().await;
    keep_log(&mut raw).await;
    server.revoke(&revoked.refresh).await;
    set_log_back(&mut raw).await;
    assert_eq!(server.head().await.seq, before.seq, "the log has lost an entry");

    server.server.memory.refresh().await.unwrap();
    let after = server.head().await;
    assert!(after.epoch > before.epoch);
    assert!(after.regressed_at.is_some());
    assert_eq!(server.entries(Kind::All).await, 1);
    assert_eq!(server.events(AuditKind::StorageRegressed).await, 1);
    assert!(!server.is_active(&stays.access).await, "obeyed at once by the node that noticed");
    assert!(!server.is_active(&revoked.access).await, "what was known is kept");

    let next = server.refresh(&stays.refresh).await.tokens();
    assert!(server.is_active(&next.access).await, "sessions stay");
    for _ in 0..3 {
        server.advance(1);
        server.server.memory.refresh().await.unwrap();
    }
    assert_eq!(server.head().await.epoch, after.epoch, "one loss, one epoch");
}

#[tokio::test]
async fn a_log_that_new_entries_have_overtaken_is_found_by_the_mark_of_the_last_known_one() {
    for overtaking in [1, 3] {
        let Some(server) = TestServer::start(BACKEND).await else { return };
        let mut raw = server.raw().await;
        let mut tokens = Vec::new();
        for _ in 0..5 {
            tokens.push(server.login().await);
        }
        keep_log(&mut raw).await;
        server.revoke(&tokens[0].refresh).await;
        let before = server.head().await;
        set_log_back(&mut raw).await;
        // Another node, which never saw what was lost, goes on writing.
        let other = server.another(2).await;
        for one in &tokens[1..=overtaking] {
            other.revoke(&one.refresh).await;
        }
        let overtaken = server.head().await;
        assert!(overtaken.seq >= before.seq && overtaken.epoch == before.epoch);

        server.server.memory.refresh().await.unwrap();
        assert!(server.head().await.epoch > before.epoch, "overtaken by {overtaking}");
        other.server.memory.refresh().await.unwrap();
        for node in [&server, &other] {
            assert!(!node.is_active(&tokens[4].access).await);
        }
        server.refresh(&tokens[4].refresh).await.tokens();
    }
}

#[tokio::test]
async fn an_epoch_that_is_lost_with_its_end_is_followed_by_one_beyond_it() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    keep_log(&mut raw).await;
    let revoked = server.login().await;
    server.revoke(&revoked.refresh).await;
    set_log_back(&mut raw).await;
    keep_log(&mut raw).await;
    server.server.memory.refresh().await.unwrap();
    let second = server.head().await.epoch;
    server.advance(60);
    let stays = server.login().await;

    // A second failover, to a standby that knows nothing of the first, under the running node.
    set_log_back(&mut raw).await;
    server.server.memory.refresh().await.unwrap();
    let third = server.head().await;
    assert!(third.epoch > second, "{} is not beyond {second}", third.epoch);
    assert_eq!(server.entries(Kind::All).await, 1);
    assert!(!server.is_active(&stays.access).await);
    let later = server.another(5).await;
    assert!(!later.is_active(&stays.access).await, "and a node that starts later obeys");
}

#[tokio::test]
async fn what_refuses_all_after_a_loss_outlasts_the_tokens_even_if_their_life_is_lost_too() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    keep_log(&mut raw).await;
    let revoked = server.login().await;
    server.revoke(&revoked.refresh).await;
    set_log_back(&mut raw).await;
    raw.run("DELETE FROM token_life").await;
    server.server.memory.refresh().await.unwrap();
    let log = server.log().await;
    let all = log.iter().find(|revocation| revocation.entry.kind == Kind::All).unwrap();
    let hour = std::time::Duration::from_hours(1);
    assert!(all.entry.until.unwrap() >= server.server.now() + hour);
}

#[tokio::test]
async fn a_clock_set_forward_and_back_forgets_no_revocation() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let revoked = server.login().await;
    server.revoke(&revoked.refresh).await;
    assert!(!server.is_active(&revoked.access).await);
    server.advance(61);
    server.clock.step_wall(3 * 3_600_000);
    let other = server.login().await;
    server.revoke(&other.refresh).await;
    assert_eq!(server.server.memory.revocations().len(), 1, "the first was dropped as over");
    server.clock.step_wall(-3 * 3_600_000);
    server.server.memory.refresh().await.unwrap();
    assert!(!server.is_active(&revoked.access).await);
}

#[tokio::test]
async fn many_sessions_torn_by_one_loss_begin_one_epoch_and_a_later_loss_another() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    let (mut torn, mut epochs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let first = server.login().await;
        let row = raw.row_of(&first.access);
        raw.keep("session", &row).await;
        let second = server.refresh(&first.refresh).await.tokens();
        raw.put_back("session", &row).await;
        torn.push((row, second));
    }
    server.advance(10);
    for (row, newer) in &torn {
        server.refresh(&newer.refresh).await.assert_invalid_grant();
        let ended = format!("SELECT COUNT(*) FROM session WHERE {row} AND ended_reason = ");
        assert_eq!(raw.number(&format!("{ended}'storage_regressed'")).await, 1);
        epochs.push(server.head().await.epoch);
        server.advance(10);
    }
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{epochs:?}");
    assert_eq!(server.entries(Kind::All).await, 1);
    assert_eq!(server.events(AuditKind::StorageRegressed).await, 3);

    let later = server.login().await;
    let row = raw.row_of(&later.access);
    raw.keep("session", &row).await;
    let newer = server.refresh(&later.refresh).await.tokens();
    raw.put_back("session", &row).await;
    server.refresh(&newer.refresh).await.assert_invalid_grant();
    assert!(server.head().await.epoch > epochs[0]);
    assert_eq!(server.entries(Kind::All).await, 2);
}

#[tokio::test]
async fn two_nodes_that_find_the_same_loss_begin_one_epoch() {
    let Some(one) = TestServer::start(BACKEND).await else { return };
    let two = one.another(2).await;
    let mut raw = one.raw().await;
    let tokens = one.login().await;
    let revoked = one.login().await;
    let before = one.head().await;
    keep_log(&mut raw).await;
    one.revoke(&revoked.refresh).await;
    two.server.memory.refresh().await.unwrap();
    set_log_back(&mut raw).await;

    let (first, second) = tokio::join!(one.server.memory.refresh(), two.server.memory.refresh());
    first.unwrap();
    second.unwrap();
    let after = one.head().await;
    assert!(after.epoch > before.epoch);
    assert_eq!(one.entries(Kind::All).await, 1);
    for node in [&one, &two] {
        assert!(!node.is_active(&tokens.access).await);
        node.server.memory.refresh().await.unwrap();
    }
    assert_eq!(one.head().await, after);
}

#[tokio::test]
async fn a_loss_is_not_forgotten_while_the_new_epoch_cannot_be_written() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    let tokens = server.login().await;
    let revoked = server.login().await;
    let before = server.head().await;
    keep_log(&mut raw).await;
    server.revoke(&revoked.refresh).await;
    set_log_back(&mut raw).await;

    // A standby that is not promoted yet reads and does not write.
    raw.run("ALTER TABLE audit RENAME TO away").await;
    for _ in 0..2 {
        assert!(server.server.memory.refresh().await.is_err());
    }
    server.advance(2);
    let form = format!("token={}", tokens.access);
    let reply = server.form("/oauth/introspect", &server.basic(), &form).await;
    reply.assert_error(503, "temporarily_unavailable");

    raw.run("ALTER TABLE away RENAME TO audit").await;
    server.server.memory.refresh().await.unwrap();
    assert!(server.head().await.epoch > before.epoch);
    assert!(!server.is_active(&tokens.access).await);
}

#[tokio::test]
async fn a_compromised_key_that_is_back_is_removed_again_and_published() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    let by = By::command_line();
    for usage in [KeyUse::AccessToken, KeyUse::Feed] {
        keep_log(&mut raw).await;
        raw.keep("signing_key", "algorithm <> ''").await;
        let listed = keys::list(&server.server).await.unwrap();
        let active = |key: &&KeyView| key.usage == usage && key.life.state == KeyState::Active;
        let kid = listed.iter().find(active).unwrap().kid.clone();
        keys::compromise(&server.server, &by, &kid).await.unwrap();
        raw.put_back("signing_key", "algorithm <> ''").await;
        set_log_back(&mut raw).await;

        server.look().await;
        let left = keys::list(&server.server).await.unwrap();
        assert!(left.iter().all(|key| key.kid != kid), "{usage:?}");
        assert!(left.iter().any(|key| active(&key)), "{usage:?}: its successor signs");
        server.advance(30);
        let told = server.document("").await;
        assert!(told.refuses(Kind::Key, kid.as_str()) && told.refuses(Kind::All, ""));
        let after = server.head().await;
        server.look().await;
        assert_eq!(server.head().await, after, "once is enough");
    }
    let tokens = server.login().await;
    assert!(server.is_active(&tokens.access).await);
}

#[tokio::test]
async fn a_token_newer_than_its_session_ends_it_as_a_loss_and_not_as_theft() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    let bystander = server.login().await;
    let first = server.login().await;
    let row = raw.row_of(&first.access);
    raw.keep("session", &row).await;
    let second = server.refresh(&first.refresh).await.tokens();
    raw.put_back("session", &row).await;
    let before = server.head().await;

    server.refresh(&second.refresh).await.assert_invalid_grant();
    let ended = format!("SELECT COUNT(*) FROM session WHERE {row} AND ended_reason = ");
    assert_eq!(raw.number(&format!("{ended}'storage_regressed'")).await, 1);
    assert_eq!(server.events(AuditKind::StorageRegressed).await, 1);
    assert_eq!(server.events(AuditKind::RefreshReuse).await, 0);
    let after = server.head().await;
    assert!(after.epoch > before.epoch);
    assert_eq!(server.entries(Kind::All).await, 1, "the lost writes may be revocations");
    for token in [&first, &second, &bystander] {
        assert!(!server.is_active(&token.access).await);
    }
    server.refresh(&first.refresh).await.assert_invalid_grant();
    assert_eq!(server.head().await, after, "a dead session's tokens write nothing");
    let next = server.refresh(&bystander.refresh).await.tokens();
    assert!(server.is_active(&next.access).await);
}

#[tokio::test]
async fn a_loss_that_a_refresh_finds_first_is_obeyed_by_the_nodes_that_would_have_found_it_later() {
    let Some(one) = TestServer::start(BACKEND).await else { return };
    let two = one.another(2).await;
    let mut raw = one.raw().await;
    let first = one.login().await;
    let (bystander, revoked) = (one.login().await, one.login().await);
    let row = raw.row_of(&first.access);
    raw.keep("session", &row).await;
    keep_log(&mut raw).await;
    let second = one.refresh(&first.refresh).await.tokens();
    one.revoke(&revoked.refresh).await;
    two.server.memory.refresh().await.unwrap();
    set_log_back(&mut raw).await;
    raw.put_back("session", &row).await;

    // Within its lease the node has not looked at the log again.
    one.refresh(&second.refresh).await.assert_invalid_grant();
    let three = one.another(3).await;
    two.server.memory.refresh().await.unwrap();
    for node in [&one, &two, &three] {
        for tokens in [&bystander, &revoked] {
            assert!(!node.is_active(&tokens.access).await);
        }
    }
}

#[tokio::test]
async fn reuse_soon_after_a_loss_is_reported_as_its_consequence() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut raw = server.raw().await;
    for (after, kind) in [(600, AuditKind::StorageRegressed), (601, AuditKind::RefreshReuse)] {
        let torn = server.login().await;
        let row = raw.row_of(&torn.access);
        raw.keep("session", &row).await;
        let newer = server.refresh(&torn.refresh).await.tokens();
        raw.put_back("session", &row).await;
        let first = server.login().await;
        let second = server.refresh(&first.refresh).await.tokens();
        server.refresh(&second.refresh).await.tokens();
        server.refresh(&newer.refresh).await.assert_invalid_grant();
        let lost_at = server.head().await.regressed_at.unwrap().seconds();
        let now = server.clock.seconds();
        server.clock.step_wall((lost_at + after - now) * 1000);

        let before = server.events(kind).await;
        server.refresh(&first.refresh).await.assert_invalid_grant();
        assert_eq!(server.events(kind).await, before + 1, "{after} s after the loss");
    }
}

#[tokio::test]
async fn a_change_in_the_place_of_one_that_was_lost_is_seen_by_who_knows_the_lost_one() {
    for remembered_clients in [1, 100] {
        let options = Options { remembered_clients, ..Options::default() };
        let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
        let mut raw = server.raw().await;
        let path = format!("/clients/{}", server.client_key("demo").await);
        raw.keep("feed_head", "id = 1").await;
        raw.keep("client", "id = 'demo'").await;
        let renamed = server.admin(Method::PATCH, &path, &json!({"name": "Lost"})).await;
        assert_eq!(renamed.status, 200, "{renamed:?}");
        server.client_token(&server.basic(), "").await;
        raw.put_back("client", "id = 'demo'").await;
        raw.put_back("feed_head", "id = 1").await;

        // Before this node looks again, another one goes on.
        let other = server.another_with(2, options).await;
        other.clock.step_wall(1);
        let disabled = other.admin(Method::PATCH, &path, &json!({"status": "disabled"})).await;
        assert_eq!(disabled.status, 200, "{disabled:?}");
        server.look().await;
        let form = "grant_type=client_credentials";
        let reply = server.form("/oauth/token", &server.basic(), form).await;
        reply.assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn what_is_remembered_of_one_epoch_is_not_believed_in_the_next() {
    for remembered_clients in [1, 100] {
        let options = Options { remembered_clients, ..Options::default() };
        let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
        let mut raw = server.raw().await;
        let form = "grant_type=client_credentials";
        let mut look = async |sql: &str| {
            raw.run(sql).await;
            server.look().await;
            server.form("/oauth/token", &server.basic(), form).await
        };
        look("SELECT 1").await.tokens();
        // Nothing says that it has changed, as in a database that has lost more than that.
        look("UPDATE client SET status = 'disabled' WHERE id = 'demo'").await.tokens();
        let next = look("UPDATE feed_head SET epoch = epoch + 1 WHERE id = 1").await;
        next.assert_error(401, "invalid_client");
    }
}
