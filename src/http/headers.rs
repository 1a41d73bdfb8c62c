//! The headers of every answer, and the id of its request among them.

use std::fmt::{self, Display, Formatter};

use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use crate::env::Entropy;
use crate::protocol::ids::AuditId;
use crate::protocol::time::Timestamp;

/// The id of a request: in the log, in the audit log, and in the answer.
#[derive(Clone, Copy)]
pub(super) struct RequestId(AuditId);

impl RequestId {
    /// The id of a request that comes at `now`.
    pub(super) fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
        Self(AuditId::at(now, entropy.bytes()))
    }
}

impl Display for RequestId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

/// Adds what every answer has (WEB-01, WEB-02). Nothing here is meant to be shown in a page, and what
/// is has set a policy of its own.
pub(super) fn protect(headers: &mut HeaderMap, id: RequestId, https: bool) {
    headers.reserve(ADDED);
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
}

const FIXED: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// These, those of a connection, and the date.
const ADDED: usize = 10;
