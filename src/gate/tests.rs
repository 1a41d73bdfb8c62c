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
fn c023_a_gate_that_knows_no_keys_judges_no_token() {
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

/// Status, code of the challenge and body, of a gate that knows nothing and so accepts nothing.
fn refusal(authorization: Option<&str>) -> (u16, String, String) {
    let answer = answer(&gate("https://a.example"), "/verify", authorization);
    let challenge = answer.headers()[WWW_AUTHENTICATE].to_str().unwrap();
    let code = challenge.split("error=\"").nth(1).and_then(|rest| rest.split('"').next());
    (answer.status().as_u16(), code.unwrap_or_default().to_owned(), answer.body().clone())
}

#[test]
fn c024_who_sends_no_bearer_token_is_told_no_error() {
    // BRR-02
    for none in [None, Some(""), Some("Basic YTpi"), Some("Token a"), Some("a.b.c")] {
        assert_eq!(refusal(none), (401, String::new(), String::new()), "{none:?}");
    }
}

#[test]
fn c024_what_has_two_readings_is_malformed() {
    for two in ["Bearer a,Bearer b", "Bearer a b", "Bearer", "Bearer\ta", "Bearer =a"] {
        let (status, code, _) = refusal(Some(two));
        assert_eq!((status, code.as_str()), (400, "invalid_request"), "{two}");
    }
    let twice = http::Request::get("/verify")
        .header("Authorization", "Bearer a")
        .header("Authorization", "Bearer a");
    let parts = twice.body(()).unwrap().into_parts().0;
    assert_eq!(gate("https://a.example").answer(&parts).status(), 400);
}

#[test]
fn c025_the_scheme_of_a_bound_token_is_refused() {
    let (status, code, body) = refusal(Some("DPoP a"));
    assert_eq!((status, code.as_str()), (401, "invalid_token"));
    assert!(body.contains("\"error\":\"invalid_token\""), "{body}");
}
