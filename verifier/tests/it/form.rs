//! Form, header and signature: what is refused before a claim is read.

use aws_lc_rs::hmac;
use chancery_verifier::{KeyDemand, Reason};
use serde_json::{Value, json};

use super::support::{NOW, Signer, World, b64, claims};

/// A good token but for `changes` to its header, signed with the good key.
fn with_header(world: &World, changes: Value) -> String {
    let mut header = world.token_key.header();
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    for (name, value) in changes {
        header[name] = value;
    }
    world.token_key.sign(&header, &claims(json!({})))
}

#[test]
fn a_good_token_is_accepted_with_its_claims() {
    let world = World::new();
    let verified = world.verify(&world.token(json!({ "tenant": "t" }))).unwrap();
    assert_eq!(verified.claims().sub, "user-1");
    assert_eq!(verified.scopes().collect::<Vec<_>>(), ["read", "write"]);
    assert_eq!(verified.kid(), "token-key");
    let payload: Value = verified.payload().unwrap();
    assert_eq!(payload["tenant"], "t");
    assert_eq!(format!("{verified:?}"), "VerifiedToken { .. }");
}

#[test]
fn each_algorithm_verifies_by_its_key() {
    let world = World::new();
    let rsa = Signer::rsa("RS256", "rsa");
    world.also(&rsa);
    world.verify(&rsa.token(&claims(json!({})))).unwrap();
    let pss = rsa.named("PS256", "pss");
    world.also(&pss);
    world.verify(&pss.token(&claims(json!({})))).unwrap();
    for alg in ["ES256", "ES384"] {
        let key = Signer::ecdsa(alg, "ec");
        world.also(&key);
        world.verify(&key.token(&claims(json!({})))).unwrap();
    }
    let full_name = with_header(&world, json!({ "alg": "Ed25519" }));
    world.verify(&full_name).unwrap();
}

#[test]
fn c001_no_algorithm_in_any_spelling() {
    let world = World::new();
    for alg in ["none", "None", "NONE", "nOnE", "", "eddsa", "EdDSA "] {
        let token = with_header(&world, json!({ "alg": alg }));
        assert_eq!(world.reason(&token), Reason::Algorithm, "{alg}");
        let (message, _) = token.rsplit_once('.').unwrap();
        assert_eq!(world.reason(&format!("{message}.")), Reason::Form, "{alg}");
    }
    for alg in [json!(["EdDSA"]), json!(1), json!(null), json!({ "EdDSA": 1 })] {
        assert_eq!(world.reason(&with_header(&world, json!({ "alg": alg }))), Reason::Header);
    }
    let header = r#"{"typ":"at+jwt","kid":"token-key"}"#;
    let token = world.token_key.sign_text(header, claims(json!({})).to_string().as_bytes());
    assert_eq!(world.reason(&token), Reason::Header);
}

#[test]
fn c002_a_public_key_is_no_secret() {
    let world = World::new();
    let keys = [Signer::rsa("RS256", "k"), Signer::ecdsa("ES256", "k"), Signer::ed25519(9, "k")];
    for key in keys {
        world.also(&key);
        let jwk = key.jwk();
        let texts = ["n", "x"].map(|part| jwk[part].as_str().unwrap_or_default().to_owned());
        let secrets = [key.public_bytes(), jwk.to_string().into_bytes()];
        let secrets = secrets.into_iter().chain(texts.map(String::into_bytes));
        for secret in secrets.filter(|secret| !secret.is_empty()) {
            let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": "k" });
            let message =
                format!("{}.{}", b64(header.to_string()), b64(claims(json!({})).to_string()));
            let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let mac = hmac::sign(&secret, message.as_bytes());
            assert_eq!(world.reason(&format!("{message}.{}", b64(mac))), Reason::Algorithm);
        }
    }
}

#[test]
fn c003_the_algorithm_is_the_keys() {
    let world = World::new();
    let (rsa, p384) = (Signer::rsa("RS256", "rsa"), Signer::ecdsa("ES384", "p384"));
    world.verifier.install_keys(&world.jwks(&[rsa.jwk(), p384.jwk()])).unwrap();
    let header = |alg: &str, kid: &str| json!({ "alg": alg, "typ": "at+jwt", "kid": kid });
    let good = claims(json!({}));
    for (alg, kid) in
        [("RS256", "p384"), ("PS256", "rsa"), ("ES256", "p384"), ("Ed448", "token-key")]
    {
        for key in [&rsa, &p384, &world.token_key] {
            assert_eq!(world.reason(&key.sign(&header(alg, kid), &good)), Reason::Algorithm);
        }
    }
    let pss = rsa.named("PS256", "rsa");
    assert_eq!(world.reason(&pss.sign(&header("PS256", "rsa"), &good)), Reason::Algorithm);
    assert_eq!(world.reason(&pss.sign(&header("RS256", "rsa"), &good)), Reason::Signature);
}

#[test]
fn an_algorithm_that_is_not_accepted_is_refused_with_a_good_signature() {
    use super::support::{API, ISSUER};
    use chancery_verifier::{Algorithm, Settings};
    let settings = Settings::new(ISSUER, API).algorithms([Algorithm::Es256]);
    let world = World::with(settings);
    assert_eq!(world.reason(&world.token(json!({}))), Reason::Algorithm);
}

