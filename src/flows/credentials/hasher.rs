//! What one hash does: verifying, replacing a hash that has become weak, and making one.
//! Must not import any part of the crate but the protocol and [`crate::env`].

use crate::env::World;
use crate::protocol::password::argon2id::{self, Argon2Params};
use crate::protocol::password::{HashBudget, HashMemory, Password, PasswordHash};
use crate::protocol::user::StoredHash;

/// The result of verifying a password.
pub struct Verified {
    /// Whether it is the right one.
    pub matches: bool,
    /// The hash to store in place of the one that it was compared with, where that is due.
    pub rehash: Option<StoredHash>,
}

/// Hashes with the current parameters.
pub(super) struct Hasher {
    params: Argon2Params,
    budget: HashBudget,
    decoy: PasswordHash,
    world: World,
}

impl Hasher {
    /// A hasher with a decoy of its own, which takes one hash to make.
    pub(super) fn new(params: Argon2Params, world: World, memory: &mut HashMemory) -> Self {
        let budget = HashBudget::default().covering(&params);
        let salt = world.entropy.bytes();
        let decoy = argon2id::hash(&unguessable(&world), salt, &params, memory);
        Self { params, budget, decoy, world }
    }

    /// The memory of one hash of the current parameters, in KiB.
    pub(super) fn memory_kib(&self) -> usize {
        usize::try_from(self.params.memory_kib()).unwrap_or(usize::MAX)
    }

    /// Compares `password` with a stored hash. Without a hash that can be verified it takes one of
    /// the current parameters all the same, so that time does not tell who has an account (C060). After
    /// one that is weaker, such as an imported one, it takes another: of the new hash, if it matches, or
    /// of the decoy.
    pub(super) fn verify(
        &self,
        stored: Option<&StoredHash>,
        password: &Password,
        memory: &mut HashMemory,
    ) -> Verified {
        let stored = stored.and_then(|it| PasswordHash::parse(it.as_str(), &self.budget).ok());
        let is_stored = stored.is_some();
        let matches = compare(stored.as_ref().unwrap_or(&self.decoy), password, memory);
        let Some(weak) = stored.filter(|hash| hash.needs_rehash(&self.params)) else {
            return Verified { matches: matches && is_stored, rehash: None };
        };
        if !matches || !every_byte_counted(&weak, password) {
            compare(&self.decoy, password, memory);
            return Verified { matches, rehash: None };
        }
        Verified { matches, rehash: Some(self.hash(password, memory)) }
    }

    /// A new hash of `password`.
    pub(super) fn hash(&self, password: &Password, memory: &mut HashMemory) -> StoredHash {
        count_one();
        argon2id::hash(password, self.world.entropy.bytes(), &self.params, memory).into()
    }
}

fn compare(hash: &PasswordHash, password: &Password, memory: &mut HashMemory) -> bool {
    count_one();
    hash.verify(password, memory)
}

/// Whether the comparison read all of the password. bcrypt ignores what comes after 72 bytes, and a
/// new hash over a tail that was never compared would make a typing error the password.
fn every_byte_counted(hash: &PasswordHash, password: &Password) -> bool {
    !hash.as_str().starts_with("$2") || password.as_bytes().len() <= BCRYPT_BYTES
}

/// A password of 128 random bits.
#[expect(clippy::expect_used, reason = "32 letters from a to p are a password")]
fn unguessable(world: &World) -> Password {
    let letters = world.entropy.bytes::<32>().map(|byte| char::from(b'a' + byte % 16));
    Password::presented(&String::from_iter(letters)).expect("letters are accepted")
}

fn count_one() {
    metrics::counter!("chancery_hashes_total").increment(1);
}

