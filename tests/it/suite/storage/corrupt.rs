//! A stored value that the server never writes is told as such: not a panic, not a wrong answer.

use std::fmt::Debug;

use chancery::protocol::failed_attempts::AccountTag;
use chancery::storage::ops::audit::ListAudit;
use chancery::storage::ops::browser_sessions::{BrowserSessions, FindBrowserSession};
use chancery::storage::ops::clients::ListClients;
use chancery::storage::ops::codes::FindCode;
use chancery::storage::ops::consents::ListConsents;
use chancery::storage::ops::failed_logins::{CountFailedLogin, FindFailedLogins};
use chancery::storage::ops::feed::{ReadHead, ReadRevocations};
use chancery::storage::ops::keys::LoadKeys;
use chancery::storage::ops::notices::TakeNotices;
use chancery::storage::ops::resources::LoadResources;
use chancery::storage::ops::sessions::{FindSession, ListSessions, Sessions};
use chancery::storage::ops::users::{FindUser, ListUsers};
use chancery::storage::{StorageError, Stored};

use super::Given;
use crate::support::Raw;

/// Spoils one column after the other and reads each time; afterwards the rows are as before.
struct Spoiler<'a> {
    given: &'a Given,
    raw: Raw,
    table: &'static str,
}

impl Spoiler<'_> {
    async fn check<O: Stored>(&mut self, columns: &[(&'static str, &str)], read: impl Fn() -> O) {
        for (column, value) in columns {
            let table = self.table;
            self.raw.keep(table, "1 = 1").await;
            self.raw.run(&format!("UPDATE {table} SET {column} = {value}")).await;
            let outcome = self.given.store().read(read()).await.map(drop);
            assert_corrupt(outcome, (table, column), value);
            self.raw.put_back(table, "1 = 1").await;
            self.given.store().read(read()).await.map(drop).unwrap();
        }
    }
}

fn assert_corrupt<T: Debug>(
    outcome: Result<T, StorageError>,
    expected: (&'static str, &'static str),
    value: &str,
) {
    match outcome {
        Err(StorageError::Corrupt { table, column }) => {
            assert_eq!((table, column), expected, "{value}");
        }
        other => panic!("{expected:?} = {value}: {other:?}"),
    }
}

async fn spoiler<'a>(given: &'a Given, table: &'static str) -> Spoiler<'a> {
    Spoiler { given, raw: given.0.raw().await, table }
}

#[tokio::test]
async fn users_clients_and_resources() {
    let Some(given) = Given::start().await else { return };
    let short = given.0.raw().await.bytes(&[1; 3]);
    spoiler(&given, "users")
        .await
        .check(
            &[
                ("id", &short),
                ("name", "''"),
                ("roles", "'a \"'"),
                ("profile", "'[]'"),
                ("status", "'odd'"),
            ],
            || ListUsers { after: None, limit: 10 },
        )
        .await;
    let mut clients = spoiler(&given, "client").await;
    let columns = [
        ("grants", "'password'"),
        ("scope", "'\"'"),
        ("resources", "'relative'"),
        ("serves", "'relative'"),
        ("rotate_after", "-1"),
        ("backchannel_logout_uri", "'http://app.example'"),
        ("id_token_algorithm", "'none'"),
        ("userinfo_algorithm", "''"),
        ("client_uri", "'javascript:x'"),
        ("policy_uri", "''"),
        ("tos_uri", "'/terms'"),
        ("status", "''"),
    ];
    let all = || ListClients { after: None, limit: 100 };
    clients.check(&columns, all).await;
    clients.check(&[("secret_hash", &short)], all).await;
    let columns = [
        ("id", short.as_str()),
        ("uri", "'relative'"),
        ("scope", "'\\'"),
        ("role_scopes", "'no-equals-sign'"),
        ("scope_texts", "'no-equals-sign'"),
        ("algorithm", "'none'"),
        ("access_token_ttl", "-5"),
    ];
    spoiler(&given, "resource").await.check(&columns, || LoadResources).await;
}

#[tokio::test]
async fn failed_logins() {
    let Some(given) = Given::start().await else { return };
    let account = AccountTag([7; 16]);
    let limit = *given.0.server.credentials.throttle.account_limit();
    let count = CountFailedLogin { account, limit, at: given.now() };
    given.store().write(count).await.unwrap();
    let columns = [("clear_at", "-1"), ("until", "-1")];
    spoiler(&given, "failed_login").await.check(&columns, || FindFailedLogins(account)).await;
}

#[tokio::test]
async fn sessions() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    let mut sessions = spoiler(&given, "session").await;
    let (short, empty) = (sessions.raw.bytes(&[1; 31]), sessions.raw.bytes(&[]));
    let columns = [
        ("user_id", short.as_str()),
        ("client_id", "'two words'"),
        ("scope", "'\"'"),
        ("resources", "'relative'"),
        ("ended_reason", "'odd'"),
        ("generation", "-1"),
        ("generation", "4294967296"),
        ("leaf_hashes", &short),
        ("leaf_hashes", &empty),
        ("parent_hash", &short),
        ("retry_generation", "-1"),
        ("retry_streak", "9999999999"),
    ];
    sessions.check(&columns, || FindSession(session.id)).await;
    let now = given.now();
    let list = || ListSessions { user: None, after: None, now, limit: 10 };
    sessions.check(&[("leaf_hashes", &short)], list).await;
    let mut users = spoiler(&given, "users").await;
    users
        .check(&[("status", "''"), ("roles", "'\"'"), ("profile", "''")], || {
            FindSession(session.id)
        })
        .await;
    users.check(&[("status", "''")], || FindUser::Id(anna.id)).await;
}

