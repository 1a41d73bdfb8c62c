//! Paths and methods: what is not exactly a route is 404 or 405, with the headers of every answer.

use axum::body::Body;
use chancery::http::routes::ROUTES;
use http::{Method, Request};

use super::BACKEND;
use crate::support::{Options, Reply, TestServer};

async fn send(server: &TestServer, method: &Method, path: &str) -> Reply {
    let request = Request::builder().method(method).uri(path);
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn c124_a_path_that_is_not_exactly_a_route_is_404() {
    // C124
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let tricks = [
        "/oauth//token",
        "//oauth/token",
        "/oauth/%74oken",
        "/oauth%2Ftoken",
        "/oauth/./token",
        "/./oauth/token",
        "/oauth/x/../token",
        "/oauth/token;jsessionid=1",
        "/oauth/token/",
        "/oauth/token%00",
        "/OAuth/token",
        "/oauth/Token",
        "/admin//v1/users",
        "/admin/v1/users/",
        "/admin/v1/%75sers",
        "/Admin/v1/users",
        "/healthz/../admin/v1/users",
        "/healthz/",
        "/",
        "/admin",
        "/admin/v1",
        "/register",
    ];
    for path in tricks {
        for method in [Method::GET, Method::POST] {
            send(&server, &method, path).await.assert_error(404, "not_found");
        }
    }
}

#[tokio::test]
async fn an_encoded_id_opens_nothing() {
    // C124
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for path in ["/admin/v1/users/..%2Fclients", "/admin/v1/users/%2e%2e", "/sessions/%2e"] {
        let method = if path.starts_with("/sessions") { Method::DELETE } else { Method::GET };
        send(&server, &method, path).await.assert_error(401, "invalid_token");
    }
}

#[tokio::test]
async fn every_other_method_is_405_with_the_methods_that_there_are() {
    // CORE-05, WEB-04; `send` compares Allow with the description of the path.
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ];
    for route in ROUTES {
        let own: Vec<&Method> =
            ROUTES.iter().filter(|other| other.path == route.path).map(|r| &r.method).collect();
        for method in methods.iter().filter(|method| !own.contains(method)) {
            let reply = send(&server, method, route.path).await;
            reply.assert_error(405, "method_not_allowed");
            for method in &own {
                assert!(reply.header("allow").contains(method.as_str()), "{reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn head_is_answered_like_get_without_the_body() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    // The stream of the feed does not end; its HEAD is looked at where its places are.
    let ends = |path: &str| path != "/revocations/stream";
    let routes = ROUTES.iter().filter(|route| route.method == Method::GET && ends(route.path));
    for route in routes {
        let (get, head) =
            (send(&server, &Method::GET, route.path), send(&server, &Method::HEAD, route.path));
        let (get, head) = (get.await, head.await);
        assert_eq!(head.status, get.status, "{}", route.path);
        assert_eq!(head.body, "", "{}", route.path);
        for name in ["content-type", "cache-control", "etag", "www-authenticate"] {
            assert_eq!(head.header(name), get.header(name), "{} {name}", route.path);
        }
    }
}

#[tokio::test]
async fn headers_that_rewrite_the_method_or_the_path_are_ignored() {
    // C122
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (name, value) in [
        ("x-http-method-override", "POST"),
        ("x-original-url", "/healthz"),
        ("x-rewrite-url", "/healthz"),
    ] {
        let request = Request::get("/oauth/token").header(name, value);
        let reply = server.send(request.body(Body::empty()).unwrap()).await;
        reply.assert_error(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn requests_have_ids_of_their_own_that_nobody_else_chooses() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let request = || Request::get("/healthz").header("x-request-id", "chosen");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let reply = server.send(request().body(Body::empty()).unwrap()).await;
        ids.push(reply.header("x-request-id").to_owned());
    }
    assert!(!ids.contains(&"chosen".to_owned()));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn strict_transport_security_is_sent_with_an_https_issuer_alone() {
    // WEB-01
    let https = Options { issuer: "https://as.example", ..Options::default() };
    for (options, expected) in
        [(Options::default(), ""), (https, "max-age=31536000; includeSubDomains")]
    {
        let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
        for path in ["/healthz", "/nowhere", "/oauth/token"] {
            let reply = server.get(path).await;
            assert_eq!(reply.header("strict-transport-security"), expected, "{path}");
        }
    }
}
