//! Access tokens: a text as it is presented, or a header and a payload in two lines, which are signed
//! by the issuer's key.

use std::sync::LazyLock;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use chancery_verifier::claims::AccessTokenClaims;
use chancery_verifier::feed::{FEED_TYPE, PackedEntries};
use chancery_verifier::revocation::{Entry, Kind};
use chancery_verifier::{Reason, Rejection, Verifier};
use serde_json::{Value, json};

use super::issuer::{API, FEED_KEY, ISSUER, NOW, TOKEN_KEY, b64, unb64, verifier};
use super::text;

/// Nothing is accepted that a bare reading of the token refuses, and whatever is accepted can be
/// revoked.
pub fn check(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let token = match text.split_once('\n') {
        Some((header, payload)) => TOKEN_KEY.sign(header, payload),
        None => text.to_owned(),
    };
    let Ok(verified) = VERIFIER.verify(&token) else { return };
    let parts: Vec<&str> = token.split('.').collect();
    let &[header, payload, signature] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    let [header, payload, signature] = [header, payload, signature].map(|part| {
        let bytes = unb64(part).expect("base64url");
        assert_eq!(b64(&bytes), part, "another spelling");
        bytes
    });
    let (message, _) = token.rsplit_once('.').expect("three parts");
    let key = UnparsedPublicKey::new(&ED25519, TOKEN_KEY.public());
    key.verify(message.as_bytes(), &signature).expect("signed by the issuer");
    judge_header(&serde_json::from_slice(&header).expect("JSON"));
    let payload: Value = serde_json::from_slice(&payload).expect("JSON");
    judge_payload(&payload);
    let claims: AccessTokenClaims = serde_json::from_value(payload.clone()).expect("claims");
    assert_eq!(verified.claims(), &claims);
    assert_eq!(verified.payload::<Value>().expect("JSON"), payload);
    revoked(&token, &claims);
}

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let verifier = verifier();
    verifier.set_feed(false);
    verifier
});

/// RFC 8725 §3.1, §3.8 and §3.11, RFC 7515 §4.1.11.
fn judge_header(header: &Value) {
    assert_eq!(header["alg"], "EdDSA");
    assert_eq!(header["kid"], "token-key");
    let typ = header["typ"].as_str().expect("a type").to_ascii_lowercase();
    assert!(["at+jwt", "application/at+jwt"].contains(&typ.as_str()), "{typ}");
    for name in ["crit", "b64", "zip"] {
        assert!(header.get(name).is_none(), "{name}");
    }
}

/// RFC 9068 §4.
fn judge_payload(payload: &Value) {
    assert_eq!(payload["iss"], ISSUER);
    let audience = &payload["aud"];
    let listed = audience.as_array().is_some_and(|all| all.iter().any(|one| one == API));
    assert!(audience == API || listed, "{audience}");
    let number = |name: &str| payload[name].as_i64();
    let (iat, exp) = (number("iat").expect("iat"), number("exp").expect("exp"));
    assert!(exp > NOW - LEEWAY && iat <= NOW + 60 && exp - iat <= 3_660, "{iat}, {exp}");
    if let Some(nbf) = payload.get("nbf") {
        assert!(nbf.as_i64().expect("a number") <= NOW + LEEWAY, "{nbf}");
    }
    assert!(payload["sub"].is_string() && payload.get("cnf").is_none());
}

/// Once its id is revoked, the same token is refused.
fn revoked(token: &str, claims: &AccessTokenClaims) {
    let entry = Entry { digest: Kind::Token.digest(&claims.jti), not_before: None, until: None };
    let document = json!({
        "iss": ISSUER, "iat": NOW, "exp": NOW + 60, "epoch": 1, "prev_seq": 0, "seq": 1,
        "cursor": "c", "time": NOW * 1000, "jwks_hash": "h",
        "entries": PackedEntries::pack([(Kind::Token, entry)]),
    });
    let verifier = verifier();
    verifier.absorb(&FEED_KEY.sign_as(FEED_TYPE, &document.to_string())).expect("a document");
    let refused = verifier.verify(token).err();
    assert!(matches!(refused, Some(Rejection::Invalid(Reason::Revoked(_)))), "{refused:?}");
}

/// What a verifier allows unless it is told otherwise, in seconds.
const LEEWAY: i64 = 5;
