//! The key ring: every key a node holds, opened and parsed, as one value that is replaced whole.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use chancery_verifier::claims::{ACCESS_TOKEN_TYPE, AccessTokenClaims};
use chancery_verifier::feed::{FEED_TYPE, jwks_hash};
use serde::Serialize;

use super::error::KeyError;
use super::master::{MasterKey, Purpose};
use super::seen::{Seen, Signed};
use super::signer::SigningKey;
use super::token_key::TokenKeys;
use super::verify::{Unproven, VerifyingKey};
use crate::protocol::id_token::{ID_TOKEN_TYPE, IdTokenHint};
use crate::protocol::key::{Algorithm, KeyRecord, KeyState, KeyUse, Kid, PublicJwk};
use crate::protocol::secret::SecretHash;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::Issuer;
use crate::storage::ops::keys::{StoredKeys, TokenKeyRecord};

/// The keys of a node.
pub struct KeyRing {
    signing: HashMap<(KeyUse, Algorithm), Arc<SigningKey>>,
    /// By which access tokens are told.
    verifying: HashMap<Kid, VerifyingKey>,
    seen: Seen,
    /// By which ID tokens are told.
    hinting: HashMap<Kid, VerifyingKey>,
    records: Vec<KeyRecord>,
    tokens: TokenKeys,
    token_records: Vec<TokenKeyRecord>,
    jwks: Jwks,
}

/// The published key set (RFC 7517 §5), serialised once.
#[derive(Clone)]
pub struct Jwks {
    /// The document.
    pub body: Bytes,
    /// Its entity tag, quotes included.
    pub etag: Arc<str>,
    /// Its name on the feed of revocations.
    pub hash: Arc<str>,
}

impl KeyRing {
    /// Opens and parses what is stored.
    pub(super) fn open(stored: StoredKeys, master: &MasterKey) -> Result<Self, KeyError> {
        let mut signing = HashMap::new();
        let mut verifying = HashMap::new();
        let mut hinting = HashMap::new();
        for record in &stored.signing {
            let private = open_genuine(record, master)?;
            let key = VerifyingKey::parse(&record.public, record.algorithm);
            match record.usage {
                KeyUse::AccessToken => {
                    verifying.insert(record.kid.clone(), key.ok_or_else(|| unusable(record))?);
                }
                KeyUse::IdToken => {
                    hinting.insert(record.kid.clone(), key.ok_or_else(|| unusable(record))?);
                }
                KeyUse::Feed => {}
            }
            if record.life.state == KeyState::Active {
                let place = (record.usage, record.algorithm);
                signing.insert(place, Arc::new(parse_signing(record, &private)?));
            }
        }
        let mut tokens = TokenKeys::default();
        for record in &stored.token {
            tokens.add(record.number, record.life.state, open_token(record, master)?);
        }
        Ok(Self {
            jwks: Jwks::of(&stored.signing)?,
            signing,
            verifying,
            seen: Seen::default(),
            hinting,
            records: stored.signing,
            tokens,
            token_records: stored.token,
        })
    }

    /// The key that signs access tokens with `algorithm`.
    pub fn access_token_key(&self, algorithm: Algorithm) -> Option<&Arc<SigningKey>> {
        self.signing.get(&(KeyUse::AccessToken, algorithm))
    }

    /// The key that signs ID tokens with `algorithm`.
    pub fn id_token_key(&self, algorithm: Algorithm) -> Option<&Arc<SigningKey>> {
        self.signing.get(&(KeyUse::IdToken, algorithm))
    }

    /// The key that signs the feed of revocations.
    pub fn feed_key(&self) -> Option<&Arc<SigningKey>> {
        self.signing.get(&(KeyUse::Feed, Algorithm::Es256))
    }

