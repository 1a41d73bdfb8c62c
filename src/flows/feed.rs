//! Reading the feed of revocations: where a reader goes on, and when his stream ends. Must not know
//! how documents are made.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::broadcast::error::RecvError;

use super::error::FlowError;
use super::places::Place;
use super::server::Server;
use crate::protocol::audit::Origin;
use crate::protocol::client::Client;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::reason::Reason;
use crate::protocol::revocation::FeedPosition;
use crate::revocation::feed::{Document, Events, Standing};

pub use super::places::{Places, Reader, StreamLimits};
pub use crate::revocation::feed::FeedError;

/// A stream of one reader. Dropping it gives its place back.
pub struct Stream {
    server: Arc<Server>,
    reader: Reader,
    /// What brings the reader to the present.
    first: VecDeque<Bytes>,
    events: Events,
    epoch: i64,
    _place: Place,
}

/// The document that goes on behind `cursor`: a segment, what ends at the present, or the snapshot
/// where it cannot be told what follows.
pub async fn poll(server: &Server, cursor: &str) -> Result<Document, FlowError> {
    let feed = server.memory.feed();
    if let Some(place) = resume(server, Some(cursor)).await?
        && let Some((document, _)) = feed.behind(place)?
    {
        return Ok(document);
    }
    let place =
        feed.cursor(cursor).map(|cursor| FeedPosition { epoch: cursor.epoch, seq: cursor.seq });
    Ok(feed.snapshot(place).await?)
}

/// Opens a stream for `reader`, which goes on behind `cursor` if that is a genuine one.
pub async fn open(
    server: Arc<Server>,
    reader: Reader,
    cursor: Option<&str>,
) -> Result<Stream, FlowError> {
    let held = server.places.take(&reader, server.world.entropy.as_ref())?;
    // Listening comes first: what is told from here on comes as an event, and the rest is in what
    // the reader is brought up with.
    let feed = server.memory.feed();
    let events = feed.listen().ok_or(FlowError::Unavailable)?;
    let place = resume(&server, cursor).await?;
    let first = feed.join(place).await?;
    let epoch = first.last().map_or(0, |newest| newest.epoch);
    let first = first.iter().map(Document::event).collect();
    Ok(Stream { server, reader, first, events, epoch, _place: held })
}

impl Server {
    /// The client that reads the feed, once it has proved who it is. What it gets is public: all
    /// that depends on the answer is a place. So it is known from memory while the database is
    /// down.
    pub async fn authenticate_reader(
        &self,
        presented: &PresentedClient,
        origin: &Origin,
    ) -> Result<Arc<Client>, FlowError> {
        let known = match self.memory.current().await {
            Ok(known) => known,
            Err(error) => self.memory.last_known().ok_or(error)?,
        };
        let client = self.authenticate_client(presented, (&known, origin))?;
        if client.settings.serves.is_some() { Ok(client) } else { Err(SERVES_NOTHING.into()) }
    }
}

/// Behind which place a reader with this cursor goes on; none begins with a snapshot.
async fn resume(server: &Server, cursor: Option<&str>) -> Result<Option<FeedPosition>, FlowError> {
    let feed = server.memory.feed();
    let Some(cursor) = cursor.and_then(|text| feed.cursor(text)) else {
        return Ok(None);
    };
    if feed.state()?.judge(&cursor) == Standing::Ahead {
        server.memory.catch_up(&cursor).await?;
    }
    Ok(match feed.state()?.judge(&cursor) {
        Standing::At(seq) => Some(FeedPosition { epoch: cursor.epoch, seq }),
        Standing::Aged | Standing::Ahead => None,
    })
}

impl Stream {
    /// The next event; none at the end of the stream.
    pub async fn next(&mut self) -> Option<Bytes> {
        if let Some(event) = self.first.pop_front() {
            return Some(event);
        }
        loop {
            match self.events.recv().await {
                Ok(_) if !self.is_welcome() => return dropped("client"),
                // It was told before this stream began in a later epoch.
                Ok(document) if document.epoch < self.epoch => {}
                Ok(document) => return Some(document.event()),
                Err(RecvError::Lagged(_)) => return dropped("slow"),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Whether the reader is still who he was when he came: after any change of his client he has
    /// to prove it again.
    fn is_welcome(&self) -> bool {
        let Reader::Api(then) = &self.reader else {
            return true;
        };
        let known = self.server.memory.last_known();
        let now = known.as_ref().and_then(|known| known.client(&then.id));
        now.is_some_and(|now| now.version == then.version)
    }
}

fn dropped(reason: &'static str) -> Option<Bytes> {
    metrics::counter!("chancery_feed_dropped_total", "reason" => reason).increment(1);
    None
}

impl From<FeedError> for FlowError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::NotReady => Self::Unavailable,
            FeedError::Unsigned => {
                tracing::error!(%error, "the feed cannot be told");
                Self::Internal
            }
        }
    }
}

const SERVES_NOTHING: Refusal = Refusal::new(
    ErrorCode::UnauthorizedClient,
    "this client serves no resource: register it with one, or come without credentials",
    Reason::NotAResource,
);
