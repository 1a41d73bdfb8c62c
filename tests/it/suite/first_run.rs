//! The first run, done at once, twice, and again after it was cut short.

use chancery::flows::admin::{By, users};
use chancery::flows::administration::Administration;
use chancery::flows::first_run::{FirstRun, Planned};
use http::StatusCode;
use serde_json::json;
use zeroize::Zeroizing;

use super::BACKEND;
use crate::support::{Installation, Reply, TestServer};

async fn plan(server: &TestServer, planned: Option<Planned>) -> FirstRun {
    FirstRun::plan(&server.server, planned).await.unwrap()
}

async fn carry_out(server: &TestServer, run: &FirstRun) -> bool {
    run.carry_out(&server.server).await.unwrap()
}

/// What is left of a run in the file that it wrote.
fn left_by(run: &FirstRun) -> Planned {
    let secret = run.demo.as_ref().unwrap().client_secret.expose().to_owned();
    let client_secret = Some(chancery::protocol::secret::ClientSecret::presented(secret));
    Planned { password: Zeroizing::new(run.password.to_string()), client_secret }
}

async fn login(server: &TestServer, run: &FirstRun) -> Reply {
    let demo = run.demo.as_ref().unwrap();
    let login = json!({"username": run.username, "password": run.password.as_str(),
        "client_id": demo.client_id, "client_secret": demo.client_secret.expose()});
    server.post_json("/login", &login).await
}

#[tokio::test]
async fn a_run_that_was_cut_short_is_done_again_with_the_same_secrets() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let server = installation.server().await;
    let first = plan(&server, None).await;
    assert!(carry_out(&server, &first).await);
    // The administrator is made last: without him it is as if it had stopped before.
    let admin = users::find_named(&server.server, "admin").await.unwrap();
    let delete = users::UserChange::Delete;
    users::change(&server.server, &By::command_line(), admin.id, delete).await.unwrap();
    assert!(FirstRun::is_due(&server.server).await.unwrap());

    let again = plan(&server, Some(left_by(&first))).await;
    assert!(carry_out(&server, &again).await);
    assert!(!FirstRun::is_due(&server.server).await.unwrap());
    assert_eq!(login(&server, &first).await.status, StatusCode::OK);
}

#[tokio::test]
async fn of_two_runs_at_once_one_makes_everything_and_the_other_is_told() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    let server = installation.server().await;
    let (one, other) = (plan(&server, None).await, plan(&server, None).await);
    let (first, second) =
        tokio::join!(one.carry_out(&server.server), other.carry_out(&server.server));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first != second, "{first} {second}");
    let (won, lost) = if first { (&one, &other) } else { (&other, &one) };
    assert_eq!(login(&server, won).await.status, StatusCode::OK);
    assert_ne!(login(&server, lost).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_others_have_the_names_of_is_not_made() {
    for taken in [
        "client create demo --public --first-party",
        "client create demo",
        "resource create https://demo-api.example --scope other",
    ] {
        let Some(installation) = Installation::migrated(BACKEND) else { return };
        installation.run(taken).ok();
        let server = installation.server().await;
        let run = plan(&server, None).await;
        assert!(run.demo.is_none(), "{taken}");
        assert!(carry_out(&server, &run).await, "{taken}");
        let login = json!({"username": run.username, "password": run.password.as_str(),
            "client_id": "chancery-admin"});
        assert_eq!(server.post_json("/login", &login).await.status, StatusCode::OK, "{taken}");
    }
}

#[tokio::test]
async fn a_client_of_the_administrators_name_that_reaches_nothing_is_mended() {
    let Some(installation) = Installation::migrated(BACKEND) else { return };
    installation.run("client create chancery-admin --public --first-party").ok();
    let server = installation.server().await;
    let run = plan(&server, None).await;
    assert!(run.carry_out(&server.server).await.unwrap());
    let found = Administration::look(&server.server.store, &server.server.settings.issuer).await;
    let found = found.unwrap();
    assert!(found.user && found.client, "{found:?}");
}
