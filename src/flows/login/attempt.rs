//! One attempt to use a password: whether it may be made now, and what it leaves behind. What delays an
//! account is counted in the database, for all nodes; what delays an address, by each node for itself.

use std::time::Duration;

use super::super::credentials::Source;
use super::super::error::FlowError;
use super::super::server::{Credentials, Server};
use crate::protocol::failed_attempts::{AccountTag, FailedAttempts};
use crate::protocol::password::UserName;
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
    /// Whether the account was used here before: then only what fails here counts against it here.
    at_home: bool,
    /// Whether the account has failures that a success forgives.
    has_failures: bool,
    /// What keeps others out of the account meanwhile.
    claim: Option<Claim>,
}

/// The failures of an account as they were, and as they are while one attempt is made.
#[derive(Clone, Copy)]
struct Claim {
    before: FailedAttempts,
    during: FailedAttempts,
}

impl Attempt {
    /// Lets the attempt in, or says how long to wait. Whether the account exists has no influence on
    /// what is read and written (C060).
    pub(super) async fn begin(server: &Server, source: Source) -> Result<Self, FlowError> {
        let throttle = &server.credentials.throttle;
        throttle.check(&source)?;
        let account = server.credentials.accounts.tag(source.account());
        let failures = server.store.read(FindFailedLogins(account)).await?;
        let (at_home, has_failures) = (throttle.is_at_home(&source), failures.is_some());
        let mut attempt = Self { source, account, at_home, has_failures, claim: None };
        if let Some(failures) = failures.filter(|_| !at_home) {
            attempt.face(server, failures).await?;
        }
        Ok(attempt)
    }

    /// Faces the failures of the account. One that has failed often is tried once at a time, on whichever
    /// node: when a delay ends, as many would come in at once as all nodes can hash. Its owner is let in
    /// beside that where he has a session: whoever asks again and again takes each turn.
    async fn face(&mut self, server: &Server, before: FailedAttempts) -> Result<(), FlowError> {
        let Credentials { throttle, pool, .. } = &server.credentials;
        let (limit, now) = (throttle.account_limit(), since_epoch(server));
        let span = pool.deadline().saturating_add(ONE_HASH);
        let Some(during) = before.while_one_is_tried(limit, (now, span)) else { return Ok(()) };
        if has_session_there(server, &self.source).await? {
            throttle.settle(&self.source);
            self.at_home = true;
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

    /// Lets others in again, where the password was right or was not compared at all. If that cannot be
    /// stored, the account opens by itself when the claim is over.
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
        if self.at_home {
            return Ok(());
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

/// Whether a user of that name has a session that was last used from there. What cannot be a name is not
/// asked for.
async fn has_session_there(server: &Server, source: &Source) -> Result<bool, FlowError> {
    let Ok(name) = UserName::parse(source.account()) else { return Ok(false) };
    let addresses = ReadAddresses { canonical: name.canonical().to_owned(), at: server.now() };
    Ok(server.store.read(addresses).await?.into_iter().any(|address| source.is_of(address)))
}

/// Forgives the failures of an account, as far as all nodes count them together.
pub(in crate::flows) async fn forgive(server: &Server, account: AccountTag) {
    if let Err(error) = server.store.write(ForgiveFailedLogins(account)).await {
        tracing::warn!(%error, "the failures of an account could not be forgiven");
    }
}

/// How long attempts on an account are delayed from now on, wherever they come from but where it was
/// used before.
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

/// How long comparing a password takes at most, once it has begun; with room.
const ONE_HASH: Duration = Duration::from_secs(2);
