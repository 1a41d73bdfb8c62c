//! Small facts, and the audit log.

use std::time::Duration;

use chancery::protocol::audit::{Actor, AuditEvent, AuditKind, Origin};
use chancery::storage::ops::audit::{Append, ListAudit};
use chancery::storage::ops::settings::{EnsureSetting, ReadSetting, WriteSetting};

use super::Given;

#[tokio::test]
async fn of_many_first_values_one_holds_for_everybody_until_it_is_replaced() {
    let Some(given) = Given::start().await else { return };
    assert_eq!(given.store().read(ReadSetting("fact".into())).await.unwrap(), None);
    let mut tasks = tokio::task::JoinSet::new();
    for value in 0..20u8 {
        let ensure = EnsureSetting { name: "fact", value: vec![value] };
        let store = given.store().clone();
        tasks.spawn(async move { store.write(ensure).await.unwrap() });
    }
    let mut answers = tasks.join_all().await;
    answers.dedup();
    assert_eq!(answers.len(), 1, "all were told the same");
    let stored = given.store().read(ReadSetting("fact".into())).await.unwrap();
    assert_eq!(stored.as_ref(), answers.first());
    for value in [vec![], vec![0, 255]] {
        let write = WriteSetting { name: "fact".into(), value: value.clone() };
        given.store().write(write).await.unwrap();
        assert_eq!(given.store().read(ReadSetting("fact".into())).await.unwrap(), Some(value));
    }
}

#[tokio::test]
async fn an_event_reads_back_as_written_and_every_filter_finds_it() {
    let Some(given) = Given::start().await else { return };
    let origin = Origin {
        request_id: Some("r".to_owned()),
        address: Some("2001:db8::1".parse().unwrap()),
        user_agent: Some("ünï' \"--".to_owned()),
    };
    let actor = Actor::User("somebody".to_owned());
    let random = (given.now(), given.random());
    let event = AuditEvent::new(AuditKind::RefreshRisk, actor, random)
        .about("a target")
        .through("a client")
        .because("a reason")
        .from(&origin);
    given.store().write(Append(event.clone())).await.unwrap();
    let all = || ListAudit { limit: 100, ..ListAudit::default() };
    let second = Duration::from_secs(1);
    for (filter, finds) in [
        (ListAudit { kind: Some(AuditKind::RefreshRisk), ..all() }, true),
        (ListAudit { kind: Some(AuditKind::KeyCompromised), ..all() }, false),
        (ListAudit { actor: Some("somebody".to_owned()), ..all() }, true),
        (ListAudit { actor: Some("somebod".to_owned()), ..all() }, false),
        (ListAudit { target: Some("a target".to_owned()), ..all() }, true),
        (ListAudit { target: Some("%".to_owned()), ..all() }, false),
        (ListAudit { since: Some(event.at), ..all() }, true),
        (ListAudit { since: Some(event.at + second), ..all() }, false),
        (ListAudit { before: Some(event.at), kind: Some(AuditKind::RefreshRisk), ..all() }, false),
        (ListAudit { before: Some(event.at + second), ..all() }, true),
    ] {
        let found = given.store().read(filter.clone()).await.unwrap();
        let found: Vec<_> = found.iter().filter(|one| one.id == event.id).collect();
        assert_eq!(!found.is_empty(), finds, "{filter:?}");
        for one in found {
            assert_eq!(format!("{one:?}"), format!("{event:?}"));
        }
    }
}

#[tokio::test]
async fn events_are_listed_newest_first_in_pages() {
    let Some(given) = Given::start().await else { return };
    let mut expected = Vec::new();
    for _ in 0..7 {
        given.0.advance(1);
        let event = given.event(AuditKind::RefreshRisk);
        expected.insert(0, event.id);
        given.store().write(Append(event)).await.unwrap();
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let kind = Some(AuditKind::RefreshRisk);
        let list = ListAudit { kind, after, limit: 3, ..ListAudit::default() };
        let page = given.store().read(list).await.unwrap();
        let Some(end) = page.last() else { break };
        after = Some(end.id);
        listed.extend(page.iter().map(|event| event.id));
    }
    assert_eq!(listed, expected);
}
