//! Reading the audit log.

use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::AuditEvent;
use crate::storage::Store;
pub use crate::storage::ops::audit::ListAudit as Filter;

/// Lists events, the newest first.
pub async fn list(server: &Server, filter: Filter) -> Result<Vec<AuditEvent>, FlowError> {
    Ok(server.store.read(filter).await?)
}

/// Every event that a filter finds, the newest first, read in batches: as much as one of them is in
/// memory, however long the log is.
pub struct Export {
    store: Store,
    /// For the next batch; none after the last.
    rest: Option<Filter>,
}

impl Export {
    /// Of the events that `filter` finds, whatever its limit.
    pub fn new(server: &Server, filter: Filter) -> Self {
        let rest = Some(Filter { limit: BATCH, ..filter });
        Self { store: server.store.clone(), rest }
    }

    /// Reads the next batch, which may be empty after the last. One that failed is read again.
    pub async fn next(&mut self) -> Result<Vec<AuditEvent>, FlowError> {
        let Some(filter) = &mut self.rest else {
            return Ok(Vec::new());
        };
        let events = self.store.read(filter.clone()).await?;
        match events.last() {
            Some(last) if events.len() == BATCH as usize => filter.after = Some(last.id),
            _ => self.rest = None,
        }
        Ok(events)
    }

    /// Whether the last batch was read.
    pub fn is_over(&self) -> bool {
        self.rest.is_none()
    }
}

/// How many events are read at once.
const BATCH: u32 = 200;
