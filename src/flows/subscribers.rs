//! Which APIs have a revocation: what the subscribers of the feed report, and what that shows.

use std::time::Duration;

use super::error::FlowError;
use super::server::Server;
use crate::protocol::audit::Origin;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::revocation::FeedPosition;
use crate::protocol::subscriber::{Applied, Carrier, Report, Subscriber, SubscriberName};
use crate::storage::ops::subscribers::{ListSubscribers, NoteApplied, Noted, Room};

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
    let client = server.authenticate_reader(presented, origin).await?;
    check_position(server, reported.position).await?;
    let now = server.now();
    let applied = Applied { position: reported.position, at: now - reported.ago };
    let report = Report {
        client_id: client.id.clone(),
        name: reported.name,
        via: reported.via,
        applied,
        reported_at: now,
    };
    match server.store.write(NoteApplied { report, room: ROOM }).await? {
        Noted::Yes => Ok(()),
        Noted::NoRoom => {
            metrics::counter!("chancery_feed_reports_refused_total").increment(1);
            tracing::debug!(client_id = client.id.as_str(), "too many subscribers report");
            Err(FlowError::TooMany { retry_after: LATER, of_account: false })
        }
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

/// One API may have many instances, but none of them shuts out those of others. Each gives a sign of
/// life every 30 seconds.
const ROOM: Room = Room { each: 500, all: 10_000, silence: Duration::from_mins(5) };

/// By then one of them may have been silent for long.
const LATER: Duration = Duration::from_mins(1);

const BEYOND: Refusal =
    Refusal::invalid_request("epoch and seq are beyond the end of the log of this issuer");
