//! Making a private key, and its public form.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::{CryptoRng, Error, RngCore};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey};
use zeroize::Zeroizing;

use crate::env::Entropy;
use crate::protocol::key::{Algorithm, PublicJwk};

/// A private key that nobody has yet.
pub(super) struct Generated {
    /// PKCS#8 for RSA, the scalar for ES256, the seed for EdDSA.
    pub(super) private: Zeroizing<Vec<u8>>,
    pub(super) public: PublicJwk,
}

/// The private key could not be made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a key could not be generated")]
pub struct GenerationFailed;

/// Makes a key for `algorithm`. An RSA key takes a good part of a second: not for a request.
pub(super) fn generate(
    algorithm: Algorithm,
    entropy: &dyn Entropy,
) -> Result<Generated, GenerationFailed> {
    match algorithm {
        Algorithm::Es256 => es256(entropy),
        Algorithm::EdDsa => ed25519(entropy),
        Algorithm::Rs256 | Algorithm::Ps256 => rsa2048(entropy),
    }
}

fn es256(entropy: &dyn Entropy) -> Result<Generated, GenerationFailed> {
    // A random scalar is out of range once in 2^32 tries.
    for _ in 0..4 {
        let private = Zeroizing::new(entropy.bytes::<32>());
        if let Some(public) = p256_public(private.as_slice()) {
            let private = Zeroizing::new(private.to_vec());
            let public = PublicJwk::Ec {
                crv: "P-256".to_owned(),
                x: BASE64_URL_SAFE_NO_PAD.encode(&public[1..33]),
                y: BASE64_URL_SAFE_NO_PAD.encode(&public[33..65]),
            };
            return Ok(Generated { private, public });
        }
    }
    Err(GenerationFailed)
}

/// The uncompressed public point of a private scalar: 0x04 ‖ x ‖ y.
pub(super) fn p256_public(private: &[u8]) -> Option<Vec<u8>> {
    let key = PrivateKey::from_private_key(&ECDH_P256, private).ok()?;
    let public = key.compute_public_key().ok()?;
    (public.as_ref().len() == 65).then(|| public.as_ref().to_vec())
}

fn ed25519(entropy: &dyn Entropy) -> Result<Generated, GenerationFailed> {
    let seed = Zeroizing::new(entropy.bytes::<32>());
    let pair =
        Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| GenerationFailed)?;
    let public = PublicJwk::Okp {
        crv: "Ed25519".to_owned(),
        x: BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
    };
    Ok(Generated { private: Zeroizing::new(seed.to_vec()), public })
}

fn rsa2048(entropy: &dyn Entropy) -> Result<Generated, GenerationFailed> {
    let key = RsaPrivateKey::new(&mut Rng(entropy), RSA_BITS).map_err(|_| GenerationFailed)?;
    let encode = |number: &BigUint| BASE64_URL_SAFE_NO_PAD.encode(number.to_bytes_be());
    let public = PublicJwk::Rsa { e: encode(key.e()), n: encode(key.n()) };
    let document = key.to_pkcs8_der().map_err(|_| GenerationFailed)?;
    Ok(Generated { private: Zeroizing::new(document.as_bytes().to_vec()), public })
}

/// Our entropy, as the `rsa` crate wants it.
struct Rng<'a>(&'a dyn Entropy);

impl RngCore for Rng<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.0.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl CryptoRng for Rng<'_> {}

/// NIST SP 800-57: enough for the 90 days that a key lives.
const RSA_BITS: usize = 2048;
