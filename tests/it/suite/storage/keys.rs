//! Keys: one active and one announced per place, and all of a step or nothing of it.

use chancery::protocol::audit::AuditKind;
use chancery::protocol::key::KeyState::{Active, Announced, Removed, Retired};
use chancery::protocol::key::{Algorithm, KeyLife, KeyRecord, KeyState, KeyUse, Kid};
use chancery::protocol::revocation::Kind;
use chancery::storage::StorageError;
use chancery::storage::ops::Swap;
use chancery::storage::ops::keys::{
    CompromiseKey, InsertKey, KeyMove, KeyName, LoadKeys, MoveKeys, TokenKeyRecord,
};

use super::Given;

impl Given {
    async fn signing(&self) -> Vec<KeyRecord> {
        self.store().read(LoadKeys).await.unwrap().signing
    }

    async fn token_keys(&self) -> Vec<TokenKeyRecord> {
        self.store().read(LoadKeys).await.unwrap().token
    }

    /// The key that signs access tokens with ES256 or waits to.
    async fn key(&self, state: KeyState) -> KeyRecord {
        let here = |key: &KeyRecord| {
            key.usage == KeyUse::AccessToken
                && key.algorithm == Algorithm::Es256
                && key.life.state == state
        };
        self.signing().await.into_iter().find(here).unwrap()
    }

    fn insert(&self, mut key: KeyRecord, state: KeyState) -> InsertKey {
        let name: [u8; 8] = self.random();
        key.kid = Kid::new(&format!("kid-{}", u64::from_be_bytes(name)));
        key.life = KeyLife::begin(state, self.now());
        InsertKey::Signing(Box::new(key), Box::new(self.event(AuditKind::KeyAnnounced)))
    }

    async fn take(&self, moves: Vec<KeyMove>) -> Result<Swap, StorageError> {
        let audit = Some(self.event(AuditKind::KeyActivated));
        self.store().write(MoveKeys { moves, at: self.now(), audit }).await
    }
}

fn step(key: KeyName, from: KeyState, to: KeyState) -> KeyMove {
    KeyMove { key, from, to }
}

#[tokio::test]
async fn a_place_takes_one_active_and_one_announced_key() {
    // C133
    let Some(given) = Given::start().await else { return };
    let before = given.traces().await;
    for state in [Active, Announced] {
        let insert = given.insert(given.key(state).await, state);
        assert_eq!(given.store().write(insert).await.unwrap(), Swap::Lost, "{state:?}");
        let life = KeyLife::begin(state, given.now());
        let token = InsertKey::Token(TokenKeyRecord { number: 200, life, sealed: vec![1] });
        assert_eq!(given.store().write(token).await.unwrap(), Swap::Lost, "{state:?}");
    }
    let number = given.token_keys().await[0].number;
    let life = KeyLife { state: Retired, ..KeyLife::begin(Active, given.now()) };
    let again = InsertKey::Token(TokenKeyRecord { number, life, sealed: vec![1] });
    assert_eq!(given.store().write(again).await.unwrap(), Swap::Lost, "a number is used once");
    assert_eq!(given.traces().await, before);
}

#[tokio::test]
async fn of_many_keys_inserted_into_an_empty_place_at_once_one_stays() {
    let Some(given) = Given::start().await else { return };
    let mut key = given.key(Active).await;
    key.algorithm = Algorithm::EdDsa;
    let before = given.traces().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let insert = given.insert(key.clone(), Active);
        let store = given.store().clone();
        tasks.spawn(async move { store.write(insert).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|swap| **swap == Swap::Won).count(), 1);
    assert_eq!(given.traces().await, (before.0, before.1 + 1, before.2 + 1));
}

