//! Key sets as an issuer may publish them.

use serde_json::Value;

use super::issuer::{token, unready, verifier};

/// A set that is no good changes nothing, and a good one has only public keys of known kinds, the
/// same ones whenever it is read.
pub fn check(input: &[u8]) {
    let verifier = verifier();
    verifier.set_feed(false);
    let before = verifier.state();
    let Ok(installed) = verifier.install_keys(input) else {
        assert_eq!(verifier.state(), before);
        assert!(verifier.verify(&token()).is_ok(), "the good set stays");
        return;
    };
    let jwks: Value = serde_json::from_slice(input).expect("JSON");
    let keys = jwks["keys"].as_array().expect("a list");
    let usable = installed.keys + installed.feed_keys;
    assert!(installed.keys > 0 && usable + installed.unusable <= keys.len());
    let public = keys.iter().filter(|key| is_public(key)).count();
    assert!(usable <= public, "{usable} of {public}");
    let again = unready();
    assert_eq!(again.install_keys(input), Ok(installed), "read twice");
    let state = again.state();
    assert_eq!(state.keys, installed.keys);
    let restarted = unready();
    restarted.import(&again.export()).expect("what was exported");
    assert_eq!(restarted.state().jwks_hash, state.jwks_hash);
    assert_eq!(restarted.state().keys, state.keys);
}

fn is_public(key: &Value) -> bool {
    let known = ["OKP", "EC", "RSA"].iter().any(|kty| key["kty"] == *kty);
    known && ["d", "k", "p", "q"].iter().all(|member| key.get(member).is_none())
}
