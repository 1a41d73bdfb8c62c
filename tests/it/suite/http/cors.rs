//! Which answers scripts of other origins may read (WEB-03).

use axum::body::Body;
use chancery::http::Sharing;
use chancery::http::routes::ROUTES;
use http::{Method, Request};
use serde_json::json;

use super::BACKEND;
use crate::support::{Reply, TestServer};

const ORIGIN: &str = "https://app.example";
const FOR_SCRIPTS: [(&str, &str); 8] = [
    ("POST", "/login"),
    ("POST", "/logout"),
    ("POST", "/oauth/token"),
    ("POST", "/oauth/revoke"),
    ("GET", "/oauth/userinfo"),
    ("POST", "/oauth/userinfo"),
    ("DELETE", "/sessions"),
    ("DELETE", "/sessions/{sid}"),
];
const FOR_EVERYBODY: [&str; 3] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/jwks.json",
];
/// The feed, whose answers are looked at elsewhere.
const FEED: [&str; 2] = ["/revocations", "/revocations/stream"];
const FOR_NOBODY: [(&str, &str); 5] = [
    ("POST", "/oauth/introspect"),
    ("GET", "/admin/v1/users"),
    ("POST", "/admin/v1/revocations"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
];

async fn start() -> Option<TestServer> {
    let server = TestServer::start(BACKEND).await?;
    let settings = json!({
        "client_id": "spa", "public": true, "first_party": true, "origins": [ORIGIN],
        "grants": ["authorization_code", "refresh_token"], "scopes": ["openid", "email"],
        "redirect_uris": ["https://callback.example/cb"],
    });
    server.create_client(&settings).await;
    Some(server)
}

async fn send(server: &TestServer, method: &str, path: &str, origin: &str) -> Reply {
    let request = Request::builder().method(method).uri(path).header("origin", origin);
    server.send(request.body(Body::empty()).unwrap()).await
}

async fn preflight(server: &TestServer, (method, path): (&str, &str), origin: &str) -> Reply {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri(path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization");
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_registered_origin_reads_every_answer_of_the_paths_for_scripts() {
    // C103, WEB-03
    let Some(server) = start().await else { return };
    for (method, path) in FOR_SCRIPTS {
        let reply = preflight(&server, (method, path), ORIGIN).await;
        assert_eq!(reply.status, 204, "{path}: {reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), ORIGIN);
        assert!(reply.header("access-control-allow-methods").contains(method), "{reply:?}");
        assert!(reply.header("access-control-allow-headers").contains("authorization"));
        assert!(reply.header("access-control-allow-headers").contains("content-type"));
        let error = send(&server, method, path, ORIGIN).await;
        assert!(error.status.is_client_error(), "{path}: {error:?}");
        assert_eq!(error.header("access-control-allow-origin"), ORIGIN, "{path}");
        let exposed = error.header("access-control-expose-headers");
        assert_eq!(exposed, "retry-after, www-authenticate, x-request-id", "{path}");
        for reply in [reply, error] {
            assert_eq!(reply.header("vary"), "Origin", "{path}");
            assert_eq!(reply.header("access-control-allow-credentials"), "", "{path}");
        }
    }
    let request = Request::post("/login")
        .header("origin", ORIGIN)
        .header("content-type", "application/json")
        .body(Body::from(server.login_body().to_string()));
    let reply = server.send(request.unwrap()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("access-control-allow-origin"), ORIGIN);
}

#[tokio::test]
async fn c103_any_other_origin_reads_nothing_there() {
    // C103, WEB-03
    let Some(server) = start().await else { return };
    let others = [
        "https://evil.example",
        // Where codes may go is not where scripts may call from.
        "https://callback.example",
        "null",
        "https://app.example.evil.example",
        "http://app.example",
        "https://app.example:444",
        "HTTPS://APP.EXAMPLE",
    ];
    for (method, path) in FOR_SCRIPTS {
        for origin in others {
            let refused = preflight(&server, (method, path), origin).await;
            refused.assert_error(405, "method_not_allowed");
            let reply = send(&server, method, path, origin).await;
            for reply in [refused, reply] {
                assert_eq!(reply.header("access-control-allow-origin"), "", "{path} {origin}");
                assert_eq!(reply.header("vary"), "Origin", "{path} {origin}");
            }
        }
    }
}

#[tokio::test]
async fn everybody_reads_keys_and_metadata_and_nobody_administration() {
    // WEB-03
    let Some(server) = start().await else { return };
    for path in FOR_EVERYBODY {
        for origin in [ORIGIN, "https://evil.example", "null"] {
            let reply = send(&server, "GET", path, origin).await;
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("access-control-allow-origin"), "*");
            assert_eq!(reply.header("access-control-allow-credentials"), "");
            assert_eq!(reply.header("vary"), "", "one answer for all");
        }
    }
    for (method, path) in FOR_NOBODY {
        let refused = preflight(&server, (method, path), ORIGIN).await;
        refused.assert_error(405, "method_not_allowed");
        let reply = send(&server, method, path, ORIGIN).await;
        for reply in [refused, reply] {
            assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
        }
    }
}

#[tokio::test]
async fn the_origins_of_a_client_are_its_own_until_it_is_disabled() {
    // WEB-03
    let Some(server) = start().await else { return };
    let path = format!("/clients/{}", server.client_key("spa").await);
    for (status, allowed) in [("paused", ORIGIN), ("disabled", ""), ("active", ORIGIN)] {
        let changed = server.admin(Method::PATCH, &path, &json!({"status": status})).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let reply = send(&server, "POST", "/login", ORIGIN).await;
        assert_eq!(reply.header("access-control-allow-origin"), allowed, "{status}");
    }
}

#[tokio::test]
async fn a_script_reads_userinfo_and_why_it_is_refused() {
    // WEB-03, OIC-06
    let Some(server) = start().await else { return };
    let login = json!({
        "username": server.secrets.username, "password": server.secrets.password,
        "client_id": "spa", "scope": "openid",
    });
    let good = server.post_json("/login", &login).await.tokens().access;
    let narrow = server.client_token(&server.basic(), "").await;
    for (token, status) in [(good.as_str(), 200), (&narrow, 403), ("x", 401)] {
        let request = Request::get("/oauth/userinfo")
            .header("origin", ORIGIN)
            .header("authorization", format!("Bearer {token}"));
        let reply = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), ORIGIN);
        assert_eq!(reply.header("vary"), "Origin");
        assert!(reply.header("access-control-expose-headers").contains("www-authenticate"));
    }
}

#[test]
fn no_other_path_is_shared() {
    // WEB-03: neither the pages, where people sign in, nor administration.
    for route in ROUTES {
        let scripts = FOR_SCRIPTS.iter().any(|(_, path)| *path == route.path);
        let everybody = FOR_EVERYBODY.iter().chain(&FEED).any(|path| *path == route.path);
        let expected = match (scripts, everybody) {
            (true, _) => Sharing::Registered,
            (_, true) => Sharing::Everybody,
            _ => Sharing::None,
        };
        assert_eq!(route.sharing, expected, "{}", route.path);
    }
}
