//! The claims of an access token (RFC 9068 §2.2), and its size.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery_verifier::claims::{AccessTokenClaims, Audience};

use super::client::ClientId;
use super::error::{ErrorCode, Refusal};
use super::grant::TokenGrant;
use super::reason::Reason;
use super::session::Session;
use super::time::Timestamp;
use super::uri::Issuer;
use super::user::User;

/// Whom an access token is about.
pub enum Subject<'a> {
    /// A client on its own behalf (RFC 6749 §4.4).
    Client(&'a ClientId),
    /// A user in one of his sessions.
    User(&'a User, &'a Session),
}

/// The limits on every access token.
#[derive(Clone, Copy, Debug)]
pub struct TokenLimits {
    /// No token lives longer, whatever its resource says.
    pub max_life: Duration,
    /// No token is longer, in bytes: headers end at 8 KiB in many places.
    pub max_size: usize,
}

/// The claims of a token for `grant`, whose facts were read at `read_at`; `random` becomes its id.
///
/// It never outlives the session (BCP-09).
pub fn claims(
    issuer: &Issuer,
    subject: &Subject<'_>,
    grant: &TokenGrant<'_>,
    limits: TokenLimits,
    (read_at, random): (Timestamp, [u8; 16]),
) -> AccessTokenClaims {
    let life = grant.resource.settings.access_token_ttl.min(limits.max_life);
    let expires_at = read_at + life;
    let resource = grant.resource.uri.as_str().to_owned();
    let base = AccessTokenClaims {
        iss: issuer.as_str().to_owned(),
        sub: String::new(),
        aud: if grant.for_issuer {
            Audience::Several(vec![resource, issuer.as_str().to_owned()])
        } else {
            Audience::One(resource)
        },
        client_id: String::new(),
        jti: BASE64_URL_SAFE_NO_PAD.encode(random),
        iat: read_at.seconds(),
        exp: expires_at.seconds(),
        scope: (!grant.scope.is_empty()).then(|| grant.scope.to_string()),
        sid: None,
        roles: Vec::new(),
        auth_time: None,
        acr: None,
        amr: Vec::new(),
    };
    match subject {
        Subject::Client(id) => AccessTokenClaims {
            sub: id.as_str().to_owned(),
            client_id: id.as_str().to_owned(),
            ..base
        },
        Subject::User(user, session) => AccessTokenClaims {
            sub: user.id.to_string(),
            client_id: session.client_id.as_str().to_owned(),
            exp: expires_at.min(session.max_expires_at).seconds(),
            sid: Some(session.id.to_string()),
            roles: user.roles.iter().map(str::to_owned).collect(),
            auth_time: Some(session.authentication.at.seconds()),
            acr: session.authentication.acr.clone(),
            amr: session.authentication.amr.clone(),
            ..base
        },
    }
}

/// Refuses a token of `size` bytes that is over the budget. Checked before anything is stored, so
/// that a user with too many roles keeps his session.
pub fn check_size(size: usize, limits: TokenLimits) -> Result<(), Refusal> {
    if size > limits.max_size {
        return Err(Refusal::new(
            ErrorCode::InvalidRequest,
            "the access token would be too large: ask for fewer scopes, or give the user fewer roles",
            Reason::TokenTooLarge,
        ));
    }
    Ok(())
}
