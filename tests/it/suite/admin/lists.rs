//! Lists: by pages, in order, within bounds.

use http::Method;
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::TestServer;

const LISTS: [&str; 5] = ["/users", "/clients", "/resources", "/sessions", "/audit"];

/// A server with several things of every kind.
async fn start() -> Option<TestServer> {
    let server = TestServer::start(BACKEND).await?;
    for number in 0..4 {
        server.create_user(&format!("user{number}"), &[]).await;
        server.create_client(&json!({"client_id": format!("client{number}")})).await;
        let body = json!({"uri": format!("urn:resource:{number}")});
        assert_eq!(server.admin(Method::POST, "/resources", &body).await.status, 201);
        // What is made in the same millisecond is in no promised order.
        server.advance(1);
    }
    Some(server)
}

async fn page(server: &TestServer, token: &str, path: &str) -> Value {
    let reply = server.call(Method::GET, &format!("/admin/v1{path}"), token, &Value::Null).await;
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    reply.json()
}

fn id(item: &Value) -> &str {
    item.get("id").or(item.get("sid")).unwrap().as_str().unwrap()
}

#[tokio::test]
async fn pages_join_to_the_whole_list_without_a_gap_or_a_repetition() {
    // C113
    let Some(server) = start().await else { return };
    let token = server.admin_token().await;
    for list in LISTS {
        let whole = page(&server, &token, &format!("{list}?limit=200")).await;
        let whole: Vec<&str> = whole["items"].as_array().unwrap().iter().map(id).collect();
        assert!(whole.len() >= 4, "{list}");
        for limit in [1, 2, 3] {
            let mut joined = Vec::new();
            let mut after = String::new();
            loop {
                let answer = page(&server, &token, &format!("{list}?limit={limit}{after}")).await;
                let items = answer["items"].as_array().unwrap();
                assert!(items.len() <= limit, "{list}");
                joined.extend(items.iter().map(|item| id(item).to_owned()));
                let Some(next) = answer["next"].as_str() else { break };
                after = format!("&after={next}");
            }
            assert_eq!(joined, whole, "{list} by {limit}");
        }
        let mut sorted = whole.clone();
        sorted.sort_unstable();
        if list == "/audit" {
            sorted.reverse();
        }
        assert_eq!(sorted, whole, "{list} is in order");
    }
}

#[tokio::test]
async fn a_page_goes_on_where_it_stopped_although_things_come_and_go() {
    let Some(server) = start().await else { return };
    let token = server.admin_token().await;
    let begin = page(&server, &token, "/users?limit=2").await;
    let last = id(&begin["items"][1]).to_owned();
    let gone = server.admin(Method::DELETE, &format!("/users/{last}"), &Value::Null).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    server.create_user("latecomer", &[]).await;
    let next = begin["next"].as_str().unwrap();
    let rest = page(&server, &token, &format!("/users?after={next}")).await;
    let names: Vec<&str> =
        rest["items"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["user1", "user2", "user3", "latecomer"]);
}

#[tokio::test]
async fn limits_and_cursors_out_of_bounds_are_refused() {
    // C113
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let token = server.admin_token().await;
    let bad = [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=1e3",
        "limit=10000000000",
        "after=x",
        "after=1",
        "limit=1&limit=2",
        "limit=%zz",
    ];
    for list in LISTS {
        for query in bad {
            let path = format!("/admin/v1{list}?{query}");
            let reply = server.call(Method::GET, &path, &token, &Value::Null).await;
            assert_eq!(reply.status, 400, "{path}: {reply:?}");
            reply.assert_error(400, "invalid_request");
        }
        for query in ["limit=1", "limit=200", "", "limit="] {
            page(&server, &token, &format!("{list}?{query}")).await;
        }
    }
}

#[tokio::test]
async fn sessions_are_listed_for_everybody_or_one_user_and_ended() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let user = server.create_user("alice", &[]).await;
    let tokens = server.login_as("alice").await.tokens();
    server.login().await;
    let token = server.admin_token().await;
    let all = page(&server, &token, "/sessions").await;
    assert!(all["items"].as_array().unwrap().len() >= 3);
    let own = page(&server, &token, &format!("/sessions?user={user}")).await;
    let [session] = own["items"].as_array().unwrap().as_slice() else { panic!("{own}") };
    assert_eq!(session["user_id"], user);
    assert_eq!(session["client_id"], "demo");
    let path = format!("/sessions/{}", session["sid"].as_str().unwrap());
    for _ in 0..2 {
        // C114: one that is over already is as good.
        let ended = server.admin(Method::DELETE, &path, &Value::Null).await;
        assert_eq!(ended.status, 200, "{ended:?}");
    }
    assert!(!server.is_active(&tokens.access).await);
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
    let bad = server.call(Method::GET, "/admin/v1/sessions?user=alice", &token, &Value::Null).await;
    bad.assert_error(400, "invalid_request");
}
