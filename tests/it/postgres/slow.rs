//! A database that takes its time, or does not answer at all any more (C131).

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::BACKEND;
use super::between::Between;
use crate::support::{Home, Place, Raw, Wire};

/// Sends `count` requests at once, and asserts that each is put off in time.
async fn assert_put_off(wire: &Wire, tokens: &[String], count: usize) {
    let mut requests = JoinSet::new();
    for n in 0..count {
        let (wire, token) = (wire.clone(), tokens[n % tokens.len()].clone());
        requests.spawn(async move {
            let reply = match n % 4 {
                0 => wire.refresh(&token).await,
                1 => wire.introspect(&token).await,
                2 => wire.try_login().await,
                _ => wire.revoke(&token).await,
            };
            let reply = reply.unwrap();
            reply.assert_error(503, "temporarily_unavailable");
            assert_eq!(reply.header("retry-after"), "1");
        });
    }
    // What needs no database is answered meanwhile.
    for path in ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/healthz"] {
        assert_eq!(wire.get(path).await.unwrap().status, 200, "{path}");
    }
    assert!(!requests.is_empty(), "they still wait");
    let put_off = async {
        while requests.len() > CONNECTIONS {
            requests.join_next().await.unwrap().unwrap();
        }
    };
    // Whoever has no connection is put off before the others.
    timeout(SOON, put_off).await.unwrap();
    timeout(IN_TIME, requests.join_all()).await.unwrap();
}

/// A server on a database through `between`, and refresh tokens of it.
async fn serving(between: &Between) -> (Home, crate::support::Serving, Wire, Vec<String>) {
    let mut home = Home::on(Place::Kept(between.url().to_owned()));
    let serving = home.serve();
    let wire = home.wire(&serving);
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(wire.login().await.refresh);
    }
    (home, serving, wire, tokens)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c131_whoever_asks_a_database_that_has_fallen_silent_is_put_off_in_time_and_loses_nothing()
{
    let Some(place) = BACKEND.empty() else { return };
    let Some(between) = Between::start(&place.url_text()) else { return };
    let (_home, _serving, wire, tokens) = serving(&between).await;
    between.hold(true);
    for _ in 0..2 {
        assert_put_off(&wire, &tokens, 200).await;
    }
    between.hold(false);
    // Revocations that were under way may have taken place; whoever was put off asks again.
    for token in &tokens {
        let reply = wire.refresh(token).await.unwrap();
        assert!([200, 400].contains(&reply.status.as_u16()), "{reply:?}");
    }
    let tokens = wire.login().await;
    wire.refresh(&tokens.refresh).await.unwrap().tokens();
    assert_eq!(wire.get("/readyz").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c131_a_statement_that_takes_ten_seconds_is_given_up_and_the_token_is_as_good_as_before() {
    let Some(place) = BACKEND.empty() else { return };
    let mut home = Home::on(place);
    let serving = home.serve();
    let wire = home.wire(&serving);
    let tokens = wire.login().await;
    let mut raw = Raw::open(home.database()).await;
    raw.run(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql \
         AS $$ BEGIN PERFORM pg_sleep(10); RETURN NEW; END $$; \
         CREATE TRIGGER dawdle BEFORE UPDATE ON session FOR EACH ROW EXECUTE FUNCTION dawdle();",
    )
    .await;
    for _ in 0..2 {
        let reply = timeout(IN_TIME, wire.refresh(&tokens.refresh)).await.unwrap();
        reply.unwrap().assert_error(503, "temporarily_unavailable");
        // What does not touch the session goes on.
        wire.login().await;
    }
    raw.run("DROP TRIGGER dawdle ON session").await;
    let next = wire.refresh(&tokens.refresh).await.unwrap().tokens();
    wire.refresh(&next.refresh).await.unwrap().tokens();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c131_whoever_waits_for_a_lock_that_is_not_given_back_is_put_off() {
    let Some(place) = BACKEND.empty() else { return };
    let mut home = Home::on(place);
    let serving = home.serve();
    let wire = home.wire(&serving);
    let tokens = wire.login().await;
    let mut raw = Raw::open(home.database()).await;
    raw.run("BEGIN; LOCK TABLE session IN EXCLUSIVE MODE").await;
    let reply = timeout(IN_TIME, wire.refresh(&tokens.refresh)).await.unwrap();
    reply.unwrap().assert_error(503, "temporarily_unavailable");
    raw.run("ROLLBACK").await;
    wire.refresh(&tokens.refresh).await.unwrap().tokens();
}

/// The default of `database.connections`.
const CONNECTIONS: usize = 8;
/// Whoever has no connection waits for 2 s, in each of its operations.
const SOON: Duration = Duration::from_secs(5);
/// What is asked of a connection that says nothing is given up after 10 s.
const IN_TIME: Duration = Duration::from_secs(12);
