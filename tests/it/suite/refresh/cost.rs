//! What a refresh asks of the database.

use metrics::set_default_local_recorder;

use super::BACKEND;
use crate::support::{Statements, TestServer};

#[tokio::test]
async fn a_refresh_is_one_read_and_one_write_and_a_retry_one_read() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let first = server.login().await;
    let statements = Statements::default();
    let _recording = set_default_local_recorder(&statements);
    let second = server.refresh(&first.refresh).await.tokens();
    assert_eq!(statements.count(), 2);
    assert_eq!(server.refresh(&first.refresh).await.tokens().refresh, second.refresh);
    assert_eq!(statements.count(), 3, "an early retry changes nothing");
    server.refresh(&second.refresh).await.tokens();
    assert_eq!(statements.count(), 5);
    server.refresh("not-a-token").await.assert_invalid_grant();
    assert_eq!(statements.count(), 5, "what is not ours is told without the database");
}
