//! Authorization codes: one for each interaction, exchanged once.

use std::time::Duration;

use chancery::protocol::authorization_code::{CODE_LIFE, CodeRecord};
use chancery::protocol::browser_session::BrowserSession;
use chancery::protocol::client::{ClientId, ClientStatus};
use chancery::protocol::ids::InteractionId;
use chancery::protocol::pkce::CodeChallenge;
use chancery::protocol::redirect_uri::RedirectUri;
use chancery::protocol::session::{EndReason, Grant, Session, SessionStatus};
use chancery::protocol::time::Timestamp;
use chancery::protocol::uri::ResourceUri;
use chancery::protocol::user::User;
use chancery::storage::ops::Swap;
use chancery::storage::ops::browser_sessions::BrowserSessions;
use chancery::storage::ops::clients::{ChangeClient, ListClients};
use chancery::storage::ops::codes::{ExchangeCode, FailCode, FindCode, FoundCode, StoreCode};
use chancery::storage::ops::feed::{Revoke, Revokes};
use chancery::storage::ops::users::UserChange;

use super::{AuditKind, Given, ParseScope};

impl Given {
    pub(super) fn code(&self, user: &User, browser: &BrowserSession) -> CodeRecord {
        let now = self.now();
        CodeRecord {
            hash: self.hash(),
            interaction: InteractionId::from_bytes(self.random()),
            client_id: ClientId::parse("demo").unwrap(),
            redirect_uri: RedirectUri::parse("https://app.example/callback").unwrap(),
            redirect_uri_given: true,
            challenge: Some(CodeChallenge::from_bytes(self.random())),
            grant: Grant {
                scope: "openid read".parse_scope(),
                resources: vec![ResourceUri::parse("https://api.example").unwrap()],
            },
            nonce: Some("n-0S6".to_owned()),
            user_id: user.id,
            user_version: user.version,
            browser_session_id: browser.id,
            authentication: browser.authentication.clone(),
            claims: Some("{\"id_token\":{\"email\":null}}".to_owned()),
            created_at: now,
            expires_at: now + CODE_LIFE,
            tries: 0,
            session_id: None,
        }
    }

    async fn store_code(&self, code: &CodeRecord) -> Swap {
        self.store().write(storing(code)).await.unwrap()
    }

    pub(super) async fn stored_code(&self, user: &User, browser: &BrowserSession) -> CodeRecord {
        let code = self.code(user, browser);
        assert_eq!(self.store_code(&code).await, Swap::Won);
        code
    }

    pub(super) async fn found_code(&self, code: &CodeRecord) -> Option<FoundCode> {
        self.store().read(FindCode(code.hash.clone())).await.unwrap()
    }

    /// The session that a code gives.
    pub(super) fn given_by(&self, code: &CodeRecord, user: &User, offline: bool) -> Session {
        Session {
            user_version: code.user_version,
            client_id: code.client_id.clone(),
            browser_session_id: Some(code.browser_session_id),
            offline,
            grant: code.grant.clone(),
            claims: code.claims.clone(),
            ..self.session(user)
        }
    }

    pub(super) async fn exchange(&self, code: &CodeRecord, session: &Session) -> Swap {
        let (hash, session) = (code.hash.clone(), session.clone());
        let audit = self.event(AuditKind::Login);
        self.store().write(ExchangeCode { hash, session, audit }).await.unwrap()
    }

    async fn fail(&self, code: &CodeRecord) -> Swap {
        self.store().write(FailCode { hash: code.hash.clone() }).await.unwrap()
    }

    /// Asserts that an exchange is lost and leaves nothing behind.
    async fn assert_lost(&self, code: &CodeRecord, session: &Session, case: &str) {
        let before = self.traces().await;
        assert_eq!(self.exchange(code, session).await, Swap::Lost, "{case}");
        assert_eq!(self.traces().await, before, "{case}");
        let found = self.found_code(code).await;
        assert!(found.is_none_or(|found| found.code.session_id.is_none()), "{case}");
        let find = chancery::storage::ops::sessions::FindSession(session.id);
        assert!(self.store().read(find).await.unwrap().is_none(), "{case}");
    }
}

pub(super) fn storing(code: &CodeRecord) -> StoreCode {
    StoreCode { code: code.clone(), consent: None }
}

async fn given() -> Option<(Given, User, BrowserSession)> {
    let given = Given::start().await?;
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    Some((given, anna, browser))
}

