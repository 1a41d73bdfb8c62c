//! Keeping keys: making, announcing, activating, retiring and removing them, safely with many nodes
//! at once: every step is conditional on what was read, and a lost race means that another node has
//! done it.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::error::KeyError;
use super::generate::{GenerationFailed, generate};
use super::master::{MasterKey, Purpose};
use super::ring::{KeyRing, signing_purpose, token_purpose};
use super::schedule::{KeySchedule, MARGIN, Step, needed};
use crate::env::World;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind};
use crate::protocol::ids::AuditId;
use crate::protocol::key::{Algorithm, KeyLife, KeyRecord, KeyState, KeyUse, Kid};
use crate::protocol::time::Timestamp;
use crate::storage::ops::Swap;
use crate::storage::ops::feed::ReadHead;
use crate::storage::ops::keys::{
    InsertKey, KeyMove, KeyName, LoadKeys, MoveKeys, StoredKeys, TokenKeyRecord,
};
use crate::storage::ops::sessions::HasSessions;
use crate::storage::ops::settings::EnsureSetting;
use crate::storage::{StorageError, Store};

/// Keeps the keys of an issuer.
#[derive(Clone)]
pub struct Keeper {
    /// Where they are stored.
    pub store: Store,
    /// What they are sealed under.
    pub master: Arc<MasterKey>,
    /// The lives of signing keys.
    pub signing: KeySchedule,
    /// The lives of the keys that tag refresh tokens. Keys of ID tokens are kept for as long as those.
    pub tokens: KeySchedule,
    /// Time and randomness.
    pub world: World,
}

impl Keeper {
    /// Makes sure that the master key is the one of this database, and writes it down as such in a
    /// new one. A wrong key is found here, with a clear error, and not at the first key.
    pub async fn check_master_key(&self) -> Result<(), KeyError> {
        let sealed = self.master.seal(CHECK, CHECK_PURPOSE, self.world.entropy.as_ref());
        let stored = self.store.write(EnsureSetting { name: CHECK_SETTING, value: sealed }).await?;
        self.master.open(&stored, CHECK_PURPOSE)?;
        Ok(())
    }

    /// Reads and opens every key.
    pub async fn load(&self) -> Result<KeyRing, KeyError> {
        let stored = self.store.read(LoadKeys).await?;
        KeyRing::open(stored, &self.master)
    }

    /// Takes every step that is due for the keys in use, and answers whether there was one. Those that
    /// were in use once take turns too: they are published, and may be asked for again.
    pub async fn maintain(&self, in_use: &[(KeyUse, Algorithm)]) -> Result<bool, KeyError> {
        let stored = self.store.read(LoadKeys).await?;
        let mut changed = false;
        let once = stored.signing.iter().map(|key| (key.usage, key.algorithm));
        let places: Vec<_> = in_use.iter().copied().chain(once).collect();
        for place in needed(&places) {
            changed |= self.maintain_signing(place, &stored).await?;
        }
        changed |= self.maintain_tokens(&stored).await?;
        Ok(changed)
    }

    /// Removes every retired key of which nothing can be alive at `now`, and answers whether there
    /// was one. What is stored decides, not only what is configured today: tokens and sessions keep
    /// the life that they were given.
    pub async fn remove_retired(&self, now: Timestamp) -> Result<bool, KeyError> {
        let stored = self.store.read(LoadKeys).await?;
        let longest = self.store.read(ReadHead).await?.longest_token;
        let mut removed = false;
        let over = |key: &&KeyRecord| self.schedule(key.usage).is_over(&key.life, now, longest);
        for key in stored.signing.iter().filter(over) {
            self.remove(KeyName::Signing(key.kid.clone())).await?;
            removed = true;
        }
        for key in stored.token.iter().filter(|key| self.tokens.is_over(&key.life, now, MARGIN)) {
            // Another node may have tagged with it for a little longer.
            let begun_by = key.life.retired_at.map_or(now, |at| at + MARGIN);
            if !self.store.read(HasSessions { begun_by, alive_at: now }).await? {
                self.remove(KeyName::Token(key.number)).await?;
                removed = true;
            }
        }
        Ok(removed)
    }

    /// Lets every announced signing key that is older than `wait` take over now, with `audit`, and
    /// answers their ids.
    pub async fn rotate(&self, wait: Duration, audit: &AuditEvent) -> Result<Vec<Kid>, KeyError> {
        let stored = self.store.read(LoadKeys).await?;
        let ripe = |key: &&KeyRecord| {
            key.life.state == KeyState::Announced && self.now().since(key.life.announced_at) >= wait
        };
        let mut activated = Vec::new();
        for announced in stored.signing.iter().filter(ripe) {
            let place = (announced.usage, announced.algorithm);
            let keys = stored.signing.iter().filter(|key| (key.usage, key.algorithm) == place);
            let keys: Vec<&KeyRecord> = keys.collect();
            let lives: Vec<KeyLife> = keys.iter().map(|key| key.life).collect();
            let name = |position: usize| KeyName::Signing(keys[position].kid.clone());
            let random = (self.now(), self.world.entropy.bytes());
            let event = AuditEvent {
                id: AuditId::at(random.0, random.1),
                ..audit.clone().about(announced.kid.as_str())
            };
            self.hand_over(&lives, name, Some(event)).await?;
            activated.push(announced.kid.clone());
        }
        Ok(activated)
    }

    /// How long a retired key is kept: an ID token hints at its session for as long as that may live,
    /// long after it has expired (OIC-03, LGO-01).
    fn schedule(&self, usage: KeyUse) -> &KeySchedule {
        if usage == KeyUse::IdToken { &self.tokens } else { &self.signing }
    }

