//! Reading the feed of revocations: where a reader goes on, and when his stream ends. Must not know
//! how documents are made.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

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
    chain: VecDeque<Document>,
    events: Events,
    /// How far the reader comes with what he was given.
    reached: FeedPosition,
    /// When he was given the last of it.
    given_at: Duration,
    /// The epoch and the number of the last change with which the reader was last found to be who he was.
    welcome_as_of: Option<(i64, i64)>,
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
    let chain = VecDeque::from(feed.join(place).await?);
    let reached = place.unwrap_or(FeedPosition { epoch: 0, seq: 0 });
    let given_at = server.world.clock.monotonic();
    let welcome_as_of = None;
    Ok(Stream { server, reader, chain, events, reached, given_at, welcome_as_of, _place: held })
}

impl Server {
    /// Who reads the feed, once he has proved who he is. What he gets is public: all that depends on
    /// the answer is a place. So whoever cannot be recognised while the database is down reads as
    /// anybody may.
    pub async fn reader(
        &self,
        presented: &PresentedClient,
        origin: &Origin,
    ) -> Result<Reader, FlowError> {
        match self.authenticate_reader(presented, origin).await {
            Ok(client) => Ok(Reader::Api(client)),
            Err(FlowError::Unavailable) => Ok(Reader::Anybody(origin.address)),
            Err(error) => Err(error),
        }
    }

    /// The client that reads the feed, once it has proved who it is, from memory also while the
    /// database is down.
    pub async fn authenticate_reader(
        &self,
        presented: &PresentedClient,
        origin: &Origin,
    ) -> Result<Arc<Client>, FlowError> {
        let known = match self.memory.current().await {
            Ok(known) => known,
            Err(error) => self.memory.last_known().ok_or(error)?,
        };
        let client = self.authenticate_client(presented, (&known, origin)).await?;
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
    /// The next event; none at the end of the stream. Called as soon as the last one was taken.
    pub async fn next(&mut self) -> Option<Bytes> {
        let taking = self.since_given();
        while self.chain.is_empty() {
            self.server.world.clock.sleep(GAP.saturating_sub(self.since_given())).await;
            let told = self.events.recv().await;
            if !matches!(told, Err(RecvError::Closed)) && !self.is_welcome().await {
                return dropped("client");
            }
            match told {
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) if taking > SLOW => return dropped("slow"),
                Ok(document) if self.events.is_empty() => self.chain.extend(self.news(document)),
                Ok(_) | Err(RecvError::Lagged(_)) => self.catch_up().await?,
            }
        }
        let document = self.chain.pop_front()?;
        self.reached = FeedPosition { epoch: document.epoch, seq: document.seq };
        self.given_at = self.server.world.clock.monotonic();
        Some(document.event())
    }

    /// What was told before this stream began in a later epoch is none.
    fn news(&self, document: Document) -> Option<Document> {
        (document.epoch >= self.reached.epoch).then_some(document)
    }

    /// Many events came: the reader is brought to the present at once, by what was signed for all.
    async fn catch_up(&mut self) -> Option<()> {
        // As at the beginning, listening comes first.
        self.events = self.events.resubscribe();
        match self.server.memory.feed().join(Some(self.reached)).await {
            Ok(chain) => self.chain.extend(chain),
            Err(error) => {
                tracing::error!(%error, "a reader cannot be brought to the present");
                dropped("unsigned")?;
            }
        }
        Some(())
    }

    fn since_given(&self) -> Duration {
        self.server.world.clock.monotonic().saturating_sub(self.given_at)
    }

    /// Whether the reader is still who he was when he came: after any change of his client he has
    /// to prove it again. As long as nothing at all was changed, or nobody can tell, he is.
    async fn is_welcome(&mut self) -> bool {
        let Reader::Api(then) = &self.reader else {
            return true;
        };
        let Some(known) = self.server.memory.last_known() else {
            return false;
        };
        let as_of = (known.head.epoch, known.head.changes);
        if self.welcome_as_of == Some(as_of) {
            return true;
        }
        let Ok(now) = known.client(&then.id).await else {
            return true;
        };
        self.welcome_as_of = Some(as_of);
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

/// The time between two events of one reader: whoever revokes many things one after the other, which
/// anybody may do with his own tokens, keeps nobody busier than this.
const GAP: Duration = Duration::from_millis(10);
/// How long a reader who has missed events may have taken for what he was given last.
const SLOW: Duration = Duration::from_secs(30);

const SERVES_NOTHING: Refusal = Refusal::new(
    ErrorCode::UnauthorizedClient,
    "this client serves no resource: register it with one, or come without credentials",
    Reason::NotAResource,
);
