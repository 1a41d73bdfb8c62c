//! Tokens that the server would never make, from an issuer of the test's own: what an API refuses
//! although its key has signed it, and although it looks like a token.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::issuer::Api;
use super::program;

/// An issuer with two keys, the second of which never signs.
struct Forger {
    name: String,
    key: Ed25519KeyPair,
}

impl Forger {
    fn start() -> Self {
        let [key, other] = [1, 2].map(|byte| Ed25519KeyPair::from_seed_unchecked(&[byte; 32]));
        let [key, other] = [key.unwrap(), other.unwrap()];
        let keys = json!({"keys": [jwk("signs", &key), jwk("waits", &other)]}).to_string();
        let name = serve("200 OK", keys);
        Self { name, key }
    }

    /// A token as the server makes them, but for what is merged into its header and its claims; a
    /// null takes a member out.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = self.signed_part(header, claims);
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn signed_part(&self, header: &Value, claims: &Value) -> String {
        let mut all = json!({"alg": "EdDSA", "kid": "signs", "typ": "at+jwt"});
        merge(&mut all, header);
        let mut body = json!({
            "iss": self.name, "aud": [AUDIENCE, self.name], "sub": "somebody", "client_id": "app",
            "iat": NOW, "exp": NOW + 300, "jti": "a", "sid": "b", "scope": "write read",
        });
        merge(&mut body, claims);
        [all, body].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
    }
}

/// Answers every request with this, on a thread that ends with the process; gives its URL.
fn serve(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(&stream).lines();
            lines.take_while(|line| !line.as_ref().unwrap().is_empty()).for_each(drop);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}");
            stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        }
    });
    name
}

fn jwk(kid: &str, key: &Ed25519KeyPair) -> Value {
    let x = BASE64_URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
    json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA"})
}

fn merge(into: &mut Value, changes: &Value) {
    let into = into.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            into.remove(name);
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}

#[tokio::test]
async fn only_access_tokens_for_this_api_are_accepted() {
    // C001 to C006, C010, C011, C012, C013, C014, C026
    let Some((command, files)) = program() else { return };
    let forger = Forger::start();
    let mut api = Api::start(command, &files, (&forger.name, AUDIENCE, "EdDSA"));
    api.set_clock(NOW);
    let none = json!({});
    assert_eq!(api.call(&forger.token(&none, &none)).await.status, 200);
    assert_eq!(api.call(&forger.token(&none, &json!({"aud": AUDIENCE}))).await.status, 200);

    for header in [
        json!({"typ": null}),
        json!({"typ": "JWT"}),
        json!({"typ": "revocations+jwt"}),
        json!({"typ": "logout+jwt"}),
        json!({"alg": "none"}),
        json!({"alg": "ES256"}),
        json!({"alg": null}),
        json!({"kid": null}),
        json!({"kid": "waits"}),
        json!({"kid": "unknown"}),
        json!({"kid": "signs", "crit": ["b64"], "b64": false}),
        json!({"crit": ["unknown"], "unknown": 1}),
    ] {
        let reply = api.call(&forger.token(&header, &none)).await;
        assert_eq!(reply.status, 401, "{header}");
    }
    let other = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let carried = json!({"jwk": jwk("signs", &other)});
    let signed = forger.signed_part(&carried, &none);
    let signature = BASE64_URL_SAFE_NO_PAD.encode(other.sign(signed.as_bytes()));
    assert_eq!(api.call(&format!("{signed}.{signature}")).await.status, 401);
    let signed = forger.signed_part(&json!({"alg": "HS256"}), &none);
    let secret = hmac::Key::new(hmac::HMAC_SHA256, forger.key.public_key().as_ref());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&secret, signed.as_bytes()));
    assert_eq!(api.call(&format!("{signed}.{signature}")).await.status, 401);

    for claims in [
        json!({"exp": null}),
        json!({"exp": "soon"}),
        json!({"exp": NOW - 31}),
        json!({"nbf": NOW + 31}),
        json!({"iat": null}),
        json!({"sub": null}),
        json!({"iss": null}),
        json!({"iss": format!("{}/", forger.name)}),
        json!({"aud": null}),
        json!({"aud": []}),
        json!({"aud": format!("{AUDIENCE}.other.example")}),
        json!({"aud": [forger.name]}),
    ] {
        let reply = api.call(&forger.token(&none, &claims)).await;
        assert_eq!(reply.status, 401, "{claims}");
    }
    for scope in
        [json!(null), json!(""), json!("reading"), json!("Read"), json!(["read"]), json!(1)]
    {
        let reply = api.call(&forger.token(&none, &json!({"scope": scope}))).await;
        assert_eq!(reply.status, 403, "{scope}");
    }
    assert_eq!(api.call(&forger.token(&none, &none)).await.status, 200);
}

#[tokio::test]
async fn where_there_is_no_key_set_nothing_is_said_about_the_token() {
    // C027
    let token = Forger::start().token(&json!({}), &json!({}));
    for (status, body) in [("500 Oh", "{}"), ("200 OK", "{}"), ("200 OK", "<html>")] {
        let Some((command, files)) = program() else { return };
        let issuer = serve(status, body.to_owned());
        let api = Api::start(command, &files, (&issuer, AUDIENCE, "EdDSA"));
        let reply = api.call(&token).await;
        assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, "5"), "{body}");
    }
}

const AUDIENCE: &str = "https://api.example";
const NOW: i64 = 1_800_000_000;
