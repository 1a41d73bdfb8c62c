//! Strict reading of signed tokens (RFC 7515, RFC 8725): what could be read in two ways is refused.
//! Knows no key, no claim and no time.

mod compact;
mod strict;

pub(crate) use compact::{Compact, FormError};
pub(crate) use strict::from_slice;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Reads base64url: no padding, no foreign character, no loose trailing bits.
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}
