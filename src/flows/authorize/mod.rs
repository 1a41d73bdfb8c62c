//! The authorization endpoint and the pages that lead through it (RFC 6749 §4.1, OIDC Core §3.1).
//!
//! Nothing is stored until there is something to keep: a request travels with the browser, and each
//! page asks anew what has to happen next.

pub mod browser;
pub mod interaction;

mod exchange;
mod grant;
mod request;
mod stop;

use std::sync::Arc;

use self::browser::{Present, present};
pub use self::exchange::exchange_code;
use self::interaction::Interaction;
use self::request::Asked;
pub use self::stop::Stop;
use super::error::FlowError;
use super::known::Known;
use super::server::Server;
use crate::protocol::audit::Origin;
use crate::protocol::authorization::{Answer, Denial, DenialCode, SignInNeed, SignedIn};
use crate::protocol::client::Client;
use crate::protocol::consent::Allowed;
use crate::protocol::ids::ConsentId;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::SecretHash;
use crate::protocol::session::Grant;
use crate::storage::ops::consents::FindConsent;

/// What has to happen next with an authorization request.
pub enum Step {
    /// Somebody signs in.
    SignIn(SignInStep),
    /// The user is asked.
    Consent(Box<ConsentStep>),
    /// The client is answered.
    Answer(Answered),
}

/// An answer, and whom it is for.
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// The client.
    pub client: Arc<Client>,
}

/// Somebody signs in.
pub struct SignInStep {
    /// Whom he goes on to.
    pub client: Arc<Client>,
    /// Where the answer will go.
    pub redirect_uri: RedirectUri,
    /// What to write into the field for the name.
    pub login_hint: Option<String>,
    /// Whether it is he who is signed in, once more.
    pub again: bool,
}

/// The user is asked.
pub struct ConsentStep {
    /// Who asks.
    pub client: Arc<Client>,
    /// Where the answer will go.
    pub redirect_uri: RedirectUri,
    /// The name of the user.
    pub username: String,
    /// What he would allow.
    pub allowed: Allowed,
    /// What is known of the resources of the grant.
    pub known: Arc<Known>,
}

/// A user's yes or no.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

/// What has to happen next with the request of `interaction`, in the browser with this cookie.
pub async fn advance(
    server: &Server,
    interaction: &Interaction,
    cookie: Option<&SecretHash>,
    origin: &Origin,
) -> Result<Step, Stop> {
    let walk = Walk { server, interaction, origin };
    let asked = Asked::read(server, interaction).await?;
    let result = match walk.advance(&asked, cookie).await {
        // What holds now decides.
        Err(Detour::Changed) => walk.advance(&asked, cookie).await,
        result => result,
    };
    walk.answer(&asked, result)
}

/// Who signs in for the request of `interaction`, and whom he goes on to.
pub async fn sign_in_page(
    server: &Server,
    interaction: &Interaction,
    cookie: Option<&SecretHash>,
    origin: &Origin,
) -> Result<SignInStep, Stop> {
    let walk = Walk { server, interaction, origin };
    let asked = Asked::read(server, interaction).await?;
    match walk.ready(&asked, cookie).await {
        Ok(Readiness::SignIn(step)) => Ok(step),
        Err(Detour::Failed(error)) => Err(asked.failed(server, error)),
        _ => Ok(sign_in_step(&asked, SignInNeed::Anybody, None)),
    }
}

/// Carries out what the user has decided about the request of `interaction`, if it is what he was shown
/// and somebody is signed in as he has to be. Otherwise the answer is what has to happen first.
pub async fn decide(
    server: &Server,
    interaction: &Interaction,
    cookie: Option<&SecretHash>,
    (decision, origin): (Decision, &Origin),
) -> Result<Step, Stop> {
    let walk = Walk { server, interaction, origin };
    let asked = Asked::read(server, interaction).await?;
    let result = walk.decide(&asked, cookie, decision).await;
    walk.answer(&asked, result)
}

/// One request on its way.
struct Walk<'a> {
    server: &'a Server,
    interaction: &'a Interaction,
    origin: &'a Origin,
}

/// Why a walk ends before it has an answer.
enum Detour {
    /// The client is told why not.
    Denied(Denial),
    /// The person is told.
    Failed(FlowError),
    /// What it relied on was taken back while it went on, or too many codes lie unused.
    Changed,
    /// The request is over.
    Over,
}

/// A user who is signed in as he has to be, and what he would grant.
struct Ready {
    present: Present,
    grant: Grant,
    /// What that is, where.
    allowed: Allowed,
    /// Whether he has to be asked.
    asks: bool,
    /// The consent that the answer relies on, if it does on one.
    consent: Option<ConsentId>,
}

