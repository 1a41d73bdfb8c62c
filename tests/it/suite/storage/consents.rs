//! Consents: kept, found, listed and taken back.

use chancery::protocol::client::{Client, ClientId, ClientStatus};
use chancery::protocol::consent::{Allowed, Consent};
use chancery::protocol::ids::{ClientKey, ConsentId};
use chancery::protocol::revocation::Kind;
use chancery::protocol::session::{EndReason, Grant, Session, SessionStatus};
use chancery::protocol::uri::ResourceUri;
use chancery::protocol::user::User;
use chancery::storage::ops::Swap;
use chancery::storage::ops::clients::{ChangeClient, CreateClient, DeleteClient, FindClient};
use chancery::storage::ops::codes::StoreCode;
use chancery::storage::ops::consents::{
    FindConsent, ListConsents, SaveConsent, WithdrawConsent, Withdrawn,
};
use chancery::storage::ops::sessions::CreateSession;
use chancery::storage::ops::users::UserChange;

use super::codes::storing;
use super::{AuditKind, Given, ParseScope};

const WITHDRAWN: SessionStatus = SessionStatus::Ended(EndReason::ConsentWithdrawn);

impl Given {
    pub(super) fn consent(&self, user: &User, client: &str, scope: &str) -> Consent {
        let grant = Grant {
            scope: scope.parse_scope(),
            resources: vec![ResourceUri::parse("https://api.example").unwrap()],
        };
        Consent {
            id: ConsentId::from_bytes(self.random()),
            user_id: user.id,
            client_id: ClientId::parse(client).unwrap(),
            allowed: Allowed::of(&grant, |_, _| true),
            created_at: self.now(),
            updated_at: self.now(),
        }
    }

    pub(super) async fn save(&self, consent: &Consent, user: &User) -> Swap {
        self.save_after(None, consent, user).await
    }

    /// Saves a consent in the place of what was read before.
    async fn save_after(&self, before: Option<&Consent>, new: &Consent, user: &User) -> Swap {
        self.store().write(self.saving(before, new, user)).await.unwrap()
    }

    fn saving(&self, before: Option<&Consent>, new: &Consent, user: &User) -> SaveConsent {
        let audit = self.event(AuditKind::Login);
        let mut consent = new.clone();
        if let Some(before) = before {
            (consent.id, consent.created_at) = (before.id, before.created_at);
        }
        let before = before.map(|before| before.allowed.clone());
        SaveConsent { consent, before, user_version: user.version, audit }
    }

    async fn consented(&self, user: &User, client: &str) -> Option<Consent> {
        let client = ClientId::parse(client).unwrap();
        self.store().read(FindConsent { user: user.id, client }).await.unwrap()
    }

    fn withdraw(&self, user: &User, client: &str) -> WithdrawConsent {
        let client = ClientId::parse(client).unwrap();
        let audit = Some(self.event(AuditKind::SessionsEnded));
        WithdrawConsent { user: user.id, client, revoking: self.revoking(), audit }
    }

    async fn withdrawn(&self, user: &User, client: &str) -> Withdrawn {
        self.store().write(self.withdraw(user, client)).await.unwrap()
    }

    async fn client(&self, id: &str) -> Client {
        let which = FindClient::Named(ClientId::parse(id).unwrap());
        self.store().read(which).await.unwrap().unwrap()
    }

    async fn set_status(&self, status: ClientStatus) -> Client {
        let client = Client { status, ..self.client("demo").await };
        let audit = self.event(AuditKind::ClientChanged);
        let change = ChangeClient { client, revoke: None, audit };
        self.store().write(change).await.unwrap().unwrap().client
    }
}