#[tokio::test]
async fn keys_move_all_or_none() {
    let Some(given) = Given::start().await else { return };
    let active = KeyName::Signing(given.key(Active).await.kid);
    let announced = KeyName::Signing(given.key(Announced).await.kid);
    let states = async || {
        let keys = given.signing().await;
        keys.iter().map(|key| (key.kid.clone(), key.life.state)).collect::<Vec<_>>()
    };
    let (before, traces) = (states().await, given.traces().await);
    let retire = step(active.clone(), Active, Retired);
    let lost = step(announced.clone(), Retired, Removed);
    let clash = step(announced.clone(), Announced, Active);
    let first_lost = given.take(vec![lost.clone(), retire.clone()]).await.unwrap();
    assert_eq!(first_lost, Swap::Lost);
    for moves in [vec![retire.clone(), lost], vec![clash]] {
        let undone = given.take(moves).await;
        assert!(matches!(undone, Err(StorageError::Conflict)), "{undone:?}");
    }
    let impossible = MoveKeys {
        moves: vec![retire.clone()],
        at: given.now(),
        audit: Some(given.impossible_event().await),
    };
    assert!(given.store().write(impossible).await.is_err());
    assert_eq!(states().await, before);
    assert_eq!(given.traces().await.2, traces.2);

    given.0.advance(7);
    let activate = step(announced.clone(), Announced, Active);
    assert_eq!(given.take(vec![retire.clone(), activate]).await.unwrap(), Swap::Won);
    assert_eq!(given.take(vec![retire]).await.unwrap(), Swap::Lost);
    let now = Some(given.now());
    let fresh = given.key(Active).await;
    assert_eq!((fresh.life.activated_at, fresh.life.retired_at), (now, None));
    assert_eq!(given.key(Retired).await.life.retired_at, now);
    assert_eq!(given.take(vec![step(active, Retired, Removed)]).await.unwrap(), Swap::Won);
    let mut raw = given.0.raw().await;
    let emptied = "SELECT COUNT(*) FROM signing_key WHERE state = 'removed' AND LENGTH(sealed) = 0";
    assert_eq!(raw.number(emptied).await, 1, "a removed key is of use to nobody");
}

#[tokio::test]
async fn a_removed_token_key_is_emptied_and_its_number_stays_taken() {
    let Some(given) = Given::start().await else { return };
    let keys = given.token_keys().await;
    let active = keys.iter().find(|key| key.life.state == Active).unwrap();
    let name = KeyName::Token(active.number);
    for (from, to) in [(Active, Retired), (Retired, Removed)] {
        let step = step(name.clone(), from, to);
        assert_eq!(given.take(vec![step]).await.unwrap(), Swap::Won);
    }
    let keys = given.token_keys().await;
    let removed = keys.iter().find(|key| key.number == active.number).unwrap();
    assert_eq!(removed.life.state, Removed);
    assert!(removed.sealed.is_empty());
}

#[tokio::test]
async fn a_compromised_active_key_is_replaced_refused_and_gone_in_one_step() {
    let Some(given) = Given::start().await else { return };
    let active = given.key(Active).await;
    let announced = given.key(Announced).await;
    let compromise = |kid: &Kid| CompromiseKey {
        kid: kid.clone(),
        revoking: given.revoking(),
        at: given.now(),
        audit: given.event(AuditKind::KeyCompromised),
    };
    let impossible =
        CompromiseKey { audit: given.impossible_event().await, ..compromise(&active.kid) };
    let before = given.traces().await;
    assert!(given.store().write(impossible).await.is_err());
    assert_eq!(given.key(Active).await.kid, active.kid);

    assert!(given.store().write(compromise(&active.kid)).await.unwrap().is_some());
    assert_eq!(given.key(Active).await.kid, announced.kid);
    let entry = given.0.log().await.pop().unwrap().entry;
    assert_eq!(entry.digest, Kind::Key.digest(active.kid.as_str()));
    assert_eq!((entry.not_before, entry.until), (None, None), "such an entry never ends");
    let after = given.traces().await;
    assert_eq!(after, (before.0 + 1, before.1 + 1, before.2 + 1));
    assert!(given.store().write(compromise(&active.kid)).await.unwrap().is_none());
    assert!(given.store().write(compromise(&Kid::new("no such key"))).await.unwrap().is_none());
    assert_eq!(given.traces().await, after);
}
