//! Configuration as code: what is declared becomes what is stored.

use std::time::Duration;

use chancery::flows::reconcile::{
    Action, Change, Declared, DeclaredClient, DeclaredPassword, DeclaredResource, DeclaredUser,
    apply, plan,
};
use chancery::protocol::client::{ClientId, ClientSettings, GrantType};
use chancery::protocol::key::Algorithm;
use chancery::protocol::password::{Password, UserName};
use chancery::protocol::profile::{ClaimChange, Profile};
use chancery::protocol::redirect_uri::RedirectUri;
use chancery::protocol::resource::ResourceSettings;
use chancery::protocol::scope::ScopeSet;
use chancery::protocol::secret::SecretHash;
use chancery::protocol::uri::{ResourceUri, WebOrigin};
use chancery::protocol::user::{Roles, StoredHash, UserStatus};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::BACKEND;
use crate::support::{Reply, TestServer, basic};

const SECRET: &str = "a-client-secret-of-more-than-32-characters";
const PASSWORD: &str = "the declared password of alice";
const API: &str = "https://orders.example";

fn declared() -> Declared {
    let uri = ResourceUri::parse(API).unwrap();
    let scope = ScopeSet::parse("read write").unwrap();
    let settings = ClientSettings {
        first_party: true,
        grants: vec![GrantType::RefreshToken],
        scope: scope.clone(),
        resources: vec![uri.clone()],
        origins: WebOrigin::parse("https://app.example").into_iter().collect(),
        rotate_after: Duration::from_secs(30),
        ..ClientSettings::named("Orders")
    };
    let client = DeclaredClient {
        id: ClientId::parse("orders").unwrap(),
        secret: Some(SecretHash::of(SECRET.as_bytes())),
        settings,
    };
    let user = DeclaredUser {
        name: UserName::parse("Alice").unwrap(),
        password: Some(plain(PASSWORD)),
        roles: Roles::parse("editor").unwrap(),
        profile: Profile::default(),
        status: UserStatus::Active,
    };
    let settings = ResourceSettings { scope, ..ResourceSettings::named("Orders") };
    Declared {
        users: vec![user],
        clients: vec![client],
        resources: vec![DeclaredResource { uri, settings }],
    }
}

fn plain(text: &str) -> DeclaredPassword {
    DeclaredPassword::Plain(Password::presented(text).unwrap())
}

/// Applies, and answers what was done as `+client orders`, `~user Alice: roles`.
async fn applied(server: &TestServer, declared: &Declared) -> Vec<String> {
    let applied = apply(&server.server, declared).await.unwrap();
    applied.changes.iter().map(shown).collect()
}

fn shown(Change { object, name, action }: &Change) -> String {
    match action {
        Action::Create => format!("+{object} {name}"),
        Action::Change(what) => format!("~{object} {name}: {}", what.join(" ")),
        Action::Disable => format!("-{object} {name}"),
    }
}

async fn login(server: &TestServer, password: &str) -> Reply {
    let body = json!({
        "username": "alice", "password": password,
        "client_id": "orders", "client_secret": SECRET,
    });
    server.post_json("/login", &body).await
}

async fn refresh(server: &TestServer, token: &str) -> Reply {
    let form = format!("grant_type=refresh_token&refresh_token={token}");
    server.form("/oauth/token", &basic("orders", SECRET), &form).await
}

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn what_is_declared_is_made_and_the_same_again_does_nothing() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let declared = declared();
    let made = ["+resource https://orders.example", "+client orders", "+user Alice"];
    let dry = plan(&server.server, &declared).await.unwrap();
    assert_eq!(dry.changes().map(shown).collect::<Vec<_>>(), made);
    assert_eq!(applied(&server, &declared).await, made, "a plan has changed something");
    let tokens = login(&server, PASSWORD).await.tokens();
    server.advance(60);
    let before = server.rows().await;
    assert_eq!(applied(&server, &declared).await, NOTHING);
    assert_eq!(server.rows().await, before);
    assert_eq!(apply(&server.server, &declared).await.unwrap().unchanged, 3);
    refresh(&server, &tokens.refresh).await.tokens();
}

