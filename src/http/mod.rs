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
mod front;
mod guard;
mod headers;
mod meter;
mod origin;
mod pages;
mod paths;
mod respond;

pub use cors::Sharing;
pub use front::Front;
pub use respond::private;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use endpoints::assets::Assets;
use endpoints::metadata::Metadata;

use crate::flows::server::Server;
use crate::pages::Brand;

/// What the handlers work with.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    state: AppState,
    assets: Assets,
    metadata: Metadata,
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
        let assets = Assets::of(&state.brand);
        let metadata = Metadata::of(&state.server.settings.issuer);
        Self(Arc::new(Inner { state, assets, metadata }))
    }

    fn assets(&self) -> &Assets {
        &self.0.assets
    }

    fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }
}

impl std::ops::Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0.state
    }
}
