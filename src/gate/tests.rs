//! The order of the rules. What tokens are good for is tested against a server.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};

use super::*;
use crate::config::{Config, Sources};

/// A gate for these audiences that knows nothing yet.
fn gate(audiences: &'static str) -> Gate {
    let environment = [("CHANCERY_GATE__AUDIENCES", audiences)];
    let nothing = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    let settings = Config::load(&Sources::new(environment, nothing, 1)).unwrap().gate;
    let verifier = Gate::verifier_settings(&settings, "https://as.example").unwrap();
    Gate::new(settings, Verifier::new(verifier))
}

fn answer(gate: &Gate, uri: &str, authorization: Option<&str>) -> Response<String> {
    let mut request = http::Request::get(uri);
    if let Some(value) = authorization {
        request = request.header("Authorization", value);
    }
    gate.answer(&request.body(()).unwrap().into_parts().0)
}

#[test]
fn a_wrong_question_is_wrong_with_and_without_a_token() {
    for authorization in [None, Some("Bearer a.b.c"), Some("Bearer a,b")] {
        for uri in ["/verify?scope=", "/verify?audience=https://b.example", "/verify?token=a"] {
            let answer = answer(&gate("https://a.example"), uri, authorization);
            assert_eq!(answer.status(), 500, "{uri}");
            assert!(!answer.headers().contains_key(WWW_AUTHENTICATE));
        }
    }
    let several = gate("https://a.example,https://b.example");
    assert_eq!(answer(&several, "/verify", None).status(), 500);
    assert_eq!(answer(&several, "/verify?audience=https://b.example", None).status(), 401);
}

#[test]
fn a_gate_that_knows_no_keys_judges_no_token() {
    // C023
    let gate = gate("https://a.example");
    assert!(!gate.is_ready());
    let parts = [r#"{"alg":"ES256","typ":"at+jwt","kid":"a"}"#, "{}", "no signature"];
    let token = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
    let unknown = answer(&gate, "/verify", Some(&format!("Bearer {token}")));
    assert_eq!(unknown.status(), 503);
    assert!(unknown.headers().contains_key(RETRY_AFTER));
    assert_eq!(answer(&gate, "/verify", None).status(), 401);
    assert_eq!(answer(&gate, "/verify", Some("Bearer a b")).status(), 400);
}

#[test]
fn without_an_audience_there_is_no_gate() {
    let nothing = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    let none: [(&str, &str); 0] = [];
    let settings = Config::load(&Sources::new(none, nothing, 1)).unwrap().gate;
    assert!(Gate::verifier_settings(&settings, "https://as.example").is_none());
}
