//! What a verifier is told once, and what a route wants. Must not import the rest of the crate but
//! the algorithms of [`crate::keys`].

use std::time::Duration;

use crate::keys::Algorithm;

/// How a [`Verifier`](crate::Verifier) judges tokens.
///
/// ```
/// use std::time::Duration;
/// use chancery_verifier::Settings;
///
/// let settings = Settings::new("https://as.example", "https://api.example")
///     .leeway(Duration::from_secs(2))
///     .max_stale(Duration::from_secs(600));
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) leeway: Duration,
    pub(crate) max_token_life: Duration,
    pub(crate) max_stale: Duration,
    pub(crate) cool_down: Duration,
    pub(crate) cache_capacity: usize,
    pub(crate) max_document: usize,
}

impl Settings {
    /// Accepts tokens of `issuer` for `audience`, both compared exactly.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            algorithms: Algorithm::EVERY.to_vec(),
            leeway: Duration::from_secs(5),
            max_token_life: Duration::from_hours(1),
            max_stale: Duration::from_hours(1),
            cool_down: Duration::from_secs(30),
            cache_capacity: 10_000,
            max_document: 64 << 20,
        }
    }

    /// Accepts tokens for `audience` too.
    #[must_use]
    pub fn also_for(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The only algorithms to accept. By default each that a public key can have; in any case a key
    /// verifies by its own algorithm alone.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl Into<Vec<Algorithm>>) -> Self {
        self.algorithms = algorithms.into();
        self
    }

    /// How far the clocks may be apart. 5 s by default, 60 s at most.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(MAX_LEEWAY);
        self
    }

    /// The longest life of a token (`exp − iat`, with a minute of margin). A longer one is refused:
    /// the issuer forgets revocations once every token that they hit has expired. 1 h by default.
    #[must_use]
    pub fn max_token_life(mut self, life: Duration) -> Self {
        self.max_token_life = life;
        self
    }

    /// How old what is known of the revocations may be on an ordinary route
    /// ([`Freshness::Standard`]). 1 h by default.
    #[must_use]
    pub fn max_stale(mut self, age: Duration) -> Self {
        self.max_stale = age;
        self
    }

    /// For how long an unknown `kid` does not cause another fetch of the keys. 30 s by default.
    #[must_use]
    pub fn cool_down(mut self, span: Duration) -> Self {
        self.cool_down = span;
        self
    }

    /// How many verified tokens are remembered. 10,000 by default, a million at most; 0 remembers
    /// none.
    #[must_use]
    pub fn cache_capacity(mut self, tokens: usize) -> Self {
        self.cache_capacity = tokens.min(MOST_CACHED);
        self
    }

    /// The longest document of the feed that is read, in bytes. 64 MiB by default, which holds more
    /// than a million revocations.
    #[must_use]
    pub fn max_document(mut self, bytes: usize) -> Self {
        self.max_document = bytes;
        self
    }
}

/// What a route wants of a token.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Requirement {
    pub(crate) audience: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) freshness: Freshness,
}

/// How new what is known of the revocations has to be.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Freshness {
    /// At most [`Settings::max_stale`] old. An issuer without a feed is accepted.
    #[default]
    Standard,
    /// At most that old. An issuer without a feed cannot satisfy it.
    Strict(Duration),
}

impl Requirement {
    /// A token for one of the audiences of the [`Settings`], with whatever scope.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only for this audience, which has to be one of the [`Settings`].
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Also with this scope. May be called several times: all of them are needed.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// By a state that is this fresh.
    #[must_use]
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }
}

const MAX_LEEWAY: Duration = Duration::from_mins(1);
/// The places are made at once.
const MOST_CACHED: usize = 1_000_000;
