//! Subscribers of the feed that name themselves, and what they say that they have applied.

use super::client::ClientId;
use super::revocation::FeedPosition;
use super::time::Timestamp;

/// The name that a subscriber gives itself: 1 to 64 letters, digits, `.`, `_` and `-`. Two instances
/// of one API have two names.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SubscriberName(String);

impl SubscriberName {
    /// The name, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a subscriber follows the feed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Carrier {
    /// By the stream.
    Stream,
    /// By asking again and again.
    Poll,
}

impl Carrier {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Poll => "poll",
        }
    }

    /// The carrier of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Stream, Self::Poll].into_iter().find(|carrier| carrier.as_str() == name)
    }
}

/// One report of a subscriber.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// The client that it authenticated as.
    pub client_id: ClientId,
    /// Which of the client's instances it is.
    pub name: SubscriberName,
    /// How it follows the feed.
    pub via: Carrier,
    /// Everything up to here is applied.
    pub applied: Applied,
    /// When the report came.
    pub reported_at: Timestamp,
}

/// That everything up to a place in the log was applied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Applied {
    /// The place.
    pub position: FeedPosition,
    /// Since when.
    pub at: Timestamp,
}

/// A subscriber as the last reports show it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subscriber {
    /// The last report.
    pub report: Report,
    /// Earlier places, the newest last.
    pub history: History,
}

/// The last places that a subscriber reported, in the order of the reports.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct History(Vec<Applied>);

impl Subscriber {
    /// What names it among all: a name holds no `@`.
    pub fn key(&self) -> String {
        self.report.key()
    }
}

impl Report {
    /// What names the subscriber among all: a name holds no `@`.
    pub fn key(&self) -> String {
        format!("{}@{}", self.name.as_str(), self.client_id)
    }
}

impl History {
    /// Notes `applied`. A place that is reported again keeps the time at which it was reached, and a
    /// subscriber that is back at an earlier place has lost what it knew.
    pub fn note(&mut self, applied: Applied) {
        self.0.retain(|earlier| earlier.position <= applied.position);
        if self.0.last().is_none_or(|last| last.position < applied.position) {
            self.0.push(applied);
        }
        let excess = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..excess);
    }

    /// By when the revocation at `position` was applied; none if it is not. Of a revocation older
    /// than what is remembered this is an upper bound.
    pub fn reached(&self, position: FeedPosition) -> Option<Timestamp> {
        self.0.iter().find(|applied| applied.position >= position).map(|applied| applied.at)
    }

    /// The history as it is stored: epoch, number and time of each place, in 8 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = self.0.iter().flat_map(|applied| {
            [applied.position.epoch, applied.position.seq, applied.at.millis()]
        });
        numbers.flat_map(i64::to_be_bytes).collect()
    }

    /// The stored history; none if these bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (records, rest) = bytes.as_chunks::<8>();
        let (records, half) = records.as_chunks::<3>();
        let read = |[epoch, seq, at]: &[[u8; 8]; 3]| Applied {
            position: FeedPosition {
                epoch: i64::from_be_bytes(*epoch),
                seq: i64::from_be_bytes(*seq),
            },
            at: Timestamp::from_millis(i64::from_be_bytes(*at)),
        };
        (rest.is_empty() && half.is_empty()).then(|| Self(records.iter().map(read).collect()))
    }
}

const REMEMBERED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(epoch: i64, seq: i64, at: i64) -> Applied {
        Applied { position: FeedPosition { epoch, seq }, at: Timestamp::from_millis(at) }
    }

    fn history(notes: &[(i64, i64, i64)]) -> History {
        let mut history = History::default();
        for (epoch, seq, at) in notes {
            history.note(applied(*epoch, *seq, *at));
        }
        history
    }

    fn reached(history: &History, epoch: i64, seq: i64) -> Option<i64> {
        history.reached(FeedPosition { epoch, seq }).map(Timestamp::millis)
    }

    #[test]
    fn a_place_is_reached_when_it_or_a_later_one_was_first_reported() {
        let history = history(&[(1, 5, 100), (1, 9, 200), (1, 9, 300), (2, 3, 400)]);
        assert_eq!(reached(&history, 1, 4), Some(100));
        assert_eq!(reached(&history, 1, 6), Some(200));
        assert_eq!(reached(&history, 1, 9), Some(200));
        assert_eq!(reached(&history, 1, 10), Some(400), "a later epoch begins with everything");
        assert_eq!(reached(&history, 2, 4), None);
    }

    #[test]
    fn a_subscriber_that_fell_back_has_not_applied_what_it_had_reached_before() {
        let history = history(&[(1, 5, 100), (1, 9, 200), (1, 3, 300)]);
        assert_eq!(reached(&history, 1, 5), None);
        assert_eq!(reached(&history, 1, 3), Some(300));
    }

    #[test]
    fn the_history_is_bounded_and_comes_back_as_it_was_stored() {
        let many: Vec<_> = (0..100).map(|n| (1, n, n)).collect();
        let history = history(&many);
        assert_eq!(history.0.len(), REMEMBERED);
        assert_eq!(reached(&history, 1, 0), Some(36));
        assert_eq!(History::from_bytes(&history.to_bytes()), Some(history));
        assert_eq!(History::from_bytes(&[0; 23]), None);
        assert_eq!(History::from_bytes(&[0; 16]), None);
    }

    #[test]
    fn names_are_short_and_plain() {
        for name in ["a", "orders-api_2.eu-west", &"x".repeat(64)] {
            assert!(SubscriberName::parse(name).is_some(), "{name}");
        }
        for name in ["", "a b", "a@b", "a/b", "ä", "a\n", &"x".repeat(65)] {
            assert!(SubscriberName::parse(name).is_none(), "{name:?}");
        }
    }
}
