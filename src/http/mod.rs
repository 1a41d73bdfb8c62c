//! HTTP: routes, reading requests, the one map from errors to answers. The only place that knows
//! axum. May import [`crate::flows`], [`crate::protocol`] and [`crate::env`]; never storage or keys.

pub mod gate;
pub mod routes;
pub mod serve;

mod cors;
mod endpoints;
mod error;
mod exchange;
mod middleware;
mod origin;
mod respond;

pub use cors::Sharing;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::flows::server::Server;

/// What the handlers work with.
#[derive(Clone)]
pub struct App(Arc<AppState>);

/// The parts of an [`App`].
pub struct AppState {
    /// The server.
    pub server: Arc<Server>,
    /// How requests are read.
    pub settings: HttpSettings,
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
        Self(Arc::new(state))
    }
}

impl std::ops::Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}