#[tokio::test]
async fn a_code_is_found_with_its_user_and_browser_session_and_reads_as_written() {
    let Some((given, anna, browser)) = given().await else { return };
    let code = given.stored_code(&anna, &browser).await;
    let mut bare = given.code(&anna, &browser);
    (bare.challenge, bare.nonce, bare.claims) = (None, None, None);
    (bare.redirect_uri_given, bare.grant.resources) = (false, Vec::new());
    given.store_code(&bare).await;
    for code in [code, bare] {
        let found = given.found_code(&code).await.unwrap();
        let read = found.code;
        assert!(read.hash == code.hash && read.challenge == code.challenge);
        assert_eq!((read.interaction, &read.client_id), (code.interaction, &code.client_id));
        assert_eq!(read.redirect_uri, code.redirect_uri);
        assert_eq!(read.redirect_uri_given, code.redirect_uri_given);
        assert_eq!(read.grant, code.grant);
        assert_eq!((read.nonce, read.claims), (code.nonce, code.claims));
        assert_eq!((read.user_id, read.user_version), (anna.id, anna.version));
        assert_eq!(read.browser_session_id, browser.id);
        assert_eq!(read.authentication, code.authentication);
        assert_eq!((read.created_at, read.expires_at), (code.created_at, code.expires_at));
        assert_eq!((read.tries, read.session_id), (0, None));
        assert_eq!(found.user.unwrap().id, anna.id);
        assert_eq!(found.browser, Some(browser.life));
    }
    assert!(given.found_code(&given.code(&anna, &browser)).await.is_none());
}

#[tokio::test]
async fn an_interaction_gives_one_code_however_often_it_is_sent() {
    // C057
    let Some((given, anna, browser)) = given().await else { return };
    let first = given.code(&anna, &browser);
    let mut tasks = tokio::task::JoinSet::new();
    let mut codes = Vec::new();
    for _ in 0..20 {
        let mut code = given.code(&anna, &browser);
        code.interaction = first.interaction;
        codes.push(code.clone());
        let (store, storing) = (given.store().clone(), storing(&code));
        tasks.spawn(async move { store.write(storing).await.unwrap() });
    }
    let swaps = tasks.join_all().await;
    assert_eq!(swaps.iter().filter(|swap| **swap == Swap::Won).count(), 1);
    let mut kept = 0;
    for code in &codes {
        kept += usize::from(given.found_code(code).await.is_some());
    }
    assert_eq!(kept, 1);
    assert_eq!(given.store_code(&first).await, Swap::Lost);
}

#[tokio::test]
async fn a_code_is_stored_only_for_the_user_that_was_read() {
    // C055
    let Some((given, anna, browser)) = given().await else { return };
    let early = given.code(&anna, &browser);
    given.change(&anna, UserChange::LogoutEverywhere).await;
    assert_eq!(given.store_code(&early).await, Swap::Lost, "another version of the user");
    let now = User { version: anna.version + 1, ..anna.clone() };
    assert_eq!(given.store_code(&given.code(&now, &browser)).await, Swap::Won);
    given.change(&anna, UserChange::Disable).await;
    let now = User { version: anna.version + 2, ..anna.clone() };
    assert_eq!(given.store_code(&given.code(&now, &browser)).await, Swap::Lost, "disabled");
    given.change(&anna, UserChange::Delete).await;
    assert_eq!(given.store_code(&given.code(&now, &browser)).await, Swap::Lost, "deleted");
}

#[tokio::test]
async fn a_code_is_exchanged_for_its_session_and_found_with_it_when_it_comes_back() {
    // CORE-07
    let Some((given, anna, browser)) = given().await else { return };
    for offline in [false, true] {
        let code = given.stored_code(&anna, &browser).await;
        let session = given.given_by(&code, &anna, offline);
        assert_eq!(given.exchange(&code, &session).await, Swap::Won);
        let read = given.find(&session).await.session;
        assert_eq!((read.browser_session_id, read.offline), (Some(browser.id), offline));
        assert_eq!((read.grant, read.status), (code.grant.clone(), SessionStatus::Active));
        assert_eq!(read.claims, code.claims);
        let before = given.traces().await;
        let second = given.given_by(&code, &anna, offline);
        assert_eq!(given.exchange(&code, &second).await, Swap::Lost);
        assert_eq!(given.traces().await, before);
        given.0.advance(3600);
        let found = given.found_code(&code).await.unwrap();
        assert_eq!(found.code.session_id, Some(session.id));
    }
}

#[tokio::test]
async fn of_many_exchanges_of_one_code_one_gives_a_session() {
    let Some((given, anna, browser)) = given().await else { return };
    let code = given.stored_code(&anna, &browser).await;
    let before = given.0.events(AuditKind::Login).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (hash, store) = (code.hash.clone(), given.store().clone());
        let session = given.given_by(&code, &anna, false);
        let (id, audit) = (session.id, given.event(AuditKind::Login));
        let exchange = ExchangeCode { hash, session, audit };
        tasks.spawn(async move { (id, store.write(exchange).await.unwrap()) });
    }
    let won: Vec<_> =
        tasks.join_all().await.into_iter().filter(|(_, swap)| *swap == Swap::Won).collect();
    assert_eq!(won.len(), 1);
    let found = given.found_code(&code).await.unwrap();
    assert_eq!(found.code.session_id, Some(won[0].0));
    let ended = given.ended(BrowserSessions::One(browser.id)).await;
    assert_eq!(ended.sessions.sessions, [won[0].0], "there is no other");
    assert_eq!(given.0.events(AuditKind::Login).await, before + 1);
}