#[tokio::test]
async fn browser_sessions() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let mut browsers = spoiler(&given, "browser_session").await;
    let short = browsers.raw.bytes(&[1; 3]);
    let columns = [("secret_hash", &*short), ("user_id", &*short), ("ended_reason", "'odd'")];
    browsers.check(&columns, || FindBrowserSession::Id(browser.id)).await;
    browsers.check(&[("id", &short)], || FindBrowserSession::Secret(browser.secret.clone())).await;
    let mut session = given.session(&anna);
    session.browser_session_id = Some(browser.id);
    given.create(&session).await;
    let mut sessions = spoiler(&given, "session").await;
    sessions.check(&[("browser_session_id", &short)], || FindSession(session.id)).await;
}

#[tokio::test]
async fn codes_consents_and_notices() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let code = given.stored_code(&anna, &browser).await;
    let mut codes = spoiler(&given, "authorization_code").await;
    let short = codes.raw.bytes(&[1; 3]);
    let columns = [
        ("interaction", short.as_str()),
        ("client_id", "'two words'"),
        ("challenge", &short),
        ("scope", "'\"'"),
        ("resources", "'relative'"),
        ("browser_session_id", &short),
        ("tries", "-1"),
        ("session_id", &short),
    ];
    codes.check(&columns, || FindCode(code.hash.clone())).await;
    let mut browsers = spoiler(&given, "browser_session").await;
    browsers.check(&[("ended_reason", "'odd'")], || FindCode(code.hash.clone())).await;
    given.save(&given.consent(&anna, "demo", "openid"), &anna).await;
    let columns = [("id", &*short), ("allowed", "'relative openid'")];
    spoiler(&given, "consent").await.check(&columns, || ListConsents(anna.id)).await;
    given.listen().await;
    given.under(&browser, false).await;
    given.ended(BrowserSessions::One(browser.id)).await;
    let take = || TakeNotices { now: given.now(), limit: 1, again_at: given.now(), except: vec![] };
    let mut raw = given.0.raw().await;
    raw.run("UPDATE logout_notice SET sid = 'odd'").await;
    assert_corrupt(given.store().write(take()).await, ("logout_notice", "sid"), "odd");
}

#[tokio::test]
async fn the_log_the_keys_and_the_audit_log() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    given.store().write(given.end(Sessions::One(session.id))).await.unwrap();
    let mut log = spoiler(&given, "revocation").await;
    let short = log.raw.bytes(&[1; 3]);
    let columns = [("kind", "'odd'"), ("digest", &*short), ("tip", &*short)];
    log.check(&columns, || ReadRevocations { from: 0, limit: 10 }).await;
    spoiler(&given, "feed_head").await.check(&[("tip", &short)], || ReadHead).await;
    spoiler(&given, "token_life").await.check(&[("life", "-1")], || ReadHead).await;

    let columns =
        [("algorithm", "kid"), ("usage", "kid"), ("public_jwk", "'{}'"), ("state", "kid")];
    spoiler(&given, "signing_key").await.check(&columns, || LoadKeys).await;
    spoiler(&given, "token_key").await.check(&[("number", "number + 300")], || LoadKeys).await;
    let columns = [("kind", "'odd'"), ("actor_kind", "'odd'")];
    let list = || ListAudit { limit: 10, ..ListAudit::default() };
    spoiler(&given, "audit").await.check(&columns, list).await;
}

#[tokio::test]
async fn a_client_is_told_of_a_fault_and_not_of_a_bad_token() {
    let Some(given) = Given::start().await else { return };
    let tokens = given.0.login().await;
    let mut raw = given.0.raw().await;
    raw.keep("session", "1 = 1").await;
    raw.run("UPDATE session SET retry_streak = -1").await;
    let before = given.traces().await;
    given.0.refresh(&tokens.refresh).await.assert_error(500, "server_error");
    assert_eq!(given.traces().await, before);
    raw.put_back("session", "1 = 1").await;
    given.0.refresh(&tokens.refresh).await.tokens();
}
