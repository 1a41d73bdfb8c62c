//! The account page: what a user sees there, and what he does.

use chancery::protocol::audit::{Actor, AuditKind};
use chancery::protocol::client::ClientId;
use chancery::protocol::consent::{Allowed, Consent};
use chancery::protocol::ids::ConsentId;
use chancery::protocol::scope::ScopeSet;
use chancery::protocol::session::Grant;
use chancery::protocol::uri::ResourceUri;
use chancery::storage::ops::Swap;
use chancery::storage::ops::consents::SaveConsent;

use super::BACKEND;
use crate::support::{Browser, PASSWORD, Reply, TestServer};

mod ending;
mod forgery;
mod password;
mod sight;

/// A server with the users `alice` and `bob`.
async fn start() -> Option<TestServer> {
    let server = TestServer::start(BACKEND).await?;
    for name in ["alice", "bob"] {
        server.create_user(name, &[]).await;
    }
    Some(server)
}

/// A browser in which a user is signed in.
async fn browser<'a>(server: &'a TestServer, name: &str) -> Browser<'a> {
    let mut browser = Browser::at(server);
    let page = account(&mut browser).await;
    let page = browser.sign_in(&page, name, PASSWORD).await;
    assert!(is_account(&page), "{page:?}");
    browser
}

/// The page that a browser comes to that wants the account page.
async fn account(browser: &mut Browser<'_>) -> Reply {
    let reply = browser.get("/account").await;
    browser.follow(reply).await
}

fn is_account(page: &Reply) -> bool {
    page.status == 200 && page.body.contains("action=\"/account/password\"")
}

/// Whether a browser is signed in.
async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/account").await.status == 200
}

/// Sends a form of the account page, and answers where that leads.
async fn send(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Reply {
    let csrf = account(browser).await.field("csrf");
    let form = [&[("csrf", csrf.as_str())], fields].concat();
    let reply = browser.post(&format!("/account/{path}"), &form).await;
    browser.follow(reply).await
}

/// What a user allows a client, without having been asked.
async fn allow(server: &TestServer, name: &str, client: &str) {
    let (user, now) = (server.user(name).await, server.server.now());
    let scope = ScopeSet::parse("openid profile read").unwrap();
    let resources = vec![ResourceUri::parse(&server.secrets.resource).unwrap()];
    let consent = Consent {
        id: ConsentId::from_bytes(server.server.world.entropy.bytes()),
        user_id: user.id,
        client_id: ClientId::parse(client).unwrap(),
        allowed: Allowed::of(&Grant { scope, resources }, |_, _| true),
        created_at: now,
        updated_at: now,
    };
    let audit = server.server.event(AuditKind::ConsentGiven, Actor::System);
    let save = SaveConsent { consent, before: None, user_version: user.version, audit };
    assert_eq!(server.server.store.write(save).await.unwrap(), Swap::Won);
}

const SESSION_ENDED: &str = "That browser has been signed out.";
const GONE: &str = "already";
