//! Browser origins, from which scripts may call.

use crate::config::kind::{Parsed, Refused};
use crate::protocol::uri::WebOrigin;

pub(super) const ORIGIN: Parsed<WebOrigin> = Parsed {
    takes: "an origin as browsers send it, such as `https://app.example.com`: small letters, no \
            path, no default port",
    parse: |text| WebOrigin::parse(text).ok_or(Refused::FORM),
    show: |origin| origin.as_str().to_owned(),
};
