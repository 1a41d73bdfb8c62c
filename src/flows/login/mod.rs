//! Logging in with a user name and a password, for first-party clients.

pub(super) mod attempt;
pub(super) mod failure;
pub(super) mod password;
pub(super) mod session;

use failure::{Failed, note_failure};
use password::{Proven, authenticate_user, reward};
use session::{Beginning, begin_session, end_surplus, store_session};

use super::error::FlowError;
use super::issue::{Admitted, TokenResponse};
use super::server::Server;
use crate::protocol::access_token::Subject;
use crate::protocol::audit::Origin;
use crate::protocol::client::Client;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::reason::Reason;
use crate::protocol::session::Authentication;
use crate::protocol::standing::{Whose, check_user};
use crate::protocol::token_request::{LoginRequest, Requested};
use crate::protocol::user::{Roles, User};
use crate::storage::ops::users::FindUser;

/// Begins a session for the user whose name and password are given.
pub async fn login(
    server: &Server,
    presented: &PresentedClient,
    request: LoginRequest,
    origin: &Origin,
) -> Result<TokenResponse, FlowError> {
    let admitted = server.admit(presented, origin, None).await?;
    let client = admitted.client.clone();
    match attempt(server, (presented, &admitted), &request, origin).await {
        Ok(answer) => Ok(answer),
        Err(failed) => {
            let client = Some(&client.id);
            Err(note_failure(server, failed, &request.credentials, (client, origin)).await)
        }
    }
}

/// The login of an authenticated client. Every way in which it fails is written down.
async fn attempt(
    server: &Server,
    (presented, admitted): (&PresentedClient, &Admitted),
    request: &LoginRequest,
    origin: &Origin,
) -> Result<TokenResponse, Failed> {
    check_first_party(&admitted.client)?;
    // Before the password, so that what no user could be granted tells nothing of it.
    let nobody = Roles::default();
    server.granting(admitted, Some(&nobody)).check_request(&request.requested)?;
    let proven = authenticate_user(server, &request.credentials, origin).await?;
    issue(server, (presented, origin), &request.requested, proven)
        .await
        .map_err(Failed::although_proven)
}

/// What a user gets who has proven who he is.
async fn issue(
    server: &Server,
    (presented, origin): (&PresentedClient, &Origin),
    requested: &Requested,
    proven: Proven,
) -> Result<TokenResponse, FlowError> {
    let (user, admitted) = admit(server, (presented, origin), proven.user).await?;
    let granting = server.granting(&admitted, Some(&user.roles));
    let grant = granting.session(requested)?;
    // Later tokens may be for the other resources of the grant.
    let token_grant = granting.token(&grant, &Requested { scope: None, resources: vec![] })?;
    let authentication = Authentication { at: admitted.at, acr: None, amr: vec!["pwd".to_owned()] };
    let beginning = Beginning { user: &user, grant, authentication, claims: None, browser: None };
    let (session, refresh) = begin_session(server, beginning, (&admitted, origin))?;
    let subject = Subject::User(&user, &session);
    let token = server.prepare_token(&admitted, &subject, &token_grant)?;
    store_session(server, &session, &admitted.client, origin).await?;
    reward(server, &proven.attempt, proven.rehash).await;
    end_surplus(server, &session, &admitted.known).await;
    token.sign(refresh)
}

fn check_first_party(client: &Client) -> Result<(), Refusal> {
    if client.settings.first_party {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::UnauthorizedClient,
        "only first-party clients may handle passwords",
        Reason::GrantNotAllowed,
    ))
}

/// The user and the client as they are at the time that the token will carry: a role that was taken
/// from him while his password was being compared, or a secret that was replaced, must not come back
/// in a token that looks younger.
async fn admit(
    server: &Server,
    (presented, origin): (&PresentedClient, &Origin),
    mut user: User,
) -> Result<(User, Admitted), FlowError> {
    loop {
        let admitted = server.admit(presented, origin, user.not_before).await?;
        check_first_party(&admitted.client)?;
        let found = server.store.read(FindUser::Id(user.id)).await?;
        let now = found
            .filter(|now| {
                check_user(Whose { user: Some(now), id: user.id, version: user.version }).is_ok()
            })
            .ok_or(Refusal::wrong_credentials(Reason::UserChanged))?;
        let settled = now.not_before == user.not_before;
        user = now;
        if settled {
            return Ok((user, admitted));
        }
    }
}