    async fn maintain_signing(
        &self,
        (usage, algorithm): (KeyUse, Algorithm),
        stored: &StoredKeys,
    ) -> Result<bool, KeyError> {
        let here = |key: &&KeyRecord| key.usage == usage && key.algorithm == algorithm;
        let keys: Vec<&KeyRecord> = stored.signing.iter().filter(here).collect();
        let lives: Vec<KeyLife> = keys.iter().map(|key| key.life).collect();
        let name = |position: usize| KeyName::Signing(keys[position].kid.clone());
        let steps = self.signing.due(&lives, self.now());
        for step in &steps {
            match step {
                Step::Begin => self.insert_signing((usage, algorithm), KeyState::Active).await?,
                Step::Announce => {
                    self.insert_signing((usage, algorithm), KeyState::Announced).await?;
                }
                Step::Activate => {
                    let waiting = keys.iter().find(|key| key.life.state == KeyState::Announced);
                    let event = self.event(AuditKind::KeyActivated);
                    let event = waiting.map(|key| event.about(key.kid.as_str()));
                    self.hand_over(&lives, name, event).await?;
                }
            }
        }
        Ok(!steps.is_empty())
    }

    async fn maintain_tokens(&self, stored: &StoredKeys) -> Result<bool, KeyError> {
        let keys = &stored.token;
        let lives: Vec<KeyLife> = keys.iter().map(|key| key.life).collect();
        let name = |position: usize| KeyName::Token(keys[position].number);
        let steps = self.tokens.due(&lives, self.now());
        let mut next = keys.last().map_or(Some(0), |newest| newest.number.checked_add(1));
        for step in &steps {
            match step {
                Step::Begin | Step::Announce => {
                    let begin = *step == Step::Begin;
                    let state = if begin { KeyState::Active } else { KeyState::Announced };
                    let Some(number) = next else {
                        // The active key goes on: an old key is better than no server.
                        tracing::error!("every number for keys of refresh tokens is used up");
                        break;
                    };
                    self.insert_token(number, state).await?;
                    next = number.checked_add(1);
                }
                Step::Activate => self.hand_over(&lives, name, None).await?,
            }
        }
        Ok(!steps.is_empty())
    }

    /// The announced key takes over from the active one, in one transaction.
    async fn hand_over(
        &self,
        lives: &[KeyLife],
        name: impl Fn(usize) -> KeyName,
        audit: Option<AuditEvent>,
    ) -> Result<(), KeyError> {
        let find = |state| lives.iter().position(|life| life.state == state);
        let mut moves = Vec::new();
        if let Some(active) = find(KeyState::Active) {
            let (from, to) = (KeyState::Active, KeyState::Retired);
            moves.push(KeyMove { key: name(active), from, to });
        }
        if let Some(announced) = find(KeyState::Announced) {
            let (from, to) = (KeyState::Announced, KeyState::Active);
            moves.push(KeyMove { key: name(announced), from, to });
        }
        self.take(MoveKeys { moves, at: self.now(), audit }).await
    }

    async fn remove(&self, key: KeyName) -> Result<(), KeyError> {
        let step = KeyMove { key, from: KeyState::Retired, to: KeyState::Removed };
        self.take(MoveKeys { moves: vec![step], at: self.now(), audit: None }).await
    }

    async fn take(&self, moves: MoveKeys) -> Result<(), KeyError> {
        match self.store.write(moves).await {
            // Another node was faster: its step is as good as ours.
            Ok(Swap::Won | Swap::Lost) | Err(StorageError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn insert_signing(
        &self,
        (usage, algorithm): (KeyUse, Algorithm),
        state: KeyState,
    ) -> Result<(), KeyError> {
        let entropy = self.world.entropy.clone();
        // RSA takes its time, which the requests of a runtime thread should not wait for.
        let made = tokio::task::spawn_blocking(move || generate(algorithm, entropy.as_ref()));
        let made = made.await.map_err(|_| GenerationFailed)??;
        let kid = made.public.thumbprint();
        let entropy = self.world.entropy.as_ref();
        let record = KeyRecord {
            sealed: self.master.seal(&made.private, signing_purpose(&kid), entropy),
            kid,
            algorithm,
            usage,
            life: KeyLife::begin(state, self.now()),
            public: made.public,
        };
        let audit = self.event(AuditKind::KeyAnnounced).about(record.kid.as_str());
        self.store.write(InsertKey::Signing(Box::new(record), Box::new(audit))).await?;
        Ok(())
    }

    async fn insert_token(&self, number: u8, state: KeyState) -> Result<(), KeyError> {
        let entropy = self.world.entropy.as_ref();
        let bytes = Zeroizing::new(entropy.bytes::<32>());
        let sealed = self.master.seal(bytes.as_slice(), token_purpose(&[number]), entropy);
        let life = KeyLife::begin(state, self.now());
        self.store.write(InsertKey::Token(TokenKeyRecord { number, life, sealed })).await?;
        Ok(())
    }

    fn event(&self, kind: AuditKind) -> AuditEvent {
        AuditEvent::new(kind, Actor::System, (self.now(), self.world.entropy.bytes()))
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now().into()
    }
}

pub(super) const CHECK_SETTING: &str = "master_key_check";
pub(super) const CHECK: &[u8] = b"this is the master key of this database";
pub(super) const CHECK_PURPOSE: Purpose<'static> = Purpose { sort: "check value", id: b"" };
