//! The clients become more than a node remembers, and fewer again, while it runs.

use http::Method;
use metrics::set_default_local_recorder;
use serde_json::{Value, json};

use super::super::BACKEND;
use super::{OWN, is_shared, remembered, service, set_status};
use crate::support::{Options, Statements, TestServer};

/// Two that there are to begin with, and two more.
fn four() -> Options {
    Options { remembered_clients: 4, ..Options::default() }
}

/// A service that serves the resource of the tests, and scripts of this origin.
struct Service {
    basic: String,
    origin: String,
    token: String,
}

impl Service {
    async fn register(server: &TestServer, id: &str) -> Self {
        let basic = service(server, id).await;
        let origin = format!("https://{id}.example");
        let path = format!("/clients/{}", server.client_key(id).await);
        let reply = server.admin(Method::PATCH, &path, &json!({"origins": [origin]})).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let token = server.client_token(&basic, "").await;
        Self { basic, origin, token }
    }

    /// What it is answered: when it asks for a token, when it asks about its own, and when its script calls.
    async fn answers(&self, server: &TestServer) -> (u16, Option<Value>, bool) {
        let token = server.form("/oauth/token", &self.basic, OWN).await.status.as_u16();
        let form = format!("token={}", self.token);
        let told = server.form("/oauth/introspect", &self.basic, &form).await;
        let active = (told.status == 200).then(|| told.json()["active"].clone());
        (token, active, is_shared(server, &self.origin).await)
    }
}

fn good() -> (u16, Option<Value>, bool) {
    (200, Some(json!(true)), true)
}

const BAD: (u16, Option<Value>, bool) = (401, None, false);

async fn delete(server: &TestServer, id: &str) {
    let path = format!("/clients/{}", server.client_key(id).await);
    let reply = server.admin(Method::DELETE, &path, &Value::Null).await;
    assert!(reply.status.is_success(), "{reply:?}");
}

/// How many statements a client costs that asks for a token, the first time after a change and the second.
async fn costs(node: &TestServer, service: &Service, statements: &Statements) -> [u64; 2] {
    let mut costs = [0; 2];
    for cost in &mut costs {
        let before = statements.count();
        node.client_token(&service.basic, "").await;
        *cost = statements.count() - before;
    }
    costs
}

#[tokio::test]
async fn clients_that_become_too_many_and_few_again_are_answered_the_same() {
    let Some(one) = TestServer::start_with(BACKEND, four()).await else { return };
    let two = one.another_with(2, four()).await;
    // This one sleeps while they are too many.
    let sleeper = one.another_with(3, four()).await;
    let all = one.another(4).await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let [first, second] =
        [Service::register(&one, "first").await, Service::register(&one, "second").await];
    for node in [&one, &two, &sleeper, &all] {
        node.look().await;
        assert_eq!(remembered(node), 4, "as many as may be");
        assert_eq!(costs(node, &first, &statements).await, [0, 0]);
    }

    let third = Service::register(&one, "third").await;
    for (node, expected) in [(&one, [1, 0]), (&two, [1, 0]), (&all, [0, 0])] {
        node.look().await;
        assert_eq!(costs(node, &second, &statements).await, expected);
        for service in [&first, &second, &third, &first] {
            assert_eq!(service.answers(node).await, good());
        }
    }
    set_status(&two, "third", "disabled").await;
    for node in [&one, &two, &all] {
        node.look().await;
        assert_eq!(third.answers(node).await, BAD);
        assert_eq!(first.answers(node).await, good());
    }

    delete(&two, "third").await;
    let restarted = one.another_with(5, four()).await;
    for (node, expected) in [
        // These have met too many, and do not count them again.
        (&one, [1, 0]),
        (&two, [1, 0]),
        (&sleeper, [0, 0]),
        (&all, [0, 0]),
        (&restarted, [0, 0]),
    ] {
        node.look().await;
        assert_eq!(costs(node, &first, &statements).await, expected);
        assert_eq!(third.answers(node).await, BAD);
        for service in [&first, &second] {
            assert_eq!(service.answers(node).await, good());
        }
    }

    // What is refused of the deleted one reaches some seconds beyond its end.
    one.advance(10);
    let other = Service::register(&sleeper, "third").await;
    let form = format!("token={}", third.token);
    for node in [&one, &two, &sleeper, &all, &restarted] {
        node.look().await;
        for service in [&first, &second, &other] {
            assert_eq!(service.answers(node).await, good(), "{}", service.origin);
        }
        // Who has the name now is not who had it.
        let reply = node.form("/oauth/token", &third.basic, OWN).await;
        reply.assert_error(401, "invalid_client");
        let told = node.form("/oauth/introspect", &other.basic, &form).await;
        assert_eq!(told.json()["active"], false, "{told:?}");
    }
}
