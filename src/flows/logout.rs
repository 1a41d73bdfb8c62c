//! Logging out, for first-party clients.

use zeroize::Zeroizing;

use super::error::FlowError;
use super::refresh::recognise;
use super::revoke::end_session;
use super::server::Server;
use super::sessions::end_own;
use crate::protocol::audit::Origin;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::reason::Reason;
use crate::protocol::refresh_token::UnverifiedRefreshToken;
use crate::protocol::revocation::EffectiveBy;
use crate::protocol::session::EndReason;

/// What proves the right to end a session.
pub enum LogoutProof {
    /// An access token of the session.
    AccessToken(Zeroizing<String>),
    /// A refresh token of the session, and its client.
    RefreshToken(Option<UnverifiedRefreshToken>, PresentedClient),
}

/// Ends the session that the proof belongs to.
pub async fn logout(
    server: &Server,
    proof: LogoutProof,
    origin: &Origin,
) -> Result<EffectiveBy, FlowError> {
    let known = match proof {
        LogoutProof::AccessToken(token) => {
            let principal = server.authorize(&token).await?;
            let (user, session) =
                principal.user().ok_or(Refusal::invalid_token(Reason::TokenInvalid))?;
            end_own(server, (user, session), &principal, (EndReason::Logout, origin)).await?;
            principal.known
        }
        LogoutProof::RefreshToken(token, presented) => {
            let known = server.memory.current().await?;
            let client = server.authenticate_client(&presented, (&known, origin)).await?;
            let token = recognise(&known, token)?;
            let end = (EndReason::Logout, known.as_ref());
            let own = end_session(server, (&client, origin), token.session, end).await?;
            if !own {
                // CORE-13, C091: the session lives on, so nothing may sound as if it did not.
                return Err(Refusal::invalid_grant(Reason::ClientMismatch).into());
            }
            known
        }
    };
    Ok(server.effective_by(&known))
}
