//! Answers in JSON, as they are handed to the connection.

use std::hint::black_box;

use chancery::http::private;
use serde::{Deserialize, Serialize};

use crate::stage::Stage;
use crate::suite::Suite;

/// The answer to a refresh, its members in one place.
#[derive(Deserialize, Serialize)]
struct Flat {
    access_token: String,
    token_type: String,
    expires_in: i64,
    scope: String,
    refresh_token: String,
    refresh_token_expires_in: u64,
    authorization_expires_in: u64,
}

pub(crate) fn measure(suite: &mut Suite, stage: &Stage) {
    let answer = stage.login();
    let flat: Flat = serde_json::from_slice(&serde_json::to_vec(&answer).unwrap()).unwrap();
    suite
        .of("answer with tokens")
        .bare("`serde_json`, the same members", |b| {
            b.iter(|| serde_json::to_vec(black_box(&flat)));
        })
        .own("`respond::private`, with its head", |b| b.iter(|| private(black_box(&answer))));
    let (claims, introspection) = (stage.claims(), stage.introspection());
    suite
        .of("answer an introspection")
        .bare("`serde_json`, the claims", |b| b.iter(|| serde_json::to_vec(black_box(&claims))))
        .own("`respond::private`, with its head", |b| {
            b.iter(|| private(black_box(&introspection)));
        });
}
