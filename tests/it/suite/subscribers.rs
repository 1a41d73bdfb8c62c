//! Which APIs have a revocation: what subscribers of the feed report, and what administrators see.

use std::time::Duration;

use chancery::flows::janitor::Sweep;
use chancery::protocol::client::ClientId;
use chancery::protocol::revocation::FeedPosition;
use chancery::protocol::subscriber::{Applied, Carrier, Report, SubscriberName};
use chancery::storage::ops::subscribers::{ListSubscribers, NoteApplied, Noted, Room};
use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Installation, TestServer, applied_report as report, basic};

#[tokio::test]
async fn an_administrator_sees_who_obeys_a_revocation_and_since_when() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.revoke_one().await;
    let second = server.revoke_one().await;
    server.report("orders-1", &second, 1500).await;
    server.report("orders-2", &first, 0).await;
    let feed = server.feed("").await;
    assert_eq!([&feed["epoch"], &feed["seq"]], [&second["epoch"], &second["seq"]]);
    let items = feed["items"].as_array().unwrap();
    let shown = |name: &str| items.iter().map(|item| item[name].clone()).collect::<Vec<_>>();
    assert_eq!(shown("subscriber"), ["orders-1", "orders-2"]);
    assert_eq!(shown("behind"), [0, 1]);
    assert_eq!(shown("via"), ["stream", "stream"]);
    assert_eq!(shown("obeys"), [Value::Null, Value::Null], "no revocation was asked for");

    let who = server.who_obeys(&second).await;
    assert_eq!([&who[0]["obeys"], &who[1]["obeys"]], [true, false]);
    assert_eq!(who[1].get("obeys_since"), None);
    let time = |text: &Value| {
        chancery::protocol::time::Timestamp::parse_rfc3339(text.as_str().unwrap()).unwrap()
    };
    let (since, reported) = (time(&who[0]["obeys_since"]), time(&who[0]["reported_at"]));
    assert_eq!(reported.since(since), Duration::from_millis(1500));

    // What was reached is reported again later: since when it is obeyed stays.
    server.advance(60);
    server.report("orders-1", &second, 0).await;
    server.report("orders-2", &second, 0).await;
    let who = server.who_obeys(&second).await;
    assert_eq!([&who[0]["obeys"], &who[1]["obeys"]], [true, true]);
    assert_eq!(time(&who[0]["obeys_since"]), since);
    assert!(time(&who[1]["obeys_since"]).since(since) >= Duration::from_mins(1));
}

#[tokio::test]
async fn every_node_shows_what_was_reported_to_another() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let other = server.another(7).await;
    let position = server.revoke_one().await;
    // The other node has not looked yet, and is told of a place that it does not know.
    other.report("orders-1", &position, 0).await;
    assert_eq!(server.who_obeys(&position).await[0]["obeys"], true);
    assert_eq!(other.who_obeys(&position).await[0]["obeys"], true);
}

#[tokio::test]
async fn a_subscriber_that_has_lost_what_it_knew_does_not_obey_it_any_more() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.revoke_one().await;
    let second = server.revoke_one().await;
    server.report("orders-1", &second, 0).await;
    server.report("orders-1", &first, 0).await;
    assert_eq!(server.who_obeys(&second).await[0]["obeys"], false);
    assert_eq!(server.who_obeys(&first).await[0]["obeys"], true);
}

#[tokio::test]
async fn subscribers_are_listed_page_by_page() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let position = server.revoke_one().await;
    for name in ["b", "B", "a", "c-1"] {
        server.report(name, &position, 0).await;
    }
    let (mut names, mut query) = (Vec::new(), "?limit=3".to_owned());
    loop {
        let page = server.feed(&query).await;
        names.extend(page["items"].as_array().unwrap().iter().map(|one| one["subscriber"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=3&after={next}");
    }
    assert_eq!(names, ["B", "a", "b", "c-1"]);
}

#[tokio::test]
async fn only_the_identity_of_an_api_reports() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let position = server.revoke_one().await;
    let body = report("x", &position, 0);
    let plain = json!({"client_id": "plain", "grants": ["client_credentials"]});
    let plain = server.create_client(&plain).await["client_secret"].as_str().unwrap().to_owned();
    server.report_as(&basic("plain", &plain), &body).await.assert_error(400, "unauthorized_client");
    server.report_as(&basic("demo", "wrong"), &body).await.assert_error(401, "invalid_client");
    server.report_as("Bearer x", &body).await.assert_error(401, "invalid_client");
    let unproved = server.post_json("/revocations/applied", &body).await;
    unproved.assert_error(401, "invalid_client");
    assert_eq!(server.feed("").await["items"], json!([]));
}

#[tokio::test]
async fn a_report_that_is_not_one_is_refused_and_changes_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let position = server.revoke_one().await;
    let good = report("x", &position, 0);
    let (epoch, seq) = (position["epoch"].as_i64().unwrap(), position["seq"].as_i64().unwrap());
    for (member, value) in [
        ("subscriber", json!("")),
        ("subscriber", json!("a b")),
        ("subscriber", json!("x".repeat(65))),
        ("via", json!("pigeon")),
        ("epoch", json!(-1)),
        ("epoch", json!(epoch + 1)),
        ("seq", json!(seq + 1)),
        ("seq", json!("1")),
        ("applied_ms_ago", json!(-1)),
        ("more", json!(1)),
    ] {
        let mut body = good.clone();
        body[member] = value;
        server.report_as(&server.basic(), &body).await.assert_error(400, "invalid_request");
    }
    for query in ["?epoch=1", "?seq=1", "?epoch=x&seq=1", "?limit=0", "?other=1"] {
        let reply = server.admin(Method::GET, &format!("/feed{query}"), &Value::Null).await;
        reply.assert_error(400, "invalid_request");
    }
    assert_eq!(server.feed("").await["items"], json!([]));
}