#[tokio::test]
async fn a_consent_is_kept_for_one_user_and_client_and_replaced_by_the_next() {
    let Some(given) = Given::start().await else { return };
    let [anna, bert] = [given.stored_user("anna").await, given.stored_user("bert").await];
    let first = given.consent(&anna, "demo", "openid");
    assert_eq!(given.save(&first, &anna).await, Swap::Won);
    assert_eq!(given.consented(&anna, "demo").await, Some(first.clone()));
    assert_eq!(given.consented(&bert, "demo").await, None);
    assert_eq!(given.consented(&anna, "chancery-admin").await, None);
    given.0.advance(60);
    let second = given.consent(&anna, "demo", "email openid");
    assert_eq!(given.save(&second, &anna).await, Swap::Lost, "there is one");
    assert_eq!(given.save_after(Some(&first), &second, &anna).await, Swap::Won);
    let kept = Consent { id: first.id, created_at: first.created_at, ..second };
    assert_eq!(given.consented(&anna, "demo").await, Some(kept.clone()));
    let other = given.consent(&anna, "chancery-admin", "read");
    given.save(&other, &anna).await;
    given.save(&given.consent(&bert, "demo", "read"), &bert).await;
    let listed = given.store().read(ListConsents(anna.id)).await.unwrap();
    assert_eq!(listed, [other, kept], "in the order of the clients");
}

#[tokio::test]
async fn what_was_taken_back_meanwhile_does_not_come_back_with_the_next_consent() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let read = given.consent(&anna, "demo", "openid email");
    given.save(&read, &anna).await;
    let more = given.consent(&anna, "demo", "openid email phone");
    given.withdrawn(&anna, "demo").await;
    let before = given.traces().await;
    assert_eq!(given.save_after(Some(&read), &more, &anna).await, Swap::Lost);
    assert_eq!(given.traces().await, before);
    assert_eq!(given.consented(&anna, "demo").await, None);
    // Nor where he has agreed to something else since, or to more.
    let other = given.consent(&anna, "demo", "openid");
    given.save(&other, &anna).await;
    assert_eq!(given.save_after(Some(&read), &more, &anna).await, Swap::Lost);
    let grown = given.consent(&anna, "demo", "openid read");
    given.save_after(Some(&other), &grown, &anna).await;
    assert_eq!(given.save_after(Some(&other), &more, &anna).await, Swap::Lost);
    assert_eq!(given.consented(&anna, "demo").await.unwrap().allowed, grown.allowed);
}

#[tokio::test]
async fn a_consent_beside_its_withdrawal_is_gone_or_was_given_after_it() {
    for _ in 0..12 {
        let Some(given) = Given::start().await else { return };
        let anna = given.stored_user("anna").await;
        let read = given.consent(&anna, "demo", "openid email");
        given.save(&read, &anna).await;
        let more = given.consent(&anna, "demo", "openid email phone");
        tokio::join!(given.save_after(Some(&read), &more, &anna), given.withdrawn(&anna, "demo"));
        assert_eq!(given.consented(&anna, "demo").await, None);
    }
}

#[tokio::test]
async fn a_code_that_relies_on_a_consent_ends_with_it_or_is_not_stored() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let consent = given.consent(&anna, "demo", "openid");
    let relying =
        || StoreCode { consent: Some(consent.id), ..storing(&given.code(&anna, &browser)) };
    given.save(&consent, &anna).await;
    assert_eq!(given.store().write(relying()).await.unwrap(), Swap::Won);
    given.withdrawn(&anna, "demo").await;
    let before = given.traces().await;
    assert_eq!(given.store().write(relying()).await.unwrap(), Swap::Lost);
    assert_eq!(given.traces().await, before);
    for _ in 0..12 {
        given.save(&consent, &anna).await;
        let store = relying();
        let code = store.code.clone();
        let write = async { given.store().write(store).await.unwrap() };
        tokio::join!(write, given.withdrawn(&anna, "demo"));
        let found = given.found_code(&code).await.map(|found| found.code);
        let over = found.is_none_or(|code| code.expires_at <= code.created_at);
        assert!(over, "whoever came first");
    }
}

#[tokio::test]
async fn a_code_that_a_slower_clock_takes_for_valid_is_withdrawn_with_its_consent() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let consent = given.consent(&anna, "demo", "openid");
    given.save(&consent, &anna).await;
    let code = StoreCode { consent: Some(consent.id), ..storing(&given.code(&anna, &browser)) };
    let record = code.code.clone();
    assert_eq!(given.store().write(code).await.unwrap(), Swap::Won);
    given.0.advance(61);
    given.withdrawn(&anna, "demo").await;
    let behind = record.created_at + std::time::Duration::from_secs(59);
    let session = Session { created_at: behind, ..given.given_by(&record, &anna, false) };
    assert_eq!(given.exchange(&record, &session).await, Swap::Lost);
}

