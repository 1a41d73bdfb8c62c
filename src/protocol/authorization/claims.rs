//! The `claims` parameter (OIDC Core §5.5): single claims, by name, for the ID token or for userinfo.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::denial::Denial;

/// The claims that a request names beside those of its scopes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClaimsRequest {
    /// For the ID token.
    pub id_token: RequestedClaims,
    /// For userinfo.
    pub userinfo: RequestedClaims,
}

/// Claims by name, and what they must be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RequestedClaims {
    /// The names, in the order of the request.
    pub names: Vec<String>,
    /// The users of whom one is meant, if the request says so (OIDC Core §5.5.1: `sub` with a `value`).
    pub subjects: Option<Vec<String>>,
    /// The authentication contexts of which one must be met: `acr` as an essential claim with values
    /// (OIDC Core §5.5.1.1).
    pub essential_acr: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Wish {
    #[serde(default)]
    essential: bool,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    values: Vec<Value>,
}

impl ClaimsRequest {
    /// Parses the JSON text. Names that nobody knows are kept, and lead to nothing.
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let wrong = Denial::invalid_request("claims is not the JSON that OpenID Connect defines");
        if text.len() > MAX_CLAIMS {
            return Err(Denial::invalid_request("claims is longer than 4096 bytes"));
        }
        let mut members: Map<String, Value> = serde_json::from_str(text).map_err(|_| wrong)?;
        let mut read = |name: &str| {
            RequestedClaims::read(members.remove(name).unwrap_or_default()).ok_or(wrong)
        };
        Ok(Self { id_token: read("id_token")?, userinfo: read("userinfo")? })
    }
}

impl RequestedClaims {
    /// None where the member is there and is no object of wishes.
    fn read(member: Value) -> Option<Self> {
        let members = match member {
            Value::Null => Map::new(),
            Value::Object(members) => members,
            _ => return None,
        };
        let mut claims = Self::default();
        for (name, wish) in members {
            let wish = match wish {
                Value::Null => Wish::default(),
                Value::Object(_) => serde_json::from_value(wish).ok()?,
                _ => return None,
            };
            let texts = || {
                let values = wish.value.iter().chain(&wish.values);
                values.filter_map(Value::as_str).map(str::to_owned)
            };
            match name.as_str() {
                // A value that is no text is nobody's.
                "sub" if wish.value.is_some() || !wish.values.is_empty() => {
                    claims.subjects = Some(texts().collect());
                }
                "acr" if wish.essential => claims.essential_acr = texts().collect(),
                _ => {}
            }
            claims.names.push(name);
        }
        Some(claims)
    }

    /// Whether the user with this id may be answered for.
    pub fn admits(&self, subject: &str) -> bool {
        self.subjects.as_ref().is_none_or(|meant| meant.iter().any(|one| one == subject))
    }

    /// Whether the request names this claim.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|one| one == name)
    }
}

const MAX_CLAIMS: usize = 4096;
