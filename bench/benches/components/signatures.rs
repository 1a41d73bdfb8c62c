//! Signing and verifying access tokens.

use std::hint::black_box;

use crate::bare::BareKey;
use crate::stage::{ALGORITHMS, Stage};
use crate::suite::Suite;

/// From the claims' JSON to the token, and from the claims to their JSON.
pub(crate) fn sign(suite: &mut Suite, stage: &Stage) {
    let (ring, claims) = (stage.ring(), stage.claims());
    let payload = serde_json::to_vec(&claims).unwrap();
    for algorithm in ALGORITHMS {
        let own = ring.access_token_key(algorithm).unwrap();
        let token = own.sign(&payload).unwrap();
        let (message, _) = token.rsplit_once('.').unwrap();
        let bare = BareKey::generate(algorithm);
        suite
            .of(format!("sign, {}", algorithm.as_str()))
            .bare("aws-lc, the same bytes", |b| {
                b.iter(|| bare.sign(black_box(message.as_bytes()), black_box(&mut [0; 256])));
            })
            .own("`SigningKey::sign`", |b| b.iter(|| own.sign(black_box(&payload))));
    }
    suite.of("the JSON of the claims").own("of a user's access token", |b| {
        b.iter(|| serde_json::to_vec(black_box(&claims)));
    });
}

/// From the token to its claims.
pub(crate) fn verify(suite: &mut Suite, stage: &Stage) {
    let (ring, issuer, now) = (stage.ring(), &stage.server.settings.issuer, stage.server.now());
    for algorithm in ALGORITHMS {
        let key = ring.access_token_key(algorithm).unwrap();
        // More than a ring remembers, by turns, so that each signature is checked.
        let mut claims = stage.claims();
        let mut token = |number: usize| {
            claims.jti = number.to_string();
            key.sign(&serde_json::to_vec(&claims).unwrap()).unwrap()
        };
        let tokens: Vec<_> = (0..TOKENS).map(&mut token).collect();
        assert!(tokens.iter().all(|token| ring.verify(token, issuer, now).is_some()));
        let token = &tokens[0];
        let mut others = tokens.iter().cycle();
        let message = token.rsplit_once('.').unwrap().0.as_bytes();
        let bare = BareKey::generate(algorithm);
        let mut signature = [0; 256];
        let length = bare.sign(message, &mut signature);
        let (public, signature) = (bare.public(), &signature[..length]);
        suite
            .of(format!("verify, {}", algorithm.as_str()))
            .bare("aws-lc, the same bytes", |b| {
                b.iter(|| public.verify_sig(black_box(message), black_box(signature)).unwrap());
            })
            .own("`KeyRing::verify`, to the claims", |b| {
                b.iter(|| ring.verify(black_box(others.next().unwrap()), issuer, now));
            });
        suite.of(format!("verify, {}, again", algorithm.as_str())).own("`KeyRing::verify`", |b| {
            b.iter(|| ring.verify(black_box(token), issuer, now));
        });
    }
}

/// A key ring remembers 4,096 at most.
const TOKENS: usize = 6_000;
