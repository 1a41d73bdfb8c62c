//! The audit log: what its filters find, and that they need not read all of it.

use std::time::Duration;

use chancery::protocol::audit::{AuditEvent, AuditKind};
use chancery::protocol::ids::AuditId;
use chancery::storage::ops::audit::{Append, ListAudit};

use super::Given;

impl Given {
    async fn found(&self, filter: ListAudit) -> Vec<AuditId> {
        let events = self.store().read(ListAudit { limit: 1_000, ..filter }).await.unwrap();
        events.iter().map(|event| event.id).collect()
    }
}

#[tokio::test]
async fn filters_find_what_they_name_alone_and_together() {
    let Some(given) = Given::start().await else { return };
    let (minute, begun) = (Duration::from_mins(1), given.now());
    let mut ids = Vec::new();
    for (kind, target) in [
        (AuditKind::Login, "a"),
        (AuditKind::LoginFailed, "a"),
        (AuditKind::Login, "b"),
        (AuditKind::LoginFailed, "b"),
    ] {
        let event = AuditEvent { target: Some(target.to_owned()), ..given.event(kind) };
        ids.push(event.id);
        given.store().write(Append(event)).await.unwrap();
        given.0.clock.advance(10 * minute);
    }
    let since = |minutes: u32| Some(begun + minute * minutes);
    let target = Some("a".to_owned());
    for (filter, expected) in [
        (ListAudit { since: since(0), ..ListAudit::default() }, vec![3, 2, 1, 0]),
        (ListAudit { since: since(10), before: since(30), ..ListAudit::default() }, vec![2, 1]),
        (ListAudit { target: target.clone(), ..ListAudit::default() }, vec![1, 0]),
        (ListAudit { target, kind: Some(AuditKind::Login), ..ListAudit::default() }, vec![0]),
        (ListAudit { after: Some(ids[2]), since: since(0), ..ListAudit::default() }, vec![1, 0]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|index: usize| ids[index]).collect();
        assert_eq!(given.found(filter).await, expected);
    }
}

#[tokio::test]
async fn each_filter_has_an_index() {
    let Some(given) = Given::start().await else { return };
    let mut raw = given.0.raw().await;
    for column in ["target", "actor", "kind"] {
        // Dropping one that is not there is an error.
        raw.run(&format!("DROP INDEX audit_by_{column}")).await;
    }
}
