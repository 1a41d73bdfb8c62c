//! The client credentials grant (RFC 6749 §4.4): from memory alone, without the database.

use super::error::FlowError;
use super::issue::TokenResponse;
use super::memory::Known;
use super::server::Server;
use crate::protocol::access_token::Subject;
use crate::protocol::client::Client;
use crate::protocol::token_request::Requested;

/// Issues an access token to `client` on its own behalf. No refresh token goes with it
/// (RFC 6749 §4.4.3): the client can ask again.
pub async fn client_credentials(
    server: &Server,
    client: &Client,
    requested: &Requested,
    known: &Known,
) -> Result<TokenResponse, FlowError> {
    let read_at = server.issue_time([client.not_before, None]).await?;
    let granting = server.granting(known, client, None);
    let grant = granting.session(requested)?;
    let token = granting.token(&grant, requested)?;
    server.prepare_token(known, &Subject::Client(&client.id), &token, read_at)?.sign(None)
}
