//! Failed logins, counted for all nodes together.

use super::janitor::Swept;
use super::{Operation, Swap, operation};
use crate::protocol::failed_attempts::{AccountTag, AttemptLimit, FailedAttempts};
use crate::protocol::time::Timestamp;

/// Reads the failures of an account, in time since the Unix epoch; none where there are none.
pub struct FindFailedLogins(pub AccountTag);
operation!(FindFailedLogins => Option<FailedAttempts>, SINGLE_STATEMENT);

/// Counts one more failure. Of those that come at once on many nodes each is counted.
pub struct CountFailedLogin {
    /// Of whom.
    pub account: AccountTag,
    /// How failures turn into delay.
    pub limit: AttemptLimit,
    /// When it failed.
    pub at: Timestamp,
}
operation!(CountFailedLogin => ());

/// Puts other failures of an account in the place of those that were read: of all who try at once, one wins.
pub struct ReplaceFailedLogins {
    /// Of whom.
    pub account: AccountTag,
    /// As they were read. Their `clear_at` stays.
    pub old: FailedAttempts,
    /// As they shall be.
    pub new: FailedAttempts,
}
operation!(ReplaceFailedLogins => Swap, SINGLE_STATEMENT);

/// Forgives the failures of an account.
pub struct ForgiveFailedLogins(pub AccountTag);
operation!(ForgiveFailedLogins => (), SINGLE_STATEMENT);

/// Forgets the accounts whose last failure was forgiven before a time.
pub struct SweepFailedLogins {
    /// The time.
    pub before: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(SweepFailedLogins => Swept<()>, SINGLE_STATEMENT);
