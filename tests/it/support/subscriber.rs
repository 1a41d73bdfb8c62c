//! Subscribers of the feed that report, and what administrators see of them.

use http::Method;
use serde_json::{Value, json};

use super::{Reply, TestServer, claims};

impl TestServer {
    /// Reports with these credentials.
    pub(crate) async fn report_as(&self, authorization: &str, body: &Value) -> Reply {
        let request = http::Request::post("/revocations/applied")
            .header("authorization", authorization)
            .header("content-type", "application/json");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    /// Reports as an instance of the demo API.
    pub(crate) async fn report(&self, name: &str, position: &Value, ago: u64) {
        let reply = self.report_as(&self.basic(), &applied_report(name, position, ago)).await;
        assert_eq!(reply.status, 204, "{reply:?}");
    }

    /// Ends a session, and answers where in the log that stands.
    pub(crate) async fn revoke_one(&self) -> Value {
        let sid = claims(&self.login().await.access)["sid"].clone();
        let body = json!({"kind": "sid", "value": sid});
        let reply = self.admin(Method::POST, "/revocations", &body).await.json();
        reply["effective_by"]["position"].clone()
    }

    /// What administrators see of the feed.
    pub(crate) async fn feed(&self, query: &str) -> Value {
        let reply = self.admin(Method::GET, &format!("/feed{query}"), &Value::Null).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// What the subscribers know of the revocation at `position`.
    pub(crate) async fn who_obeys(&self, position: &Value) -> Vec<Value> {
        let query = format!("?epoch={}&seq={}", position["epoch"], position["seq"]);
        self.feed(&query).await["items"].as_array().unwrap().clone()
    }
}

/// The body of a report.
pub(crate) fn applied_report(name: &str, position: &Value, ago: u64) -> Value {
    json!({
        "subscriber": name,
        "via": "stream",
        "epoch": position["epoch"],
        "seq": position["seq"],
        "applied_ms_ago": ago,
    })
}