#[test]
fn c005_keys_and_addresses_in_the_header_are_not_used() {
    let world = World::new();
    let thief = Signer::ed25519(66, "token-key");
    for (name, value) in [
        ("jwk", thief.jwk()),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["MIIB"])),
    ] {
        let mut header = thief.header();
        header[name] = value;
        assert_eq!(world.reason(&thief.sign(&header, &claims(json!({})))), Reason::Signature);
        header["kid"] = json!("thief");
        assert_eq!(world.reason(&thief.sign(&header, &claims(json!({})))), Reason::UnknownKey);
    }
}

#[test]
fn c006_extensions_of_the_header_are_refused() {
    let world = World::new();
    for changes in [
        json!({ "crit": ["exp"] }),
        json!({ "crit": [] }),
        json!({ "crit": ["https://ext.example"] }),
        json!({ "crit": null }),
        json!({ "b64": false }),
        json!({ "b64": true, "crit": ["b64"] }),
    ] {
        assert_eq!(world.reason(&with_header(&world, changes)), Reason::Critical);
    }
}

#[test]
fn c007_signatures_that_only_look_like_one() {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let world = World::new();
    let key = Signer::ecdsa("ES256", "ec");
    world.also(&key);
    let good = key.token(&claims(json!({})));
    let (message, _) = good.rsplit_once('.').unwrap();
    let signature = key.signature(message.as_bytes());
    let (r, s) = signature.split_at(32);
    let der = [&[0x30, 0x44, 0x02, 0x20], r, &[0x02, 0x20], s].concat();
    let bad = [
        vec![0; 64],
        [&ORDER[..], s].concat(),
        [r, &ORDER[..]].concat(),
        [r, &[0; 32][..]].concat(),
        [&[0; 32][..], s].concat(),
        der,
        signature[..63].to_vec(),
        [&signature[..], &[0]].concat(),
        [&signature[..], &signature[..]].concat(),
    ];
    for signature in bad {
        assert_eq!(world.reason(&format!("{message}.{}", b64(signature))), Reason::Signature);
    }
    world.verify(&format!("{message}.{}", b64(&signature))).unwrap();
    assert_eq!(world.reason(&format!("{message}.")), Reason::Form);
}

#[test]
fn c008_only_one_spelling_of_a_token() {
    let world = World::new();
    let good = world.token(json!({}));
    let [header, payload, signature] =
        good.split('.').collect::<Vec<_>>().try_into().expect("three parts");
    // 64 bytes leave four bits of the last character unused.
    let loose = [&signature[..signature.len() - 1], "B"].concat();
    assert_ne!(loose, signature);
    let spelt = |token: String| {
        let reason = world.reason(&token);
        assert!(matches!(reason, Reason::Form | Reason::Signature), "{reason:?}: {token}");
    };
    spelt(format!("{header}.{payload}.{signature}="));
    spelt(format!("{header}.{payload}.{signature}=="));
    spelt(format!("{header}=.{payload}.{signature}"));
    spelt(format!("{header}.{payload}.{loose}"));
    spelt(format!("{header}.{payload}.{signature}\n"));
    spelt(format!(" {header}.{payload}.{signature}"));
    spelt(format!("{header}.{payload}.{} {}", &signature[..9], &signature[9..]));
    spelt(format!("{header}.{payload}.+/{}", &signature[2..]));
    spelt(format!("{header}.{payload}"));
    spelt(format!("{header}.{payload}.{signature}."));
    spelt(format!("{header}.{payload}.{signature}.{signature}"));
    spelt(format!("{header}.{payload}.{signature}.{signature}.{signature}"));
    spelt(format!("{header}..{signature}"));
    spelt(json!({ "payload": payload, "protected": header, "signature": signature }).to_string());
    spelt(String::new());
    world.verify(&good).unwrap();
}

