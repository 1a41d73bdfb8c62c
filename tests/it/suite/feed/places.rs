//! Who gets a place on the stream, for how long, and what the others are told.

use http::Method;
use serde_json::json;

use super::BACKEND;
use crate::support::{FeedReader, Options, TestServer, basic};
use chancery::flows::feed::StreamLimits;

/// A server with three places for clients that serve a resource, at most two of them for one, and
/// with eleven for everybody else, at most two of them for one address.
async fn start() -> Option<(TestServer, String)> {
    let streams = StreamLimits { reserved: 3, anonymous: 11 };
    let server = TestServer::start_with(BACKEND, Options { streams, ..Options::default() }).await?;
    let resource = server.secrets.resource.clone();
    let service = server.create_service("orders-api", &resource).await;
    Some((server, service))
}

async fn from(server: &TestServer, address: &str) -> FeedReader {
    server.try_stream_from(address, ("", ""), "").await.unwrap()
}

async fn refused(server: &TestServer, address: &str, authorization: &str) -> u64 {
    let reply = server.try_stream_from(address, ("", ""), authorization).await.err().unwrap();
    reply.assert_error(503, "temporarily_unavailable");
    reply.header("retry-after").parse().unwrap()
}

#[tokio::test]
async fn those_who_serve_a_resource_find_a_place_however_many_others_there_are() {
    // C139
    let Some((server, service)) = start().await else { return };
    let other = server.create_service("bills-api", &server.secrets.resource).await;
    let mut held: Vec<FeedReader> = Vec::new();
    for host in 1..=11 {
        held.push(from(&server, &format!("192.0.2.{host}")).await);
    }
    for authorization in [&other, &service, &service] {
        held.push(server.stream("", authorization).await);
    }
    let mut waits = std::collections::BTreeSet::new();
    for _ in 0..20 {
        waits.insert(refused(&server, "192.0.2.99", "").await);
        waits.insert(refused(&server, "192.0.2.99", &other).await);
    }
    assert!(waits.iter().all(|wait| (5..=15).contains(wait)) && waits.len() > 3, "{waits:?}");
    // Whoever found no place polls.
    server.document("").await;

    drop(held.remove(0));
    held.push(from(&server, "192.0.2.99").await);
    refused(&server, "192.0.2.1", "").await;
    drop(held.remove(10));
    let _other = server.stream("", &other).await;
    refused(&server, "192.0.2.1", &other).await;
}

#[tokio::test]
async fn one_client_takes_half_of_the_reserved_places_at_most() {
    // C139
    let Some((server, service)) = start().await else { return };
    let other = server.create_service("bills-api", &server.secrets.resource).await;
    let held = [server.stream("", &service).await, server.stream("", &service).await];
    // From wherever it comes.
    refused(&server, "192.0.2.1", &service).await;
    server.stream("", &other).await;
    drop(held);
    server.stream("", &service).await;
}

#[tokio::test]
async fn one_address_takes_a_tenth_of_the_places_of_everybody_at_most() {
    // C139
    let Some((server, service)) = start().await else { return };
    for (first, second, third, elsewhere) in [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::2", "2001:db8::3:0:0:4", "2001:db8:0:1::1"),
    ] {
        let held = [from(&server, first).await, from(&server, second).await];
        refused(&server, third, "").await;
        from(&server, elsewhere).await;
        // Those who serve a resource may all be there.
        server.try_stream_from(third, ("", ""), &service).await.unwrap();
        drop(held);
        from(&server, third).await;
    }
}

#[tokio::test]
async fn whoever_presents_credentials_proves_them_and_serves_a_resource() {
    let Some((server, _)) = start().await else { return };
    let other = json!({"client_id": "no-api", "grants": ["client_credentials"]});
    let secret = server.create_client(&other).await["client_secret"].as_str().unwrap().to_owned();
    let reply = server.try_stream("", "", &basic("no-api", &secret)).await.err().unwrap();
    reply.assert_error(400, "unauthorized_client");
    let bearer = format!("Bearer {}", server.admin_token().await);
    for authorization in [&basic("orders-api", "wrong"), &basic("nobody", "x"), &bearer] {
        let reply = server.try_stream("", "", authorization).await.err().unwrap();
        reply.assert_error(401, "invalid_client");
    }
    // The places of those who guess are free again.
    server.stream("", "").await;
}

#[tokio::test]
async fn whoever_guesses_secrets_is_slowed_down() {
    let Some((server, service)) = start().await else { return };
    let wrong = basic("orders-api", "wrong");
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let reply = server.try_stream("", "", &wrong).await.err().unwrap();
        statuses.push(reply.status.as_u16());
    }
    assert_eq!((statuses[0], statuses[11]), (401, 429), "{statuses:?}");
    server.advance(120);
    server.stream("", &service).await;
}

#[tokio::test]
async fn the_stream_of_a_client_ends_when_the_client_changes_and_no_other_does() {
    let Some((server, service)) = start().await else { return };
    let key = server.client_key("orders-api").await;
    let mut anonymous = server.stream("", "").await;
    for body in [json!({"name": "Orders"}), json!({"status": "disabled"})] {
        let mut reader = server.stream("", &service).await;
        reader.told().await;
        reader.told().await;
        let changed = server.admin(Method::PATCH, &format!("/clients/{key}"), &body).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert!(reader.next().await.is_none());
    }
    let reply = server.try_stream("", "", &service).await.err().unwrap();
    reply.assert_error(401, "invalid_client");
    for _ in 0..3 {
        anonymous.told().await;
    }
}

#[tokio::test]
async fn asking_for_the_head_of_the_stream_takes_no_place() {
    let Some((server, _)) = start().await else { return };
    for _ in 0..5 {
        let request = http::Request::head("/revocations/stream");
        let reply = server.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("x-accel-buffering"), "no");
        assert_eq!(reply.header("content-type"), "text/event-stream");
    }
    server.try_stream("", "", "").await.unwrap();
}
