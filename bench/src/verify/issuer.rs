//! An issuer in this process: a key of each algorithm, tokens, and a snapshot of the feed.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery_verifier::claims::{ACCESS_TOKEN_TYPE, AccessTokenClaims, Audience};
use chancery_verifier::feed::{FEED_TYPE, FeedDocument, PackedEntries, jwks_hash};
use chancery_verifier::revocation::{Digest, Entry, Kind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde_json::{Value, json};

use crate::figures::Failure;

pub(super) const ISSUER: &str = "https://as.example";
pub(super) const AUDIENCE: &str = "https://api.example";

/// An issuer that signs its tokens with one algorithm, and its feed with ES256.
pub(super) struct TestIssuer {
    /// The algorithm's name.
    pub(super) name: &'static str,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
    signing: EncodingKey,
    feed: EncodingKey,
    jwks: Value,
    tokens: AtomicU64,
    events: AtomicI64,
}

impl TestIssuer {
    /// One of each algorithm.
    pub(super) fn every() -> Result<Vec<Self>, Failure> {
        Ok(vec![
            Self::new("ES256", Algorithm::ES256, es256()?)?,
            Self::new("EdDSA", Algorithm::EdDSA, eddsa()?)?,
            Self::new("RS256", Algorithm::RS256, rsa()?)?,
            Self::new("PS256", Algorithm::PS256, rsa()?)?,
        ])
    }

    fn new(
        name: &'static str,
        algorithm: Algorithm,
        (signing, mut jwk): (EncodingKey, Value),
    ) -> Result<Self, Failure> {
        let (feed, mut feed_jwk) = es256()?;
        jwk["kid"] = json!(TOKEN_KEY);
        jwk["alg"] = json!(name);
        feed_jwk["kid"] = json!(FEED_KEY);
        feed_jwk["alg"] = json!("ES256");
        feed_jwk["purpose"] = json!("revocations");
        let decoding = DecodingKey::from_jwk(&serde_json::from_value(jwk.clone())?)?;
        let jwks = json!({"keys": [jwk, feed_jwk]});
        Ok(Self {
            name,
            algorithm,
            decoding,
            signing,
            feed,
            jwks,
            tokens: AtomicU64::new(0),
            events: AtomicI64::new(1),
        })
    }

    pub(super) fn jwks(&self) -> String {
        self.jwks.to_string()
    }

    /// A token like those of the server, with an id and a session of its own.
    pub(super) fn token(&self) -> Result<String, Failure> {
        let number = self.tokens.fetch_add(1, Ordering::Relaxed);
        let now = seconds();
        let claims = AccessTokenClaims {
            iss: ISSUER.into(),
            sub: "01890a5d-ac96-774b-bcce-b302099a8057".into(),
            aud: Audience::One(AUDIENCE.into()),
            client_id: "demo".into(),
            jti: format!("01890a5d-ac96-774b-bcce-{number:012}"),
            iat: now,
            exp: now + 3600,
            scope: Some("read write openid".into()),
            sid: Some(format!("01890a5d-ac96-774b-aaaa-{number:012}")),
            roles: vec!["clerk".into()],
            auth_time: Some(now),
            acr: None,
            amr: vec!["pwd".into()],
        };
        let header = header(self.algorithm, ACCESS_TOKEN_TYPE, TOKEN_KEY);
        Ok(jsonwebtoken::encode(&header, &claims, &self.signing)?)
    }

    /// A snapshot with so many ended sessions, none of which is of a token.
    pub(super) fn snapshot(&self, entries: usize) -> Result<String, Failure> {
        self.document((0, 1), entries)
    }

    /// The next event of the stream: one more ended session.
    pub(super) fn event(&self) -> Result<String, Failure> {
        let seq = self.events.fetch_add(1, Ordering::Relaxed);
        self.document((seq, seq + 1), 1)
    }

    fn document(&self, (prev_seq, seq): (i64, i64), entries: usize) -> Result<String, Failure> {
        let now = seconds();
        let entries = random_entries(entries)?.into_iter().map(|entry| (Kind::Session, entry));
        let document = FeedDocument {
            iss: ISSUER.into(),
            iat: now,
            exp: now + 3600,
            epoch: 1,
            prev_seq,
            seq,
            cursor: format!("1.{seq}"),
            time: now * 1000,
            jwks_hash: jwks_hash([TOKEN_KEY, FEED_KEY]),
            entries: PackedEntries::pack(entries),
        };
        let header = header(Algorithm::ES256, FEED_TYPE, FEED_KEY);
        Ok(jsonwebtoken::encode(&header, &document, &self.feed)?)
    }
}

/// Entries with digests as even as those of the server.
pub(super) fn random_entries(number: usize) -> Result<Vec<Entry>, Failure> {
    let random = SystemRandom::new();
    let mut bytes = vec![0; number * 16];
    random.fill(&mut bytes)?;
    let until = Some(seconds() + 7200);
    let (digests, _) = bytes.as_chunks::<16>();
    let entry = |digest: &[u8; 16]| Entry { digest: Digest(*digest), not_before: None, until };
    Ok(digests.iter().map(entry).collect())
}

fn header(algorithm: Algorithm, typ: &str, kid: &str) -> Header {
    Header { typ: Some(typ.into()), kid: Some(kid.into()), ..Header::new(algorithm) }
}

fn es256() -> Result<(EncodingKey, Value), Failure> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    // The uncompressed point: a byte that says so, then both coordinates (SEC 1 §2.3.3).
    let point = pair.public_key().as_ref();
    let jwk =
        json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])});
    Ok((EncodingKey::from_ec_der(pair.to_pkcs8v1()?.as_ref()), jwk))
}

fn eddsa() -> Result<(EncodingKey, Value), Failure> {
    let pair = Ed25519KeyPair::generate()?;
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref())});
    Ok((EncodingKey::from_ed_der(pair.to_pkcs8()?.as_ref()), jwk))
}

fn rsa() -> Result<(EncodingKey, Value), Failure> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let jwk = json!({"kty": "RSA", "n": text(&public.n), "e": text(&public.e)});
    let pkcs8 = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)?;
    let pkcs1 = pkcs8.as_ref().get(PKCS8_HEAD..).ok_or("an RSA key is longer than that")?;
    Ok((EncodingKey::from_rsa_der(pkcs1), jwk))
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn seconds() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// What stands before the RSA key itself (PKCS#1) in a PKCS#8 file of 2048 bits: the outer sequence
/// (4 bytes), the version (3), the algorithm (15), and the head of the octet string (4).
const PKCS8_HEAD: usize = 26;
const TOKEN_KEY: &str = "token-key";
const FEED_KEY: &str = "feed-key";