/// A request that somebody has to sign in for, or that is ready.
enum Readiness {
    SignIn(SignInStep),
    Ready(Box<Ready>),
}

impl Walk<'_> {
    async fn advance(&self, asked: &Asked, cookie: Option<&SecretHash>) -> Result<Step, Detour> {
        match self.ready(asked, cookie).await? {
            Readiness::SignIn(step) => Ok(Step::SignIn(step)),
            Readiness::Ready(ready) if ready.asks => {
                Ok(Step::Consent(Box::new(consent_step(asked, *ready))))
            }
            Readiness::Ready(ready) => self.grant(asked, *ready).await,
        }
    }

    async fn decide(
        &self,
        asked: &Asked,
        cookie: Option<&SecretHash>,
        decision: Decision,
    ) -> Result<Step, Detour> {
        let mut ready = match self.ready(asked, cookie).await? {
            Readiness::SignIn(step) => return Ok(Step::SignIn(step)),
            Readiness::Ready(ready) => ready,
        };
        match decision {
            Decision::Deny => {
                let text = "the user did not agree";
                Err(Detour::Denied(Denial::new(DenialCode::AccessDenied, text)))
            }
            // A role or a scope that came meanwhile was not asked for.
            Decision::Allow if self.interaction.shown != Some(ready.allowed.digest()) => {
                Ok(Step::Consent(Box::new(consent_step(asked, *ready))))
            }
            Decision::Allow => {
                if ready.asks {
                    ready.consent = Some(self.remember(asked, &ready).await?);
                }
                self.grant(asked, *ready).await
            }
        }
    }

    /// Who is signed in, if he is as the request needs him, and what he would grant.
    async fn ready(&self, asked: &Asked, cookie: Option<&SecretHash>) -> Result<Readiness, Detour> {
        let present = present(self.server, cookie, self.origin).await?;
        let signed_in = present.as_ref().map(|present| SignedIn {
            user: present.user.id,
            at: present.session.authentication.at,
            for_this: self.interaction.signed_in == Some(present.session.id),
        });
        let (expected, now) = (asked.expected.as_deref(), asked.admitted.at);
        let need = asked.request.sign_in_need(signed_in, expected, now)?;
        let present = match (need, present) {
            (SignInNeed::None, Some(present)) => present,
            (need, present) => {
                return Ok(Readiness::SignIn(sign_in_step(asked, need, present.as_ref())));
            }
        };
        let roles = Some(&present.user.roles);
        let grant =
            self.server.granting(&asked.admitted, roles).session(&asked.request.requested)?;
        let allowed = asked.admitted.known.allowed(&grant);
        let (user, client) = (present.user.id, asked.client().id.clone());
        let remembered = self.server.store.read(FindConsent { user, client }).await?;
        let to = (asked.client().as_ref(), &asked.recipient.redirect_uri);
        let asks = asked.request.consent_need(to, &allowed, remembered.as_ref())?;
        let skips = asked.client().settings.sign_in.skips_consent;
        let consent = remembered.filter(|_| !asks && !skips).map(|consent| consent.id);
        Ok(Readiness::Ready(Box::new(Ready { present, grant, allowed, asks, consent })))
    }

    /// Takes a detour to where it leads.
    fn answer(&self, asked: &Asked, result: Result<Step, Detour>) -> Result<Step, Stop> {
        match result {
            Ok(step) => Ok(step),
            Err(Detour::Denied(denial)) => Ok(Step::Answer(asked.deny(self.server, denial))),
            Err(Detour::Failed(error)) => Err(asked.failed(self.server, error)),
            Err(Detour::Over | Detour::Changed) => Err(asked.over(self.server)),
        }
    }
}

fn consent_step(asked: &Asked, ready: Ready) -> ConsentStep {
    ConsentStep {
        client: asked.client().clone(),
        redirect_uri: asked.recipient.redirect_uri.clone(),
        username: ready.present.user.name.as_str().to_owned(),
        allowed: ready.allowed,
        known: asked.admitted.known.clone(),
    }
}

fn sign_in_step(asked: &Asked, need: SignInNeed, present: Option<&Present>) -> SignInStep {
    let again = need == SignInNeed::Again;
    let own = present.filter(|_| again).map(|present| present.user.name.as_str().to_owned());
    SignInStep {
        client: asked.client().clone(),
        redirect_uri: asked.recipient.redirect_uri.clone(),
        login_hint: asked.request.login_hint.clone().or(own),
        again,
    }
}

impl<E> From<E> for Detour
where
    FlowError: From<E>,
{
    fn from(error: E) -> Self {
        match FlowError::from(error) {
            FlowError::Refused(refusal) => Self::Denied(refusal.into()),
            error => Self::Failed(error),
        }
    }
}

impl From<Denial> for Detour {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}
