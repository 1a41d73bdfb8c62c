//! Requests that wait out a revocation, while their client is disabled: they get no token, which
//! would look younger than the revocation.

use std::sync::Arc;
use std::time::Duration;

use chancery::flows::admin::{By, revocations};
use chancery::protocol::client::ClientStatus;
use chancery_verifier::revocation::Kind;

use super::{BACKEND, set_status};
use crate::support::TestServer;

const CLIENT_CREDENTIALS: &str = "grant_type=client_credentials";

#[tokio::test]
async fn a_client_that_is_disabled_while_it_waits_out_a_revocation_gets_no_token() {
    for status in [ClientStatus::Paused, ClientStatus::Disabled] {
        let Some(server) = TestServer::start(BACKEND).await else { return };
        let server = Arc::new(server);
        let refresh = server.login().await.refresh;
        server.create_user("user", &[]).await;
        let by = By::command_line();
        revocations::revoke(&server.server, &by, Kind::Client, "demo").await.unwrap();
        server.clock.hold();
        let waiting = {
            let (server, basic) = (server.clone(), server.basic());
            tokio::spawn(
                async move { server.form("/oauth/token", &basic, CLIENT_CREDENTIALS).await },
            )
        };
        let refreshing = {
            let server = server.clone();
            tokio::spawn(async move { server.refresh(&refresh).await })
        };
        let login = {
            let server = server.clone();
            tokio::spawn(async move { server.login_as("user").await })
        };
        server.clock.until_asleep(3).await;
        set_status(&server, status).await;
        // Past every not-before, on whichever database.
        server.clock.advance(Duration::from_secs(10));
        waiting.await.unwrap().assert_error(401, "invalid_client");
        refreshing.await.unwrap().assert_error(401, "invalid_client");
        login.await.unwrap().assert_error(401, "invalid_client");
    }
}
