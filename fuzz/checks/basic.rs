//! Client authentication: a line that is the header `Authorization`, and the form after it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use url::form_urlencoded::byte_serialize;

use super::{split_line, text};
use crate::protocol::client::ClientId;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::form::Params;
use crate::protocol::secret::ClientSecret;

/// Credentials come by one way, in one spelling of base64, and are read again as they were.
pub fn check(input: &[u8]) {
    let Some((header, body)) = text(input).map(split_line) else { return };
    let Ok(params) = Params::parse(body.as_bytes()) else { return };
    let header = (!header.is_empty()).then_some(header);
    let Ok(presented) = PresentedClient::read(header, &params) else { return };
    for name in ["client_assertion", "client_assertion_type"] {
        assert_eq!(params.value(name), None, "a method that is not known here");
    }
    let id = presented.id.as_ref().map(ClientId::as_str);
    let secret = presented.secret.as_ref().map(ClientSecret::expose);
    let Some(header) = header else {
        assert_eq!(secret, params.value("client_secret"));
        assert!(id.is_none() || id == params.value("client_id"));
        return;
    };
    assert_eq!(params.value("client_secret"), None, "two methods");
    let encoded = header.split_once(' ').expect("a scheme").1.trim_matches(' ');
    let decoded = BASE64_STANDARD.decode(encoded).expect("base64");
    assert_eq!(BASE64_STANDARD.encode(decoded), encoded, "another spelling");
    let secret = secret.expect("Basic has a secret");
    assert!(!secret.is_empty());
    let Some(id) = id else { return };
    if let Some(named) = params.value("client_id") {
        assert_eq!(id, named, "two clients");
    }
    let again = PresentedClient::read(Some(&basic(id, secret)), &params).expect("accepted");
    assert_eq!(again.id.as_ref().map(ClientId::as_str), Some(id));
    assert_eq!(again.secret.as_ref().map(ClientSecret::expose), Some(secret));
}

/// As RFC 6749 §2.3.1 has a client write it.
fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}
