//! Properties that hold whatever comes: the set against a naive one, the verifier against a bare
//! decoder.

use std::collections::HashSet;

use chancery_verifier::claims::AccessTokenClaims;
use chancery_verifier::revocation::{Digest, Entry, RevocationSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{API, ISSUER, NOW, Signer, World, claims};

#[derive(Clone, Debug)]
enum Step {
    Merge(Vec<Entry>),
    Insert(Entry),
    Prune(i64),
}

/// Few digests, so that they meet; some of one shard, some of several.
fn digest() -> impl Strategy<Value = Digest> {
    (0..3_u8, 0..6_u8, 0..2_u8).prop_map(|(shard, middle, last)| {
        let mut digest = [shard; 16];
        digest[2] = middle.wrapping_mul(51);
        digest[15] = last;
        Digest(digest)
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    (digest(), option::of(0..20_i64), option::of(0..20_i64))
        .prop_map(|(digest, not_before, until)| Entry { digest, not_before, until })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => vec(entry(), 0..40).prop_map(Step::Merge),
        3 => entry().prop_map(Step::Insert),
        1 => (0..20_i64).prop_map(Step::Prune),
    ]
}

proptest! {
    #[test]
    fn the_set_refuses_what_a_list_of_all_entries_refuses(
        steps in vec(step(), 0..30),
        probes in vec((digest(), 0..21_i64), 40),
    ) {
        let (mut set, mut list) = (RevocationSet::default(), Vec::<Entry>::new());
        for step in steps {
            let before = (set.clone(), list.clone());
            match step {
                Step::Merge(entries) => {
                    set.merge(entries.clone());
                    list.extend(entries);
                }
                Step::Insert(entry) => {
                    set.insert(entry);
                    list.push(entry);
                }
                Step::Prune(now) => {
                    set.prune(now);
                    list.retain(|entry| entry.until.is_none_or(|until| until > now));
                }
            }
            for (set, list) in [before, (set.clone(), list.clone())] {
                for (digest, issued_at) in &probes {
                    let refused = list.iter().any(|entry| {
                        entry.digest == *digest
                            && entry.not_before.is_none_or(|until| *issued_at <= until)
                    });
                    prop_assert_eq!(set.refuses(*digest, *issued_at), refused);
                }
                let digests: HashSet<Digest> = list.iter().map(|entry| entry.digest).collect();
                prop_assert_eq!(set.len(), digests.len());
            }
        }
    }

    #[test]
    fn the_order_of_merging_does_not_matter(
        entries in vec(entry(), 0..60),
        cuts in vec(1..8_usize, 60),
    ) {
        let mut whole = RevocationSet::default();
        whole.merge(entries.clone());
        let (mut parts, mut rest) = (RevocationSet::default(), entries.as_slice());
        for cut in cuts {
            let (now, later) = rest.split_at(rest.len() - cut.min(rest.len()));
            parts.merge(later.iter().copied());
            rest = now;
        }
        parts.merge(rest.iter().copied());
        prop_assert!(!parts.merge(entries.clone()), "everything is there");
        for entry in entries {
            for issued_at in 0..21 {
                prop_assert_eq!(
                    whole.refuses(entry.digest, issued_at),
                    parts.refuses(entry.digest, issued_at)
                );
            }
        }
        prop_assert_eq!(whole.len(), parts.len());
    }

    // C143: what is accepted here, a bare decoder accepts too, with the same claims.
    #[test]
    fn c143_nothing_is_accepted_that_a_bare_decoder_refuses(
        header in mutation(&["alg", "typ", "kid", "crit", "b64", "x"]),
        payload in mutation(&["iss", "aud", "exp", "iat", "nbf", "sub", "sid", "scope", "roles"]),
        byte in option::of((0..2000_usize, 0..=127_u8)),
    ) {
        let world = World::new();
        let (mut head, mut body) = (world.token_key.header(), claims(json!({})));
        apply(&mut head, header);
        apply(&mut body, payload);
        let mut token = world.token_key.sign(&head, &body).into_bytes();
        if let Some((place, byte)) = byte {
            let place = place % token.len();
            token[place] = byte;
        }
        let token = String::from_utf8(token).unwrap();
        if let Ok(verified) = world.verify(&token) {
            let bare = bare(&token, &world.token_key);
            prop_assert_eq!(bare.as_ref().ok(), Some(verified.claims()), "{:?}", bare);
            let payload: AccessTokenClaims = verified.payload().unwrap();
            prop_assert_eq!(&payload, verified.claims());
        }
    }
}

type Mutation = Option<(String, Option<Value>)>;

/// Nothing in half of the cases, so that some tokens are good.
fn mutation(names: &'static [&'static str]) -> impl Strategy<Value = Mutation> {
    let values = [
        json!(null),
        json!(0),
        json!(-1),
        json!(NOW + 60),
        json!(1e300),
        json!(""),
        json!("at+JWT"),
        json!("token-key"),
        json!(ISSUER),
        json!([API, "x"]),
        json!([]),
        json!({}),
        json!(true),
        json!("none"),
        json!("read"),
        json!(["admin"]),
    ];
    let name = prop::sample::select(names).prop_map(str::to_owned);
    option::of((name, option::of(prop::sample::select(values.to_vec()))))
}

fn apply(object: &mut Value, mutation: Mutation) {
    let (Some((name, value)), Some(object)) = (mutation, object.as_object_mut()) else {
        return;
    };
    match value {
        Some(value) => object.insert(name, value),
        None => object.remove(&name),
    };
}

fn bare(token: &str, key: &Signer) -> jsonwebtoken::errors::Result<AccessTokenClaims> {
    let jwk = key.jwk();
    let key = DecodingKey::from_ed_components(jwk["x"].as_str().unwrap())?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[API]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    // Its clock is not the one of these tests.
    validation.validate_exp = false;
    jsonwebtoken::decode(token, &key, &validation).map(|decoded| decoded.claims)
}
