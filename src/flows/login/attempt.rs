//! One attempt to use a password: whether it may be made now, and what it leaves behind. What delays an
//! account is counted in the database, for all nodes; what delays an address, by each node for itself.

use super::super::credentials::{Source, TooSoon};
use super::super::error::FlowError;
use super::super::server::Server;
use crate::protocol::failed_attempts::AccountTag;
use crate::protocol::time::Timestamp;
use crate::storage::ops::failed_logins::{CountFailedLogin, FindFailedLogins, ForgiveFailedLogins};

/// An attempt that may be made.
pub(in crate::flows) struct Attempt {
    pub(in crate::flows) source: Source,
    account: AccountTag,
    /// Whether the account was used here before: then only what fails here counts against it here.
    at_home: bool,
    /// Whether the account has failures that a success forgives.
    has_failures: bool,
}

impl Attempt {
    /// Lets the attempt in, or says how long to wait. Whether the account exists has no influence on
    /// it, nor on what is read (C060).
    pub(super) async fn begin(server: &Server, source: Source) -> Result<Self, FlowError> {
        let throttle = &server.credentials.throttle;
        throttle.check(&source)?;
        let account = server.credentials.accounts.tag(source.account());
        let failures = server.store.read(FindFailedLogins(account)).await?;
        let at_home = throttle.is_at_home(&source);
        let has_failures = failures.is_some();
        let limit = throttle.account_limit();
        let delay = failures.map(|failures| failures.delay(limit, since_epoch(server)));
        match delay.filter(|delay| !at_home && !delay.is_zero()) {
            Some(retry_after) => Err(TooSoon { retry_after }.into()),
            None => Ok(Self { source, account, at_home, has_failures }),
        }
    }

    /// Counts the failure. Without that nothing is answered: whoever could guess while nothing can be
    /// counted could guess without end.
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
        if !self.has_failures {
            return;
        }
        if let Err(error) = server.store.write(ForgiveFailedLogins(self.account)).await {
            tracing::warn!(%error, "the failures of an account could not be forgiven");
        }
    }
}

/// How long attempts on an account are delayed from now on, wherever they come from but where it was
/// used before.
pub(in crate::flows) async fn delay_of(
    server: &Server,
    account: &str,
) -> Result<std::time::Duration, FlowError> {
    let account = server.credentials.accounts.tag(account);
    let failures = server.store.read(FindFailedLogins(account)).await?;
    let limit = server.credentials.throttle.account_limit();
    Ok(failures.map(|failures| failures.delay(limit, since_epoch(server))).unwrap_or_default())
}

fn since_epoch(server: &Server) -> std::time::Duration {
    server.now().since(Timestamp::from_millis(0))
}
