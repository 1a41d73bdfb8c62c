//! Signing keys. Must not show anything of a private key.

use serde::Serialize;

use crate::flows::admin::keys::KeyView;
use crate::protocol::key::Kid;
use crate::protocol::time::Timestamp;

/// A signing key.
#[derive(Serialize)]
pub struct Key {
    kid: String,
    algorithm: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    state: &'static str,
    announced_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired_at: Option<String>,
}

/// The keys that sign from now on.
#[derive(Serialize)]
pub struct Activated {
    activated: Vec<String>,
}

impl Key {
    /// The view of `key`.
    pub fn of(key: &KeyView) -> Self {
        Self {
            kid: key.kid.to_string(),
            algorithm: key.algorithm.as_str(),
            usage: key.usage.as_str(),
            state: key.life.state.as_str(),
            announced_at: key.life.announced_at.rfc3339(),
            activated_at: key.life.activated_at.map(Timestamp::rfc3339),
            retired_at: key.life.retired_at.map(Timestamp::rfc3339),
        }
    }
}

impl Activated {
    /// The view of their ids.
    pub fn of(kids: &[Kid]) -> Self {
        Self { activated: kids.iter().map(ToString::to_string).collect() }
    }
}
