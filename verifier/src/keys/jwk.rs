//! One public key.

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Algorithm, BACKEND};
use crate::jose::base64url;

/// A public key that can be used.
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) purpose: Purpose,
    /// Names algorithm and key: two keys of one name are the same.
    pub(crate) fingerprint: [u8; 32],
    public: DecodingKey,
}

/// What a key signs. It never signs anything else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    AccessTokens,
    Revocations,
}

/// The members of a JWK that decide something.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    purpose: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// The members that a public key never has (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl Key {
    /// Whether this key made `signature`, in base64url, over `message`.
    pub(crate) fn verifies(&self, message: &str, signature: &str) -> bool {
        let Some(signature) = base64url(signature) else {
            return false;
        };
        let verifier = (BACKEND.verifier_factory)(&self.algorithm.backend(), &self.public);
        verifier.is_ok_and(|verifier| verifier.verify(message.as_bytes(), &signature).is_ok())
    }

    /// Reads a key; `None` if it cannot be used to verify.
    pub(super) fn read(jwk: &Value) -> Option<Self> {
        if PRIVATE.iter().any(|member| jwk.get(member).is_some()) {
            return None;
        }
        let jwk = Jwk::deserialize(jwk).ok().filter(Jwk::is_for_signatures)?;
        let algorithm = jwk.algorithm()?;
        let (public, material) = jwk.material(algorithm)?;
        let purpose = match jwk.purpose.as_deref() {
            None => Purpose::AccessTokens,
            Some("revocations") => Purpose::Revocations,
            Some(_) => return None,
        };
        let hash = Sha256::new_with_prefix(algorithm.as_str()).chain_update([0]);
        let fingerprint = hash.chain_update(material).finalize().into();
        Some(Self { algorithm, purpose, fingerprint, public })
    }
}

impl Jwk {
    fn is_for_signatures(&self) -> bool {
        let verifies = |operations: &Vec<String>| operations.iter().any(|one| one == "verify");
        self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(verifies)
    }

    /// The one algorithm of the key: the one it names, if that fits its kind. A curve decides it
    /// too, and an RSA key that names none is of the one that RFC 9068 §2.1 demands of everybody.
    fn algorithm(&self) -> Option<Algorithm> {
        let own = match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => vec![Algorithm::Es256],
            ("EC", Some("P-384")) => vec![Algorithm::Es384],
            ("OKP", Some("Ed25519")) => vec![Algorithm::EdDsa],
            ("RSA", _) => vec![
                Algorithm::Rs256,
                Algorithm::Rs384,
                Algorithm::Rs512,
                Algorithm::Ps256,
                Algorithm::Ps384,
                Algorithm::Ps512,
            ],
            _ => return None,
        };
        match &self.alg {
            Some(named) => Algorithm::parse(named).filter(|named| own.contains(named)),
            None => own.first().copied(),
        }
    }

    /// The key itself, and its bytes.
    fn material(&self, algorithm: Algorithm) -> Option<(DecodingKey, Vec<u8>)> {
        let coordinate = |text: &Option<String>, length: usize| {
            base64url(text.as_deref()?).filter(|bytes| bytes.len() == length)
        };
        match algorithm {
            Algorithm::Es256 | Algorithm::Es384 => {
                let length = if algorithm == Algorithm::Es256 { 32 } else { 48 };
                let x = coordinate(&self.x, length)?;
                let y = coordinate(&self.y, length)?;
                let point = [[0x04].as_slice(), &x, &y].concat();
                Some((DecodingKey::from_ec_der(&point), point))
            }
            Algorithm::EdDsa => {
                let x = coordinate(&self.x, 32)?;
                Some((DecodingKey::from_ed_der(&x), x))
            }
            _ => {
                let n = base64url(self.n.as_deref()?)?;
                let e = base64url(self.e.as_deref()?)?;
                if !is_sound_modulus(&n) || !is_sound_exponent(&e) {
                    return None;
                }
                Some((DecodingKey::from_rsa_raw_components(&n, &e), [n, e].concat()))
            }
        }
    }
}

/// 2,048 to 8,192 bits (RFC 7518 §3.3), odd, and without leading zeros (RFC 7518 §2).
fn is_sound_modulus(n: &[u8]) -> bool {
    let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    n.first() != Some(&0) && (2048..=8192).contains(&bits) && is_odd(n)
}

/// Odd, and from 65,537 up to 32 bits.
fn is_sound_exponent(e: &[u8]) -> bool {
    let value = e.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    e.len() <= 4 && e.first() != Some(&0) && value >= 65_537 && is_odd(e)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}
