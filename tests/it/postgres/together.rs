//! What goes to the database together, beside somebody who holds a row.

use super::BACKEND;
use crate::support::TestServer;

#[tokio::test]
async fn whoever_needs_a_row_that_is_held_waits_alone() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let held = server.login().await;
    let mut raw = server.raw().await;
    raw.run("BEGIN; SELECT 1 FROM session FOR UPDATE").await;
    let free = server.login().await;
    let others = async {
        let refreshed = server.refresh(&free.refresh).await.tokens();
        server.revoke(&refreshed.refresh).await;
        assert!(!server.is_active(&refreshed.access).await);
        raw.run("ROLLBACK").await;
    };
    let (waited, ()) = tokio::join!(server.refresh(&held.refresh), others);
    assert!(server.is_active(&waited.tokens().access).await);
}
