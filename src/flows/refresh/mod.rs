//! The refresh token grant (RFC 6749 §6) with rotation (RFC 9700 §4.14.2).
//!
//! Every check up to the judgement of the presented token refuses without any change of state. What
//! follows is one conditional write; a lost race means reading again, and only a first reading may
//! call a token reused.

mod browser;
mod outcomes;

use browser::note_use;

use super::error::FlowError;
use super::issue::{Admitted, PreparedToken, TokenResponse};
use super::known::Known;
use super::server::Server;
use crate::keys::{TokenKeys, Unrecognised};
use crate::protocol::access_token::Subject;
use crate::protocol::audit::Origin;
use crate::protocol::browser_session::BrowserLife;
use crate::protocol::client::Client;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::reason::Reason;
use crate::protocol::refresh_token::{RefreshToken, UnverifiedRefreshToken};
use crate::protocol::rotation::Verdict;
use crate::protocol::session::Session;
use crate::protocol::token_request::Requested;
use crate::protocol::user::User;
use crate::storage::ops::sessions::{FindSession, FoundSession};

/// One refresh on its way.
struct Refresh<'a> {
    server: &'a Server,
    presented: &'a PresentedClient,
    token: &'a RefreshToken,
    requested: &'a Requested,
    origin: &'a Origin,
}

/// What was read, and what would be answered.
struct Reading {
    admitted: Admitted,
    session: Session,
    /// Until when its browser session lives.
    browser: Option<BrowserLife>,
    /// The access token of the answer, decided on before anything is stored.
    prepared: PreparedToken,
}

/// Exchanges a refresh token of the client that was admitted.
pub async fn refresh(
    server: &Server,
    (presented, admitted): (&PresentedClient, Admitted),
    (token, requested): (Option<UnverifiedRefreshToken>, &Requested),
    origin: &Origin,
) -> Result<TokenResponse, FlowError> {
    let client = admitted.client.clone();
    let result = async {
        let token = recognise(&admitted.known, token)?;
        Refresh { server, presented, token: &token, requested, origin }.run(admitted).await
    }
    .await;
    if let Err(error) = &result {
        let reason = error.reason();
        metrics::counter!("chancery_refresh_total", "outcome" => reason).increment(1);
        tracing::info!(reason, client_id = client.id.as_str(), "refresh refused");
    }
    result
}

/// The token, if it is genuine by the keys that are `known` within the lease (C092).
pub fn recognise(
    known: &Known,
    token: Option<UnverifiedRefreshToken>,
) -> Result<RefreshToken, FlowError> {
    let token = token.ok_or(Refusal::invalid_grant(Reason::NotOurToken))?;
    known.ring.tokens().recognise(&token).map_err(|unrecognised| match unrecognised {
        Unrecognised::Forged => Refusal::invalid_grant(Reason::NotOurToken).into(),
        Unrecognised::KeyRemoved => Refusal::invalid_grant(Reason::TokenKeyRemoved).into(),
        Unrecognised::NoKeyYet => FlowError::Unavailable,
    })
}

impl Refresh<'_> {
    async fn run(&self, mut admitted: Admitted) -> Result<TokenResponse, FlowError> {
        for attempt in 0..MAX_ATTEMPTS {
            let reading = self.read(admitted.clone()).await?;
            let touch = self.browser_touch(&reading);
            let answer = match self.judge(&reading) {
                Verdict::Keep => self.keep(reading).await?,
                Verdict::Rotate => self.rotate(reading).await?,
                Verdict::Echo(child, retry) => self.echo(reading, child, retry).await?,
                Verdict::Branch(retry) => self.branch(reading, retry).await?,
                // Only a first reading decides: after a lost race the row has moved on under us.
                Verdict::Reuse | Verdict::Regressed if attempt > 0 => {
                    return Err(FlowError::Unavailable);
                }
                Verdict::Reuse => return Err(self.end_reused(&reading).await),
                Verdict::Regressed => return Err(self.end_regressed(&reading).await),
            };
            if let Some(answer) = answer {
                note_use(self.server, touch).await;
                return Ok(answer);
            }
            admitted = self.server.admit(self.presented, self.origin, None).await?;
        }
        Err(FlowError::Unavailable)
    }

    /// Reads the session and makes every check that refuses without a change of state.
    async fn read(&self, mut admitted: Admitted) -> Result<Reading, FlowError> {
        loop {
            // The row, the user and his roles are read after the client was admitted, so that a
            // token with what was read is never younger than a revocation of it.
            let found = self.find(&admitted.client).await?;
            found.check_alive(admitted.at).map_err(Refusal::invalid_grant)?;
            let FoundSession { session, user, browser } = found;
            let user = user.ok_or(Refusal::invalid_grant(Reason::UserDeleted))?;
            if user.not_before.is_some_and(|latest| admitted.at.seconds() <= latest.seconds()) {
                admitted = self.server.admit(self.presented, self.origin, user.not_before).await?;
                continue;
            }
            let prepared = self.prepare(&admitted, &user, &session)?;
            return Ok(Reading { admitted, session, browser, prepared });
        }
    }

    async fn find(&self, client: &Client) -> Result<FoundSession, FlowError> {
        let found = self.server.store.read(FindSession(self.token.session)).await?;
        let found = found.ok_or(Refusal::invalid_grant(Reason::UnknownSession))?;
        if found.session.client_id != client.id {
            // CORE-13, C091: another client's token. Its session is none the worse for it.
            return Err(Refusal::invalid_grant(Reason::ClientMismatch).into());
        }
        Ok(found)
    }

    fn prepare(
        &self,
        admitted: &Admitted,
        user: &User,
        session: &Session,
    ) -> Result<PreparedToken, FlowError> {
        let granting = self.server.granting(admitted, Some(&user.roles));
        let grant = granting.token(&session.grant, self.requested)?;
        let token = self.server.prepare_token(admitted, &Subject::User(user, session), &grant)?;
        // OIDC Core §12.2: a refreshed ID token has no nonce.
        let id_token = self.server.prepare_id_token(admitted, (user, session), None)?;
        Ok(token.beside(id_token))
    }

    fn judge(&self, reading: &Reading) -> Verdict<RefreshToken> {
        let rotation = &reading.session.rotation;
        let policy = self.server.rotation_policy(&reading.admitted.client);
        let presented = (self.token.generation, &self.token.secret.hash());
        let leaves = rotation.leaves.len();
        let keys = reading.token_keys();
        rotation.judge(presented, &policy, self.server.now(), |sealed| {
            keys.open_successor(sealed, self.token, leaves)
        })
    }
}

impl Reading {
    /// The keys that tag refresh tokens.
    fn token_keys(&self) -> &TokenKeys {
        self.admitted.known.ring.tokens()
    }
}

/// Of parallel refreshes one wins at once, and the others find its result when they read again.
const MAX_ATTEMPTS: u32 = 4;