#[test]
fn c009_a_member_that_stands_twice_is_refused() {
    let world = World::new();
    let header = world.token_key.header().to_string();
    let good = claims(json!({})).to_string();
    let twice = |more: &str| good.replacen('{', &format!("{{{more},"), 1);
    for more in [r#""sub":"user-1""#, r#""\u0073ub":"admin""#, r#""x":{"a":1,"\u0061":2}"#] {
        let token = world.token_key.sign_text(&header, twice(more).as_bytes());
        assert_eq!(world.reason(&token), Reason::Claims, "{more}");
    }
    let token = world.token_key.sign_text(&header, twice(r#""Sub":"admin""#).as_bytes());
    assert_eq!(world.verify(&token).unwrap().claims().sub, "user-1");
    for more in [r#""alg":"none""#, r#""\u0061lg":"none""#, r#""kid":"x""#] {
        let header = header.replacen('{', &format!("{{{more},"), 1);
        assert_eq!(
            world.reason(&world.token_key.sign_text(&header, good.as_bytes())),
            Reason::Header
        );
    }
}

#[test]
fn c014_other_kinds_of_token_are_refused_by_their_type() {
    let world = World::new();
    for typ in [
        "JWT",
        "logout+jwt",
        "token-introspection+jwt",
        "statuslist+jwt",
        "oauth-authz-req+jwt",
        "dpop+jwt",
        "client-authentication+jwt",
        "secevent+jwt",
        "revocations+jwt",
        "",
        "at+jwt ",
        "application/at+jwt+x",
        "application/application/at+jwt",
    ] {
        assert_eq!(
            world.reason(&with_header(&world, json!({ "typ": typ }))),
            Reason::Type,
            "{typ}"
        );
    }
    let header = json!({ "alg": "EdDSA", "kid": "token-key" });
    assert_eq!(world.reason(&world.token_key.sign(&header, &claims(json!({})))), Reason::Type);
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        world.verify(&with_header(&world, json!({ "typ": typ }))).unwrap();
    }
}

#[test]
fn c016_encrypted_nested_and_compressed_tokens_are_refused_by_their_form() {
    let world = World::new();
    let jwe = |header: Value| format!("{}.AAAA.AAAA.AAAA.AAAA", b64(header.to_string()));
    let costly = json!({ "alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 1_000_000_000 });
    assert_eq!(world.reason(&jwe(costly.clone())), Reason::Form);
    assert_eq!(
        world.reason(&jwe(json!({ "alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF" }))),
        Reason::Form
    );
    let mut header = costly;
    header["typ"] = json!("at+jwt");
    header["kid"] = json!("token-key");
    assert_eq!(world.reason(&world.token_key.sign(&header, &claims(json!({})))), Reason::Algorithm);
    assert_eq!(world.reason(&with_header(&world, json!({ "zip": "DEF" }))), Reason::Critical);
    let nested = world.token(json!({}));
    let header = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "token-key", "cty": "JWT" });
    let outer = world.token_key.sign_text(&header.to_string(), nested.as_bytes());
    assert_eq!(world.reason(&outer), Reason::Claims);
}

#[test]
fn c017_absurd_sizes_are_refused_unread() {
    let world = World::new();
    assert_eq!(world.reason(&"a".repeat(1 << 20)), Reason::TooLong);
    let scopes = "s ".repeat(100_000);
    assert_eq!(world.reason(&world.token(json!({ "scope": scopes }))), Reason::TooLong);
    let just_too_long = format!("{}.{}", world.token(json!({})), "a".repeat(8192));
    assert_eq!(world.reason(&just_too_long), Reason::TooLong);
    let huge_header = with_header(&world, json!({ "x": "a".repeat(1024) }));
    assert_eq!(world.reason(&huge_header), Reason::Header);
    let header = world.token_key.header().to_string();
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(2500), "]".repeat(2500));
    assert_eq!(world.reason(&world.token_key.sign_text(&header, deep.as_bytes())), Reason::Claims);
    let deep = r#"{"alg":"EdDSA","x":"#.to_owned() + &"[".repeat(300) + &"]".repeat(300) + "}";
    assert_eq!(world.reason(&world.token_key.sign_text(&deep, b"{}")), Reason::Header);
}

#[test]
fn c018_texts_that_are_none_are_refused() {
    let world = World::new();
    let header = world.token_key.header().to_string();
    let good = claims(json!({})).to_string();
    let replaced = |by: &[u8]| {
        let at = good.find("user-1").unwrap();
        [&good.as_bytes()[..at], by, &good.as_bytes()[at + 6..]].concat()
    };
    for bad in [
        replaced(b"\xff\xfe"),
        replaced(br"\ud800"),
        replaced(br"\udc00\ud800"),
        replaced(br"user\u0000"),
        replaced(b"user\0"),
        [b"\xef\xbb\xbf", good.as_bytes()].concat(),
        [good.as_bytes(), b"\0"].concat(),
        [good.as_bytes(), b"{}"].concat(),
    ] {
        assert_eq!(world.reason(&world.token_key.sign_text(&header, &bad)), Reason::Claims);
    }
    world.verify(&world.token_key.sign_text(&header, &replaced("ü😀".as_bytes()))).unwrap();
    let marked = format!("\u{feff}{header}");
    assert_eq!(world.reason(&world.token_key.sign_text(&marked, good.as_bytes())), Reason::Header);
}

#[test]
fn a_forgery_fails_by_its_signature_whatever_else_is_wrong_with_it() {
    let world = World::new();
    let forger = Signer::ed25519(66, "token-key");
    for changes in [
        json!({ "exp": NOW - 9999, "iat": NOW - 19_999 }),
        json!({ "iss": "https://evil.example" }),
        json!({ "aud": "other" }),
        json!({ "cnf": { "jkt": "x" } }),
        json!({ "sub": null }),
        json!({ "exp": "soon" }),
    ] {
        assert_eq!(world.reason(&forger.token(&claims(changes))), Reason::Signature);
    }
    assert_eq!(
        world.reason(&forger.sign_text(&forger.header().to_string(), b"no JSON")),
        Reason::Signature
    );
    assert_eq!(world.verifier.wants_keys(), KeyDemand::No);
}
