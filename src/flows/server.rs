//! The server: everything that the use cases work with.

use std::sync::Arc;
use std::time::Duration;

use super::authorize::interaction::Interactions;
use super::backchannel::{Backchannel, BackchannelSettings};
use super::clock::ClockWatch;
use super::credentials::{AccountTags, HashPool, Source, Throttle};
use super::error::FlowError;
use super::failures::FailureLog;
use super::feed::{Places, StreamLimits};
use super::known::Known;
use super::memory::Memory;
use crate::env::World;
use crate::protocol::access_token::TokenLimits;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind, Origin};
use crate::protocol::client::Client;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::password::{HashBudget, PasswordPolicy};
use crate::protocol::reason::Reason;
use crate::protocol::revocation::EffectiveBy;
use crate::protocol::rotation::RotationPolicy;
use crate::protocol::session::SessionLifetimes;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::Issuer;
use crate::revocation::{RevocationPolicy, effective_by};
use crate::storage::Store;
use crate::storage::ops::Revoking;

/// What an operator decides, for the use cases.
#[derive(Clone)]
pub struct Settings {
    /// This server's name.
    pub issuer: Issuer,
    /// The limits on access tokens.
    pub tokens: TokenLimits,
    /// How long sessions live.
    pub sessions: SessionLifetimes,
    /// How long browser sessions live.
    pub browser_sessions: SessionLifetimes,
    /// How many sessions a user may have.
    pub sessions_per_user: u32,
    /// How long a lost answer is repeated.
    pub retry_echo: Duration,
    /// How long a lost answer is made good at all.
    pub retry_window: Duration,
    /// How revocations reach.
    pub revocation: RevocationPolicy,
    /// How long verifiers may keep the JWKS and the metadata.
    pub jwks_max_age: Duration,
    /// What a password must satisfy when it is set.
    pub passwords: PasswordPolicy,
    /// What a stored password hash may cost.
    pub hash_budget: HashBudget,
    /// How long audit events are kept.
    pub audit_retention: Duration,
    /// How many streams of the feed there may be.
    pub streams: StreamLimits,
    /// How many clients a node remembers all of; of more, it remembers those that it met last.
    pub remembered_clients: u32,
    /// How clients are told of the end of a session.
    pub backchannel: BackchannelSettings,
    /// How far the clock of a node may be from the database's; `None` where they are one.
    pub clock_offset_limit: Option<Duration>,
}

/// The server.
pub struct Server {
    /// What an operator decided.
    pub settings: Settings,
    /// Time and randomness.
    pub world: World,
    /// The database.
    pub store: Store,
    /// What this node knows.
    pub memory: Memory,
    /// Password hashing, and the brakes before it.
    pub credentials: Credentials,
    /// Whether this node's clock can be relied on.
    pub clock: Arc<ClockWatch>,
    /// The places on the stream of the feed.
    pub places: Places,
    /// What tells clients of the end of a session.
    pub backchannel: Backchannel,
    /// Authorization requests on their way, and the forms of pages.
    pub interactions: Interactions,
}

/// Password hashing, and the brakes before it.
pub struct Credentials {
    /// The bounded pool that hashes.
    pub pool: HashPool,
    /// The delays after failures that this node has counted.
    pub throttle: Throttle,
    /// What stands for accounts where all nodes count.
    pub accounts: AccountTags,
    /// Which failures were written down already.
    pub failures: FailureLog,
}

impl Server {
    /// The time.
    pub fn now(&self) -> Timestamp {
        self.world.clock.now().into()
    }

    /// Whether this node may be sent requests: the database answers and takes writes, its tables and
    /// keys are here, and the clock is right.
    pub async fn ready(&self) -> Result<(), FlowError> {
        self.memory.current().await?;
        Ok(self.store.check_writes().await?)
    }

    /// An audit event of this moment.
    pub fn event(&self, kind: AuditKind, actor: Actor) -> AuditEvent {
        AuditEvent::new(kind, actor, (self.now(), self.world.entropy.bytes()))
    }

    /// The client that a request comes from, once it has proved who it is. Whoever guesses secrets
    /// is slowed down (RFC 6749 §2.3.1). Only a wrong secret is a guess, and one for a client that
    /// does not exist, so that the delay does not tell which ones do. A client that has the right
    /// secret but is stopped, and a public one that sends a secret, have nothing to guess.
    pub async fn authenticate_client(
        &self,
        presented: &PresentedClient,
        (known, origin): (&Known, &Origin),
    ) -> Result<Arc<Client>, FlowError> {
        let throttle = &self.credentials.throttle;
        let guess = presented.id.as_ref().filter(|_| presented.secret.is_some());
        let guess = guess.map(|id| Source::new(id.as_str(), origin.address));
        guess.as_ref().map_or(Ok(()), |from| throttle.check_client(from))?;
        let client = match &presented.id {
            Some(id) => known.client(id).await?,
            None => None,
        };
        let proven = presented.authenticate(client.as_deref(), self.now());
        if let Some(from) = &guess {
            match proven.as_ref().map_err(|refusal| refusal.reason) {
                Ok(()) => throttle.client_succeeded(from),
                Err(Reason::WrongClientSecret | Reason::UnknownClient) => {
                    throttle.client_failed(from);
                }
                Err(_) => {}
            }
        }
        proven?;
        // Authenticating nothing never succeeds.
        client.ok_or(Refusal::invalid_client(Reason::UnknownClient).into())
    }

    /// How the sessions of `client` rotate.
    pub fn rotation_policy(&self, client: &Client) -> RotationPolicy {
        RotationPolicy {
            rotates: client.settings.rotates,
            rotate_after: client.settings.rotate_after,
            retry_echo: self.settings.retry_echo,
            retry_window: self.settings.retry_window,
        }
    }

    /// What a revocation about users and sessions is made with.
    pub fn revoking_user(&self, known: &Known) -> Revoking {
        let entropy = self.world.entropy.as_ref();
        self.settings.revocation.of_user(self.longest_token(known), entropy)
    }

    /// What a revocation about clients, keys or everything is made with.
    pub fn revoking_client(&self, known: &Known) -> Revoking {
        let entropy = self.world.entropy.as_ref();
        self.settings.revocation.of_client(self.longest_token(known), entropy)
    }

    /// When a revocation that this node has just obeyed is obeyed where.
    pub fn effective_by(&self, known: &Known) -> EffectiveBy {
        let times = effective_by(&self.settings.revocation, self.longest_token(known), self.now());
        EffectiveBy { position: self.memory.obeyed(), ..times }
    }

    /// Looks at the database after a change that this node has made. The change is durable whether
    /// or not that succeeds; if it does not, the lease is over and the next request looks. Clients that
    /// are to be told of it are told at once.
    pub async fn obey_now(&self) {
        self.backchannel.wake();
        if let Err(error) = self.memory.obey().await {
            tracing::warn!(%error, "the change is stored, but could not be read back yet");
        }
    }

    /// The longest life of an access token that may be alive.
    fn longest_token(&self, known: &Known) -> Duration {
        known.head.longest_token.max(self.settings.tokens.max_life)
    }
}

/// Runs a use case that changes something to its end, whether or not its caller waits for it: a
/// client that hangs up never leaves a revocation half done.
pub async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, FlowError>> + Send + 'static,
) -> Result<T, FlowError> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => {
            // Not its text, in which a panic says what it likes (C141).
            tracing::error!(panicked = error.is_panic(), "a use case ended abnormally");
            Err(FlowError::Internal)
        }
    }
}
