//! PBKDF2 hashes made elsewhere (RFC 8018 §5.2), verified until the password is hashed anew.
//! Pure: imports only this module folder.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};
use base64::engine::general_purpose::{GeneralPurpose, STANDARD};

use super::hash::HashRejected;
use super::{HashBudget, Password, phc};

/// The hash function under PBKDF2.
#[derive(Clone, Copy)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    const fn output_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    const fn algorithm(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => PBKDF2_HMAC_SHA1,
            Self::Sha256 => PBKDF2_HMAC_SHA256,
            Self::Sha512 => PBKDF2_HMAC_SHA512,
        }
    }
}

/// A stored PBKDF2 hash.
pub(super) struct Pbkdf2Hash {
    digest: Digest,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    tag: phc::Tag,
}

impl Pbkdf2Hash {
    /// Reads what follows `$pbkdf2-sha256$`: `i=…[,l=…]$salt$tag` in the PHC string format, or
    /// `iterations$salt$tag` as passlib writes it, in its own base64.
    pub(super) fn parse(
        digest: Digest,
        rest: &str,
        budget: &HashBudget,
    ) -> Result<Self, HashRejected> {
        let [costs, salt, tag] = phc::fields(rest)?;
        let (iterations, length, base64) = parse_costs(costs)?;
        let tag = phc::Tag::decode(tag, &base64)?;
        if length.is_some_and(|length| length != tag.len() as u64) {
            return Err(HashRejected::Malformed);
        }
        Ok(Self {
            digest,
            iterations: admit(digest, iterations, &tag, budget)?,
            salt: phc::salt(salt, &base64)?,
            tag,
        })
    }

    /// Reads what follows Django's `pbkdf2_sha256$`: `iterations$salt$tag`, where the salt is
    /// text that is used as it stands, and the tag is padded.
    pub(super) fn parse_django(
        digest: Digest,
        rest: &str,
        budget: &HashBudget,
    ) -> Result<Self, HashRejected> {
        let [iterations, salt, tag] = phc::fields(rest)?;
        let tag = phc::Tag::decode(tag, &STANDARD)?;
        Ok(Self {
            digest,
            iterations: admit(digest, phc::number(iterations)?, &tag, budget)?,
            salt: phc::sized_salt(salt.as_bytes().to_vec())?,
            tag,
        })
    }

    /// Whether the password gives this hash, compared in constant time.
    pub(super) fn verify(&self, password: &Password) -> bool {
        pbkdf2::verify(
            self.digest.algorithm(),
            self.iterations,
            &self.salt,
            password.as_bytes(),
            self.tag.as_bytes(),
        )
        .is_ok()
    }
}

/// Iterations, the length of the tag where it is named, and the base64 that goes with the form.
fn parse_costs(costs: &str) -> Result<(u64, Option<u64>, GeneralPurpose), HashRejected> {
    if !costs.starts_with("i=") {
        return Ok((phc::number(costs)?, None, phc::PASSLIB));
    }
    if costs.contains(',') {
        let [iterations, length] = phc::costs(costs, ["i", "l"])?;
        return Ok((iterations, Some(length), phc::PHC));
    }
    let [iterations] = phc::costs(costs, ["i"])?;
    Ok((iterations, None, phc::PHC))
}

/// The iterations, if the budget holds them for each block of the tag.
fn admit(
    digest: Digest,
    iterations: u64,
    tag: &phc::Tag,
    budget: &HashBudget,
) -> Result<NonZeroU32, HashRejected> {
    let blocks = tag.len().div_ceil(digest.output_bytes());
    budget.admit_pbkdf2(iterations, blocks as u64)?;
    let iterations = u32::try_from(iterations).ok().and_then(NonZeroU32::new);
    iterations.ok_or(HashRejected::Malformed)
}

#[cfg(test)]
mod tests {
    use super::super::{HashMemory, PasswordHash, argon2id::Argon2Params};
    use super::*;