#[tokio::test]
async fn a_consent_is_kept_only_for_the_user_and_client_that_were_read() {
    // C055
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let consent = given.consent(&anna, "demo", "openid");
    assert_eq!(given.save(&given.consent(&anna, "nobody", "openid"), &anna).await, Swap::Lost);
    given.set_status(ClientStatus::Paused).await;
    assert_eq!(given.save(&consent, &anna).await, Swap::Lost, "the client is paused");
    given.set_status(ClientStatus::Active).await;
    given.change(&anna, UserChange::LogoutEverywhere).await;
    let before = given.traces().await;
    assert_eq!(given.save(&consent, &anna).await, Swap::Lost, "another version of the user");
    assert_eq!(given.traces().await, before);
    let mut now = User { version: anna.version + 1, ..anna.clone() };
    assert_eq!(given.save(&consent, &now).await, Swap::Won);
    given.change(&anna, UserChange::Disable).await;
    now.version += 1;
    let more = given.consent(&anna, "demo", "openid email");
    let lost = given.save_after(Some(&consent), &more, &now).await;
    assert_eq!(lost, Swap::Lost, "disabled");
    assert_eq!(given.consented(&anna, "demo").await, Some(consent));
    given.change(&anna, UserChange::Delete).await;
    assert_eq!(given.consented(&anna, "demo").await, None, "nothing is kept of who is deleted");
}

#[tokio::test]
async fn of_parallel_consents_one_is_kept() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = given.store().clone();
        let save = given.saving(None, &given.consent(&anna, "demo", "openid"), &anna);
        tasks.spawn(async move { store.write(save).await.unwrap() });
    }
    let swaps = tasks.join_all().await;
    assert_eq!(swaps.iter().filter(|swap| **swap == Swap::Won).count(), 1);
    assert_eq!(given.store().read(ListConsents(anna.id)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn consent_to_a_client_that_was_deleted_does_not_pass_to_the_next_of_its_name() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    given.save(&given.consent(&anna, "demo", "openid"), &anna).await;
    let client = given.set_status(ClientStatus::Disabled).await;
    let (key, version) = (client.key, client.version);
    let (revoking, audit) = (given.revoking(), given.event(AuditKind::ClientDeleted));
    given.store().write(DeleteClient { key, version, revoking, audit }).await.unwrap().unwrap();
    assert!(given.store().read(ListConsents(anna.id)).await.unwrap().is_empty());
    given.0.advance(1);
    let next = Client {
        key: ClientKey::at(given.now(), given.random()),
        status: ClientStatus::Active,
        created_at: given.now(),
        ..client
    };
    let create = CreateClient { client: next, audit: given.event(AuditKind::ClientCreated) };
    assert_eq!(given.store().write(create).await.unwrap(), Swap::Won);
    assert_eq!(given.consented(&anna, "demo").await, None);
    let asked = given.consent(&anna, "demo", "read");
    given.save(&asked, &anna).await;
    assert_eq!(given.consented(&anna, "demo").await.unwrap().allowed, asked.allowed);
}

#[tokio::test]
async fn withdrawing_ends_what_the_client_has_of_the_user_and_nothing_else() {
    let Some(given) = Given::start().await else { return };
    let [anna, bert] = [given.stored_user("anna").await, given.stored_user("bert").await];
    for user in [&anna, &bert] {
        given.save(&given.consent(user, "demo", "openid"), user).await;
    }
    let admin = given.consent(&anna, "chancery-admin", "openid");
    given.save(&admin, &anna).await;
    let browser = given.stored_browser(&anna).await;
    let offline = Session { browser_session_id: Some(browser.id), ..given.session(&anna) };
    given.create(&offline).await;
    let theirs = [offline, given.stored_session(&anna).await];
    let other = Session { client_id: admin.client_id.clone(), ..given.session(&anna) };
    given.create(&other).await;
    let kept = [other, given.stored_session(&bert).await];
    let code = given.stored_code(&anna, &browser).await;
    let before = given.0.head().await.seq;
    let withdrawn = given.withdrawn(&anna, "demo").await;
    assert!(withdrawn.found);
    assert_eq!(withdrawn.sessions.sessions.len(), 2);
    assert_eq!(withdrawn.sessions.feed.unwrap().seq, before + 2);
    let log = given.0.log().await;
    for session in &theirs {
        assert_eq!(given.status(session).await, WITHDRAWN);
        let digest = Kind::Session.digest(&session.id.to_string());
        assert!(log.iter().any(|entry| entry.entry.digest == digest));
    }
    for session in &kept {
        assert_eq!(given.status(session).await, SessionStatus::Active);
    }
    let read = given.found_code(&code).await.unwrap().code;
    assert_eq!(read.expires_at, code.created_at, "a code that was not exchanged yet");
    assert_eq!(given.consented(&anna, "demo").await, None);
    assert_eq!(given.consented(&anna, "chancery-admin").await, Some(admin));
    assert!(given.consented(&bert, "demo").await.is_some());

    let before = given.traces().await;
    let again = given.withdrawn(&anna, "demo").await;
    assert!(!again.found && again.sessions.sessions.is_empty());
    assert_eq!(given.traces().await, before);
}

#[tokio::test]
async fn taking_back_a_code_alone_is_withdrawing_too() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let code = given.stored_code(&anna, &browser).await;
    let withdrawn = given.withdrawn(&anna, "demo").await;
    assert!(withdrawn.found, "as with a client that asks for no consent");
    assert!(withdrawn.sessions.sessions.is_empty());
    let session = given.given_by(&code, &anna, true);
    assert_eq!(given.exchange(&code, &session).await, Swap::Lost);
    assert!(!given.withdrawn(&anna, "demo").await.found, "once");
}

