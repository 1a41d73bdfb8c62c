//! The bare signatures.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::figures::Failure;

/// A key and the header of all its tokens.
pub(super) struct Signer {
    key: Key,
    header: String,
    random: SystemRandom,
}

enum Key {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

/// The claims of a client's own access token (RFC 9068 §2.2).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    jti: &'a str,
    iat: u64,
    exp: u64,
    scope: &'a str,
}

impl Signer {
    pub(super) fn generate(algorithm: &str) -> Result<Self, Failure> {
        let key = match algorithm {
            "ES256" => Key::Ecdsa(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            "EdDSA" => Key::Ed25519(Ed25519KeyPair::generate()?),
            "RS256" => Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048)?, &RSA_PKCS1_SHA256),
            "PS256" => Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048)?, &RSA_PSS_SHA256),
            _ => return Err("the algorithm is ES256, RS256, PS256 or EdDSA".into()),
        };
        let header = format!(r#"{{"alg":"{algorithm}","typ":"at+jwt","kid":"{KID}"}}"#);
        let header = BASE64_URL_SAFE_NO_PAD.encode(header);
        Ok(Self { key, header, random: SystemRandom::new() })
    }

    /// A token that no other equals.
    pub(super) fn token(&self) -> Result<String, Failure> {
        let mut id = [0; 16];
        self.random.fill(&mut id)?;
        let id = BASE64_URL_SAFE_NO_PAD.encode(id);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = Claims {
            iss: "http://127.0.0.1:65535",
            sub: "load",
            aud: "https://load.example",
            client_id: "load",
            jti: &id,
            iat: now,
            exp: now + 300,
            scope: "read write",
        };
        let mut token = String::with_capacity(1024);
        token.push_str(&self.header);
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(&claims)?, &mut token);
        let signed = token.len();
        token.push('.');
        self.sign(signed, &mut token)?;
        Ok(token)
    }

    /// Adds the signature of the first `signed` bytes.
    fn sign(&self, signed: usize, token: &mut String) -> Result<(), Failure> {
        let message = &token.as_bytes()[..signed];
        let text = match &self.key {
            Key::Ecdsa(key) => BASE64_URL_SAFE_NO_PAD.encode(key.sign(&self.random, message)?),
            Key::Ed25519(key) => BASE64_URL_SAFE_NO_PAD.encode(key.sign(message)),
            Key::Rsa(key, padding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*padding, &self.random, message, &mut signature)?;
                BASE64_URL_SAFE_NO_PAD.encode(signature)
            }
        };
        token.push_str(&text);
        Ok(())
    }
}

const KID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_gives_a_token_of_three_parts() {
        for algorithm in ["ES256", "EdDSA", "RS256", "PS256"] {
            let signer = Signer::generate(algorithm).unwrap();
            let (first, second) = (signer.token().unwrap(), signer.token().unwrap());
            assert_eq!(first.split('.').filter(|part| part.len() > 80).count(), 3, "{first}");
            assert_ne!(first, second);
        }
        assert!(Signer::generate("none").is_err());
    }
}
