//! The compact form: three parts, and what stands in the first.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::{base64url, from_slice};

/// A compact JWS (RFC 7515 §3.1), of which nothing is verified.
pub(crate) struct Compact<'a> {
    pub(crate) header: Header,
    /// What the signature is about: the bytes as they came.
    pub(crate) message: &'a str,
    pub(crate) payload: &'a str,
    pub(crate) signature: &'a str,
}

/// The members of a header that decide something. Keys and addresses of keys (`jwk`, `jku`, `x5u`,
/// `x5c`) are not among them: RFC 8725 §3.8.
#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    #[serde(default)]
    pub(crate) typ: Option<String>,
    #[serde(default)]
    pub(crate) kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
    #[serde(default, deserialize_with = "present")]
    zip: bool,
}

/// Why something is no compact JWS that can be judged.
pub(crate) enum FormError {
    TooLong,
    Parts,
    Header,
    Critical,
}

impl<'a> Compact<'a> {
    /// Takes `token` apart and reads its header. The payload stays as it is until the signature has
    /// been verified.
    pub(crate) fn parse(token: &'a str, longest: usize) -> Result<Self, FormError> {
        if token.len() > longest {
            return Err(FormError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(FormError::Parts)?;
        let (header, payload) = message.split_once('.').ok_or(FormError::Parts)?;
        if payload.contains('.') || header.is_empty() || payload.is_empty() || signature.is_empty()
        {
            return Err(FormError::Parts);
        }
        if header.len() > LONGEST_HEADER {
            return Err(FormError::Header);
        }
        let header = base64url(header).ok_or(FormError::Parts)?;
        let header: Header = from_slice(&header).map_err(|_| FormError::Header)?;
        // RFC 7515 §4.1.11: none of the extensions that could be demanded is understood here.
        if header.crit || header.b64 || header.zip {
            return Err(FormError::Critical);
        }
        Ok(Self { header, message, payload, signature })
    }
}

/// Reads whether a member is there, whatever its value, `null` too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// 1 KiB, as base64url.
const LONGEST_HEADER: usize = 1024 / 3 * 4;
