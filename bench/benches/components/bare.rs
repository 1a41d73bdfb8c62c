//! The bare signatures of aws-lc, with keys of their own.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use chancery::protocol::key::Algorithm;

/// A private key.
pub(crate) struct BareKey {
    algorithm: Algorithm,
    pair: Pair,
    random: SystemRandom,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl BareKey {
    /// A key as large as those of the server.
    pub(crate) fn generate(algorithm: Algorithm) -> Self {
        let pair = match algorithm {
            Algorithm::Es256 => {
                Pair::Ecdsa(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
            }
            Algorithm::EdDsa => Pair::Ed25519(Ed25519KeyPair::generate().unwrap()),
            Algorithm::Rs256 | Algorithm::Ps256 => {
                Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
            }
        };
        Self { algorithm, pair, random: SystemRandom::new() }
    }

    /// Signs `message`, and answers how long the signature is.
    pub(crate) fn sign(&self, message: &[u8], signature: &mut [u8; 256]) -> usize {
        let mut keep = |bytes: &[u8]| {
            signature[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        };
        match &self.pair {
            Pair::Ecdsa(pair) => keep(pair.sign(&self.random, message).unwrap().as_ref()),
            Pair::Ed25519(pair) => keep(pair.sign(message).as_ref()),
            Pair::Rsa(pair) => {
                let pss = self.algorithm == Algorithm::Ps256;
                let padding = if pss { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &self.random, message, signature).unwrap();
                signature.len()
            }
        }
    }

    /// The public key, parsed once.
    pub(crate) fn public(&self) -> ParsedPublicKey {
        match &self.pair {
            Pair::Ecdsa(pair) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key()),
            Pair::Ed25519(pair) => ParsedPublicKey::new(&ED25519, pair.public_key()),
            Pair::Rsa(pair) if self.algorithm == Algorithm::Ps256 => {
                ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, pair.public_key())
            }
            Pair::Rsa(pair) => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()),
        }
        .unwrap()
    }
}
