//! Follows the feed: by the stream, and by asking while there is none. Must not judge a document: the
//! verifier does, and what it refuses moves nothing.

use std::time::Duration;

use http::StatusCode;
use http_body_util::BodyExt;
use tokio::sync::watch;

use super::backoff::Backoff;
use super::counters::count;
use super::discovery::{FeedLinks, Links};
use super::link::{Link, LinkError};
use super::run::Run;
use super::sse::{BadEvent, Events};
use super::web::{Bounds, WebError};
use crate::feed::{PackingError, SEGMENT};
use crate::{Absorbed, Feed, FeedError, Position};

/// The feed cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    #[error(transparent)]
    Web(#[from] WebError),
    #[error("a document that is refused: {0}")]
    Document(#[from] FeedError),
    #[error(transparent)]
    Event(#[from] BadEvent),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("documents that do not close the gap")]
    Stuck,
    #[error("nothing new for too long")]
    Silent,
    #[error("the stream ended")]
    Ended,
}

impl FollowError {
    fn retry_after(&self) -> Option<Duration> {
        if let Self::Web(error) = self { error.retry_after() } else { None }
    }

    /// Whether another document may do better. Where the issuer is away or busy, none does, nor where
    /// it knows kinds that are not known here.
    fn is_of_the_document(&self) -> bool {
        match self {
            Self::Document(error) => *error != FeedError::Entries(PackingError::UnknownKind),
            Self::Web(WebError::Status { status, .. }) => {
                status.is_client_error() && *status != StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }
}

impl Run {
    /// Follows the feed that the issuer names, or notes that it names none.
    pub(super) async fn keep_feed(&self, mut links: watch::Receiver<Links>) {
        loop {
            let feed = links.borrow_and_update().feed.clone();
            // Whoever has read a feed knows that there is one.
            self.verifier.set_feed(feed.is_some());
            self.progressed();
            tokio::select! {
                () = self.follow_feed(feed) => {}
                // The sender lives as long as this does.
                _ = links.changed() => {}
            }
            self.tally.streaming.send_replace(false);
        }
    }

    async fn follow_feed(&self, feed: Option<FeedLinks>) {
        let Some(feed) = feed else {
            if self.verifier.state().feed == Feed::None {
                tracing::warn!(
                    "the issuer has no feed of revocations: tokens are good until they expire"
                );
            } else {
                // A state file has brought documents of it.
                tracing::warn!("the issuer's metadata does not name the feed that it had");
            }
            return std::future::pending().await;
        };
        // Without keys every document would be refused.
        self.once(|| self.has_keys()).await;
        if let Some(stream) = feed.stream.as_ref().filter(|_| self.settings.stream) {
            self.stream_or_poll(stream, &feed.snapshot).await;
        } else {
            self.poll(&feed.snapshot).await;
        }
    }

    /// Completes once `known` holds. It is looked at whenever keys or a document have come.
    async fn once(&self, known: impl Fn() -> bool) {
        let mut progress = self.progress.subscribe();
        while !known() && progress.changed().await.is_ok() {}
    }

    /// Streams, and asks for as long as no stream brings anything: one that is open may be held back
    /// on its way.
    async fn stream_or_poll(&self, stream: &Link, snapshot: &Link) {
        tokio::join!(self.keep_stream(stream, snapshot), self.poll_meanwhile(snapshot));
    }

    /// Opens a stream again and again.
    async fn keep_stream(&self, stream: &Link, snapshot: &Link) {
        // A node that ends ends all of its streams at once.
        let mut backoff = Backoff::up_to(RETURN);
        loop {
            let end = match self.stream(stream, snapshot, &mut backoff).await {
                Ok(never) => match never {},
                Err(end) => end,
            };
            self.tally.streaming.send_replace(false);
            count(&self.tally.stream_failures);
            let wait = backoff.next(self.pause.chance(), end.retry_after());
            if let FollowError::Web(error) = &end {
                self.note_refusal(error);
            }
            let rest = self.web.authorization(stream).map(|_| self.credentials_rest());
            let wait = wait.max(rest.unwrap_or_default());
            tracing::info!(reason = %end, wait_ms = wait.as_millis(), "no stream of revocations");
            self.pause.pause(wait).await;
        }
    }

    /// Asks for the feed whenever no stream brings it.
    async fn poll_meanwhile(&self, snapshot: &Link) {
        let mut streaming = self.tally.streaming.subscribe();
        loop {
            let polling = async {
                // A stream that comes soon needs none, but it begins behind what is known. Where
                // that is as old as a stream may be silent, routes may be closed by now.
                if self.verifier.state().age.is_some_and(|age| age < self.settings.silence) {
                    self.pause.pause(self.poll_interval()).await;
                }
                self.poll(snapshot).await;
            };
            tokio::select! {
                // The sender lives as long as this does.
                _ = streaming.wait_for(|streaming| *streaming) => {}
                () = polling => {}
            }
            let _ = streaming.wait_for(|streaming| !*streaming).await;
        }
    }

    /// Opens a stream behind what is known, once something is, and takes up what it brings, until it
    /// ends, breaks, brings nothing new for too long, or brings what is refused.
    async fn stream(
        &self,
        stream: &Link,
        snapshot: &Link,
        backoff: &mut Backoff,
    ) -> Result<std::convert::Infallible, FollowError> {
        self.once(|| self.verifier.position().is_some()).await;
        let cursor = self.verifier.position().map(|position| position.cursor);
        let silence = self.settings.silence;
        let mut body = self.web.open(stream, cursor.as_deref(), silence).await?;
        let opened = self.verifier.clock().monotonic();
        let mut events = Events::new(self.verifier.max_document());
        let mut silent = self.pause.pause(silence);
        loop {
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame.ok_or(FollowError::Ended)?,
                () = &mut silent => return Err(FollowError::Silent),
            };
            let frame = frame.map_err(|_| FollowError::Ended)?;
            for event in events.read(frame.data_ref().map_or(&[], |data| data))? {
                if event.name == EVENT && self.take_up(event.data, snapshot).await? {
                    silent = self.pause.pause(silence);
                    // One that ends as soon as it has begun is not worth a quick return.
                    if self.verifier.clock().monotonic().saturating_sub(opened) >= silence {
                        backoff.reset();
                    }
                }
            }
        }
    }

    /// Takes up a document of the stream, and reads what is missing before it. Returns whether it
    /// brought anything new: a stream that repeats itself is none, and one that lags behind what was
    /// asked for meanwhile does not end the questions.
    async fn take_up(&self, document: String, snapshot: &Link) -> Result<bool, FollowError> {
        let known = self.verifier.state().as_of;
        let (absorbed, as_new) = self.absorb(document).await?;
        if absorbed == Absorbed::Gap {
            self.read_on(snapshot).await?;
        }
        let new = matches!(absorbed, Absorbed::Advanced | Absorbed::NewEpoch)
            || self.verifier.state().as_of > known;
        // Its first document may be of the moment that was just asked for.
        if (new || as_new) && !self.tally.streaming.send_replace(true) {
            count(&self.tally.streams);
            tracing::info!("the stream of revocations is followed");
        }
        Ok(new)
    }

    /// Asks for the feed behind what is known, again and again.
    async fn poll(&self, snapshot: &Link) {
        let mut backoff = Backoff::new();
        loop {
            match self.read_on(snapshot).await {
                Ok(()) => {
                    backoff.reset();
                    self.pause.pause(self.poll_interval()).await;
                }
                Err(error) => {
                    tracing::info!(reason = %error, "the feed of revocations cannot be read");
                    let wait = backoff.next(self.pause.chance(), error.retry_after());
                    // Without a position the verifier is of no use yet.
                    let known = self.verifier.position().is_some();
                    let least = if known { self.poll_interval() } else { Duration::ZERO };
                    self.pause.pause(wait.max(least)).await;
                }
            }
        }
    }

    /// About as long as is waited between two questions.
    fn poll_interval(&self) -> Duration {
        self.settings.poll.mul_f64(0.5 + self.pause.chance())
    }

    /// Reads the feed from what is known to its head: documents are asked for until no more lies
    /// behind one. Where the log moves on meanwhile, the next question is for that.
    pub(super) async fn read_on(&self, snapshot: &Link) -> Result<(), FollowError> {
        let outcome = self.read_documents(snapshot).await;
        if outcome.is_err() {
            count(&self.tally.fetch_failures);
        }
        outcome
    }

    async fn read_documents(&self, snapshot: &Link) -> Result<(), FollowError> {
        for _ in 0..MOST_DOCUMENTS {
            let more = match self.verifier.position() {
                Some(known) => self.fetch_behind(&known, snapshot).await?,
                None => goes_on(self.fetch(snapshot).await?)?,
            };
            if !more {
                return Ok(());
            }
        }
        Err(FollowError::Stuck)
    }

    /// Fetches what lies behind `known`, and says whether more may lie behind that. Where it is of no
    /// use, say the segment of another log or one whose key is gone by now, the snapshot takes its
    /// place: it leaves no gap. It is long, so it does that once in a while only.
    async fn fetch_behind(&self, known: &Position, snapshot: &Link) -> Result<bool, FollowError> {
        let behind = snapshot.with_parameter("cursor", &known.cursor)?;
        let useless = match self.fetch(&behind).await {
            Ok(Absorbed::Gap) => FollowError::Stuck,
            Err(error) if error.is_of_the_document() => error,
            // Only a full segment may end before the head.
            Ok(Absorbed::Advanced) => return Ok(self.ends_with_a_segment()),
            outcome => return goes_on(outcome?),
        };
        let now = self.verifier.clock().monotonic();
        let due = self.snapshot_rests_until.send_if_modified(|until| {
            let due = *until <= now;
            *until = if due { now.saturating_add(REMADE) } else { *until };
            due
        });
        if !due {
            return Err(useless);
        }
        tracing::info!(reason = %useless, "the snapshot is read instead of what lies behind it");
        match self.fetch(snapshot).await? {
            Absorbed::Advanced | Absorbed::NewEpoch => Ok(true),
            _ => Err(useless),
        }
    }

    /// Whether what is known ends where a segment does.
    fn ends_with_a_segment(&self) -> bool {
        self.verifier.position().is_some_and(|known| known.seq % SEGMENT == 0)
    }

    /// Fetches one document and takes it up.
    async fn fetch(&self, link: &Link) -> Result<Absorbed, FollowError> {
        count(&self.tally.documents_fetched);
        let bounds = Bounds { size: self.verifier.max_document(), stall: STALL };
        let answer = self.web.get(link, "application/revocations+jwt", bounds).await?;
        let document = String::from_utf8(answer.body.into()).map_err(|_| FeedError::Form)?;
        self.absorb(document).await.map(|(absorbed, _)| absorbed)
    }

    /// Hands a document to the verifier, which says also whether it is as new as what is known. A long
    /// one is merged beside the tasks of the API.
    async fn absorb(&self, document: String) -> Result<(Absorbed, bool), FollowError> {
        let outcome = if document.len() < LONG {
            self.verifier.absorb_dated(document.trim_ascii_end())
        } else {
            let verifier = self.verifier.clone();
            let merging = move || verifier.absorb_dated(document.trim_ascii_end());
            // It ends early only with the runtime.
            tokio::task::spawn_blocking(merging).await.map_err(|_| FollowError::Ended)?
        };
        self.progressed();
        self.note_applied();
        Ok(outcome?)
    }
}

/// Whether more may lie behind a document that brought this.
fn goes_on(absorbed: Absorbed) -> Result<bool, FollowError> {
    match absorbed {
        Absorbed::Advanced | Absorbed::NewEpoch => Ok(true),
        Absorbed::Nothing => Ok(false),
        Absorbed::Gap | Absorbed::Older => Err(FollowError::Stuck),
    }
}

/// The name of the events that carry documents.
const EVENT: &str = "revocations";
const STALL: Duration = Duration::from_secs(10);
/// Within this time streams come back that ended together. Meanwhile the feed is asked for.
const RETURN: Duration = Duration::from_secs(2);
/// What is longer takes milliseconds to merge.
const LONG: usize = 64 << 10;
/// The issuer makes the base of its snapshot anew no sooner.
const REMADE: Duration = Duration::from_secs(30);
/// So many segments of 256 revocations hold more than any log does.
const MOST_DOCUMENTS: usize = 100_000;
