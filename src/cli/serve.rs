//! `chancery serve`.

use std::net::SocketAddr;

use tokio::signal::unix::{SignalKind, signal};

use super::apply;
use super::connect::connect_to_serve;
use super::first_run::first_run;
use super::tidy_metrics::tidy_metrics;
use super::{Failure, log, picture};
use crate::config::Config;
use crate::flows::administration::Administration;
use crate::flows::background;
use crate::http::serve::{Limits, bind, serve as serve_http};
use crate::http::{App, AppState, HttpSettings, routes};
use crate::telemetry::{Program, collect_metrics};

/// Serves until the process is told to stop.
pub(super) async fn serve(config: &Config) -> Result<(), Failure> {
    log::start(config, "info");
    let metrics =
        collect_metrics(Program::Server).map_err(|error| Failure::new(error.to_string()))?;
    let brand = picture::brand(config)?;
    // Before the database: a taken port should not leave a first run behind.
    let listeners = bind(&config.listen).await?;
    let admin_listeners = match config.admin_listen.as_slice() {
        [] => Vec::new(),
        addresses => bind(addresses).await?,
    };
    let server = connect_to_serve(config, config.migrate).await?;
    // The start would say no more than that something is wrong.
    server.memory.keeper().check_master_key().await?;
    server.start().await?;
    apply::at_start(config, &server).await?;
    if config.issuer.is_loopback() {
        first_run(config, &server).await?;
    }
    for complaint in
        Administration::look(&server.store, &config.issuer).await?.complaints(&config.issuer)
    {
        tracing::warn!("{complaint}");
    }
    let _tidy = tidy_metrics(&metrics, &server.world);
    let app = App::new(AppState {
        server: server.clone(),
        settings: HttpSettings {
            body_limit: config.http.body_limit,
            request_timeout: config.http.request_timeout,
            trusted_proxies: config.trusted_proxies.clone(),
        },
        brand,
        render_metrics: Box::new(move || metrics.render()),
    });
    let background = background::start(&server);
    let addresses: Vec<SocketAddr> =
        listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    tracing::info!(issuer = %config.issuer, ?addresses, "listening");
    // Streams never end by themselves.
    let ending = server.clone();
    let stop = stop_signal(move || ending.memory.feed().end_streams())?;
    let drained = if admin_listeners.is_empty() {
        serve_http(listeners, routes::all(&app), limits(config), stop.wait()).await.completed
    } else {
        let (public, admin) = (routes::public(&app), routes::administration(&app));
        let also = stop.clone();
        let (public, admin) = tokio::join!(
            serve_http(listeners, public, limits(config), stop.wait()),
            serve_http(admin_listeners, admin, limits(config), also.wait()),
        );
        public.completed && admin.completed
    };
    background.end(config.http.drain).await;
    server.store.close().await;
    tracing::info!(drained, "stopped");
    Ok(())
}

pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        header_timeout: config.http.header_timeout,
        request_timeout: config.http.request_timeout,
        connections: config.http.connections,
        drain: config.http.drain,
        ..Limits::default()
    }
}

/// Told when the process is to stop.
#[derive(Clone)]
pub(super) struct Stop(tokio::sync::watch::Receiver<bool>);

impl Stop {
    pub(super) async fn wait(mut self) {
        // An error means that the sender is gone, which is as good a reason to stop.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// SIGTERM and SIGINT end the process after what it has accepted, and after what `first` does.
pub(super) fn stop_signal(first: impl FnOnce() + Send + 'static) -> Result<Stop, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (tell, told) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        first();
        let _ = tell.send(true);
    });
    Ok(Stop(told))
}
