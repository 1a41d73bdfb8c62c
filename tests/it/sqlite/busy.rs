//! Another process that has the file of the database for itself (C142).

use std::sync::Arc;

use chancery::protocol::audit::AuditKind;

use super::BACKEND;
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c142_a_file_that_another_process_writes_to_is_waited_for_and_then_503() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let server = Arc::new(server);
    let tokens = server.login().await;
    let mut raw = server.raw().await;
    let before = server.events(AuditKind::Login).await;
    raw.run("BEGIN IMMEDIATE").await;
    let task = |server: &Arc<TestServer>| {
        let server = server.clone();
        tokio::spawn(async move { server.login_as_administrator().await })
    };
    let (waiting, token) = (task(&server), tokens.refresh.clone());
    // All wait for the one writer, and are told in the same moment.
    let refused = server.refresh(&token).await;
    for reply in [refused, waiting.await.unwrap()] {
        reply.assert_error(503, "temporarily_unavailable");
        assert_eq!(reply.header("retry-after"), "1");
    }
    // Who only reads is not disturbed.
    assert!(server.is_active(&tokens.access).await && server.is_active(&tokens.refresh).await);
    let waiting = task(&server);
    for _ in 0..50 {
        // Meanwhile it has come to the file, and waits.
        assert!(server.is_active(&tokens.refresh).await);
    }
    assert!(!waiting.is_finished());
    raw.run("COMMIT").await;
    waiting.await.unwrap().tokens();
    server.refresh(&tokens.refresh).await.tokens();
    assert_eq!(server.events(AuditKind::Login).await, before + 1);
}
