//! One attempt to tell a client of the end of a session, and what follows from it.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::StatusCode;

use crate::audit;
use crate::flows::error::FlowError;
use crate::flows::janitor::NOTICE_LIFE;
use crate::flows::known::Known;
use crate::flows::server::Server;
use crate::outbound::OutboundError;
use crate::protocol::audit::{Actor, AuditKind};
use crate::protocol::client::{Client, ClientStatus};
use crate::protocol::logout_notice::LogoutNotice;
use crate::protocol::logout_token::{LOGOUT_TOKEN_TYPE, LogoutTokenClaims};
use crate::protocol::time::Timestamp;
use crate::storage::ops::notices::{DropNotice, GiveUpNotice, PostponeNotice};

/// Makes an attempt. Where the database fails in between, the notice is due again by itself.
pub(super) async fn deliver(server: &Server, notice: LogoutNotice) {
    let settled = match attempt(server, &notice).await {
        Ok(outcome) => settle(server, notice, outcome).await,
        Err(error) => Err(error),
    };
    if let Err(error) = settled {
        tracing::warn!(%error, "the delivery of a notice of logout was interrupted");
    }
}

/// What became of an attempt.
enum Outcome {
    /// The client has heard it.
    Delivered,
    /// There is nobody any more who wants to hear it.
    Unwanted,
    /// The client says that the token is no good, which another would not be either (BCL-02).
    Refused,
    /// It may be better later.
    Failed(Failure),
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("status {0}")]
    Status(StatusCode),
}

async fn attempt(server: &Server, notice: &LogoutNotice) -> Result<Outcome, FlowError> {
    let known = server.memory.current().await?;
    let client = known.client(&notice.client_id).await?;
    let Some((client, uri)) = client.as_deref().and_then(|client| listener(client, notice)) else {
        return Ok(Outcome::Unwanted);
    };
    // Base64url and points: nothing in it has to be encoded.
    let form = format!("logout_token={}", logout_token(server, &known, client, notice)?);
    Ok(match server.backchannel.outbound.post_form(uri, form).await {
        Ok(StatusCode::OK | StatusCode::NO_CONTENT) => Outcome::Delivered,
        Ok(StatusCode::BAD_REQUEST) => Outcome::Refused,
        Ok(status) => Outcome::Failed(Failure::Status(status)),
        Err(error) => Outcome::Failed(error.into()),
    })
}

/// The client of the session, and where it wants to be told. One that took the name of another since is not
/// the one.
fn listener<'a>(client: &'a Client, notice: &LogoutNotice) -> Option<(&'a Client, &'a str)> {
    let same = client.created_at <= notice.created_at && client.status != ClientStatus::Disabled;
    let uri = client.settings.sign_in.backchannel_logout_uri.as_ref().filter(|_| same)?;
    Some((client, uri.as_str()))
}

fn logout_token(
    server: &Server,
    known: &Known,
    client: &Client,
    notice: &LogoutNotice,
) -> Result<String, FlowError> {
    let jti = BASE64_URL_SAFE_NO_PAD.encode(server.world.entropy.bytes::<16>());
    let claims = LogoutTokenClaims::new(&server.settings.issuer, notice, jti, server.now());
    let payload = serde_json::to_vec(&claims).map_err(|_| FlowError::Internal)?;
    let key = known.ring.id_token_key(client.settings.sign_in.id_token_algorithm);
    let signed = key.ok_or(FlowError::Internal)?.sign_as(LOGOUT_TOKEN_TYPE, &payload);
    signed.map_err(|_| FlowError::Internal)
}

async fn settle(server: &Server, notice: LogoutNotice, outcome: Outcome) -> Result<(), FlowError> {
    match outcome {
        Outcome::Delivered => {
            count("delivered");
            server.store.write(DropNotice(notice.id)).await?;
        }
        Outcome::Unwanted => {
            count("unwanted");
            server.store.write(DropNotice(notice.id)).await?;
        }
        Outcome::Refused => give_up(server, &notice, "refused", "status 400".into()).await?,
        Outcome::Failed(failure) => match next_attempt(&notice, server.now()) {
            Some(due_at) => {
                count("failed");
                let (client, attempt) = (notice.client_id.as_str(), notice.attempts);
                tracing::info!(client, attempt, error = %failure, "a client was not told of a logout");
                server.store.write(PostponeNotice { notice, due_at }).await?;
            }
            None => give_up(server, &notice, "given_up", failure.to_string().into()).await?,
        },
    }
    Ok(())
}

/// Drops a notice that did not reach its client, and says so to those who can see to it.
async fn give_up(
    server: &Server,
    notice: &LogoutNotice,
    reason: &'static str,
    why: Cow<'static, str>,
) -> Result<(), FlowError> {
    let event = server
        .event(AuditKind::LogoutUndelivered, Actor::System)
        .about(notice.session_id)
        .through(&notice.client_id)
        .because(reason);
    server.store.write(GiveUpNotice { id: notice.id, audit: event.clone() }).await?;
    count(reason);
    audit::log(&event);
    let (client, attempts) = (notice.client_id.as_str(), notice.attempts);
    tracing::warn!(client, attempts, error = %why, "a client will not be told of a logout");
    Ok(())
}

/// When it is tried again after an attempt that failed at `now`, if it still is.
fn next_attempt(notice: &LogoutNotice, now: Timestamp) -> Option<Timestamp> {
    let made = usize::try_from(notice.attempts).unwrap_or(usize::MAX);
    let due_at = now + *DELAYS.get(made.saturating_sub(1))?;
    (due_at < notice.created_at + NOTICE_LIFE).then_some(due_at)
}

fn count(outcome: &'static str) {
    metrics::counter!("chancery_backchannel_logout_total", "outcome" => outcome).increment(1);
}

/// What is waited for after the first attempt, the second, and so on: eight attempts in about 12 hours.
const DELAYS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(8),
];
