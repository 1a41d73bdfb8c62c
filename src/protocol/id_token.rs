//! ID tokens (OIDC Core §2): what a client is told of a sign-in. They open nothing.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery_verifier::claims::Audience;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::client::ClientId;
use super::ids::{SessionId, UserId};
use super::key::Algorithm;
use super::session::Authentication;
use super::time::Timestamp;
use super::uri::Issuer;

/// The claims of an ID token.
#[derive(Serialize)]
pub struct IdTokenClaims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    sid: String,
    /// Those that the request names for the ID token (OIDC Core §5.5).
    #[serde(flatten)]
    asked: Map<String, Value>,
}

/// Who signed in, where, and how.
pub struct SignIn<'a> {
    /// The user.
    pub user: UserId,
    /// The client that is told.
    pub client: &'a ClientId,
    /// The session that began with it.
    pub session: SessionId,
    /// When and how the user proved who he is.
    pub authentication: &'a Authentication,
}

/// What goes with the sign-in in one token.
#[derive(Default)]
pub struct Beside {
    /// The client's, given back in the first token and in no refreshed one (OIDC Core §12.2).
    pub nonce: Option<String>,
    /// The hash of the access token that comes with it: [`at_hash`].
    pub at_hash: Option<String>,
    /// Claims about the user that were asked for by name.
    pub asked: Map<String, Value>,
}

impl IdTokenClaims {
    /// The claims of a token that is issued at `now`.
    pub fn new(issuer: &Issuer, sign_in: &SignIn<'_>, beside: Beside, now: Timestamp) -> Self {
        let Beside { nonce, at_hash, asked } = beside;
        Self {
            iss: issuer.as_str().to_owned(),
            sub: sign_in.user.to_string(),
            aud: sign_in.client.as_str().to_owned(),
            exp: (now + LIFE).seconds(),
            iat: now.seconds(),
            auth_time: sign_in.authentication.at.seconds(),
            nonce,
            acr: sign_in.authentication.acr.clone(),
            amr: sign_in.authentication.amr.clone(),
            at_hash,
            sid: sign_in.session.to_string(),
            asked,
        }
    }
}

/// What an ID token of ours says that somebody sends as a hint.
#[derive(Deserialize)]
pub struct IdTokenHint {
    /// Who issued it.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The client.
    pub aud: Audience,
    /// Until when it was good. It may be over; but signed answers of userinfo, which are by the same keys,
    /// have none.
    pub exp: i64,
    /// The session.
    pub sid: Option<String>,
}

/// The first half of the hash of an access token, by the hash of the algorithm that signs the ID token
/// (OIDC Core §3.1.3.6). That of Ed25519 is SHA-512.
pub fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 => &SHA256,
        Algorithm::EdDsa => &SHA512,
    };
    let hash = digest(hash, access_token.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

/// The `typ` of the header. Never that of access tokens (OIC-04).
pub const ID_TOKEN_TYPE: &str = "JWT";

/// Long enough to be read when it arrives; nothing goes on by it.
const LIFE: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(beside: Beside) -> Value {
        let client = ClientId::parse("app").unwrap();
        let at = Timestamp::from_seconds(1_700_000_000);
        let authentication = Authentication { at, acr: None, amr: vec!["pwd".to_owned()] };
        let sign_in = SignIn {
            user: UserId::at(at, [1; 10]),
            client: &client,
            session: SessionId::from_bytes([2; 16]),
            authentication: &authentication,
        };
        let issuer = Issuer::parse("https://as.example").unwrap();
        let now = at + Duration::from_mins(1);
        serde_json::to_value(IdTokenClaims::new(&issuer, &sign_in, beside, now)).unwrap()
    }

    #[test]
    fn it_says_who_signed_in_when_and_for_whom() {
        // OIC-04
        let asked = Map::from_iter([("email".to_owned(), Value::from("a@b.example"))]);
        let (nonce, at_hash) = (Some("n".to_owned()), Some("h".to_owned()));
        let claims = claims(Beside { nonce, at_hash, asked });
        for (name, expected) in [
            ("iss", Value::from("https://as.example")),
            ("aud", "app".into()),
            ("iat", 1_700_000_060.into()),
            ("exp", 1_700_000_360.into()),
            ("auth_time", 1_700_000_000.into()),
            ("nonce", "n".into()),
            ("at_hash", "h".into()),
            ("amr", vec!["pwd"].into()),
            ("email", "a@b.example".into()),
        ] {
            assert_eq!(claims[name], expected, "{name}");
        }
        assert!(claims["sub"].is_string() && claims["sid"].is_string());
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let claims = claims(Beside::default());
        for name in ["nonce", "at_hash", "acr", "email"] {
            assert_eq!(claims.get(name), None, "{name}");
        }
    }

    #[test]
    fn the_hash_of_the_access_token_is_that_of_the_specification() {
        // OIDC Core Appendix A.3
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(at_hash(Algorithm::EdDsa, token).len(), 43);
    }
}
