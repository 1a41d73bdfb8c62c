//! Very many revocations, and a node that tells nobody of them for a while.

use chancery::protocol::revocation::Kind;
use futures_util::future::join_all;
use http::Method;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use super::BACKEND;
use crate::support::{Follower, TestServer, claims};

/// How old a node says that its state is.
fn age(server: &TestServer, recorder: &metrics_exporter_prometheus::PrometheusRecorder) -> f64 {
    server.server.measure();
    let text = recorder.handle().render();
    let line = text.lines().find_map(|line| line.strip_prefix("chancery_memory_age_seconds "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn c138_what_nobody_was_told_for_ten_minutes_has_its_effect_and_is_told_in_order() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let beside = server.another(2).await;
    let mut follower = Follower::default();
    let mut stream = server.stream("", "").await;
    for _ in 0..2 {
        follower.take(&stream.told().await);
    }
    let (first, before) = (server.head().await.seq + 1, age(&server, &recorder));
    // This node does not look at the log, and so tells nothing of it; the other one revokes.
    for minute in 0..10 {
        beside.revoke_some(&format!("jti-{minute}")).await;
        server.advance(60);
    }
    assert!(age(&server, &recorder) >= before + 600.0, "{}", age(&server, &recorder));
    let queued: Vec<i64> = server.log().await.iter().map(|entry| entry.seq).collect();
    assert_eq!(queued.len(), 10, "nothing is lost meanwhile: {queued:?}");
    server.look().await;
    assert!(age(&server, &recorder) < 1.0);
    while !(0..10).all(|minute| follower.refuses(Kind::Token, &format!("jti-{minute}"))) {
        // A gap or a repetition is what `take` refuses.
        follower.take(&stream.told().await);
    }
    assert_eq!((follower.seq, queued[0]), (first + 9, first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c150_very_many_users_who_are_disabled_at_once_are_told_of_in_order_each_once() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut users = Vec::new();
    for number in 0..MANY {
        let name = format!("user-{number}");
        let id = server.create_user(&name, &[]).await;
        let tokens = server.login_as(&name).await.tokens();
        users.push((id, claims(&tokens.access)["sid"].as_str().unwrap().to_owned()));
    }
    let mut token = server.admin_token().await;
    let mut follower = Follower::default();
    let mut stream = server.stream("", "").await;
    for _ in 0..2 {
        follower.take(&stream.told().await);
    }
    let first = server.head().await.seq;
    let disable = json!({"status": "disabled"});
    for some in users.chunks(AT_ONCE) {
        let changes = some.iter().map(|(id, _)| {
            let path = format!("/admin/v1/users/{id}");
            let (server, token, disable) = (&server, &token, &disable);
            async move {
                loop {
                    let reply = server.call(Method::PATCH, &path, token, disable).await;
                    if reply.status != 503 {
                        return assert_eq!(reply.status, 200, "{reply:?}");
                    }
                    reply.assert_error(503, "temporarily_unavailable");
                }
            }
        });
        join_all(changes).await;
        token = server.admin_token().await;
    }
    let log = server.log().await;
    let told: Vec<i64> = log.iter().map(|entry| entry.seq).filter(|seq| *seq > first).collect();
    let expected: Vec<i64> = (first + 1..).take(told.len()).collect();
    assert_eq!(told, expected, "the numbers have no gap, and their order is that of the commits");
    for (_, sid) in &users {
        while !follower.refuses(Kind::Session, sid) {
            follower.take(&stream.told().await);
        }
        let digest = Kind::Session.digest(sid);
        assert_eq!(log.iter().filter(|one| one.entry.digest == digest).count(), 1, "{sid}");
    }
}

/// More than one document of the stream holds, in as many requests as arrive in one moment.
const MANY: usize = 200;
const AT_ONCE: usize = 100;
