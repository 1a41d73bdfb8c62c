//! The audit log.

use super::{Operation, operation};
use crate::protocol::audit::{AuditEvent, AuditKind};
use crate::protocol::ids::AuditId;
use crate::protocol::time::Timestamp;

/// Writes an event that nothing else goes with, such as a refused login.
pub struct Append(pub AuditEvent);
operation!(Append => (), SINGLE_STATEMENT);

/// Lists events, the newest first.
#[derive(Clone, Debug, Default)]
pub struct ListAudit {
    /// Only of this kind.
    pub kind: Option<AuditKind>,
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only about this target.
    pub target: Option<String>,
    /// Only at or after this time.
    pub since: Option<Timestamp>,
    /// Only before this time.
    pub before: Option<Timestamp>,
    /// Only ids below this one.
    pub after: Option<AuditId>,
    /// At most so many.
    pub limit: u32,
}
operation!(ListAudit => Vec<AuditEvent>, SINGLE_STATEMENT);
