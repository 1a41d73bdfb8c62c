//! Requests as bytes.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// A client of the server, which proves who it is with HTTP Basic (RFC 6749 §2.3.1).
pub(crate) struct Caller {
    /// Everything of a form's head but its path and its length.
    headers: String,
    host: String,
}

impl Caller {
    /// The client `id` of the server at `host`. Neither needs to be escaped.
    pub(crate) fn new(host: &str, (id, secret): (&str, &str)) -> Self {
        let basic = BASE64_STANDARD.encode(format!("{id}:{secret}"));
        let headers = format!(
            "host: {host}\r\nauthorization: Basic {basic}\r\n\
             content-type: application/x-www-form-urlencoded\r\naccept: */*\r\n"
        );
        Self { headers, host: host.to_owned() }
    }

    /// A form, in parts.
    pub(super) fn post(&self, out: &mut Vec<u8>, path: &str, form: [&str; 2]) {
        let length = form[0].len() + form[1].len();
        let headers = &self.headers;
        write(
            out,
            format_args!(
                "POST {path} HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{}{}",
                form[0], form[1]
            ),
        );
    }

    /// A document that names the client itself, for somebody at `address`.
    pub(super) fn post_json(&self, out: &mut Vec<u8>, path: &str, (address, body): (&str, &str)) {
        let (host, length) = (&self.host, body.len());
        write(
            out,
            format_args!(
                "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
                 x-forwarded-for: {address}\r\naccept: */*\r\n\
                 content-length: {length}\r\n\r\n{body}"
            ),
        );
    }

    pub(super) fn get(&self, out: &mut Vec<u8>, path: &str) {
        let host = &self.host;
        write(out, format_args!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\n\r\n"));
    }
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A vector takes everything.
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "a request is incomplete");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_how_long_it_is() {
        let mut out = Vec::new();
        Caller::new("localhost:1", ("me", "secret")).post(&mut out, "/token", ["a=", "12"]);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("POST /token HTTP/1.1\r\nhost: localhost:1\r\n"), "{text}");
        assert!(text.contains("\r\nauthorization: Basic bWU6c2VjcmV0\r\n"), "{text}");
        assert!(text.ends_with("\r\ncontent-length: 4\r\n\r\na=12"), "{text}");
    }
}