#[tokio::test]
async fn a_code_that_was_exchanged_stays_known_when_its_consent_is_withdrawn() {
    // CORE-07
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let browser = given.stored_browser(&anna).await;
    let code = given.stored_code(&anna, &browser).await;
    let session = given.given_by(&code, &anna, true);
    given.exchange(&code, &session).await;
    let withdrawn = given.withdrawn(&anna, "demo").await;
    assert!(!withdrawn.found, "there was no consent, as with a trusted client");
    assert_eq!(withdrawn.sessions.sessions, [session.id]);
    assert_eq!(given.found_code(&code).await.unwrap().code.session_id, Some(session.id));
}

#[tokio::test]
async fn more_than_a_batch_of_sessions_ends_although_the_consent_is_gone() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    given.save(&given.consent(&anna, "demo", "openid"), &anna).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..510 {
        let (session, audit) = (given.session(&anna), given.event(AuditKind::Login));
        let store = given.store().clone();
        tasks.spawn(async move { store.write(CreateSession { session, audit }).await.unwrap() });
        if tasks.len() == 60 {
            tasks.join_next().await;
        }
    }
    tasks.join_all().await;
    for (found, sessions, full) in [(true, 500, true), (false, 10, false)] {
        let withdrawn = given.withdrawn(&anna, "demo").await;
        assert_eq!((withdrawn.found, withdrawn.sessions.sessions.len()), (found, sessions));
        assert_eq!(withdrawn.sessions.is_full(), full);
    }
}

#[tokio::test]
async fn a_consent_whose_event_cannot_be_written_is_neither_kept_nor_withdrawn() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let impossible = given.impossible_event().await;
    let consent = given.consent(&anna, "demo", "openid");
    let audit = impossible.clone();
    let save = SaveConsent { audit, ..given.saving(None, &consent, &anna) };
    assert!(given.store().write(save).await.is_err());
    assert_eq!(given.consented(&anna, "demo").await, None);
    given.save(&consent, &anna).await;
    let session = given.stored_session(&anna).await;
    let before = given.traces().await;
    let withdraw = WithdrawConsent { audit: Some(impossible), ..given.withdraw(&anna, "demo") };
    assert!(given.store().write(withdraw).await.is_err());
    assert_eq!(given.consented(&anna, "demo").await, Some(consent));
    assert_eq!(given.status(&session).await, SessionStatus::Active);
    assert_eq!(given.traces().await, before);
}
