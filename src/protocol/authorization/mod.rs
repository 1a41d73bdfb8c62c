//! Authorization requests (RFC 6749 §4.1.1, OIDC Core §3.1.2.1): from parameters to types. Whom an
//! answer may go to is settled first, since only then may anything be told by a redirect.

mod answer;
mod claims;
mod denial;
mod progress;
mod prompt;

pub use answer::{Answer, Recipient};
pub use claims::{ClaimsRequest, RequestedClaims};
pub use denial::{Denial, DenialCode};
pub use progress::{SignInNeed, SignedIn};
pub use prompt::Prompt;

use std::time::Duration;

use super::client::ClientId;
use super::error::Refusal;
use super::form::Collected;
use super::pkce::CodeChallenge;
use super::redirect_uri::RedirectUri;
use super::scope::Scope;
use super::token_request::Requested;

/// Whom a request says that it comes from, and where it asks to be answered.
pub struct Asker<'a> {
    /// The client.
    pub client: ClientId,
    /// The redirect URI, not compared with anything yet.
    pub redirect_uri: Option<&'a str>,
}

impl<'a> Asker<'a> {
    /// Reads both. What is wrong here is told to the user alone, and never by a redirect (CORE-01).
    pub fn parse(params: &'a Collected<'_>) -> Result<Self, Refusal> {
        if ["client_id", "redirect_uri"].iter().any(|name| params.repeats(name)) {
            return Err(Refusal::invalid_request("client_id or redirect_uri is repeated"));
        }
        let client = params.value("client_id").and_then(|id| ClientId::parse(id).ok());
        let client = client.ok_or(Refusal::invalid_request("client_id is missing or malformed"))?;
        Ok(Self { client, redirect_uri: params.value("redirect_uri") })
    }

    /// The registered URI that the answer goes to. It may be left out where there is one alone, but
    /// not where an ID token is asked for (OIDC Core §3.1.2.1; C033).
    pub fn find_redirect_uri(
        &self,
        registered: &[RedirectUri],
        asks_for_openid: bool,
    ) -> Result<RedirectUri, Refusal> {
        match (self.redirect_uri, registered) {
            (Some(presented), _) => registered
                .iter()
                .find_map(|one| one.matching(presented))
                .ok_or(Refusal::invalid_request("redirect_uri is not registered for this client")),
            (None, [only]) if !asks_for_openid => Ok(only.clone()),
            (None, _) => Err(Refusal::invalid_request("redirect_uri is missing")),
        }
    }
}

/// How an answer travels.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ResponseMode {
    /// In the query of the redirect URI (RFC 6749 §4.1.2).
    #[default]
    Query,
    /// In a form that the browser posts to it (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// How an answer is sent, whatever it is: known as soon as it is known whom to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Manner {
    /// How it travels.
    pub mode: ResponseMode,
    /// Given back as it came.
    pub state: Option<String>,
}

impl Manner {
    /// Reads what can be read: an answer about a wrong request has to be sent somehow. What is wrong
    /// with either is for [`AuthorizationRequest::parse`] to tell.
    pub fn of(params: &Collected<'_>) -> Self {
        let mode = match params.value("response_mode") {
            Some("form_post") if !params.repeats("response_mode") => ResponseMode::FormPost,
            _ => ResponseMode::Query,
        };
        let state = params.value("state").filter(|state| is_echoed(state));
        let state = state.filter(|_| !params.repeats("state")).map(str::to_owned);
        Self { mode, state }
    }
}

/// What an authorization request asks for.
pub struct AuthorizationRequest {
    /// How the answer is sent.
    pub manner: Manner,
    /// The scopes and resources.
    pub requested: Requested,
    /// What the verifier of the token request must answer.
    pub challenge: Option<CodeChallenge>,
    /// Stands in the ID token again (OIDC Core §2).
    pub nonce: Option<String>,
    /// What the user is to be asked.
    pub prompt: Prompt,
    /// How long ago the user may have signed in at most.
    pub max_age: Option<Duration>,
    /// Who is expected, as a name to sign in with.
    pub login_hint: Option<String>,
    /// Who is expected, as an ID token of before.
    pub id_token_hint: Option<String>,
    /// Claims beside those that the scopes stand for (OIDC Core §5.5).
    pub claims: ClaimsRequest,
}