#[tokio::test]
async fn nothing_is_given_for_a_code_that_is_expired_or_somebody_elses() {
    // CORE-08
    let Some((given, anna, browser)) = given().await else { return };
    let bert = given.stored_user("bert").await;
    let beside = given.stored_browser(&anna).await;
    let code = given.stored_code(&anna, &browser).await;
    let unknown = given.code(&anna, &browser);
    given.assert_lost(&unknown, &given.given_by(&unknown, &anna, false), "unknown").await;
    let good = given.given_by(&code, &anna, false);
    let foreign = Session { user_id: bert.id, ..good.clone() };
    given.assert_lost(&code, &foreign, "of another user").await;
    let client_id = ClientId::parse("chancery-admin").unwrap();
    let foreign = Session { client_id, ..good.clone() };
    given.assert_lost(&code, &foreign, "of another client").await;
    for browser_session_id in [None, Some(beside.id)] {
        let foreign = Session { browser_session_id, ..good.clone() };
        given.assert_lost(&code, &foreign, "of another browser session").await;
    }
    given.0.advance(CODE_LIFE.as_secs());
    given.assert_lost(&code, &given.given_by(&code, &anna, false), "expired").await;
    given.assert_lost(&code, &given.given_by(&code, &anna, true), "expired").await;
}

#[tokio::test]
async fn nothing_is_given_after_a_change_of_the_user() {
    // C055
    let changes = [UserChange::LogoutEverywhere, UserChange::Disable, UserChange::Delete];
    for (index, change) in changes.into_iter().enumerate() {
        let Some((given, anna, browser)) = given().await else { return };
        let code = given.stored_code(&anna, &browser).await;
        given.change(&anna, change).await;
        for offline in [false, true] {
            let old = given.given_by(&code, &anna, offline);
            given.assert_lost(&code, &old, &format!("change {index}")).await;
            let new = Session { user_version: anna.version + 1, ..old };
            given.assert_lost(&code, &new, "the code is of the version before").await;
        }
        let user = given.found_code(&code).await.unwrap().user;
        assert!(user.is_none_or(|user| user.version != code.user_version));
    }
}

#[tokio::test]
async fn nothing_is_given_and_no_code_is_made_once_the_browser_session_was_ended() {
    let Some((given, anna, browser)) = given().await else { return };
    let code = given.stored_code(&anna, &browser).await;
    given.ended(BrowserSessions::One(browser.id)).await;
    let over = SessionStatus::Ended(EndReason::Logout);
    assert_eq!(given.found_code(&code).await.unwrap().browser.unwrap().status, over);
    for offline in [false, true] {
        given.assert_lost(&code, &given.given_by(&code, &anna, offline), "ended").await;
    }
    assert_eq!(given.store_code(&given.code(&anna, &browser)).await, Swap::Lost);
}

#[tokio::test]
async fn only_a_session_that_outlives_it_is_given_when_the_browser_session_has_expired() {
    let Some((given, anna, browser)) = given().await else { return };
    let code = given.stored_code(&anna, &browser).await;
    assert_eq!(given.begin(&given.browser(&anna), Some(browser.id)).await, Swap::Won);
    for offline in [false, true] {
        given.assert_lost(&code, &given.given_by(&code, &anna, offline), "replaced").await;
    }
    for index in 0..2 {
        let mut expired = given.browser(&anna);
        let life = &mut expired.life;
        *[&mut life.idle_expires_at, &mut life.max_expires_at][index] =
            given.now() + Duration::from_secs(5);
        given.begin(&expired, None).await;
        let code = given.stored_code(&anna, &expired).await;
        given.0.advance(5);
        given.assert_lost(&code, &given.given_by(&code, &anna, false), "expired").await;
        let offline = given.given_by(&code, &anna, true);
        assert_eq!(given.exchange(&code, &offline).await, Swap::Won);
    }
}

