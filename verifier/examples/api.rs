//! A small API that checks its access tokens offline and obeys revocations at once.
//!
//! ```sh
//! cargo run -p chancery-verifier --example api --features client,axum
//! ```
//!
//! The environment says whose tokens and for what: `ISSUER` (http://localhost:8080), `RESOURCE`
//! (https://demo-api.example), `LISTEN` (127.0.0.1:9000). `CLIENT_ID` and `CLIENT_SECRET` of a client
//! that serves the API give it a reserved place on the stream of revocations, `SUBSCRIBER` its name
//! there (example-api), and `STATE_FILE` lets it start while the issuer is down. Each request that is
//! refused is a line of the log.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chancery_verifier::axum::Bearer;
use chancery_verifier::client::{Client, ClientSettings};
use chancery_verifier::tower::Protect;
use chancery_verifier::{Settings, Verifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_target(false).init();
    let issuer = or_default("ISSUER", "http://localhost:8080");
    let verifier =
        Verifier::new(Settings::new(issuer, or_default("RESOURCE", "https://demo-api.example")));
    let client = Arc::new(Client::start(verifier, client_settings())?);

    let listener = TcpListener::bind(or_default("LISTEN", "127.0.0.1:9000")).await?;
    tracing::info!(address = %listener.local_addr()?, "the API listens");
    axum::serve(listener, api(&client)).with_graceful_shutdown(interrupted()).await?;
    if let Some(client) = Arc::into_inner(client) {
        client.stop().await;
    }
    Ok(())
}

/// The routes, and what each wants of a token.
fn api(client: &Arc<Client>) -> Router {
    let token = Protect::new(client).realm("example");
    let writer = token.clone().scope("write");
    let up_to_date = token.clone().strict(Duration::from_secs(15));
    Router::new()
        .route("/", get(async || "An example. Try /orders with an access token.\n"))
        .route("/orders", get(orders).layer(token))
        .route("/orders", post(orders).layer(writer))
        .route("/payments", get(orders).layer(up_to_date))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(client))
}

async fn orders(token: Bearer) -> Json<Value> {
    let claims = token.claims();
    Json(json!({ "sub": claims.sub, "client_id": claims.client_id, "scope": claims.scope }))
}

/// Ready once tokens can be accepted: with keys, and the revocations where the issuer has a feed.
async fn readyz(State(client): State<Arc<Client>>) -> (StatusCode, &'static str) {
    if client.state().ready {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

async fn metrics(State(client): State<Arc<Client>>) -> String {
    client.state().prometheus() + &client.counters().prometheus()
}

fn client_settings() -> ClientSettings {
    let mut settings = ClientSettings::new().subscriber(or_default("SUBSCRIBER", "example-api"));
    if let (Some(id), Some(secret)) = (variable("CLIENT_ID"), variable("CLIENT_SECRET")) {
        settings = settings.credentials(id, secret);
    }
    match variable("STATE_FILE") {
        Some(path) => settings.state_file(path),
        None => settings,
    }
}

fn or_default(name: &str, default: &str) -> String {
    variable(name).unwrap_or_else(|| default.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the whole configuration of an example")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
