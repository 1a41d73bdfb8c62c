//! Logout tokens (OIDC Back-Channel Logout §2.4): what a client is told of the end of a session. They open
//! nothing, and are no ID tokens.

use std::time::Duration;

use serde::Serialize;

use super::logout_notice::LogoutNotice;
use super::time::Timestamp;
use super::uri::Issuer;

/// The claims of a logout token (BCL-01).
#[derive(Serialize)]
pub struct LogoutTokenClaims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    events: Events,
    sub: String,
    sid: String,
}

#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Logout,
}

#[derive(Serialize)]
struct Logout {}

impl LogoutTokenClaims {
    /// The claims of a token that tells of `notice` and is issued at `now`. Each attempt has a `jti` of its
    /// own: whoever refuses what he has seen before has not necessarily acted upon it.
    pub fn new(issuer: &Issuer, notice: &LogoutNotice, jti: String, now: Timestamp) -> Self {
        Self {
            iss: issuer.as_str().to_owned(),
            aud: notice.client_id.as_str().to_owned(),
            iat: now.seconds(),
            exp: (now + LIFE).seconds(),
            jti,
            events: Events { logout: Logout {} },
            sub: notice.user_id.to_string(),
            sid: notice.session_id.to_string(),
        }
    }
}

/// The `typ` of the header. Never that of ID tokens, which may be signed by the same key.
pub const LOGOUT_TOKEN_TYPE: &str = "logout+jwt";

const LIFE: Duration = Duration::from_mins(2);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::client::ClientId;
    use crate::protocol::ids::{NoticeId, SessionId, UserId};

    #[test]
    fn it_says_whose_session_ended_where_and_carries_no_nonce() {
        // BCL-01
        let at = Timestamp::from_seconds(1_700_000_000);
        let notice = LogoutNotice {
            id: NoticeId::at(at, [1; 10]),
            client_id: ClientId::parse("app").unwrap(),
            user_id: UserId::at(at, [2; 10]),
            session_id: SessionId::from_bytes([3; 16]),
            due_at: at,
            attempts: 1,
            created_at: at,
        };
        let issuer = Issuer::parse("https://as.example").unwrap();
        let claims = LogoutTokenClaims::new(&issuer, &notice, "j".to_owned(), at);
        let expected = json!({
            "iss": "https://as.example",
            "aud": "app",
            "iat": 1_700_000_000,
            "exp": 1_700_000_120,
            "jti": "j",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sub": notice.user_id.to_string(),
            "sid": "03030303-0303-0303-0303-030303030303",
        });
        assert_eq!(serde_json::to_value(claims).unwrap(), expected);
    }
}
