//! Bodies that are too large, of another type, or have more than one reading.

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::BACKEND;
use crate::support::{Reply, TestServer};

const FORM: &str = "application/x-www-form-urlencoded";
const ENDPOINTS: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];

async fn post(server: &TestServer, path: &str, content_type: &str, body: Vec<u8>) -> Reply {
    let request = Request::post(path)
        .header("authorization", server.basic())
        .header("content-type", content_type);
    server.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn forms_with_more_than_one_reading_are_refused() {
    // C102, CORE-04
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let right = "grant_type=client_credentials&token=x";
    let many: Vec<String> = (0..10_000).map(|n| format!("&{n}=")).collect();
    let many = many.concat();
    let same = "&a=b".repeat(10_000);
    let rows: [(&str, Vec<u8>); 9] = [
        ("a broken escape", format!("{right}&a=%zz").into()),
        ("half an escape", format!("{right}&a=%4").into()),
        ("an escape that is not UTF-8", format!("{right}&a=%ff").into()),
        ("a byte that is not UTF-8", [right.as_bytes(), b"&a=\xff"].concat()),
        ("ten thousand parameters", format!("{right}{many}").into()),
        ("one parameter ten thousand times", format!("{right}{same}").into()),
        ("a doubled parameter", format!("{right}&scope=read&scope=read").into()),
        ("a doubled parameter, one empty", format!("{right}&scope=&scope=read").into()),
        ("a doubled parameter, one encoded", format!("{right}&scope=read&%73cope=read").into()),
    ];
    for path in ENDPOINTS {
        for (what, body) in &rows {
            let reply = post(&server, path, FORM, body.clone()).await;
            assert_eq!(reply.status, 400, "{path}: {what}: {reply:?}");
            reply.assert_error(400, "invalid_request");
        }
        let reply = post(&server, path, FORM, right.into()).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }
}

#[tokio::test]
async fn c102_a_body_past_the_limit_is_413_and_one_at_the_limit_is_read() {
    // C102
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let padded = |length: usize| {
        let begin = "grant_type=client_credentials&token=x&a=";
        format!("{begin}{}", "b".repeat(length - begin.len())).into_bytes()
    };
    for path in ENDPOINTS {
        let reply = post(&server, path, FORM, padded(65_537)).await;
        reply.assert_error(413, "content_too_large");
        let reply = post(&server, path, FORM, padded(65_536)).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }
    for path in ["/login", "/logout"] {
        let reply = server.post_json(path, &json!({"username": "a".repeat(65_536)})).await;
        reply.assert_error(413, "content_too_large");
    }
}

#[tokio::test]
async fn a_body_of_another_type_or_compressed_is_refused() {
    // C102
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let right = b"grant_type=client_credentials&token=x".to_vec();
    for path in ENDPOINTS {
        for wrong in ["application/json", "text/plain", "multipart/form-data; boundary=x", ""] {
            let reply = post(&server, path, wrong, right.clone()).await;
            reply.assert_error(400, "invalid_request");
        }
        let latin = format!("{FORM}; charset=iso-8859-1");
        post(&server, path, &latin, right.clone()).await.assert_error(400, "invalid_request");
        let utf8 = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
        assert_eq!(post(&server, path, utf8, right.clone()).await.status, 200);
        let request = Request::post(path)
            .header("authorization", server.basic())
            .header("content-type", FORM)
            .header("content-encoding", "gzip");
        let reply = server.send(request.body(Body::from(right.clone())).unwrap()).await;
        reply.assert_error(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn plus_is_a_space_and_a_semicolon_separates_nothing() {
    // C102
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for scope in ["read+write", "read%20write", "write%20read"] {
        let form = format!("grant_type=client_credentials&scope={scope}");
        let reply = server.form("/oauth/token", &server.basic(), &form).await;
        assert_eq!(reply.status, 200, "{scope}: {reply:?}");
        assert_eq!(reply.json()["scope"].as_str().unwrap().split(' ').count(), 2);
    }
    let form = "grant_type=client_credentials;scope=read";
    let reply = server.form("/oauth/token", &server.basic(), form).await;
    reply.assert_error(400, "unsupported_grant_type");
}

#[tokio::test]
async fn c080_parameters_in_the_url_are_refused_before_anything_is_looked_at() {
    // C080
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let secret = &server.secrets.client_secret;
    for path in ENDPOINTS {
        for query in [format!("client_id=demo&client_secret={secret}"), "a=b".to_owned()] {
            let url = format!("{path}?{query}");
            let form = "grant_type=client_credentials&token=x";
            let reply = server.form(&url, &server.basic(), form).await;
            reply.assert_error(400, "invalid_request");
        }
        let reply = server.get(path).await;
        reply.assert_error(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), "POST");
    }
}

#[tokio::test]
async fn the_answer_is_json_whatever_is_accepted() {
    // C103, INT-11
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let accepts = ["text/html", "application/token-introspection+jwt", "text/html;q=0", "x", "*/*"];
    for path in ENDPOINTS {
        for accept in accepts {
            for form in ["", "grant_type=client_credentials&token=x"] {
                let request = Request::post(path)
                    .header("authorization", server.basic())
                    .header("content-type", FORM)
                    .header("accept", accept);
                let reply = server.send(request.body(Body::from(form)).unwrap()).await;
                if path != "/oauth/revoke" || form.is_empty() {
                    assert_eq!(reply.header("content-type"), "application/json", "{reply:?}");
                }
            }
        }
    }
    let request = Request::get("/nowhere").header("accept", "text/html");
    let reply = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.header("content-type"), "application/json");
}
