//! Recognising, making and sealing refresh tokens.

use std::hint::black_box;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use chancery::protocol::refresh_token::{RefreshToken, UnverifiedRefreshToken};
use chancery::protocol::secret::Secret;

use crate::stage::Stage;
use crate::suite::Suite;

pub(crate) fn measure(suite: &mut Suite, stage: &Stage) {
    let (ring, entropy) = (stage.ring(), stage.server.world.entropy.as_ref());
    let keys = ring.tokens();
    let (text, parent) = stage.refresh_token();
    let child = || RefreshToken {
        key_number: parent.key_number,
        session: parent.session,
        generation: parent.generation + 1,
        secret: Secret::from_bytes(entropy.bytes()),
    };
    let hmac = Key::new(HMAC_SHA256, &[7; 32]);
    suite
        .of("recognise a refresh token")
        .bare("aws-lc, HMAC of as many bytes", |b| b.iter(|| sign(&hmac, black_box(&[1; 53]))))
        .own("parse and `TokenKeys::recognise`", |b| {
            b.iter(|| keys.recognise(&UnverifiedRefreshToken::parse(black_box(&text)).unwrap()));
        });
    suite
        .of("make a refresh token")
        .bare("random secret and HMAC", |b| {
            b.iter(|| (entropy.bytes::<32>(), sign(&hmac, black_box(&[1; 53]))));
        })
        .own("`TokenKeys::encode`", |b| b.iter(|| keys.encode(&child())));
    let successor = child();
    suite.of("seal a successor").own("`TokenKeys::seal_successor`", |b| {
        b.iter(|| keys.seal_successor(black_box(&successor), &parent, 1, entropy));
    });
}