    // Results of Python's hashlib, passlib 1.7 and Django 5.2.
    const PASSWORD: &str = "correct horse battery staple";
    const SHA256: &str = "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw$\
        ppsXnjrdPB4KryJ6DrOqKqhkWrhv7PbKAMF1Eml8cZ4";
    const SHA256_64_BYTES: &str = "$pbkdf2-sha256$i=1000,l=64$AAECAwQFBgcICQoLDA0ODw$\
        ppsXnjrdPB4KryJ6DrOqKqhkWrhv7PbKAMF1Eml8cZ7TX23G+6QgERwdCrtdq7/IU5aB6IVSOpTz6igHBLZ5Gw";
    const PASSLIB_SHA256: &str = "$pbkdf2-sha256$1000$./.../.../.../.../..Bw$\
        ZsMI/yWPEbuhFzRv6zoqgcyTXy1PWszDK.ivqhbXzY4";
    const DJANGO: &str =
        "pbkdf2_sha256$1000$nEuEOF4Bf3Ol9fFZ$n4JxD2ElxVw26jQGv0HPYWk1tBL+KS5x815lTHcavmo=";
    const ALL: [&str; 8] = [
        "$pbkdf2-sha1$i=1000,l=20$AAECAwQFBgcICQoLDA0ODw$AOm/kOb/+YAZ3ZwSogYgNu9fO1g",
        SHA256,
        SHA256_64_BYTES,
        "$pbkdf2-sha512$i=1000,l=64$AAECAwQFBgcICQoLDA0ODw$\
            A6AmFIti7CKlYdoPiV9jf1d9llp37o27Wms8Zx8fwMJGCOigJzAthOW3Pg+XF5PnNiYnsQsIz1N5NtynrEm78w",
        "$pbkdf2$1000$./.../.../.../.../..Bw$jXHIRNhuYdB8e4HqHAvL0PI.vTk",
        PASSLIB_SHA256,
        "$pbkdf2-sha512$1000$./.../.../.../.../..Bw$\
            DBKNwRbSJBIKNzjcruNI120i.dlCT7/wwDa.UeMTVORN989JQwKpLrqSFCDNoP.ZU6gflquk5nJoIY4H..LFLw",
        DJANGO,
    ];

    fn parse(text: &str) -> Result<PasswordHash, HashRejected> {
        PasswordHash::parse(text, &HashBudget::default())
    }

    fn verifies(text: &str, typed: &str) -> bool {
        let password = Password::presented(typed).unwrap();
        parse(text).unwrap().verify(&password, &mut HashMemory::new())
    }

    #[test]
    fn hashes_of_other_libraries_are_verified() {
        for text in ALL {
            assert!(verifies(text, PASSWORD), "{text}");
            assert!(!verifies(text, "another horse"), "{text}");
            assert!(parse(text).unwrap().needs_rehash(&Argon2Params::default()));
        }
    }

    #[test]
    fn the_vector_of_rfc_6070_is_verified() {
        let text = "$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE";
        assert!(verifies(text, "password"));
    }

    #[test]
    fn the_length_may_be_left_out_but_must_be_right() {
        assert!(verifies(&SHA256.replace(",l=32", ""), PASSWORD));
        for length in ["l=31", "l=64", "l=0", "l=", "l=32,x=1"] {
            let text = SHA256.replace("l=32", length);
            assert_eq!(parse(&text).err(), Some(HashRejected::Malformed), "{length}");
        }
    }

    #[test]
    fn costs_above_the_budget_are_refused() {
        assert!(parse(&SHA256.replace("i=1000", "i=2000000")).is_ok());
        assert!(parse(&SHA256_64_BYTES.replace("i=1000", "i=1000000")).is_ok());
        for text in [
            SHA256.replace("i=1000", "i=2000001"),
            SHA256.replace("i=1000", "i=18446744073709551615"),
            SHA256_64_BYTES.replace("i=1000", "i=1000001"),
            PASSLIB_SHA256.replace("1000", "2000001"),
            DJANGO.replace("1000", "2000001"),
        ] {
            assert_eq!(parse(&text).err(), Some(HashRejected::TooCostly), "{text}");
        }
    }

    #[test]
    fn malformed_texts_are_refused() {
        for (text, from, to) in [
            (SHA256, "i=1000", "i=0"),
            (SHA256, "i=1000", "i=01000"),
            (SHA256, "i=1000,l=32", "l=32,i=1000"),
            (SHA256, "i=1000,l=32", ""),
            (SHA256, "AAECAwQFBgcICQoLDA0ODw", ""),
            (SHA256, "cZ4", "cZ4="),
            (SHA256, "cZ4", "cZ4$"),
            (PASSLIB_SHA256, "1000", "0"),
            (PASSLIB_SHA256, "1000", "1e3"),
            (PASSLIB_SHA256, "K.iv", "K+iv"),
            (DJANGO, "1000", "0"),
            (DJANGO, "nEuEOF4Bf3Ol9fFZ", ""),
            (DJANGO, "vmo=", "vmo"),
            (DJANGO, "vmo=", "vmo=$"),
        ] {
            let malformed = text.replace(from, to);
            assert_ne!(malformed, text);
            assert_eq!(parse(&malformed).err(), Some(HashRejected::Malformed), "{malformed}");
        }
    }
}
