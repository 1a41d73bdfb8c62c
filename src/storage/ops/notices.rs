//! Notices of ended sessions to their clients, kept until they are delivered.

use super::{Operation, operation};
use crate::protocol::ids::NoticeId;
use crate::protocol::logout_notice::LogoutNotice;
use crate::protocol::time::Timestamp;

/// Takes notices that are due, the longest due first, to be sent. Until `again_at` nobody else is
/// given them: of two nodes that take at once each gets others.
pub struct TakeNotices {
    /// Those due by now.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
    /// When they are due again, unless they are dropped before.
    pub again_at: Timestamp,
}
operation!(TakeNotices => Vec<LogoutNotice>);

/// Drops a notice that was delivered, or given up.
pub struct DropNotice(pub NoticeId);
operation!(DropNotice => (), SINGLE_STATEMENT);