    /// The claims of `token` and the id of the key that signed it, if it is an access token of ours
    /// that is alive at `now`. Whether it was revoked is another question.
    pub fn verify(
        &self,
        token: &str,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Option<(AccessTokenClaims, Kid)> {
        let name = SecretHash::of(token.as_bytes());
        let signed = if let Some(signed) = self.seen.find(&name) {
            signed
        } else {
            let signed = Arc::new(self.signed(token)?);
            self.seen.keep(&name, signed.clone());
            signed
        };
        let (claims, _) = &*signed;
        let alive = claims.iss == issuer.as_str() && now.seconds() < claims.exp;
        alive.then(|| Signed::clone(&signed))
    }

    fn signed(&self, token: &str) -> Option<Signed> {
        let token = Unproven::parse(token, ACCESS_TOKEN_TYPE)?;
        let kid = Kid::new(&token.kid);
        let claims = self.verifying.get(&kid)?.verify(&token)?;
        Some((claims, kid))
    }

    /// What `token` says, if it is an ID token of ours, be it expired: it hints at a user, and proves
    /// nothing of who sends it (OIDC Core §3.1.2.2).
    pub fn read_hint(&self, token: &str, issuer: &Issuer) -> Option<IdTokenHint> {
        let token = Unproven::parse(token, ID_TOKEN_TYPE)?;
        let hint: IdTokenHint = self.hinting.get(&Kid::new(&token.kid))?.verify(&token)?;
        (hint.iss == issuer.as_str()).then_some(hint)
    }

    /// The keys that tag refresh tokens.
    pub fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }

    /// The published key set.
    pub fn jwks(&self) -> &Jwks {
        &self.jwks
    }

    /// Every signing key that is not removed, sealed as it is stored.
    pub fn records(&self) -> &[KeyRecord] {
        &self.records
    }

    /// Every key that tags refresh tokens, removed ones too.
    pub fn token_records(&self) -> &[TokenKeyRecord] {
        &self.token_records
    }
}

impl Jwks {
    fn of(records: &[KeyRecord]) -> Result<Self, KeyError> {
        let keys = records.iter().map(|record| PublishedKey {
            public: &record.public,
            kid: record.kid.as_str(),
            usage: "sig",
            alg: record.algorithm.as_str(),
            purpose: (record.usage == KeyUse::Feed).then_some("revocations"),
        });
        let set = KeySet { keys: keys.collect() };
        let body = serde_json::to_vec(&set).map_err(|_| KeyError::Unusable("set".to_owned()))?;
        let etag = SecretHash::of(&body).entity_tag();
        let hash = jwks_hash(records.iter().map(|record| record.kid.as_str()));
        Ok(Self { body: body.into(), etag: etag.into(), hash: hash.into() })
    }
}

#[derive(Serialize)]
struct KeySet<'a> {
    keys: Vec<PublishedKey<'a>>,
}

#[derive(Serialize)]
struct PublishedKey<'a> {
    #[serde(flatten)]
    public: &'a PublicJwk,
    kid: &'a str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    /// Marks the keys that sign the feed of revocations, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
}

/// The private key of a record that was made with the master key: its seal is bound to its id, and that is
/// the thumbprint of the public key. Also of one that signs no more: whoever can write into the database, but
/// has no master key, adds no key by which tokens are told.
fn open_genuine(
    record: &KeyRecord,
    master: &MasterKey,
) -> Result<zeroize::Zeroizing<Vec<u8>>, KeyError> {
    if record.public.thumbprint() != record.kid {
        return Err(unusable(record));
    }
    // A wrong master key was told at the start.
    master.open(&record.sealed, signing_purpose(&record.kid)).map_err(|_| unusable(record))
}

fn unusable(record: &KeyRecord) -> KeyError {
    KeyError::Unusable(record.kid.as_str().to_owned())
}

fn parse_signing(record: &KeyRecord, private: &[u8]) -> Result<SigningKey, KeyError> {
    let typ = match record.usage {
        KeyUse::AccessToken => ACCESS_TOKEN_TYPE,
        KeyUse::IdToken => ID_TOKEN_TYPE,
        KeyUse::Feed => FEED_TYPE,
    };
    SigningKey::parse(private, (record.algorithm, &record.kid), typ).map_err(|_| unusable(record))
}

fn open_token(
    record: &TokenKeyRecord,
    master: &MasterKey,
) -> Result<Option<zeroize::Zeroizing<[u8; 32]>>, KeyError> {
    if record.life.state == KeyState::Removed {
        return Ok(None);
    }
    let bytes = master.open(&record.sealed, token_purpose(&[record.number]))?;
    let bytes = <[u8; 32]>::try_from(bytes.as_slice())
        .map_err(|_| KeyError::Unusable(format!("{} of refresh tokens", record.number)))?;
    Ok(Some(zeroize::Zeroizing::new(bytes)))
}

/// What a sealed signing key is sealed for.
pub(super) fn signing_purpose(kid: &Kid) -> Purpose<'_> {
    Purpose { sort: "signing key", id: kid.as_str().as_bytes() }
}

/// What a sealed key for refresh tokens is sealed for.
pub(super) fn token_purpose(number: &[u8; 1]) -> Purpose<'_> {
    Purpose { sort: "token key", id: number }
}