#[tokio::test]
async fn what_differs_is_named_and_changed_and_sessions_go_on() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut declared = declared();
    applied(&server, &declared).await;
    let tokens = login(&server, PASSWORD).await.tokens();
    declared.resources[0].settings.access_token_ttl = Duration::from_mins(2);
    declared.clients[0].settings.origins.clear();
    declared.clients[0].settings.rotate_after = Duration::ZERO;
    declared.clients[0].settings.grants.push(GrantType::AuthorizationCode);
    let sign_in = &mut declared.clients[0].settings.sign_in;
    sign_in.redirect_uris.extend(RedirectUri::parse("https://app.example/cb"));
    sign_in.userinfo_algorithm = Some(Algorithm::Es256);
    declared.users[0].roles = Roles::parse("editor auditor").unwrap();
    let email = ClaimChange::parse("email=alice@example.com");
    declared.users[0].profile = Profile::default().with(email).unwrap();
    let changes = [
        "~resource https://orders.example: access_token_ttl",
        "~client orders: grants origins rotate_after redirect_uris userinfo_algorithm",
        "~user Alice: roles claims",
    ];
    assert_eq!(applied(&server, &declared).await, changes);
    assert_eq!(applied(&server, &declared).await, NOTHING);
    let answer = refresh(&server, &tokens.refresh).await;
    assert_eq!(answer.json()["expires_in"], 120);
    assert_eq!(
        crate::support::claims(&answer.tokens().access)["roles"],
        json!(["editor", "auditor"])
    );
}

#[tokio::test]
async fn another_declared_secret_replaces_the_one_before() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut declared = declared();
    declared.clients[0].secret = Some(SecretHash::of(b"the secret of last year, long enough"));
    applied(&server, &declared).await;
    login(&server, PASSWORD).await.assert_error(401, "invalid_client");
    declared.clients[0].secret = Some(SecretHash::of(SECRET.as_bytes()));
    assert_eq!(applied(&server, &declared).await, ["~client orders: secret_file"]);
    login(&server, PASSWORD).await.tokens();
    declared.clients[0].secret = None;
    assert_eq!(applied(&server, &declared).await, ["~client orders: secret_file"]);
    login(&server, PASSWORD).await.assert_error(401, "invalid_client");
    assert_eq!(applied(&server, &declared).await, NOTHING);
}

#[tokio::test]
async fn a_declared_password_is_set_only_where_it_is_another_one() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut declared = declared();
    applied(&server, &declared).await;
    let tokens = login(&server, PASSWORD).await.tokens();
    declared.users[0].password = Some(plain("another password of alice"));
    assert_eq!(applied(&server, &declared).await, ["~user Alice: password"]);
    refresh(&server, &tokens.refresh).await.assert_invalid_grant();
    let tokens = login(&server, "another password of alice").await.tokens();
    // Left out, it stays as it is.
    declared.users[0].password = None;
    assert_eq!(applied(&server, &declared).await, NOTHING);
    refresh(&server, &tokens.refresh).await.tokens();
}

#[tokio::test]
async fn a_declared_hash_is_set_once_although_a_login_replaces_it() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut declared = declared();
    declared.users[0].password = Some(DeclaredPassword::Hash(StoredHash::new(HASH.to_owned())));
    applied(&server, &declared).await;
    let tokens = login(&server, HASHED).await.tokens();
    assert_eq!(applied(&server, &declared).await, NOTHING);
    refresh(&server, &tokens.refresh).await.tokens();
    let other = HASH.replace("i=1000", "i=1001");
    declared.users[0].password = Some(DeclaredPassword::Hash(StoredHash::new(other)));
    assert_eq!(applied(&server, &declared).await, ["~user Alice: password"]);
    login(&server, HASHED).await.assert_invalid_grant();
    assert_eq!(applied(&server, &declared).await, NOTHING);
}

