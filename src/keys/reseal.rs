//! Moving from one master key to the next: what is sealed under which, and sealing it anew.

use super::error::KeyError;
use super::maintain::{CHECK_PURPOSE, CHECK_SETTING, Keeper};
use super::master::Purpose;
use super::ring::{signing_purpose, token_purpose};
use crate::protocol::audit::AuditEvent;
use crate::protocol::ids::AuditId;
use crate::protocol::key::KeyState;
use crate::storage::ops::Swap;
use crate::storage::ops::keys::{KeyName, LoadKeys, ReplaceSealed};
use crate::storage::ops::settings::{ReadSetting, SwapSetting};

/// What the master key is to a database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MasterKeyState {
    /// Nothing was sealed yet.
    New,
    /// It is the one of this database.
    Current,
    /// The one before it is the one of this database.
    Previous,
    /// Neither is.
    Wrong,
}

/// What was sealed anew.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Resealed {
    /// How many keys.
    pub keys: usize,
    /// How many keys were sealed under the current master key already.
    pub unchanged: usize,
}

impl Keeper {
    /// What the master key is to this database. Changes nothing.
    pub async fn master_key_state(&self) -> Result<MasterKeyState, KeyError> {
        let Some(check) = self.store.read(ReadSetting(CHECK_SETTING.into())).await? else {
            return Ok(MasterKeyState::New);
        };
        Ok(if self.master.is_current(&check, CHECK_PURPOSE) {
            MasterKeyState::Current
        } else if self.master.open(&check, CHECK_PURPOSE).is_ok() {
            MasterKeyState::Previous
        } else {
            MasterKeyState::Wrong
        })
    }

    /// Seals every key that is sealed under the previous master key under the current one, with
    /// `audit` for each, and then the check value. What another did meanwhile is looked at again.
    /// An interrupted call is begun again: both keys open the database until it is finished.
    pub async fn reseal(&self, audit: &AuditEvent) -> Result<Resealed, KeyError> {
        let mut resealed = Resealed::default();
        loop {
            let stored = self.store.read(LoadKeys).await?;
            let signing = stored.signing.iter().map(|key| {
                (KeyName::Signing(key.kid.clone()), key.life.state, key.sealed.as_slice())
            });
            let token = stored
                .token
                .iter()
                .map(|key| (KeyName::Token(key.number), key.life.state, key.sealed.as_slice()));
            let (mut left, mut unchanged) = (false, 0);
            for (key, state, sealed) in signing.chain(token) {
                if state == KeyState::Removed {
                    continue;
                }
                match self.reseal_key(key, sealed, audit).await? {
                    None => unchanged += 1,
                    Some(Swap::Won) => resealed.keys += 1,
                    Some(Swap::Lost) => left = true,
                }
            }
            if !left {
                resealed.unchanged = unchanged;
                self.reseal_check().await?;
                return Ok(resealed);
            }
        }
    }

    /// `None` if the key is sealed under the current master key.
    async fn reseal_key(
        &self,
        key: KeyName,
        sealed: &[u8],
        audit: &AuditEvent,
    ) -> Result<Option<Swap>, KeyError> {
        let number;
        let (purpose, name) = match &key {
            KeyName::Signing(kid) => (signing_purpose(kid), kid.to_string()),
            KeyName::Token(of) => {
                number = [*of];
                (token_purpose(&number), format!("token key {of}"))
            }
        };
        let Some(new) = self.sealed_anew(sealed, purpose)? else {
            return Ok(None);
        };
        let id = AuditId::at(self.world.clock.now().into(), self.world.entropy.bytes());
        let audit = AuditEvent { id, ..audit.clone().about(name) };
        let replace = ReplaceSealed { key, old: sealed.to_vec(), new, audit };
        Ok(Some(self.store.write(replace).await?))
    }

    async fn reseal_check(&self) -> Result<(), KeyError> {
        loop {
            let Some(old) = self.store.read(ReadSetting(CHECK_SETTING.into())).await? else {
                return self.check_master_key().await;
            };
            let Some(new) = self.sealed_anew(&old, CHECK_PURPOSE)? else {
                return Ok(());
            };
            let swap = SwapSetting { name: CHECK_SETTING, old, new };
            if self.store.write(swap).await? == Swap::Won {
                return Ok(());
            }
        }
    }

    /// `None` if it is sealed under the current master key.
    fn sealed_anew(
        &self,
        sealed: &[u8],
        purpose: Purpose<'_>,
    ) -> Result<Option<Vec<u8>>, KeyError> {
        if self.master.is_current(sealed, purpose) {
            return Ok(None);
        }
        let secret = self.master.open(sealed, purpose)?;
        Ok(Some(self.master.seal(&secret, purpose, self.world.entropy.as_ref())))
    }
}
