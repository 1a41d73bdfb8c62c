//! The claims of a JWT access token (RFC 9068 §2.2), as signed and as read.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The `typ` header of an access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The claims of one access token.
///
/// Times are whole seconds since the Unix epoch. There is no `nbf`: a token counts from its `iat`,
/// and a second, slightly different start only made strict validators refuse fresh tokens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AccessTokenClaims {
    /// The issuer, compared exactly (RFC 9068 §4).
    pub iss: String,
    /// The user's opaque id, or the client id for `client_credentials` (RFC 9068 §2.2).
    pub sub: String,
    /// The API that the token is for, never empty (RFC 9068 §3).
    pub aud: Audience,
    /// The client that asked for the token (RFC 8693 §4.3).
    pub client_id: String,
    /// This token's own id, the handle by which it alone is revoked.
    pub jti: String,
    /// When the facts in this token were read, before any row was.
    pub iat: i64,
    /// From this second on the token is refused.
    pub exp: i64,
    /// The granted scopes, separated by single spaces (RFC 9068 §2.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The session that the token belongs to; absent where no user logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The user's roles (RFC 9068 §2.2.3.1). Of other issuers' roles those that are a text, or an
    /// object with a text as its `value` (RFC 7643 §4.1.2).
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// When the user last proved who he is (RFC 9068 §2.2.1).
    #[serde(default, deserialize_with = "whole", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How strong that proof was (RFC 9068 §2.2.1).
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which methods (RFC 8176).
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

/// The `aud` claim: one string, or a list of them (RFC 7519 §4.1.3).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single audience, written as a plain string.
    One(String),
    /// Several audiences, written as an array.
    Several(Vec<String>),
}

impl Audience {
    /// Whether `audience` is one of these, compared exactly.
    pub fn contains(&self, audience: &str) -> bool {
        self.iter().any(|one| one == audience)
    }

    /// The audiences in the order of the claim.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

// Claims that decide nothing here are no reason to refuse a token, whatever their form.

/// The texts of a list, or the only one.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let values = match Value::deserialize(deserializer)? {
        Value::Array(values) => values,
        one => vec![one],
    };
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Object(mut members) => members.remove("value").and_then(into_text),
        _ => None,
    };
    Ok(values.into_iter().filter_map(text).collect())
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Value::deserialize(deserializer).map(into_text)
}

fn into_text(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Value::deserialize(deserializer).map(|value| value.as_i64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_matches_exactly_and_never_by_prefix() {
        let one = Audience::One("https://api.example".into());
        assert!(one.contains("https://api.example"));
        assert!(!one.contains("https://api.example/"));
        assert!(!one.contains("https://api"));
        let several = Audience::Several(vec!["a".into(), "b".into()]);
        assert!(several.contains("b"));
        assert!(!several.contains("ab"));
    }

    #[test]
    fn absent_members_are_not_written() {
        let claims = AccessTokenClaims {
            iss: "https://as.example".into(),
            sub: "s".into(),
            aud: Audience::One("https://api.example".into()),
            client_id: "c".into(),
            jti: "j".into(),
            iat: 1,
            exp: 2,
            scope: None,
            sid: None,
            roles: vec![],
            auth_time: None,
            acr: None,
            amr: vec![],
        };
        assert_eq!(
            serde_json::to_string(&claims).unwrap(),
            r#"{"iss":"https://as.example","sub":"s","aud":"https://api.example","client_id":"c","jti":"j","iat":1,"exp":2}"#
        );
    }
}
