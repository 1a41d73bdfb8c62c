//! What happened, for people: the audit log's line in the process log. The stored event is written
//! by the transaction of what it tells of. May import [`crate::protocol`] only.

use crate::protocol::audit::{AuditEvent, Note};

/// Logs an event that has been stored.
pub fn log(event: &AuditEvent) {
    let (actor_kind, actor) = event.actor.parts();
    tracing::info!(
        target: "chancery::audit",
        kind = event.kind.as_str(),
        actor_kind,
        actor,
        // Not `target`: in JSON that is the module that a line comes from.
        about = event.target.as_deref(),
        client_id = event.client_id.as_deref(),
        address = event.origin.address.map(tracing::field::display),
        reason = event.reason.as_deref(),
        note = event.note.as_ref().map(Note::as_str),
        request_id = event.origin.request_id.as_deref(),
        "audit"
    );
}
