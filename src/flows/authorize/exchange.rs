//! The authorization code grant (RFC 6749 §4.1.3): a code for the tokens of a new session, once.

use super::super::error::FlowError;
use super::super::issue::{Admitted, RefreshResponse, TokenResponse};
use super::super::login::session::{Beginning, begin_session, end_surplus};
use super::super::server::Server;
use crate::audit;
use crate::protocol::access_token::Subject;
use crate::protocol::audit::{Actor, AuditKind, Origin};
use crate::protocol::authorization_code::{Code, CodeRecord};
use crate::protocol::browser_session::BrowserLife;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::reason::Reason;
use crate::protocol::session::{EndReason, Session};
use crate::protocol::token_request::{CodeRequest, Requested};
use crate::protocol::user::User;
use crate::storage::StorageError;
use crate::storage::ops::Swap;
use crate::storage::ops::codes::{ExchangeCode, FailCode, FindCode, FoundCode};
use crate::storage::ops::sessions::Sessions;

/// One exchange on its way.
struct Exchange<'a> {
    server: &'a Server,
    presented: &'a PresentedClient,
    request: &'a CodeRequest,
    requested: &'a Requested,
    origin: &'a Origin,
}

/// What was read and found in order.
struct Reading {
    admitted: Admitted,
    code: CodeRecord,
    user: User,
    /// The new session, not stored yet, and what is told of its refresh token.
    session: Session,
    refresh: Option<RefreshResponse>,
}

/// Exchanges a code of the client that was admitted.
pub async fn exchange_code(
    server: &Server,
    (presented, admitted): (&PresentedClient, Admitted),
    (request, requested): (&CodeRequest, &Requested),
    origin: &Origin,
) -> Result<TokenResponse, FlowError> {
    let client = admitted.client.clone();
    let result = Exchange { server, presented, request, requested, origin }.run(admitted).await;
    let outcome = result.as_ref().map_or_else(FlowError::reason, |_| "ok");
    metrics::counter!("chancery_code_exchanges_total", "outcome" => outcome).increment(1);
    if result.is_err() {
        tracing::info!(reason = outcome, client_id = client.id.as_str(), "code refused");
    }
    result
}