#[tokio::test]
async fn no_more_subscribers_are_remembered_than_there_is_room_for() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let store = &server.server.store;
    let note = async |client: &str, name: &str| {
        let position = FeedPosition { epoch: 0, seq: 0 };
        let report = Report {
            client_id: ClientId::parse(client).unwrap(),
            name: SubscriberName::parse(name).unwrap(),
            via: Carrier::Poll,
            applied: Applied { position, at: server.server.now() },
            reported_at: server.server.now(),
        };
        let room = Room { each: 2, all: 3, silence: Duration::from_mins(5) };
        store.write(NoteApplied { report, room }).await.unwrap()
    };
    let listed = async || {
        let listed = store.read(ListSubscribers { after: None, limit: 9 }).await.unwrap();
        listed.into_iter().map(|one| one.report.key()).collect::<Vec<_>>()
    };
    assert_eq!(note("greedy", "1").await, Noted::Yes);
    assert_eq!(note("greedy", "2").await, Noted::Yes);
    assert_eq!(note("greedy", "3").await, Noted::NoRoom);
    // One client leaves room for the others, as far as there is any.
    assert_eq!(note("modest", "1").await, Noted::Yes);
    assert_eq!(note("modest", "2").await, Noted::NoRoom);
    for (client, name) in [("greedy", "1"), ("greedy", "2"), ("modest", "1")] {
        assert_eq!(note(client, name).await, Noted::Yes, "{client} {name}");
        server.advance(1);
    }
    assert_eq!(listed().await.len(), 3);

    // Whoever has been silent for long gives his place up, and nobody else: first to his own.
    server.advance(200);
    assert_eq!(note("greedy", "1").await, Noted::Yes);
    server.advance(100);
    assert_eq!(note("greedy", "3").await, Noted::Yes);
    assert_eq!(listed().await, ["1@greedy", "1@modest", "3@greedy"]);
    assert_eq!(note("greedy", "4").await, Noted::NoRoom);
    assert_eq!(note("third", "1").await, Noted::Yes);
    assert_eq!(note("fourth", "1").await, Noted::NoRoom);
    assert_eq!(listed().await, ["1@greedy", "1@third", "3@greedy"]);
}

#[tokio::test]
async fn an_api_that_invents_subscribers_shuts_out_no_other() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let other = server.create_service("orders-api", &server.secrets.resource).await;
    let position = server.revoke_one().await;
    for n in 0..500 {
        server.report(&format!("x{n}"), &position, 0).await;
    }
    let one_more = server.report_as(&server.basic(), &report("y", &position, 0)).await;
    one_more.assert_error(429, "too_many_requests");
    assert_eq!(one_more.header("retry-after"), "60");
    server.report("x0", &position, 0).await;
    assert_eq!(server.report_as(&other, &report("y", &position, 0)).await.status, 204);
}

#[tokio::test]
async fn a_subscriber_that_is_silent_for_a_day_is_forgotten() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let position = server.revoke_one().await;
    let mut sweep = Sweep::default();
    sweep.run(&server.server).await.unwrap();
    server.report("old", &position, 0).await;
    server.advance(12 * 3600);
    server.report("young", &position, 0).await;
    sweep.run(&server.server).await.unwrap();
    assert_eq!(server.feed("").await["items"].as_array().unwrap().len(), 2);
    server.advance(12 * 3600 + 60);
    let removed = sweep.run(&server.server).await.unwrap();
    assert_eq!(removed.subscribers, 1);
    assert_eq!(server.feed("").await["items"][0]["subscriber"], "young");
}

#[tokio::test]
async fn the_command_line_shows_the_same() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    installation.run("resource create https://api.example").ok();
    let created = "--json client create api --grant client_credentials --resource \
                   https://api.example --serves https://api.example";
    let created = installation.run(created).json();
    let server = installation.server().await;
    let api = basic("api", created["client_secret"].as_str().unwrap());
    let revoked = installation.run("--json revoke --jti x").json();
    let position = &revoked["effective_by"]["position"];
    let reply = server.report_as(&api, &report("orders-1", position, 0)).await;
    assert_eq!(reply.status, 204, "{reply:?}");
    let asked = format!("feed --epoch {} --seq {}", position["epoch"], position["seq"]);
    let listed = installation.run(&format!("--json {asked}")).json();
    assert_eq!(listed["items"][0]["subscriber"], "orders-1");
    assert_eq!(listed["items"][0]["obeys"], true);
    let text = installation.run(&asked).ok();
    assert!(text.contains("OBEYS SINCE") && text.contains("orders-1"), "{text}");
    installation.run("feed --seq 1").fails(2, "--epoch");
}
