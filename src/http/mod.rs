//! HTTP: routes, reading requests, the one map from errors to answers. The only place that knows
//! axum. May import [`crate::flows`], [`crate::pages`], [`crate::protocol`] and [`crate::env`]; never
//! storage or keys.

pub mod gate;
pub mod routes;
pub mod serve;

mod cookies;
mod cors;
mod endpoints;
mod error;
mod exchange;
mod guard;
mod middleware;
mod origin;
mod pages;
mod respond;

pub use cors::Sharing;
pub use respond::private;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use endpoints::assets::Assets;

use crate::flows::server::Server;
use crate::pages::Brand;

/// What the handlers work with.
#[derive(Clone)]
pub struct App {
    state: Arc<AppState>,
    assets: Arc<Assets>,
}

/// The parts of an [`App`].
pub struct AppState {
    /// The server.
    pub server: Arc<Server>,
    /// How requests are read.
    pub settings: HttpSettings,
    /// How the pages look.
    pub brand: Brand,
    /// Writes the metrics in the text format of Prometheus.
    pub render_metrics: Box<dyn Fn() -> String + Send + Sync>,
}

/// How requests are read.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The longest body, in bytes.
    pub body_limit: usize,
    /// From the head of a request to the head of its answer: 408 if its body did not come in this
    /// time, else 503.
    pub request_timeout: Duration,
    /// The peers whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl App {
    /// An app.
    pub fn new(state: AppState) -> Self {
        let assets = Arc::new(Assets::of(&state.brand));
        Self { state: Arc::new(state), assets }
    }
}

impl std::ops::Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.state
    }
}
