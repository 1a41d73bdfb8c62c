//! The pictures of clients.

use axum::body::Body;
use chancery::protocol::picture::Picture;
use http::{Method, Request};
use serde_json::Value;

use super::BACKEND;
use crate::support::{Reply, TestServer};

/// A picture, as far as its first bytes tell.
const PICTURE: &str = "GIF89a and more";

async fn put(server: &TestServer, key: &str, content_type: &str, body: &str) -> Reply {
    let token = server.admin_token().await;
    let request = Request::put(format!("/admin/v1/clients/{key}/logo"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", content_type);
    server.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn logo(server: &TestServer, key: &str) -> Value {
    let client = server.admin(Method::GET, &format!("/clients/{key}"), &Value::Null).await;
    client.json()["logo"].clone()
}

#[tokio::test]
async fn a_picture_is_served_until_it_is_replaced_or_taken_away() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let key = server.client_key("demo").await;
    let reply = put(&server, &key, "text/html", PICTURE).await;
    let path = reply.json()["logo"].as_str().unwrap().to_owned();
    assert_eq!(logo(&server, &key).await, path);
    let picture = server.get(&path).await;
    assert_eq!((picture.status.as_u16(), picture.body.as_str()), (200, PICTURE));
    assert_eq!(picture.header("content-type"), "image/gif");
    assert_eq!(picture.header("cache-control"), "public, max-age=31536000, immutable");
    let known = Request::get(&path).header("if-none-match", picture.header("etag"));
    assert_eq!(server.send(known.body(Body::empty()).unwrap()).await.status, 304);

    let second = put(&server, &key, "image/gif", "GIF89a, another").await.json();
    assert_ne!(second["logo"], path);
    server.get(&path).await.assert_error(404, "not_found");
    let path = second["logo"].as_str().unwrap().to_owned();
    let remove = format!("/clients/{key}/logo");
    let removed = server.admin(Method::DELETE, &remove, &Value::Null).await.json();
    assert_eq!(removed["logo"], Value::Null);
    server.get(&path).await.assert_error(404, "not_found");
    let audit = server.admin(Method::GET, "/audit?kind=client_logo_changed", &Value::Null).await;
    assert_eq!(audit.json()["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn c051_only_small_pictures_without_script_are_taken() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let key = server.client_key("demo").await;
    for bad in ["", "<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "<html>", "GIF88a"] {
        let reply = put(&server, &key, "image/gif", bad).await;
        reply.assert_error(415, "unsupported_media_type");
    }
    let mut large = PICTURE.to_owned();
    large.extend(std::iter::repeat_n('.', Picture::LARGEST + 1 - PICTURE.len()));
    put(&server, &key, "image/gif", &large).await.assert_error(413, "content_too_large");
    assert_eq!(logo(&server, &key).await, Value::Null);
    large.pop();
    assert_eq!(put(&server, &key, "image/gif", &large).await.status, 200);
    let path = logo(&server, &key).await.as_str().unwrap().to_owned();
    for bad in ["/assets/clients/x", &path.to_uppercase(), &format!("{path}0"), "/assets/clients/"]
    {
        server.get(bad).await.assert_error(404, "not_found");
    }
}

#[tokio::test]
async fn a_picture_survives_changes_and_a_copy_and_goes_with_its_last_client() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let keys = [server.client_key("demo").await, server.client_key("chancery-admin").await];
    for key in &keys {
        put(&server, key, "image/gif", PICTURE).await;
    }
    let path = logo(&server, &keys[0]).await.as_str().unwrap().to_owned();
    let name = serde_json::json!({"name": "Orders"});
    server.admin(Method::PATCH, &format!("/clients/{}", keys[0]), &name).await;
    assert_eq!(logo(&server, &keys[0]).await, path);
    if let Some(copy) = server.copied_to(BACKEND.other()).await {
        assert_eq!(logo(&copy, &keys[0]).await, path);
        assert_eq!(copy.get(&path).await.body, PICTURE);
    }
    server.admin(Method::DELETE, &format!("/clients/{}", keys[0]), &Value::Null).await;
    assert_eq!(server.get(&path).await.status, 200);
    let remove = format!("/clients/{}/logo", keys[1]);
    server.admin(Method::DELETE, &remove, &Value::Null).await;
    server.get(&path).await.assert_error(404, "not_found");
}
