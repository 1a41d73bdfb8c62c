//! What must be unique: names, client ids, URIs. Whoever comes second has lost and left no trace.

use chancery::protocol::audit::AuditKind;
use chancery::protocol::client::{Client, ClientCredentials, ClientStatus};
use chancery::protocol::ids::{ClientKey, ResourceId};
use chancery::protocol::resource::{Resource, ResourceSettings};
use chancery::protocol::uri::ResourceUri;
use chancery::protocol::uri::WebOrigin;
use chancery::storage::StorageError;
use chancery::storage::ops::Swap;
use chancery::storage::ops::clients::{ChangeClient, CreateClient, DeleteClient, ListClients};
use chancery::storage::ops::resources::{
    ChangeResource, CreateResource, DeleteResource, LoadResources,
};
use chancery::storage::ops::users::{CreateUser, FindUser};

use super::{Given, ParseScope as _};

impl Given {
    async fn clients(&self) -> Vec<Client> {
        self.store().read(ListClients { after: None, limit: 100 }).await.unwrap()
    }

    async fn demo(&self) -> Client {
        let mut clients = self.clients().await.into_iter();
        clients.find(|client| client.id.as_str() == "demo").unwrap()
    }

    pub(super) fn resource(&self, uri: &str) -> Resource {
        Resource {
            id: ResourceId::at(self.now(), self.random()),
            uri: ResourceUri::parse(uri).unwrap(),
            settings: ResourceSettings::named("An API"),
            enabled: true,
            managed: false,
            version: 1,
            created_at: self.now(),
            updated_at: self.now(),
        }
    }
}

#[tokio::test]
async fn a_user_name_is_taken_in_every_spelling_and_the_second_user_leaves_nothing() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let before = given.traces().await;
    for name in ["anna", "Anna", "ANNA"] {
        let create =
            CreateUser { user: given.user(name), audit: given.event(AuditKind::UserCreated) };
        assert_eq!(given.store().write(create).await.unwrap(), Swap::Lost, "{name}");
    }
    assert_eq!(given.traces().await, before);
    let found = given.store().read(FindUser::Named("anna".to_owned())).await.unwrap();
    assert_eq!(found.unwrap().id, anna.id);
}

#[tokio::test]
async fn of_many_users_of_one_name_created_at_once_one_is_stored() {
    let Some(given) = Given::start().await else { return };
    let before = given.traces().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let create =
            CreateUser { user: given.user("anna"), audit: given.event(AuditKind::UserCreated) };
        let store = given.store().clone();
        tasks.spawn(async move { store.write(create).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|swap| **swap == Swap::Won).count(), 1);
    assert_eq!(given.traces().await.1, before.1 + 1);
}

#[tokio::test]
async fn a_client_id_is_taken_once_and_a_change_of_what_was_changed_meanwhile_is_lost() {
    let Some(given) = Given::start().await else { return };
    let demo = given.demo().await;
    let before = given.traces().await;
    let key = ClientKey::at(given.now(), given.random());
    let twin = Client { key, credentials: ClientCredentials::Public, ..demo.clone() };
    let create = CreateClient { client: twin, audit: given.event(AuditKind::ClientCreated) };
    assert_eq!(given.store().write(create).await.unwrap(), Swap::Lost);
    assert_eq!(given.traces().await, before);

    let change = |name: &str, revoke: bool| {
        let mut client = demo.clone();
        name.clone_into(&mut client.settings.name);
        let revoke = revoke.then(|| given.revoking());
        ChangeClient { client, revoke, audit: given.event(AuditKind::ClientChanged) }
    };
    let first = given.store().write(change("first", false)).await.unwrap().unwrap();
    assert_eq!((first.client.version, first.feed), (demo.version + 1, None));
    assert!(first.client.not_before.is_none());
    let traces = given.traces().await;
    assert!(given.store().write(change("second", true)).await.unwrap().is_none());
    assert_eq!(given.traces().await, traces);
    assert_eq!(given.demo().await.settings.name, "first");
}

