//! The client credentials grant (RFC 6749 §4.4): from memory alone, without the database.

use super::error::FlowError;
use super::issue::{Admitted, TokenResponse};
use super::server::Server;
use crate::protocol::access_token::Subject;
use crate::protocol::token_request::Requested;

/// Issues an access token to a client on its own behalf. No refresh token goes with it
/// (RFC 6749 §4.4.3): the client can ask again.
pub fn client_credentials(
    server: &Server,
    admitted: &Admitted,
    requested: &Requested,
) -> Result<TokenResponse, FlowError> {
    let granting = server.granting(admitted, None);
    let grant = granting.session(requested)?;
    let token = granting.token(&grant, requested)?;
    let subject = Subject::Client(&admitted.client.id);
    server.prepare_token(admitted, &subject, &token)?.sign(None)
}
