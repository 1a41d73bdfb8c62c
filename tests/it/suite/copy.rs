//! Copying everything to the other database.

use std::collections::BTreeSet;

use chancery::flows::copy::{CopyError, copy};
use chancery::protocol::audit::{Actor, AuditKind};
use chancery::storage::Store;
use chancery::storage::ops::audit::Append;
use chancery::storage::ops::copy::{Cell, ExportRows, ImportRows, Row, Table};
use chancery::storage::ops::feed::ReadHead;
use http::{Method, StatusCode};
use serde_json::json;

use super::BACKEND;
use crate::support::{Backend, TestServer};

async fn rows(store: &Store, table: Table) -> Vec<Row> {
    store.read(ExportRows { table, after: None, limit: 10_000 }).await.unwrap()
}

#[tokio::test]
async fn sessions_keys_and_revocations_go_on_in_the_copy() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    server.advance(60);
    let second = server.refresh(&first.refresh).await.tokens();
    let ended = server.login().await;
    let form = format!("token={}", ended.refresh);
    server.form("/oauth/revoke", &server.basic(), &form).await;
    let Some(copy) = server.copied_to(BACKEND.other()).await else { return };
    let jwks = "/.well-known/jwks.json";
    assert_eq!(copy.get(jwks).await.body, server.get(jwks).await.body);
    assert!(copy.is_active(&second.access).await);
    assert!(!copy.is_active(&ended.access).await, "a revocation was lost");
    copy.refresh(&ended.refresh).await.assert_invalid_grant();
    let third = copy.refresh(&second.refresh).await.tokens();
    copy.advance(60);
    let fourth = copy.refresh(&third.refresh).await.tokens();
    // A token of before the copy is known as replaced, and gives the theft away.
    copy.refresh(&first.refresh).await.assert_invalid_grant();
    copy.refresh(&fourth.refresh).await.assert_invalid_grant();
    copy.login().await;
    assert_eq!(copy.get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_log_of_revocations_goes_on_where_it_was() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    let form = format!("token={}", tokens.refresh);
    server.form("/oauth/revoke", &server.basic(), &form).await;
    let before = server.server.store.read(ReadHead).await.unwrap();
    let Some(copy) = server.copied_to(BACKEND.other()).await else { return };
    let after = copy.server.store.read(ReadHead).await.unwrap();
    assert!(before.seq > 0);
    assert_eq!((after.epoch, after.seq, after.tip), (before.epoch, before.seq, before.tip));
    let tokens = copy.login().await;
    copy.form("/oauth/revoke", &copy.basic(), &format!("token={}", tokens.refresh)).await;
    assert_eq!(copy.server.store.read(ReadHead).await.unwrap().seq, before.seq + 1);
}

#[tokio::test]
async fn every_row_is_copied_as_it_is_and_back() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tokens = server.login().await;
    server.refresh(&tokens.refresh).await.tokens();
    let shop = json!({
        "client_id": "shop", "origins": ["https://shop.example"], "grants": ["authorization_code"],
        "redirect_uris": ["https://shop.example/cb", "com.example.shop:/cb"],
        "post_logout_redirect_uris": ["https://shop.example"],
        "backchannel_logout_uri": "https://shop.example/logout",
        "pkce_required": false, "userinfo_algorithm": "EdDSA",
        "client_uri": "https://shop.example", "policy_uri": "https://shop.example/privacy",
        "tos_uri": "https://shop.example/terms",
    });
    server.create_client(&shop).await;
    let ada = json!({"name": "ada", "profile": {"name": "Ada", "email": "ada@example.com"}});
    assert_eq!(server.admin(Method::POST, "/users", &ada).await.status, StatusCode::CREATED);
    for number in 0..600 {
        let event = server.server.event(AuditKind::Login, Actor::System).about(number);
        server.server.store.write(Append(event)).await.unwrap();
    }
    let Some(there) = BACKEND.other().empty() else { return };
    let Some(back) = BACKEND.empty() else { return };
    let (there, back) = (server.open(&there).await, server.open(&back).await);
    let mut counts = Vec::new();
    let source = &server.server.store;
    copy(source, &there, |table, rows| counts.push((table, rows))).await.unwrap();
    copy(&there, &back, |_, _| ()).await.unwrap();
    for table in Table::EVERY.iter().copied().filter(|table| *table != Table::FeedHead) {
        let original = rows(source, table).await;
        assert!(rows(&there, table).await == original, "{} differs", table.name());
        assert!(rows(&back, table).await == original, "{} differs", table.name());
        assert!(counts.contains(&(table, original.len())), "{}", table.name());
    }
    assert!(rows(source, Table::Audit).await.len() > 600);
    there.close().await;
    back.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_written_to_meanwhile_is_noticed() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let source = &server.server.store;
    // None of these moves the end of the log.
    for (after, what) in [(Table::Audit, "a row"), (Table::Sessions, "a refresh")] {
        let tokens = server.login().await;
        server.advance(60);
        let Some(place) = BACKEND.other().empty() else { return };
        let target = server.open(&place).await;
        let here = tokio::runtime::Handle::current();
        let write = async || match what {
            "a row" => {
                let event = server.server.event(AuditKind::Login, Actor::System);
                source.write(Append(event)).await.unwrap();
            }
            _ => drop(server.refresh(&tokens.refresh).await.tokens()),
        };
        let copied = copy(source, &target, |table, _| {
            if table == after {
                tokio::task::block_in_place(|| here.block_on(write()));
            }
        });
        assert!(matches!(copied.await, Err(CopyError::WrittenMeanwhile)), "{what}");
        target.close().await;
    }
}

#[tokio::test]
async fn a_database_in_use_is_no_target_and_stays_as_it_is() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let Some(other) = TestServer::start(BACKEND.other()).await else { return };
    let before = other.rows().await;
    let refused = copy(&server.server.store, &other.server.store, |_, _| ()).await;
    assert!(matches!(refused, Err(CopyError::NotEmpty(_))));
    assert_eq!(other.rows().await, before);
    other.login().await;
}

#[tokio::test]
async fn a_log_that_readers_may_know_already_goes_on_in_a_new_epoch() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let source = server.server.store.read(ReadHead).await.unwrap();
    for (epoch, seq) in [(source.epoch + 5, 0), (source.epoch, source.seq + 9)] {
        let Some(place) = BACKEND.other().empty() else { return };
        let target = server.open(&place).await;
        let mut head = rows(&target, Table::FeedHead).await.remove(0);
        (head[1], head[2]) = (Cell::Integer(Some(epoch)), Cell::Integer(Some(seq)));
        target.write(ImportRows { table: Table::FeedHead, rows: vec![head] }).await.unwrap();
        let known = target.read(ReadHead).await.unwrap();
        copy(&server.server.store, &target, |_, _| ()).await.unwrap();
        let copied = target.read(ReadHead).await.unwrap();
        assert!(copied.epoch > known.epoch, "{known:?} {copied:?}");
        target.close().await;
    }
}

#[tokio::test]
async fn no_table_and_no_column_is_left_out() {
    let Some((place, _)) = BACKEND.place().await else { return };
    let listed: BTreeSet<(String, String)> = Table::EVERY
        .iter()
        .flat_map(|table| table.columns().iter().map(|(column, _)| (table.name(), *column)))
        .map(|(table, column)| (table.to_owned(), column.to_owned()))
        .collect();
    assert_eq!(place.columns().await, listed);
}

#[test]
fn the_databases_are_each_others_other() {
    assert_ne!(BACKEND.other(), BACKEND);
    assert_eq!(Backend::other(BACKEND.other()), BACKEND);
}
