//! What a request meets before its route: who sees the metrics, and the deadline.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::response::Response;
use chancery::http::{App, AppState, HttpSettings, routes};
use http::Request;
use hyper::body::Frame;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::ServiceExt;

use super::BACKEND;
use crate::support::{TestServer, brand, http_settings};

/// The app of a server that reads requests in another way.
fn app(server: &TestServer, settings: HttpSettings) -> App {
    let render_metrics = Box::new(String::new);
    let brand = brand(&server.server);
    App::new(AppState { server: server.server.clone(), settings, brand, render_metrics })
}

/// A request for the metrics with these headers from an address.
fn scrape(address: [u8; 4], headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::get("/metrics").extension(ConnectInfo(SocketAddr::from((address, 1))));
    let with =
        |request: http::request::Builder, header: &(&str, &str)| request.header(header.0, header.1);
    headers.iter().fold(request, with).body(Body::empty()).unwrap()
}

/// A body of which nothing comes.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn metrics_are_not_for_what_a_proxy_on_this_machine_passes_on() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let here = [127, 0, 0, 1];
    assert_eq!(server.send(scrape(here, &[])).await.status, 200);
    server.send(scrape([192, 0, 2, 1], &[])).await.assert_error(404, "not_found");
    let trusting =
        HttpSettings { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], ..http_settings() };
    let trusting = routes::all(&app(&server, trusting));
    for header in [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=192.0.2.1"),
        ("x-real-ip", "192.0.2.1"),
        ("via", "1.1 proxy"),
    ] {
        server.send(scrape(here, &[header])).await.assert_error(404, "not_found");
        let reply: Response = trusting.clone().oneshot(scrape(here, &[header])).await.unwrap();
        assert_eq!(reply.status(), 404, "{header:?}");
    }
    assert_eq!(trusting.oneshot(scrape(here, &[])).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_listener_for_administration_shows_the_metrics_to_whoever_reaches_it() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let app = app(&server, http_settings());
    for (router, status) in [(routes::administration(&app), 200), (routes::public(&app), 404)] {
        let reply = router.oneshot(scrape([192, 0, 2, 1], &[])).await.unwrap();
        assert_eq!(reply.status(), status);
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_and_counted_like_any_other() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let Some(mut server) = TestServer::start(BACKEND).await else { return };
    let hasty = HttpSettings { request_timeout: Duration::from_millis(20), ..http_settings() };
    server.app = routes::all(&app(&server, hasty));
    let request = Request::post("/login").header("content-type", "application/json");
    let reply = server.send(request.body(Body::new(Endless)).unwrap()).await;
    reply.assert_error(408, "request_timeout");
    assert_eq!(reply.header("connection"), "close");
    assert!(!reply.header("x-request-id").is_empty());
    let line = r#"chancery_http_requests_total{route="/login",method="POST",status="408"} 1"#;
    let text = recorder.handle().render();
    assert!(text.lines().any(|it| it == line), "{text}");
}
