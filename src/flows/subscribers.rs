//! Which APIs have a revocation: what the subscribers of the feed report, and what that shows.

use std::time::Duration;

use super::error::FlowError;
use super::server::Server;
use crate::protocol::audit::Origin;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::reason::Reason;
use crate::protocol::revocation::FeedPosition;
use crate::protocol::subscriber::{Applied, Carrier, Report, Subscriber, SubscriberName};
use crate::storage::ops::subscribers::{ListSubscribers, NoteApplied, Noted};

/// What a subscriber says of itself.
pub struct Reported {
    /// Which instance it is.
    pub name: SubscriberName,
    /// How it follows the feed.
    pub via: Carrier,
    /// Everything up to here is applied.
    pub position: FeedPosition,
    /// For how long it has been, by its own clock.
    pub ago: Duration,
}

/// Notes what a subscriber has applied. It is durable when this succeeds.
pub async fn report(
    server: &Server,
    presented: &PresentedClient,
    reported: Reported,
    origin: &Origin,
) -> Result<(), FlowError> {
    let client_id = server.authenticate_reader(presented, origin).await?.id.clone();
    check_position(server, reported.position).await?;
    let now = server.now();
    let applied = Applied { position: reported.position, at: now - reported.ago };
    let report =
        Report { client_id, name: reported.name, via: reported.via, applied, reported_at: now };
    match server.store.write(NoteApplied { report, room: ROOM }).await? {
        Noted::Yes => Ok(()),
        Noted::NoRoom => Err(FULL.into()),
    }
}

/// A place that this server does not know of cannot have been reached. Another node may know more
/// than this one does yet.
async fn check_position(server: &Server, position: FeedPosition) -> Result<(), FlowError> {
    if position <= server.memory.current().await?.head.position() {
        return Ok(());
    }
    if position <= server.memory.refresh().await?.head.position() {
        return Ok(());
    }
    Err(BEYOND.into())
}

/// The subscribers that have reported within a day.
pub async fn list(
    server: &Server,
    (after, limit): (Option<String>, u32),
) -> Result<Vec<Subscriber>, FlowError> {
    Ok(server.store.read(ListSubscribers { after, limit }).await?)
}

/// Where the log ends now.
pub async fn head(server: &Server) -> Result<FeedPosition, FlowError> {
    Ok(server.memory.refresh().await?.head.position())
}

/// How many subscribers are remembered.
const ROOM: u32 = 10_000;

const BEYOND: Refusal =
    Refusal::invalid_request("epoch and seq are beyond the end of the log of this issuer");
const FULL: Refusal = Refusal::new(
    ErrorCode::TooManyRequests,
    "too many subscribers have reported lately",
    Reason::TooManySubscribers,
);