#[tokio::test]
async fn an_exchange_beside_the_end_of_the_browser_session_leaves_no_session_behind() {
    for _ in 0..6 {
        let Some((given, anna, browser)) = given().await else { return };
        let mut exchanges = tokio::task::JoinSet::new();
        let mut sessions = Vec::new();
        for _ in 0..12 {
            let code = given.stored_code(&anna, &browser).await;
            let session = given.given_by(&code, &anna, false);
            sessions.push(session.clone());
            let audit = given.event(AuditKind::Login);
            let exchange = ExchangeCode { hash: code.hash.clone(), session, audit };
            let store = given.store().clone();
            exchanges.spawn(async move { store.write(exchange).await.unwrap() });
        }
        let end = given.ended(BrowserSessions::One(browser.id));
        let (ended, swaps) = tokio::join!(end, exchanges.join_all());
        let won = swaps.iter().filter(|swap| **swap == Swap::Won).count();
        assert_eq!(ended.sessions.sessions.len(), won, "whoever was in time is told of");
    }
}

#[tokio::test]
async fn nothing_is_given_once_everything_or_the_client_was_ended() {
    let Some((given, anna, browser)) = given().await else { return };
    let code = given.stored_code(&anna, &browser).await;
    for status in [ClientStatus::Disabled, ClientStatus::Active] {
        let clients = given.store().read(ListClients { after: None, limit: 100 }).await.unwrap();
        let mut client = clients.into_iter().find(|client| client.id.as_str() == "demo").unwrap();
        client.status = status;
        let revoke = (status == ClientStatus::Disabled).then(|| given.revoking());
        let audit = given.event(AuditKind::ClientChanged);
        given.store().write(ChangeClient { client, revoke, audit }).await.unwrap().unwrap();
        let session = given.given_by(&code, &anna, true);
        given.assert_lost(&code, &session, &format!("client {status:?}")).await;
    }
    given.0.advance(3);
    let code = given.stored_code(&anna, &browser).await;
    let (what, audit) = (Revokes::Everything, given.event(AuditKind::Revoked));
    given.store().write(Revoke { what, revoking: given.revoking(), audit }).await.unwrap();
    let over = SessionStatus::Ended(EndReason::EverythingRevoked);
    assert_eq!(given.found_code(&code).await.unwrap().browser.unwrap().status, over);
    given.0.advance(3);
    given.assert_lost(&code, &given.given_by(&code, &anna, true), "everything").await;
    let after = given.stored_browser(&anna).await;
    let code = given.stored_code(&anna, &after).await;
    let session = given.given_by(&code, &anna, false);
    assert_eq!(given.exchange(&code, &session).await, Swap::Won);
}

#[tokio::test]
async fn the_third_wrong_verifier_burns_a_code_and_none_touches_what_was_given() {
    // PKCE-03, O21-06
    let Some((given, anna, browser)) = given().await else { return };
    let [code, exchanged] =
        [given.stored_code(&anna, &browser).await, given.stored_code(&anna, &browser).await];
    let session = given.given_by(&exchanged, &anna, false);
    given.exchange(&exchanged, &session).await;
    for tries in 1..=2 {
        assert_eq!(given.fail(&code).await, Swap::Won);
        assert_eq!(given.found_code(&code).await.unwrap().code.tries, tries);
    }
    let twice = given.stored_code(&anna, &browser).await;
    given.fail(&twice).await;
    assert_eq!(given.fail(&code).await, Swap::Won);
    assert_eq!(given.found_code(&code).await.unwrap().code.expires_at, code.created_at);
    given.assert_lost(&code, &given.given_by(&code, &anna, false), "burnt").await;
    let behind = Timestamp::from_millis(code.created_at.millis() - 1);
    let behind = Session { created_at: behind, ..given.given_by(&code, &anna, false) };
    given.assert_lost(&code, &behind, "by a node whose clock is behind").await;
    assert_eq!(given.store_code(&code).await, Swap::Lost, "its request gives no other");
    assert_eq!(given.fail(&code).await, Swap::Lost);
    let late = given.given_by(&twice, &anna, false);
    assert_eq!(given.exchange(&twice, &late).await, Swap::Won, "after one wrong try");

    for _ in 0..4 {
        assert_eq!(given.fail(&exchanged).await, Swap::Lost);
    }
    assert_eq!(given.found_code(&exchanged).await.unwrap().code.session_id, Some(session.id));
    assert_eq!(given.status(&session).await, SessionStatus::Active);
}

#[tokio::test]
async fn a_code_whose_event_cannot_be_written_is_not_exchanged() {
    let Some((given, anna, browser)) = given().await else { return };
    let audit = given.impossible_event().await;
    let code = given.stored_code(&anna, &browser).await;
    let session = given.given_by(&code, &anna, false);
    let hash = code.hash.clone();
    let exchange = ExchangeCode { hash, session: session.clone(), audit };
    assert!(given.store().write(exchange).await.is_err());
    assert_eq!(given.found_code(&code).await.unwrap().code.session_id, None);
    assert_eq!(given.exchange(&code, &session).await, Swap::Won);
}