const BCRYPT_BYTES: usize = 72;

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    const TYPED: &str = "correct horse battery staple";
    const BCRYPT: &str = "$2b$04$iBKUsWFMQQy/V2/WcGe7j.Lf3km2UJpMEIZz37UUs/JmjaaKb8KZu";
    /// Of the first 72 bytes of the digits 0 to 9 repeated.
    const BCRYPT_OF_72: &str = "$2b$04$abcdefghijklmnopqrstuum2G75IXDN/xsgbNa/hCiPSKyIHQd70S";

    fn password(text: &str) -> Password {
        Password::presented(text).unwrap()
    }

    fn hasher(memory_kib: u32) -> Hasher {
        let params = Argon2Params::new(memory_kib, 1, 1).unwrap();
        Hasher::new(params, World::system(), &mut HashMemory::new())
    }

    /// Verifies in new memory, and gives back the result, how many hashes it took and how much
    /// memory.
    fn verify(hasher: &Hasher, stored: Option<&str>, typed: &str) -> (Verified, u64, usize) {
        let recorder = PrometheusBuilder::new().build_recorder();
        let mut memory = HashMemory::new();
        let stored = stored.map(|text| StoredHash::new(text.to_owned()));
        let verified = metrics::with_local_recorder(&recorder, || {
            hasher.verify(stored.as_ref(), &password(typed), &mut memory)
        });
        let metrics = recorder.handle().render();
        let count = metrics.lines().find_map(|line| line.strip_prefix("chancery_hashes_total "));
        (verified, count.unwrap().parse().unwrap(), memory.kib())
    }

    fn made(hasher: &Hasher, typed: &str) -> String {
        hasher.hash(&password(typed), &mut HashMemory::new()).as_str().to_owned()
    }

    /// C060: the work is the same, so the time is.
    #[test]
    fn an_unknown_user_takes_one_hash_of_the_current_parameters() {
        for memory_kib in [8, 64] {
            let hasher = hasher(memory_kib);
            let known = made(&hasher, TYPED);
            let over_budget = known.replace(&format!("m={memory_kib},"), "m=99999999,");
            let cost = (1, usize::try_from(memory_kib).unwrap());
            for stored in [None, Some("locked!"), Some(""), Some(&*over_budget), Some(&*known)] {
                let (verified, count, memory) = verify(&hasher, stored, "another horse");
                assert_eq!((count, memory), cost, "{stored:?}");
                assert!(!verified.matches && verified.rehash.is_none());
            }
        }
    }

    #[test]
    fn without_a_hash_no_password_matches_not_even_that_of_the_decoy() {
        let mut hasher = hasher(8);
        let salt = [0; argon2id::SALT_BYTES];
        let memory = &mut HashMemory::new();
        hasher.decoy = argon2id::hash(&password(TYPED), salt, &hasher.params, memory);
        assert!(!hasher.verify(None, &password(TYPED), memory).matches);
    }

    #[test]
    fn the_right_password_matches_and_a_current_hash_stays() {
        let hasher = hasher(8);
        let (verified, count, _) = verify(&hasher, Some(&made(&hasher, TYPED)), TYPED);
        assert!(verified.matches && verified.rehash.is_none());
        assert_eq!(count, 1);
    }

    #[test]
    fn c069_a_weak_or_imported_hash_is_replaced_by_a_current_one_when_it_matches() {
        let strong = hasher(64);
        for stored in [made(&hasher(8), TYPED), BCRYPT.to_owned()] {
            let (verified, count, _) = verify(&strong, Some(&stored), TYPED);
            assert!(verified.matches);
            assert_eq!(count, 2);
            let rehash = verified.rehash.unwrap();
            assert!(rehash.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
            let (verified, _, _) = verify(&strong, Some(rehash.as_str()), TYPED);
            assert!(verified.matches && verified.rehash.is_none());
            // C060: no less than for a user who does not exist.
            let (verified, count, memory) = verify(&strong, Some(&stored), "another horse");
            assert!(!verified.matches && verified.rehash.is_none());
            assert_eq!((count, memory), (2, 64));
        }
    }

    /// C063.
    #[test]
    fn a_tail_that_bcrypt_did_not_compare_is_never_made_the_password() {
        let digits = "0123456789".repeat(8);
        let hasher = hasher(8);
        for (typed, replaced) in [(&digits[..72], true), (&digits[..73], false)] {
            let (verified, _, _) = verify(&hasher, Some(BCRYPT_OF_72), typed);
            assert!(verified.matches);
            assert_eq!(verified.rehash.is_some(), replaced, "{}", typed.len());
        }
    }

    #[test]
    fn every_hash_has_a_salt_of_its_own() {
        let hasher = hasher(8);
        assert_ne!(made(&hasher, TYPED), made(&hasher, TYPED));
    }
}