impl Exchange<'_> {
    async fn run(&self, admitted: Admitted) -> Result<TokenResponse, FlowError> {
        let refused = || Refusal::invalid_code(Reason::CodeUnknown);
        let code = self.request.code.as_ref().ok_or_else(refused)?;
        let reading = self.read(code, admitted).await?;
        let Reading { admitted, code, user, session, refresh } = reading;
        let granting = self.server.granting(&admitted, Some(&user.roles));
        let grant = granting.token(&session.grant, self.requested)?;
        let subject = Subject::User(&user, &session);
        let token = self.server.prepare_token(&admitted, &subject, &grant)?;
        let nonce = code.nonce.clone();
        let id_token = self.server.prepare_id_token(&admitted, (&user, &session), nonce)?;
        if self.store(&code, &session).await? == Swap::Lost {
            return Err(self.lost(&admitted).await);
        }
        end_surplus(self.server, &session, &admitted.known).await;
        token.beside(id_token).sign(refresh)
    }

    /// Reads the code and makes every check that does not use it up. What the token says is read after
    /// the client was admitted at a time that no revocation of before hits.
    async fn read(&self, code: &Code, mut admitted: Admitted) -> Result<Reading, FlowError> {
        loop {
            let found = self.server.store.read(FindCode(code.hash())).await?;
            let found = found.ok_or(Refusal::invalid_code(Reason::CodeUnknown))?;
            self.check(code, &found.code, &admitted).await?;
            let (code, user, life) = check_alive(found, &admitted)?;
            if user.not_before.is_some_and(|latest| admitted.at.seconds() <= latest.seconds()) {
                admitted = self.server.admit(self.presented, self.origin, user.not_before).await?;
                continue;
            }
            let beginning = Beginning {
                user: &user,
                grant: code.grant.clone(),
                authentication: code.authentication.clone(),
                claims: code.claims.clone(),
                browser: Some((code.browser_session_id, life)),
            };
            let (session, refresh) =
                begin_session(self.server, beginning, (&admitted, &self.device(&admitted)))?;
            return Ok(Reading { admitted, code, user, session, refresh });
        }
    }

    /// Where the session is used from, as far as that can be told: a client with a secret is a server, which
    /// the user would not know again.
    fn device(&self, admitted: &Admitted) -> Origin {
        if admitted.client.is_public() {
            return self.origin.clone();
        }
        Origin { request_id: self.origin.request_id.clone(), ..Origin::default() }
    }

    /// Whether it is this client's code, to be exchanged where it says and by who knows the verifier.
    /// Nobody else can use the code up, nor end what it gave (O21-06, C083).
    async fn check(
        &self,
        code: &Code,
        record: &CodeRecord,
        admitted: &Admitted,
    ) -> Result<(), FlowError> {
        let redirect_uri = self.request.redirect_uri.as_deref();
        record.check_binding(&admitted.client.id, redirect_uri).map_err(Refusal::invalid_code)?;
        if let Err(reason) =
            record.check_verifier(self.request.verifier.as_ref().map(|one| one.as_str()))
        {
            self.server.store.write(FailCode { hash: code.hash() }).await?;
            return Err(Refusal::invalid_code(reason).into());
        }
        if let Some(session) = record.session_id {
            // CORE-07, C083: somebody else has it too.
            let end = EndReason::CodeReplayed;
            let event = self
                .server
                .event(AuditKind::CodeReplayed, Actor::Client(record.client_id.to_string()))
                .about(session)
                .through(&record.client_id)
                .from(self.origin);
            let which = Sessions::One(session);
            self.server.end_sessions(which, end, Some(event), &admitted.known).await?;
            self.server.obey_now().await;
            return Err(Refusal::invalid_code(Reason::CodeReplayed).into());
        }
        Ok(())
    }

    async fn store(&self, code: &CodeRecord, session: &Session) -> Result<Swap, FlowError> {
        let event = self
            .server
            .event(AuditKind::Login, Actor::User(session.user_id.to_string()))
            .about(session.id)
            .through(&session.client_id)
            .from(self.origin);
        let hash = code.hash.clone();
        let exchange = ExchangeCode { hash, session: session.clone(), audit: event.clone() };
        let swap = match self.server.store.write(exchange).await {
            // Whether it was stored is found by the code's own row.
            Err(StorageError::OutcomeUnknown(_)) => self.find_outcome(code, session).await?,
            swap => swap?,
        };
        if swap == Swap::Won {
            audit::log(&event);
        }
        Ok(swap)
    }

    /// The code was exchanged meanwhile, which is a replay like every other, or what stands behind it was
    /// ended.
    async fn lost(&self, admitted: &Admitted) -> FlowError {
        let over = || Refusal::invalid_code(Reason::CodeOver).into();
        let Some(code) = &self.request.code else {
            return over();
        };
        match self.server.store.read(FindCode(code.hash())).await {
            Ok(Some(found)) => {
                self.check(code, &found.code, admitted).await.err().unwrap_or_else(over)
            }
            Ok(None) => over(),
            Err(error) => error.into(),
        }
    }

    async fn find_outcome(&self, code: &CodeRecord, session: &Session) -> Result<Swap, FlowError> {
        let found = self.server.store.read(FindCode(code.hash.clone())).await?;
        let own = found.is_some_and(|found| found.code.session_id == Some(session.id));
        if own { Ok(Swap::Won) } else { Err(FlowError::Unavailable) }
    }
}

/// The code and its user, if both still stand, and until when the browser session lives.
fn check_alive(
    found: FoundCode,
    admitted: &Admitted,
) -> Result<(CodeRecord, User, BrowserLife), Refusal> {
    let FoundCode { code, user, browser } = found;
    let standing = code.standing(user.as_ref(), browser);
    standing.check(admitted.at).map_err(Refusal::invalid_code)?;
    let user = user.ok_or(Refusal::invalid_code(Reason::UserDeleted))?;
    let browser = browser.ok_or(Refusal::invalid_code(Reason::BrowserSessionOver))?;
    Ok((code, user, browser))
}
