//! What no server of this kind can go below: a program that answers the same requests with a signature,
//! with a document or with the hash of a password, and does nothing else. It runs in a process of its own.

mod hash;
mod signer;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Router, serve};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::Args;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::figures::Failure;
use hash::Hasher;
use signer::Signer;

#[derive(Args)]
pub(crate) struct Arguments {
    /// What tokens are signed with.
    algorithm: String,
}

/// Serves until it is killed. The address is what it prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let signer = Arc::new(Signer::generate(&arguments.algorithm)?);
    let hasher = Arc::new(Hasher::new()?);
    let router = Router::new()
        .route("/oauth/token", post(token))
        .route("/.well-known/jwks.json", get(document))
        .with_state(signer)
        .merge(Router::new().route("/hash", get(hash)).with_state(hasher));
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            let undelayed = stream.set_nodelay(true);
            debug_assert!(undelayed.is_ok(), "a floor that delays is none");
        });
        Ok(serve(listener, router).await?)
    })
}

#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_in: i64,
    scope: &'a str,
}

async fn token(State(signer): State<Arc<Signer>>, body: Bytes) -> impl IntoResponse {
    let grant = form_urlencoded::parse(&body).find(|(name, _)| name == "grant_type");
    let asked = grant.is_some_and(|(_, grant)| grant == "client_credentials");
    let token = if asked { signer.token().unwrap_or_default() } else { String::new() };
    let answer = TokenAnswer {
        access_token: &token,
        token_type: "Bearer",
        expires_in: 300,
        scope: "read write",
    };
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (headers, serde_json::to_vec(&answer).unwrap_or_default())
}

async fn hash(State(hasher): State<Arc<Hasher>>) -> impl IntoResponse {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(hasher.hash().unwrap_or_default());
    ([(CONTENT_TYPE, "application/json")], format!(r#"{{"hash":"{hash}"}}"#))
}

async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}

/// As large as a set of some keys.
const DOCUMENT: &str = include_str!("document.json");
