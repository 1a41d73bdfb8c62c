//! Proof Key for Code Exchange (RFC 7636), by SHA-256 alone.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::error::Refusal;
use super::secret::SecretHash;

/// What a client shows of its verifier before it uses it: SHA-256 (RFC 7636 §4.2).
#[derive(Clone, Eq, PartialEq)]
pub struct CodeChallenge(SecretHash);

impl CodeChallenge {
    /// The challenge of an authorization request, if it has one (PKCE-02, PKCE-04). No method means
    /// `plain` (RFC 7636 §4.3), which anybody who sees the request could answer.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, Refusal> {
        let Some(challenge) = challenge else {
            let alone = Refusal::invalid_request("code_challenge_method without code_challenge");
            return method.map_or(Ok(None), |_| Err(alone));
        };
        if method != Some(METHOD) {
            let text = "transform algorithm not supported: code_challenge_method must be S256";
            return Err(Refusal::invalid_request(text));
        }
        let hash = BASE64_URL_SAFE_NO_PAD.decode(challenge).ok();
        let hash = hash.and_then(|hash| <[u8; 32]>::try_from(hash).ok());
        let hash = hash.ok_or(Refusal::invalid_request(
            "code_challenge must be the base64url of a SHA-256, without padding",
        ))?;
        Ok(Some(Self::from_bytes(hash)))
    }

    /// A stored challenge.
    pub const fn from_bytes(hash: [u8; 32]) -> Self {
        Self(SecretHash::from_bytes(hash))
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `verifier` is what the challenge was made of (RFC 7636 §4.6), in constant time.
    pub fn is_answered_by(&self, verifier: &str) -> bool {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, verifier.as_bytes()).as_ref());
        self.0 == SecretHash::from_bytes(hash)
    }
}

/// Whether a text has the form of a verifier (RFC 7636 §4.1).
pub fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// The one method (RFC 7636 §4.2).
pub const METHOD: &str = "S256";

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_specification_holds() {
        let challenge = CodeChallenge::parse(Some(CHALLENGE), Some("S256")).unwrap().unwrap();
        assert!(is_verifier(VERIFIER) && challenge.is_answered_by(VERIFIER));
        assert!(!challenge.is_answered_by(CHALLENGE));
        assert!(!challenge.is_answered_by(&VERIFIER[..42]));
        let stored = CodeChallenge::from_bytes(*challenge.as_bytes());
        assert!(stored.is_answered_by(VERIFIER));
    }

    #[test]
    fn c036_a_challenge_is_a_sha_256_and_says_so() {
        assert!(CodeChallenge::parse(None, None).unwrap().is_none());
        let long = "A".repeat(129);
        for (challenge, method) in [
            (None, Some("S256")),
            (Some(CHALLENGE), None),
            (Some(CHALLENGE), Some("plain")),
            (Some(CHALLENGE), Some("s256")),
            (Some(&CHALLENGE[..42]), Some("S256")),
            (Some(long.as_str()), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMA"), Some("S256")),
        ] {
            assert!(CodeChallenge::parse(challenge, method).is_err(), "{challenge:?} {method:?}");
        }
    }

    #[test]
    fn a_verifier_is_43_to_128_unreserved_characters() {
        // PKCE-04
        let long = |count| "a".repeat(count);
        for text in [long(43), long(128), format!("{}-._~", long(40))] {
            assert!(is_verifier(&text), "{text}");
        }
        for text in [long(42), long(129), format!("{}+", long(43)), format!("{}\u{e9}", long(43))] {
            assert!(!is_verifier(&text), "{text}");
        }
    }
}