#[tokio::test]
async fn a_client_reads_back_as_it_was_written_and_a_revoking_change_keeps_its_not_before() {
    let Some(given) = Given::start().await else { return };
    let mut client = given.demo().await;
    client.settings.rotate_after = std::time::Duration::from_millis(120_500);
    client.settings.origins = ["https://a.example", "http://127.0.0.1:8080"]
        .iter()
        .filter_map(|o| WebOrigin::parse(o))
        .collect();
    client.settings.rotates = false;
    client.status = ClientStatus::Paused;
    let (current, previous) = (given.hash(), given.hash());
    let until = given.now();
    client.credentials = ClientCredentials::Secret { current, previous: Some((previous, until)) };
    let expected = client.clone();
    let audit = given.event(AuditKind::ClientChanged);
    let revoke = Some(given.revoking());
    let changed = given.store().write(ChangeClient { client, revoke, audit }).await.unwrap();
    let changed = changed.unwrap();
    let not_before = given.now() + std::time::Duration::from_secs(2);
    assert_eq!(changed.client.not_before, Some(not_before));
    let entry = given.0.log().await.pop().unwrap();
    assert_eq!((entry.seq, entry.entry.not_before), (changed.feed.unwrap().seq, Some(not_before)));
    let stored = given.demo().await;
    assert_eq!(stored.settings, expected.settings);
    assert_eq!((stored.status, stored.not_before), (expected.status, Some(not_before)));
    let ClientCredentials::Secret { current, previous: Some((previous, until)) } =
        expected.credentials
    else {
        unreachable!("so it was made")
    };
    let ClientCredentials::Secret { current: now, previous: Some((before, end)) } =
        stored.credentials
    else {
        panic!("both secrets are stored")
    };
    assert!(now == current && before == previous);
    assert_eq!(end, until);
}

#[tokio::test]
async fn a_deleted_client_is_gone_with_an_entry_and_deleting_it_again_does_nothing() {
    let Some(given) = Given::start().await else { return };
    let demo = given.demo().await;
    let delete = |version| DeleteClient {
        version,
        key: demo.key,
        revoking: given.revoking(),
        audit: given.event(AuditKind::ClientDeleted),
    };
    let before = given.traces().await;
    assert!(given.store().write(delete(demo.version)).await.unwrap().is_none(), "it is active");
    assert_eq!(given.traces().await, before);
    let client = Client { status: ClientStatus::Disabled, ..demo.clone() };
    let audit = given.event(AuditKind::ClientChanged);
    let disable = ChangeClient { client, revoke: None, audit };
    let version = given.store().write(disable).await.unwrap().unwrap().client.version;
    assert!(given.store().write(delete(demo.version)).await.unwrap().is_none(), "it was changed");
    let impossible = DeleteClient { audit: given.impossible_event().await, ..delete(version) };
    let before = given.traces().await;
    assert!(given.store().write(impossible).await.is_err());
    assert_eq!(given.traces().await, before);
    assert!(given.store().write(delete(version)).await.unwrap().is_some());
    let after = given.traces().await;
    assert_eq!(after, (before.0 + 1, before.1 + 1, before.2 + 1));
    assert!(given.store().write(delete(version)).await.unwrap().is_none());
    assert_eq!(given.traces().await, after);
    assert!(given.clients().await.iter().all(|client| client.key != demo.key));
}

#[tokio::test]
async fn a_resource_is_unique_by_its_uri_and_each_effect_is_noted_for_the_nodes() {
    let Some(given) = Given::start().await else { return };
    let resource = given.resource("https://api.example");
    let write = |resource: Resource| CreateResource {
        resource,
        audit: given.event(AuditKind::ResourceCreated),
    };
    let before = given.traces().await;
    assert_eq!(given.store().write(write(resource.clone())).await.unwrap(), Swap::Won);
    let twin = given.resource("https://api.example");
    assert_eq!(given.store().write(write(twin.clone())).await.unwrap(), Swap::Lost);
    assert_eq!(given.traces().await, (before.0, before.1 + 1, before.2 + 1));

    let mut changed = resource.clone();
    changed.enabled = false;
    changed.settings.scope = "a b".parse_scope();
    let change = |resource: &Resource| ChangeResource {
        resource: resource.clone(),
        audit: given.event(AuditKind::ResourceChanged),
    };
    assert_eq!(given.store().write(change(&changed)).await.unwrap(), Swap::Won);
    assert_eq!(given.store().write(change(&changed)).await.unwrap(), Swap::Lost, "an old version");
    assert_eq!(given.store().write(change(&twin)).await.unwrap(), Swap::Lost, "no such id");
    let stored = given.store().read(LoadResources).await.unwrap();
    let stored = stored.into_iter().find(|one| one.id == resource.id).unwrap();
    assert_eq!((stored.settings, stored.enabled), (changed.settings, false));

    let delete = |id| DeleteResource { id, audit: given.event(AuditKind::ResourceDeleted) };
    let impossible = DeleteResource { id: resource.id, audit: given.impossible_event().await };
    let refused = given.store().write(impossible).await.err();
    assert!(matches!(refused, Some(StorageError::Conflict)), "{refused:?}");
    assert_eq!(given.store().write(delete(resource.id)).await.unwrap(), Swap::Won);
    assert_eq!(given.store().write(delete(resource.id)).await.unwrap(), Swap::Lost);
    assert_eq!(given.traces().await, (before.0, before.1 + 4, before.2 + 3));
}
