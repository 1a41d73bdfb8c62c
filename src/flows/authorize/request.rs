//! Reading an authorization request: what may be told to the client at all, and what is asked for.

use std::sync::Arc;

use super::super::error::FlowError;
use super::super::issue::Admitted;
use super::super::known::Known;
use super::super::server::Server;
use super::Answered;
use super::interaction::Interaction;
use super::stop::Stop;
use crate::protocol::authorization::{
    Asker, AuthorizationRequest, Denial, DenialCode, Manner, Recipient, ResponseMode,
};
use crate::protocol::client::{Client, GrantType};
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::form::Collected;
use crate::protocol::reason::Reason;
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::user::Roles;

/// A request that is in order: what happens now depends on the user.
pub(super) struct Asked {
    /// The client, and what is known.
    pub(super) admitted: Admitted,
    /// Whom the answer goes to.
    pub(super) recipient: Recipient,
    /// Whether the request named the redirect URI (CORE-08).
    pub(super) redirect_uri_given: bool,
    /// What is asked for.
    pub(super) request: AuthorizationRequest,
    /// The subject of the ID token that came as a hint.
    pub(super) expected: Option<String>,
    /// The `claims` parameter, as it came.
    pub(super) claims: Option<String>,
}

impl Asked {
    /// Reads what the client sent. It is read again at every step, so that a client that was changed
    /// meanwhile is judged by what holds now.
    pub(super) async fn read(server: &Server, interaction: &Interaction) -> Result<Self, Stop> {
        let known = server.memory.current().await.map_err(Stop::unknown)?;
        let params = Collected::parse(interaction.query.as_bytes()).map_err(Stop::unknown)?;
        let asker = Asker::parse(&params).map_err(Stop::unknown)?;
        let client = find_client(&known, &asker).await.map_err(Stop::unknown)?;
        let recipient = find_recipient(&asker, &client, &params)
            .map_err(|refusal| Stop::page(refusal, Some(&client)))?;
        let admitted = Admitted { known, client, at: server.now() };
        let read = read_request(server, &admitted, &params)
            .and_then(|read| check_form(&recipient, &read.0).map(|()| read));
        let (request, expected) = match read {
            Ok(read) => read,
            Err(denial) => {
                let answered = deny(server, recipient, (admitted.client, denial));
                return Err(Stop::Answer(answered));
            }
        };
        Ok(Self {
            admitted,
            recipient,
            redirect_uri_given: asker.redirect_uri.is_some(),
            request,
            expected,
            claims: params.value("claims").map(str::to_owned),
        })
    }

    /// The client.
    pub(super) fn client(&self) -> &Arc<Client> {
        &self.admitted.client
    }

    /// The answer that something here does not allow.
    pub(super) fn deny(&self, server: &Server, denial: Denial) -> Answered {
        deny(server, self.recipient.clone(), (self.client().clone(), denial))
    }

    /// What the server cannot do at the moment: told by a page, on which a person tries again, or to
    /// the client where there is no person to look at it.
    pub(super) fn failed(&self, server: &Server, error: FlowError) -> Stop {
        if !self.request.prompt.none {
            return Stop::page(error, Some(self.client()));
        }
        let denial = match error {
            FlowError::Internal => Denial::new(DenialCode::ServerError, "the server failed"),
            _ => Denial::unavailable("the server cannot do this at the moment"),
        };
        Stop::Answer(self.deny(server, denial))
    }

    /// The request is over: told in the same way.
    pub(super) fn over(&self, server: &Server) -> Stop {
        if !self.request.prompt.none {
            return Stop::Over { client: Some(self.client().clone()) };
        }
        Stop::Answer(self.deny(server, Denial::unavailable("the request is over")))
    }
}

fn deny(
    server: &Server,
    recipient: Recipient,
    (client, denial): (Arc<Client>, Denial),
) -> Answered {
    let outcome = denial.code.as_str();
    metrics::counter!("chancery_authorizations_total", "outcome" => outcome).increment(1);
    tracing::info!(reason = outcome, client_id = client.id.as_str(), "authorization denied");
    Answered { answer: recipient.deny(denial, &server.settings.issuer), client }
}

async fn find_client(known: &Known, asker: &Asker<'_>) -> Result<Arc<Client>, FlowError> {
    let active = known.active_client(&asker.client).await?;
    Ok(active.ok_or(Refusal::new(
        ErrorCode::InvalidClient,
        "client_id names no application that is active here",
        Reason::UnknownClient,
    ))?)
}

fn find_recipient(
    asker: &Asker<'_>,
    client: &Client,
    params: &Collected<'_>,
) -> Result<Recipient, Refusal> {
    let scope = params.value("scope").map(ScopeSet::parse);
    let openid = scope.is_some_and(|scope| scope.is_ok_and(|one| one.contains(Scope::OPENID)));
    let registered = &client.settings.sign_in.redirect_uris;
    let redirect_uri = asker.find_redirect_uri(registered, openid)?;
    Ok(Recipient { redirect_uri, manner: Manner::of(params) })
}

/// The request and the subject of its hint, if nobody at all could be refused it.
fn read_request(
    server: &Server,
    admitted: &Admitted,
    params: &Collected<'_>,
) -> Result<(AuthorizationRequest, Option<String>), Denial> {
    let client = &admitted.client;
    if !client.may_use(GrantType::AuthorizationCode) {
        let text = "the client may not use this response type";
        return Err(Denial::new(DenialCode::UnauthorizedClient, text));
    }
    let mut request = AuthorizationRequest::parse(params)?;
    request.requested.scope.get_or_insert_with(|| usual_scope(client));
    request.check_challenge(client.is_public() || client.settings.sign_in.pkce_required)?;
    request.check_contexts()?;
    let nobody = Roles::default();
    server.granting(admitted, Some(&nobody)).check_request(&request.requested)?;
    let expected = request.id_token_hint.as_deref().map(|hint| read_hint(server, admitted, hint));
    Ok((request, expected.transpose()?))
}

/// What a client gets that does not say what it wants: what it is registered for, but for what changes the
/// kind of the answer, which is to be named (OIDC Core §3.1.2.1, §11).
fn usual_scope(client: &Client) -> ScopeSet {
    let named = [Scope::OPENID, Scope::OFFLINE_ACCESS];
    client.settings.scope.filter(|scope| !named.contains(&scope))
}

/// The subject of an ID token that this server issued to this client (OIC-03, C040).
fn read_hint(server: &Server, admitted: &Admitted, hint: &str) -> Result<String, Denial> {
    let hint = admitted.known.ring.read_hint(hint, &server.settings.issuer);
    let own = hint.filter(|hint| hint.aud.contains(admitted.client.id.as_str()));
    own.map(|hint| hint.sub)
        .ok_or(Denial::invalid_request("id_token_hint is no ID token of this client"))
}

/// No form reaches an application by a scheme of its own.
fn check_form(recipient: &Recipient, request: &AuthorizationRequest) -> Result<(), Denial> {
    let form = request.manner.mode == ResponseMode::FormPost;
    if form && !recipient.redirect_uri.is_web() {
        return Err(Denial::invalid_request(
            "response_mode=form_post needs a redirect URI of http",
        ));
    }
    Ok(())
}
