//! Verifying access tokens of our own, by the public keys in the ring.

use std::collections::HashSet;

use chancery_verifier::claims::AccessTokenClaims;
use jsonwebtoken::{DecodingKey, Validation};

use crate::protocol::id_token::IdTokenHint;
use crate::protocol::key::{Algorithm, PublicJwk};
use crate::protocol::time::Timestamp;
use crate::protocol::uri::Issuer;

/// A public key, parsed once, with its one algorithm.
pub(super) struct VerifyingKey {
    key: DecodingKey,
    validation: Validation,
}

impl VerifyingKey {
    pub(super) fn parse(public: &PublicJwk, algorithm: Algorithm) -> Option<Self> {
        let key = match public {
            PublicJwk::Ec { x, y, .. } => DecodingKey::from_ec_components(x, y),
            PublicJwk::Rsa { e, n } => DecodingKey::from_rsa_components(n, e),
            PublicJwk::Okp { x, .. } => DecodingKey::from_ed_components(x),
        };
        // JWT-01: the algorithm is the key's, whatever the token's header says. The times and names
        // are checked below: the library reads a clock of its own, and takes a missing `aud` or
        // `iss` for a good one.
        let mut validation = Validation::new(match algorithm {
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        });
        validation.required_spec_claims = HashSet::new();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Some(Self { key: key.ok()?, validation })
    }

    /// The claims of `token`, if this key signed it and it is alive at `now`.
    pub(super) fn verify(
        &self,
        token: &str,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Option<AccessTokenClaims> {
        let decoded = jsonwebtoken::decode::<AccessTokenClaims>(token, &self.key, &self.validation);
        let claims = decoded.ok()?.claims;
        let alive = claims.iss == issuer.as_str() && now.seconds() < claims.exp;
        alive.then_some(claims)
    }

    /// What an ID token says, if this key signed it for `issuer`, whenever that was.
    pub(super) fn read(&self, token: &str, issuer: &Issuer) -> Option<IdTokenHint> {
        let decoded = jsonwebtoken::decode::<IdTokenHint>(token, &self.key, &self.validation);
        decoded.ok().map(|decoded| decoded.claims).filter(|hint| hint.iss == issuer.as_str())
    }
}

/// The `kid` of a token that has the form of one of ours, and claims to be of the type `expected`.
///
/// Keys are looked up by this text and never fetched, whatever else the header says (JWT-03).
pub(super) fn key_id(token: &str, expected: &str) -> Option<String> {
    if token.len() > MAX_TOKEN || token.split('.').count() != 3 {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    let typ = header.typ?;
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    // JWT-02, JWT-04: extensions that must be understood are none of ours, and tokens of another type
    // are other tokens.
    if header.crit.is_some() || !typ.eq_ignore_ascii_case(expected) {
        return None;
    }
    header.kid
}

const MAX_TOKEN: usize = 8 * 1024;
