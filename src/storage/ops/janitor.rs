//! Removing what nobody can need any more, in small batches.

use super::{Operation, operation};
use crate::protocol::ids::{BrowserSessionId, SessionId};
use crate::protocol::time::Timestamp;

/// Looks at the next sessions in the order of their ids, and removes those that are over since
/// before a time. Successors sealed for longer than a retry could use them are erased.
pub struct SweepSessions {
    /// Where the last batch ended.
    pub after: Option<SessionId>,
    /// Sessions that ended or expired before this are removed.
    pub over_since: Timestamp,
    /// Successors sealed before this are erased.
    pub sealed_before: Timestamp,
    /// How many rows to look at.
    pub limit: u32,
}
operation!(SweepSessions => Swept<SessionId>);

/// Looks at the next browser sessions in the order of their ids, and removes those that are over
/// since before a time.
pub struct SweepBrowserSessions {
    /// Where the last batch ended.
    pub after: Option<BrowserSessionId>,
    /// Those that ended or expired before this are removed.
    pub over_since: Timestamp,
    /// How many rows to look at.
    pub limit: u32,
}
operation!(SweepBrowserSessions => Swept<BrowserSessionId>);

/// Removes authorization codes that expired before a time: a second use of one is not told from a
/// code that never was any more.
pub struct SweepCodes {
    /// Codes that expired before this are removed.
    pub before: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(SweepCodes => Swept<()>, SINGLE_STATEMENT);

/// Removes notices of ended sessions that nobody could deliver.
pub struct SweepNotices {
    /// Notices made before this are removed.
    pub before: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(SweepNotices => Swept<()>, SINGLE_STATEMENT);

/// Removes audit events older than a time.
pub struct SweepAudit {
    /// Events before this are removed.
    pub before: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(SweepAudit => Swept<()>, SINGLE_STATEMENT);

/// Removes revocations that can refuse nothing alive, but never the newest entry: nodes compare
/// where the log ends.
pub struct SweepRevocations {
    /// Entries whose end is before this are removed.
    pub until: Timestamp,
    /// At most so many.
    pub limit: u32,
}
operation!(SweepRevocations => Swept<()>, SINGLE_STATEMENT);

/// What one batch did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Swept<Id> {
    /// How many rows were removed.
    pub removed: u64,
    /// Where the next batch begins; none if this was the last.
    pub next: Option<Id>,
}