#[tokio::test]
async fn a_user_declared_as_disabled_is_kept_out() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let mut declared = declared();
    declared.users[0].status = UserStatus::Disabled;
    applied(&server, &declared).await;
    login(&server, PASSWORD).await.assert_invalid_grant();
    assert_eq!(applied(&server, &declared).await, NOTHING);
    declared.users[0].status = UserStatus::Active;
    assert_eq!(applied(&server, &declared).await, ["~user Alice: disabled"]);
    login(&server, PASSWORD).await.tokens();
}

#[tokio::test]
async fn what_is_declared_no_longer_is_disabled_and_let_go_of() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let all = declared();
    applied(&server, &all).await;
    let tokens = login(&server, PASSWORD).await.tokens();
    let key = server.client_key("orders").await;
    let path = format!("/clients/{key}");
    // Declared, it is changed in the file alone.
    let by_hand = json!({"name": "by hand"});
    server.admin(Method::PATCH, &path, &by_hand).await.assert_error(409, "conflict");
    let none = Declared::default();
    let gone = ["-resource https://orders.example", "-client orders", "-user Alice"];
    assert_eq!(applied(&server, &none).await, gone);
    assert_eq!(applied(&server, &none).await, NOTHING);
    assert!(!server.is_active(&tokens.access).await);
    refresh(&server, &tokens.refresh).await.assert_error(401, "invalid_client");
    // The client of the first run was never declared.
    server.login().await;
    assert_eq!(server.admin(Method::PATCH, &path, &by_hand).await.status, StatusCode::OK);
    // Declared again it works again, but for what it held.
    let back = [
        "~resource https://orders.example: enabled managed",
        "~client orders: name enabled managed",
        "~user Alice: disabled managed",
    ];
    assert_eq!(applied(&server, &all).await, back);
    refresh(&server, &tokens.refresh).await.assert_invalid_grant();
    server.advance(5);
    login(&server, PASSWORD).await.tokens();
}

#[tokio::test]
async fn what_was_made_by_hand_is_taken_over_and_nothing_else_is_touched() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let by_hand = json!({"uri": API, "name": "Orders", "scopes": ["read", "write"]});
    let reply = server.admin(Method::POST, "/resources", &by_hand).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    let declared = Declared { resources: declared().resources, ..Declared::default() };
    assert_eq!(applied(&server, &declared).await, ["~resource https://orders.example: managed"]);
    let clients = server.admin(Method::GET, "/clients", &Value::Null).await.json();
    let statuses = clients["items"].as_array().unwrap().iter().map(|one| one["status"].clone());
    assert!(statuses.eq(["active", "active"]), "{clients}");
}

#[tokio::test]
async fn two_nodes_that_apply_at_once_make_everything_once() {
    let Some(one) = TestServer::start(BACKEND).await else { return };
    let two = one.another(2).await;
    let declared = declared();
    let (a, b) = tokio::join!(apply(&one.server, &declared), apply(&two.server, &declared));
    let mut made: Vec<String> = Vec::new();
    for applied in [a.unwrap(), b.unwrap()] {
        made.extend(applied.changes.iter().map(shown));
    }
    made.sort();
    assert_eq!(made, ["+client orders", "+resource https://orders.example", "+user Alice"]);
    assert_eq!(applied(&one, &declared).await, NOTHING);
    assert_eq!(applied(&two, &declared).await, NOTHING);
    login(&two, PASSWORD).await.tokens();
}

/// PBKDF2 of [`HASHED`], as another system stores it.
const HASH: &str =
    "$pbkdf2-sha256$i=1000$Y2hhbmNlcnktc2FsdC0xNg$tWPHSq3vccyw5nLLlhFnWrk+5eE12kGoEmgnnHlD+xk";
const HASHED: &str = "a password from another system";
