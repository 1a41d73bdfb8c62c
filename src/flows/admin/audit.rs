//! Reading the audit log.

use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::AuditEvent;
pub use crate::storage::ops::audit::ListAudit as Filter;

/// Lists events, the newest first.
pub async fn list(server: &Server, filter: Filter) -> Result<Vec<AuditEvent>, FlowError> {
    Ok(server.store.read(filter).await?)
}
