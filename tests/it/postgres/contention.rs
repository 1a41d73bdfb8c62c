//! Transactions that PostgreSQL gives up, as it does where two wait for each other (C142).

use chancery::protocol::audit::AuditKind;
use http::Method;
use serde_json::json;

use super::BACKEND;
use crate::support::{PASSWORD, Raw, TestServer};

/// Lets PostgreSQL give up the next `times` writes to a table with this code: a sequence counts those
/// that were undone as well.
async fn give_up(raw: &mut Raw, table: &str, code: &str, times: u32) {
    raw.run(&format!(
        "DROP SEQUENCE IF EXISTS tried CASCADE; CREATE SEQUENCE tried; \
         CREATE OR REPLACE FUNCTION given_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF nextval('tried') <= {times} THEN RAISE EXCEPTION 'given up' USING ERRCODE = '{code}'; \
           END IF; RETURN NEW; END $$; \
         CREATE OR REPLACE TRIGGER given_up BEFORE INSERT OR UPDATE ON {table} \
           FOR EACH ROW EXECUTE FUNCTION given_up()"
    ))
    .await;
}

async fn let_be(raw: &mut Raw, table: &str) {
    raw.run(&format!("DROP TRIGGER given_up ON {table}")).await;
}

const CODES: [&str; 2] = ["40001", "40P01"];
/// More often than anything is tried.
const ALWAYS: u32 = 1_000_000;

#[tokio::test]
async fn c142_what_the_database_gave_up_is_tried_again_a_few_times_and_then_503() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let id = server.create_user("anna", &[]).await;
    let mut raw = server.raw().await;
    for code in CODES {
        let tokens = server.login().await;
        for (times, status) in [(1, 200), (3, 200), (ALWAYS, 503)] {
            let before = server.events(AuditKind::Login).await;
            give_up(&mut raw, "session", code, times).await;
            let reply = server.login_as("anna").await;
            assert_eq!(reply.status, status, "{code}, {times} times: {reply:?}");
            let stored = server.events(AuditKind::Login).await - before;
            assert_eq!(stored, usize::from(status == 200), "once, or not at all");
            let tried = raw.number("SELECT last_value FROM tried").await;
            assert_eq!(tried, if times == ALWAYS { 4 } else { i64::from(times) + 1 });
            if status == 503 {
                reply.assert_error(503, "temporarily_unavailable");
                assert_eq!(reply.header("retry-after"), "1");
                // Never a 400, and the token is as good as before.
                let refused = server.refresh(&tokens.refresh).await;
                refused.assert_error(503, "temporarily_unavailable");
                let form = format!("token={}", tokens.refresh);
                let revoked = server.form("/oauth/revoke", &server.basic(), &form).await;
                revoked.assert_error(503, "temporarily_unavailable");
                assert!(server.is_active(&tokens.access).await);
            }
            let_be(&mut raw, "session").await;
        }
        let next = server.refresh(&tokens.refresh).await.tokens();
        give_up(&mut raw, "session", code, 1).await;
        server.refresh(&next.refresh).await.tokens();
        let_be(&mut raw, "session").await;
        let password = json!({"password": PASSWORD});
        let path = format!("/users/{id}/password");
        give_up(&mut raw, "users", code, 1).await;
        assert_eq!(server.admin(Method::POST, &path, &password).await.status, 200);
        let_be(&mut raw, "users").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c142_of_two_that_wait_for_each_other_the_server_tries_again() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    server.create_user("anna", &[]).await;
    let tokens = server.login_as("anna").await.tokens();
    let mut raw = server.raw().await;
    // The change of a password locks the user and then his sessions; this takes them in the other order.
    let session = raw.row_of(&tokens.access);
    raw.run(&format!(
        "BEGIN; SET deadlock_timeout = '1h'; SELECT 1 FROM session WHERE {session} FOR UPDATE"
    ))
    .await;
    let user = server.user("anna").await.id;
    let path = format!("/users/{user}");
    let disable = json!({"status": "disabled"});
    let disabling = server.admin(Method::PATCH, &path, &disable);
    let crossing = async {
        let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted";
        let mut watch = server.raw().await;
        while watch.number(waits).await == 0 {
            tokio::task::yield_now().await;
        }
        raw.run("SELECT 1 FROM users WHERE canonical_name = 'anna' FOR UPDATE; COMMIT").await;
    };
    let (disabled, ()) = tokio::join!(disabling, crossing);
    assert_eq!(disabled.status, 200, "{disabled:?}");
    server.refresh(&tokens.refresh).await.assert_invalid_grant();
}
