//! Moving to another master key.

use std::sync::Arc;

use chancery::keys::master::MasterKey;
use chancery::keys::{Keeper, MasterKeyState, Resealed};
use chancery::protocol::audit::{Actor, AuditKind};
use chancery::storage::ops::audit::ListAudit;

use super::BACKEND;
use crate::support::{MASTER_KEY, TestServer};

const NEXT: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// What keeps the keys of `server` elsewhere, under these master keys.
fn keeper(server: &TestServer, current: &str, previous: Option<&str>) -> Keeper {
    let master = Arc::new(MasterKey::parse(current, previous).unwrap());
    Keeper { master, ..server.server.memory.keeper().clone() }
}

async fn reseal(server: &TestServer, keeper: &Keeper) -> Resealed {
    let audit = server.server.event(AuditKind::KeyResealed, Actor::CommandLine);
    keeper.reseal(&audit).await.unwrap()
}

#[tokio::test]
async fn every_key_moves_to_the_next_master_key_once() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let next = keeper(&server, NEXT, Some(MASTER_KEY));
    assert_eq!(next.master_key_state().await.unwrap(), MasterKeyState::Previous);
    let jwks = next.load().await.unwrap().jwks().body.clone();
    let resealed = reseal(&server, &next).await;
    assert!(resealed.keys >= 6, "{resealed:?}");
    assert_eq!(resealed.unchanged, 0);
    let again = reseal(&server, &next).await;
    assert_eq!(again, Resealed { keys: 0, unchanged: resealed.keys });
    let alone = keeper(&server, NEXT, None);
    assert_eq!(alone.master_key_state().await.unwrap(), MasterKeyState::Current);
    assert_eq!(alone.load().await.unwrap().jwks().body, jwks);
    let old = keeper(&server, MASTER_KEY, None);
    assert_eq!(old.master_key_state().await.unwrap(), MasterKeyState::Wrong);
    assert!(old.load().await.is_err());
    let kind = Some(AuditKind::KeyResealed);
    let told = ListAudit { kind, limit: 100, ..ListAudit::default() };
    assert_eq!(server.server.store.read(told).await.unwrap().len(), resealed.keys);
}

#[tokio::test]
async fn two_who_reseal_at_once_do_it_once() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let next = keeper(&server, NEXT, Some(MASTER_KEY));
    let (one, two) = tokio::join!(reseal(&server, &next), reseal(&server, &next));
    let again = reseal(&server, &next).await;
    assert_eq!(one.keys + two.keys, again.unchanged);
    assert_eq!(again.keys, 0);
}

#[tokio::test]
async fn a_key_sealed_under_neither_stays_as_it_is() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let wrong = keeper(&server, NEXT, None);
    let audit = server.server.event(AuditKind::KeyResealed, Actor::CommandLine);
    assert!(wrong.reseal(&audit).await.is_err());
    let right = keeper(&server, MASTER_KEY, None);
    assert_eq!(right.master_key_state().await.unwrap(), MasterKeyState::Current);
    assert!(right.load().await.is_ok());
}