impl AuthorizationRequest {
    /// Parses what a client asks for. Unknown parameters are ignored (RFC 6749 §3.1), and so are
    /// those that change nothing here: `display`, `acr_values`, `claims_locales` (OIDC Core §15.1).
    pub fn parse(params: &Collected<'_>) -> Result<Self, Denial> {
        if params.repeats_any() {
            return Err(Denial::invalid_request("a parameter is repeated"));
        }
        check_not_supported(params)?;
        check_response(params)?;
        let requested = Requested::parse(params.value("scope"), params.values("resource"))?;
        let challenge = CodeChallenge::parse(
            params.value("code_challenge"),
            params.value("code_challenge_method"),
        )?;
        let nonce = params.value("nonce");
        if nonce.is_some_and(|nonce| nonce.len() > MAX_NONCE) {
            return Err(Denial::invalid_request("nonce is longer than 512 bytes"));
        }
        let own = |name: &str| params.value(name).map(str::to_owned);
        Ok(Self {
            manner: Manner::of(params),
            requested,
            challenge,
            nonce: own("nonce"),
            prompt: Prompt::parse(params.value("prompt"))?,
            max_age: params.value("max_age").map(parse_max_age).transpose()?,
            login_hint: own("login_hint"),
            id_token_hint: own("id_token_hint"),
            claims: params
                .value("claims")
                .map(ClaimsRequest::parse)
                .transpose()?
                .unwrap_or_default(),
        })
    }

    /// Whether it is one of `OpenID` Connect: an ID token is asked for.
    pub fn asks_for_openid(&self) -> bool {
        self.requested.scope.as_ref().is_some_and(|scope| scope.contains(Scope::OPENID))
    }

    /// Refuses what only another way of signing in could meet: no context is defined here
    /// (OIDC Core §5.5.1.1).
    pub fn check_contexts(&self) -> Result<(), Denial> {
        if self.claims.id_token.essential_acr.is_empty() {
            return Ok(());
        }
        let text = "no authentication context of this server is one of those that must be met";
        Err(Denial::new(DenialCode::UnmetAuthenticationRequirements, text))
    }

    /// PKCE-05, O21-04: without a challenge a stolen code works for whoever stole it. Only clients of
    /// `OpenID` Connect may do without, where an operator has allowed it.
    pub fn check_challenge(&self, required: bool) -> Result<(), Denial> {
        if self.challenge.is_none() && (required || !self.asks_for_openid()) {
            return Err(Denial::invalid_request("code_challenge is missing"));
        }
        Ok(())
    }
}

/// Request objects and their kin (OIDC Core §6, §7): nothing is fetched (C041).
fn check_not_supported(params: &Collected<'_>) -> Result<(), Denial> {
    for (name, code) in [
        ("request", DenialCode::RequestNotSupported),
        ("request_uri", DenialCode::RequestUriNotSupported),
        ("registration", DenialCode::RegistrationNotSupported),
    ] {
        if params.value(name).is_some() {
            return Err(Denial::new(code, "this parameter is not supported"));
        }
    }
    Ok(())
}

/// The response type and mode, and what is given back with the answer.
fn check_response(params: &Collected<'_>) -> Result<(), Denial> {
    match params.value("response_type") {
        Some("code") => {}
        None if !params.is_empty("response_type") => {
            return Err(Denial::invalid_request("response_type is missing"));
        }
        _ => {
            let text = "response_type must be code";
            return Err(Denial::new(DenialCode::UnsupportedResponseType, text));
        }
    }
    if !matches!(params.value("response_mode"), None | Some("query" | "form_post")) {
        return Err(Denial::invalid_request("response_mode must be query or form_post"));
    }
    if params.value("state").is_some_and(|state| !is_echoed(state)) {
        return Err(Denial::invalid_request("state is longer than 2048 bytes"));
    }
    Ok(())
}

/// Longer ones do not fit the URLs that proxies let pass (C038).
fn is_echoed(state: &str) -> bool {
    state.len() <= MAX_STATE
}

fn parse_max_age(text: &str) -> Result<Duration, Denial> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    let wrong = Denial::invalid_request("max_age is not a number of seconds");
    seconds.map(Duration::from_secs).ok_or(wrong)
}

const MAX_STATE: usize = 2048;
const MAX_NONCE: usize = 512;

#[cfg(test)]
mod tests;
