//! Notices of ended sessions to their clients, kept until they are delivered.

use super::{Operation, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::client::ClientId;
use crate::protocol::ids::NoticeId;
use crate::protocol::logout_notice::LogoutNotice;
use crate::protocol::time::Timestamp;

/// When the next notice is due, which may have been long ago.
pub struct NextNotice;
operation!(NextNotice => Option<Timestamp>, SINGLE_STATEMENT);

/// Takes notices that are due, the longest due first, to be sent. Until `again_at` nobody else is
/// given them: of two nodes that take at once each gets others.
pub struct TakeNotices {
    /// Those due by now.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
    /// When they are due again, unless something is made of them before.
    pub again_at: Timestamp,
    /// None for these clients, which are slow to take those that they were sent.
    pub except: Vec<ClientId>,
}
operation!(TakeNotices => Vec<LogoutNotice>);

/// Sends a notice that was taken again at `due_at`, unless somebody else has taken it meanwhile.
pub struct PostponeNotice {
    /// Which, as it was taken.
    pub notice: LogoutNotice,
    /// When.
    pub due_at: Timestamp,
}
operation!(PostponeNotice => (), SINGLE_STATEMENT);

/// Drops a notice that was delivered.
pub struct DropNotice(pub NoticeId);
operation!(DropNotice => (), SINGLE_STATEMENT);

/// Drops a notice that cannot be delivered.
pub struct GiveUpNotice {
    /// Which.
    pub id: NoticeId,
    /// Written with it, if it is there.
    pub audit: AuditEvent,
}
operation!(GiveUpNotice => ());
