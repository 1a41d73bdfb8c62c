//! Browser origins (RFC 6454), from which scripts may call.

use url::Url;

use crate::config::kind::{Parsed, Refused};

pub(super) const ORIGIN: Parsed<String> = Parsed {
    takes: "an origin as browsers send it, such as `https://app.example.com`: small letters, no \
            path, no default port",
    parse: |text| {
        // Browsers' text is compared as it stands (RFC 6454 §7.1), so another spelling of the same
        // origin would never match.
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
        let serialized = url.map(|url| url.origin().ascii_serialization());
        serialized.filter(|origin| origin == text).ok_or(Refused::FORM)
    },
    show: String::clone,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_spelling_that_browsers_send_is_an_origin() {
        for text in ["https://app.example", "https://app.example:8443", "http://localhost:3000"] {
            assert_eq!((ORIGIN.parse)(text).unwrap(), text);
        }
        for text in [
            "*",
            "null",
            "app.example",
            "https://app.example/",
            "https://APP.example",
            "https://app.example:443",
            "https://user@app.example",
            "file:///etc",
        ] {
            assert!((ORIGIN.parse)(text).is_err(), "{text}");
        }
    }
}
