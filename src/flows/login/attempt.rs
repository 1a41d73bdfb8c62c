//! One attempt to use a password: whether it may be made now, and what it leaves behind. What delays an
//! account is counted in the database, for all nodes; what delays an address, by each node for itself.

use std::time::Duration;

use super::super::credentials::Source;
use super::super::error::FlowError;
use super::super::server::{Credentials, Server};
use crate::protocol::failed_attempts::{AccountTag, FailedAttempts};
use crate::protocol::time::Timestamp;
use crate::storage::ops::Swap;
use crate::storage::ops::failed_logins::{
    CountFailedLogin, FindFailedLogins, ForgiveFailedLogins, ReplaceFailedLogins,
};
use crate::storage::ops::sessions::ReadAddresses;

/// An attempt that may be made.
pub(in crate::flows) struct Attempt {
    pub(in crate::flows) source: Source,
    account: AccountTag,
    place: Place,
    /// Whether the account has failures that a success forgives.
    has_failures: bool,
    /// What keeps others out of the account meanwhile.
    claim: Option<Claim>,
}

/// Where an attempt comes from, as the account knows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// From where it was used successfully on this node: only what fails there counts against it there.
    Home,
    /// From where its user has a session. What fails there delays it there, on this node, and elsewhere.
    WithSession,
    Elsewhere,
}

/// The failures of an account as they were, and as they are while one attempt is made.
#[derive(Clone, Copy)]
struct Claim {
    before: FailedAttempts,
    during: FailedAttempts,
}

impl Attempt {
    /// Lets the attempt in, or says how long to wait. Whether the account exists has no influence on
    /// how often something is read and written (C060). What cannot be a name is nobody's.
    pub(super) async fn begin(
        server: &Server,
        source: Source,
        is_name: bool,
    ) -> Result<Self, FlowError> {
        let throttle = &server.credentials.throttle;
        throttle.check(&source)?;
        let account = server.credentials.accounts.tag(source.account());
        let failures = server.store.read(FindFailedLogins(account)).await?;
        let place = if throttle.is_at_home(&source) { Place::Home } else { Place::Elsewhere };
        let has_failures = failures.is_some();
        let mut attempt = Self { source, account, place, has_failures, claim: None };
        if let Some(failures) = failures.filter(|_| place == Place::Elsewhere) {
            attempt.face(server, failures, is_name).await?;
        }
        Ok(attempt)
    }

    /// Faces the failures of the account. One that has failed often is tried once at a time, on whichever
    /// node: when a delay ends, as many would come in at once as all nodes can hash. Its owner is let in
    /// beside that where he has a session: whoever asks again and again takes each turn.
    async fn face(
        &mut self,
        server: &Server,
        before: FailedAttempts,
        is_name: bool,
    ) -> Result<(), FlowError> {
        let Credentials { throttle, pool, .. } = &server.credentials;
        let (limit, now) = (throttle.account_limit(), since_epoch(server));
        let span = pool.deadline().saturating_add(ONE_HASH);
        let Some(during) = before.while_one_is_tried(limit, (now, span)) else { return Ok(()) };
        if is_name && has_session_there(server, &self.source).await? {
            self.place = Place::WithSession;
            return Ok(());
        }
        let delay = before.delay(limit, now);
        if !delay.is_zero() {
            return Err(FlowError::too_soon_for_account(delay));
        }
        let take = ReplaceFailedLogins { account: self.account, old: before, new: during };
        match server.store.write(take).await? {
            Swap::Won => {
                self.claim = Some(Claim { before, during });
                Ok(())
            }
            // Somebody else was faster. What he leaves, the next attempt is told.
            Swap::Lost => Err(FlowError::too_soon_for_account(ONE_HASH)),
        }
    }

    /// Lets others in again, where the password was right or was not compared. If that cannot be stored, the
    /// account opens by itself when the claim is over.
    pub(super) async fn give_back(&self, server: &Server) {
        let Some(Claim { before, during }) = self.claim else { return };
        let open = ReplaceFailedLogins { account: self.account, old: during, new: before };
        if let Err(error) = server.store.write(open).await {
            tracing::warn!(%error, "an attempt on an account could not be given back");
        }
    }

    /// Counts the failure. Where that cannot be stored nothing is answered, as nothing is where a right
    /// password cannot be followed by a session, and the claim is not given back: it was a guess.
    pub(super) async fn failed(&self, server: &Server) -> Result<(), FlowError> {
        let throttle = &server.credentials.throttle;
        throttle.failed(&self.source);
        match self.place {
            Place::Home => return Ok(()),
            Place::WithSession => throttle.failed_with_session(&self.source),
            Place::Elsewhere => {}
        }
        let (account, limit) = (self.account, *throttle.account_limit());
        Ok(server.store.write(CountFailedLogin { account, limit, at: server.now() }).await?)
    }

    /// Forgives the failures of the account.
    pub(in crate::flows) async fn succeeded(&self, server: &Server) {
        server.credentials.throttle.succeeded(&self.source);
        if self.has_failures {
            forgive(server, self.account).await;
        }
    }
}

/// Whether a user of that name has a session that was last used from there. That there is none is remembered
/// for a while: who is put off may ask as often as he likes, and could measure what the look takes.
async fn has_session_there(server: &Server, source: &Source) -> Result<bool, FlowError> {
    let throttle = &server.credentials.throttle;
    if throttle.is_stranger(source) {
        return Ok(false);
    }
    let addresses = ReadAddresses { canonical: source.account().to_owned(), at: server.now() };
    let mut addresses = server.store.read(addresses).await?.into_iter();
    let found = addresses.any(|address| source.is_of(address));
    if !found {
        throttle.note_stranger(source);
    }
    Ok(found)
}

/// Forgives the failures of an account, as far as all nodes count them together.
pub(in crate::flows) async fn forgive(server: &Server, account: AccountTag) {
    if let Err(error) = server.store.write(ForgiveFailedLogins(account)).await {
        tracing::warn!(%error, "the failures of an account could not be forgiven");
    }
}

/// How long attempts on an account are delayed from now on, wherever they come from but where its user has a
/// session, or has used it before.
pub(in crate::flows) async fn delay_of(
    server: &Server,
    account: &str,
) -> Result<Duration, FlowError> {
    let account = server.credentials.accounts.tag(account);
    let failures = server.store.read(FindFailedLogins(account)).await?;
    let limit = server.credentials.throttle.account_limit();
    Ok(failures.map(|failures| failures.delay(limit, since_epoch(server))).unwrap_or_default())
}

fn since_epoch(server: &Server) -> Duration {
    server.now().since(Timestamp::from_millis(0))
}

/// How long comparing a password takes as a rule, once it has begun; with room.
const ONE_HASH: Duration = Duration::from_secs(2);
