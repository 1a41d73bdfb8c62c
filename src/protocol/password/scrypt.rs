//! scrypt hashes made elsewhere (RFC 7914), verified until the password is hashed anew.
//! Pure: imports only this module folder.

use ::scrypt::Params;

use super::hash::HashRejected;
use super::{HashBudget, Password, phc};

/// A stored scrypt hash.
///
/// Each verification allocates its memory, within the budget, and gives it back: the function has
/// no form that works in memory of the caller. The first login replaces the hash.
pub(super) struct ScryptHash {
    params: Params,
    salt: Vec<u8>,
    tag: phc::Tag,
}

impl ScryptHash {
    /// Reads what follows `$scrypt$`: `ln=…,r=…,p=…$salt$tag`, where `ln` is the logarithm of N.
    /// The PHC string format and passlib agree on it.
    pub(super) fn parse(rest: &str, budget: &HashBudget) -> Result<Self, HashRejected> {
        let [costs, salt, tag] = phc::fields(rest)?;
        Ok(Self {
            params: parse_params(costs, budget)?,
            salt: phc::salt(salt, &phc::PHC)?,
            tag: phc::Tag::decode(tag, &phc::PHC)?,
        })
    }

    /// Whether the password gives this hash.
    pub(super) fn verify(&self, password: &Password) -> bool {
        self.tag.is_derived_by(|tag| {
            ::scrypt::scrypt(password.as_bytes(), &self.salt, &self.params, tag)
        })
    }
}

fn parse_params(costs: &str, budget: &HashBudget) -> Result<Params, HashRejected> {
    let [log_n, block, lanes] = phc::costs(costs, ["ln", "r", "p"])?;
    if log_n == 0 {
        // RFC 7914 §2: N is larger than 1.
        return Err(HashRejected::Malformed);
    }
    // Two buffers are made: 128·r·N bytes to work in, and 128·r·p bytes for the lanes.
    let n = 1_u64.checked_shl(u32::try_from(log_n).unwrap_or(u32::MAX)).unwrap_or(u64::MAX);
    let memory = |blocks: u64| block.saturating_mul(128).saturating_mul(blocks).div_ceil(1024);
    budget.admit_memory(memory(n), lanes)?;
    budget.admit_memory(memory(lanes), 1)?;
    // The budget comes first, also because the crate multiplies `r` by `p` in 32 bits.
    let cost = |number| u32::try_from(number).map_err(|_| HashRejected::Malformed);
    let log_n = u8::try_from(log_n).map_err(|_| HashRejected::Malformed)?;
    Params::new(log_n, cost(block)?, cost(lanes)?).map_err(|_| HashRejected::Malformed)
}

#[cfg(test)]
mod tests {
    use super::super::{HashMemory, PasswordHash, argon2id::Argon2Params};
    use super::*;

    // Results of Python's hashlib and of passlib 1.7.
    const PASSWORD: &str = "correct horse battery staple";
    const HASH: &str = "$scrypt$ln=10,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$\
        wk79EttC618m617oirShLZuxJkXcX6rXHrrS9rQQ/44";
    const PASSLIB: &str = "$scrypt$ln=8,r=8,p=1$+/+++/+++/+++/+++/++Bw$\
        qx7ZSCkXnadxPgrcLmz985piLCScrjyKQFjCuOuUKkk";
    const RFC_7914: &str = "$scrypt$ln=10,r=8,p=16$TmFDbA$\
        /bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA";

    fn parse(text: &str) -> Result<PasswordHash, HashRejected> {
        PasswordHash::parse(text, &HashBudget::default())
    }

    fn verifies(text: &str, typed: &str) -> bool {
        let password = Password::presented(typed).unwrap();
        parse(text).unwrap().verify(&password, &mut HashMemory::new())
    }

    #[test]
    fn hashes_of_other_libraries_are_verified() {
        for (password, text) in [(PASSWORD, HASH), (PASSWORD, PASSLIB), ("password", RFC_7914)] {
            assert!(verifies(text, password), "{text}");
            assert!(!verifies(text, "another horse"), "{text}");
            assert!(parse(text).unwrap().needs_rehash(&Argon2Params::default()));
        }
    }

    /// C069: none of these allocates: they are refused while the text is read.
    #[test]
    fn costs_above_the_budget_are_refused() {
        assert!(parse(&HASH.replace("ln=10,r=8,p=2", "ln=16,r=8,p=4")).is_ok());
        for costs in [
            "ln=16,r=8,p=5",
            "ln=17,r=8,p=1",
            "ln=16,r=9,p=1",
            "ln=63,r=1,p=1",
            "ln=64,r=1,p=1",
            "ln=18446744073709551615,r=1,p=1",
            "ln=1,r=1,p=524289",
            "ln=1,r=4294967295,p=4294967295",
            "ln=1,r=18446744073709551615,p=18446744073709551615",
        ] {
            let text = HASH.replace("ln=10,r=8,p=2", costs);
            assert_eq!(parse(&text).err(), Some(HashRejected::TooCostly), "{costs}");
        }
    }

    #[test]
    fn malformed_texts_are_refused() {
        for (from, to) in [
            ("ln=10", "ln=0"),
            ("r=8", "r=0"),
            ("r=8,p=2", "r=0,p=18446744073709551615"),
            ("p=2", "p=0"),
            ("p=2", "p=18446744073709551615,x=1"),
            ("ln=10,r=8,p=2", "r=8,ln=10,p=2"),
            ("ln=10,r=8,p=2", "16384"),
            ("AAECAwQFBgcICQoLDA0ODw", ""),
            ("Q/44", "Q/4"),
            ("Q/44", "Q/44="),
            ("Q/44", "Q/44$"),
        ] {
            let text = HASH.replace(from, to);
            assert_ne!(text, HASH);
            assert_eq!(parse(&text).err(), Some(HashRejected::Malformed), "{text}");
        }
    }
}
