//! `chancery gate`. It opens no database, no key and no folder.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use chancery_verifier::Verifier;
use chancery_verifier::client::{Client, ClientSettings};

use super::serve::{limits, stop_signal};
use super::tidy_metrics::tidy_metrics;
use super::{Failure, log};
use crate::config::{self, Config};
use crate::env::World;
use crate::gate::Gate;
use crate::http::gate::{Answers, router};
use crate::http::serve::{bind, serve as serve_http};
use crate::telemetry::{Program, collect_metrics};

/// Serve as a gate in front of APIs: nginx, Envoy or Traefik asks it whether a token is good.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Whose access tokens are accepted, in place of `gate.issuer`.
    #[arg(long, value_name = "URL", value_parser = config::Gate::parse_issuer)]
    issuer: Option<String>,
    /// Where to listen, in place of `gate.listen`. May be given several times.
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,
    /// An audience that a proxy may ask for, in place of `gate.audiences`. May be given several
    /// times.
    #[arg(long = "audience", value_name = "URI", value_parser = config::Gate::parse_audience)]
    audiences: Vec<String>,
}

/// Serves until the process is told to stop.
pub(super) async fn serve(arguments: Arguments, config: &Config) -> Result<(), Failure> {
    log::start(config, "info");
    let metrics =
        collect_metrics(Program::Gate).map_err(|error| Failure::new(error.to_string()))?;
    let _tidy = tidy_metrics(&metrics, &World::system());
    let settings = arguments.over(config.gate.clone());
    let issuer = settings.issuer.clone().unwrap_or_else(|| config.issuer.to_string());
    let verifier = Gate::verifier_settings(&settings, &issuer).ok_or_else(no_audience)?;
    let listeners = bind(&settings.listen).await.map_err(|error| {
        Failure::new(error.to_string().replace("CHANCERY_LISTEN", "CHANCERY_GATE__LISTEN"))
    })?;
    let client = Client::start(Verifier::new(verifier), client_settings(&settings))
        .map_err(|error| Failure::new(error.to_string()))?;
    let client = Arc::new(client);
    let addresses: Vec<SocketAddr> =
        listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    let gate = Arc::new(Gate::new(settings, client.verifier().clone()));
    let router = router(
        answers(&gate, Arc::downgrade(&client), move || metrics.render()),
        config.http.request_timeout,
    );
    tracing::info!(issuer, ?addresses, "listening");
    let stop = stop_signal(|| ())?;
    let drained = serve_http(listeners, router, limits(config), stop.wait()).await.completed;
    if let Some(client) = Arc::into_inner(client) {
        client.stop().await;
    }
    tracing::info!(drained, "stopped");
    Ok(())
}

impl Arguments {
    /// What is given here takes the place of what is configured.
    fn over(self, mut settings: config::Gate) -> config::Gate {
        settings.issuer = self.issuer.or(settings.issuer);
        if !self.listen.is_empty() {
            settings.listen = self.listen;
        }
        if !self.audiences.is_empty() {
            settings.audiences = self.audiences;
        }
        settings
    }
}

fn client_settings(settings: &config::Gate) -> ClientSettings {
    let mut client = ClientSettings::new().silence(settings.silence);
    if let (Some(id), Some(secret)) = (&settings.client_id, &settings.client_secret) {
        client = client.credentials(id, secret.expose());
    }
    if let Some(name) = &settings.subscriber {
        client = client.subscriber(name);
    }
    if let Some(path) = &settings.state {
        client = client.state_file(path);
    }
    client
}

fn answers(
    gate: &Arc<Gate>,
    client: Weak<Client>,
    render: impl Fn() -> String + Send + Sync + 'static,
) -> Answers {
    let of_client = move || client.upgrade().map(|client| client.counters().prometheus());
    let (verifying, asked, measured) = (gate.clone(), gate.clone(), gate.clone());
    Answers {
        verify: Box::new(move |parts| verifying.answer(parts)),
        is_ready: Box::new(move || asked.is_ready()),
        render_metrics: Box::new(move || {
            render() + &measured.state_metrics() + &of_client().unwrap_or_default()
        }),
    }
}

fn no_audience() -> Failure {
    let text = "no audience: name the API that tokens must be for, as in --audience \
                https://api.example or CHANCERY_GATE__AUDIENCES=https://api.example";
    Failure::usage("invalid_configuration", text)
}
