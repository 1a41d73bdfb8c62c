//! Signing keys: their algorithms, uses and lives, and their public form (RFC 7517).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1). Each key has exactly one (JWT-01).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// Ed25519.
    EdDsa,
}

/// What a key signs. A key never signs anything else.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KeyUse {
    /// Access tokens.
    AccessToken,
    /// ID tokens, and what else says something about users to one client: userinfo, logout tokens.
    IdToken,
    /// The revocation feed.
    Feed,
}

/// A key's place in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyState {
    /// Published, so that verifiers know it before it is used.
    Announced,
    /// Signing.
    Active,
    /// Published still, since tokens that it signed are alive.
    Retired,
    /// Gone from the JWKS: nothing that it signed is accepted any more.
    Removed,
}

/// A key's id: its thumbprint (RFC 7638).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Kid(Box<str>);

/// One signing key, as stored. The private part is sealed.
#[derive(Clone)]
pub struct KeyRecord {
    /// Its id.
    pub kid: Kid,
    /// Its one algorithm.
    pub algorithm: Algorithm,
    /// What it signs.
    pub usage: KeyUse,
    /// Where in its life it is.
    pub life: KeyLife,
    /// The private key, sealed under the master key.
    pub sealed: Vec<u8>,
    /// The public key.
    pub public: PublicJwk,
}

/// Where in its life a key is, and since when.
#[derive(Clone, Copy, Debug)]
pub struct KeyLife {
    /// Its state.
    pub state: KeyState,
    /// When verifiers and other nodes could first know it.
    pub announced_at: Timestamp,
    /// When it came into use.
    pub activated_at: Option<Timestamp>,
    /// When it went out of use.
    pub retired_at: Option<Timestamp>,
}

impl KeyLife {
    /// A key that begins at `now`, announced or in use at once.
    pub fn begin(state: KeyState, now: Timestamp) -> Self {
        let activated_at = (state == KeyState::Active).then_some(now);
        Self { state, announced_at: now, activated_at, retired_at: None }
    }
}

/// The public members of a JWK that its thumbprint is made of (RFC 7638 §3.2), and nothing else: a
/// private member cannot be written by mistake (JWK-01).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kty")]
pub enum PublicJwk {
    /// RFC 7518 §6.2.
    #[serde(rename = "EC")]
    Ec {
        /// The curve.
        crv: String,
        /// The x coordinate.
        x: String,
        /// The y coordinate.
        y: String,
    },
    /// RFC 7518 §6.3.
    #[serde(rename = "RSA")]
    Rsa {
        /// The public exponent.
        e: String,
        /// The modulus.
        n: String,
    },
    /// RFC 8037 §2.
    #[serde(rename = "OKP")]
    Okp {
        /// The curve.
        crv: String,
        /// The public key.
        x: String,
    },
}

impl PublicJwk {
    /// The thumbprint: the required members in lexicographic order without white space, hashed by
    /// SHA-256 (RFC 7638 §3). The values are base64url or curve names, which need no escaping.
    pub fn thumbprint(&self) -> Kid {
        let canonical = match self {
            Self::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa { e, n } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        let hash = digest(&SHA256, canonical.as_bytes());
        Kid(BASE64_URL_SAFE_NO_PAD.encode(hash.as_ref()).into())
    }
}

impl Kid {
    /// A key id that was stored, or that a token names.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// A key id that somebody names: a SHA-256 in base64url. Nothing else is the id of any key.
    pub fn parse(text: &str) -> Option<Self> {
        let base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (text.len() == 43 && text.bytes().all(base64url)).then(|| Self::new(text))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Algorithm {
    /// Every algorithm.
    pub const EVERY: [Self; 4] = [Self::Es256, Self::Rs256, Self::Ps256, Self::EdDsa];

    /// The `alg` value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that value.
    pub fn parse(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

impl KeyUse {
    /// Every use.
    pub const EVERY: [Self; 3] = [Self::AccessToken, Self::IdToken, Self::Feed];

    /// The name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::IdToken => "id_token",
            Self::Feed => "feed",
        }
    }

    /// The use of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|usage| usage.as_str() == name)
    }
}

impl KeyState {
    /// Every state, in the order of a key's life.
    pub const EVERY: [Self; 4] = [Self::Announced, Self::Active, Self::Retired, Self::Removed];

    /// The name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Removed => "removed",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|state| state.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_the_specification() {
        // RFC 7638 §3.1.
        let key = PublicJwk::Rsa {
            e: "AQAB".into(),
            n: concat!(
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE",
                "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q",
                "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6",
                "WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
            )
            .into(),
        };
        assert_eq!(key.thumbprint().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_public_key_is_written_with_its_type_and_nothing_private() {
        let key = PublicJwk::Okp { crv: "Ed25519".into(), x: "AA".into() };
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(text, r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#);
        assert_eq!(serde_json::from_str::<PublicJwk>(&text).unwrap(), key);
    }
}
