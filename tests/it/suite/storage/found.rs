//! Clients and resources: one is found by either of its names, and pages join to all of them.

use std::collections::BTreeSet;

use chancery::protocol::audit::AuditKind;
use chancery::protocol::client::{Client, ClientId, ClientStatus};
use chancery::protocol::ids::{ClientKey, ResourceId};
use chancery::protocol::key::Algorithm;
use chancery::protocol::uri::{ResourceUri, WebOrigin};
use chancery::storage::ops::Swap;
use chancery::storage::ops::clients::{
    ChangeClient, ClientAlgorithms, CreateClient, FindClient, HasOrigin, ListClients,
    LoadManagedClients,
};
use chancery::storage::ops::resources::{
    CreateResource, FindResource, ListResources, LoadManagedResources, LoadResources,
};

use super::Given;

impl Given {
    async fn found_client(&self, which: FindClient) -> Option<Client> {
        self.store().read(which).await.unwrap()
    }

    async fn found_resource(&self, which: FindResource) -> Option<ResourceId> {
        self.store().read(which).await.unwrap().map(|resource| resource.id)
    }
}

fn named(id: &str) -> FindClient {
    FindClient::Named(ClientId::parse(id).unwrap())
}

#[tokio::test]
async fn a_client_is_found_by_its_key_and_by_its_id_as_it_is_written() {
    let Some(given) = Given::start().await else { return };
    let demo = given.found_client(named("demo")).await.unwrap();
    let same = given.found_client(FindClient::Key(demo.key)).await.unwrap();
    assert_eq!((same.key, same.id, same.settings), (demo.key, demo.id, demo.settings));
    for missing in ["Demo", "dem", "demo2", "%", "dem_"] {
        assert!(given.found_client(named(missing)).await.is_none(), "{missing}");
    }
    let key = ClientKey::at(given.now(), given.random());
    assert!(given.found_client(FindClient::Key(key)).await.is_none());
}

#[tokio::test]
async fn pages_of_clients_join_to_all_of_them_in_the_order_of_their_keys() {
    let Some(given) = Given::start().await else { return };
    let demo = given.found_client(named("demo")).await.unwrap();
    for number in 0..5 {
        let key = ClientKey::at(given.now(), given.random());
        let id = ClientId::parse(&format!("client{number}")).unwrap();
        let client = Client { key, id, ..demo.clone() };
        let create = CreateClient { client, audit: given.event(AuditKind::ClientCreated) };
        assert_eq!(given.store().write(create).await.unwrap(), Swap::Won);
    }
    let all = given.store().read(ListClients { after: None, limit: 100 }).await.unwrap();
    let all: Vec<_> = all.iter().map(|client| client.key).collect();
    assert!(all.len() > 5 && all.is_sorted());
    for limit in [1, 3, 100] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = given.store().read(ListClients { after, limit }).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            listed.extend(page.iter().map(|client| client.key));
        }
        assert_eq!(listed, all, "by {limit}");
    }
}

#[tokio::test]
async fn what_is_asked_of_all_clients_is_found_unless_they_are_disabled() {
    let Some(given) = Given::start().await else { return };
    let demo = given.found_client(named("demo")).await.unwrap();
    let told = demo.settings.sign_in.id_token_algorithm;
    let (store, origin) = (given.store(), WebOrigin::parse("https://a.example").unwrap());
    let answers = async || {
        let algorithms: BTreeSet<_> =
            store.read(ClientAlgorithms).await.unwrap().into_iter().collect();
        (algorithms, store.read(HasOrigin(origin.clone())).await.unwrap())
    };
    assert_eq!(answers().await, (BTreeSet::from([told]), false));
    for number in 0..3 {
        let (key, audit) = (ClientKey::at(given.now(), given.random()), AuditKind::ClientCreated);
        let id = ClientId::parse(&format!("client{number}")).unwrap();
        let mut client = Client { key, id, ..demo.clone() };
        client.settings.origins = vec![origin.clone(), origin.clone()];
        client.settings.sign_in.id_token_algorithm = Algorithm::EdDsa;
        client.settings.sign_in.userinfo_algorithm = Some(Algorithm::Ps256);
        let create = CreateClient { client, audit: given.event(audit) };
        assert_eq!(store.write(create).await.unwrap(), Swap::Won);
    }
    for number in 0..3 {
        let all = BTreeSet::from([told, Algorithm::EdDsa, Algorithm::Ps256]);
        assert_eq!(answers().await, (all, true), "{number}");
        let mut client = given.found_client(named(&format!("client{number}"))).await.unwrap();
        client.status = ClientStatus::Disabled;
        let (revoke, audit) = (None, given.event(AuditKind::ClientChanged));
        let change = ChangeClient { client, revoke, audit };
        assert!(store.write(change).await.unwrap().is_some());
    }
    assert_eq!(answers().await, (BTreeSet::from([told]), false));
}

#[tokio::test]
async fn a_resource_is_found_by_its_id_and_by_its_uri() {
    let Some(given) = Given::start().await else { return };
    let resource = given.resource("https://api.example");
    let audit = given.event(AuditKind::ResourceCreated);
    let create = CreateResource { resource: resource.clone(), audit };
    assert_eq!(given.store().write(create).await.unwrap(), Swap::Won);
    for which in [FindResource::Id(resource.id), FindResource::Named(resource.uri.clone())] {
        assert_eq!(given.found_resource(which).await, Some(resource.id));
    }
    let other = given.resource("https://api.example/other");
    for which in [FindResource::Id(other.id), FindResource::Named(other.uri)] {
        assert_eq!(given.found_resource(which).await, None);
    }
}

#[tokio::test]
async fn pages_of_resources_join_to_all_of_them_in_the_order_of_their_ids() {
    let Some(given) = Given::start().await else { return };
    for number in 0..5 {
        let mut resource = given.resource("https://api.example");
        resource.uri = ResourceUri::parse(&format!("urn:resource:{number}")).unwrap();
        let create = CreateResource { resource, audit: given.event(AuditKind::ResourceCreated) };
        assert_eq!(given.store().write(create).await.unwrap(), Swap::Won);
    }
    let all = given.store().read(LoadResources).await.unwrap();
    let all: Vec<_> = all.iter().map(|resource| resource.id).collect();
    assert!(all.len() >= 5 && all.is_sorted());
    for limit in [1, 3, 100] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = given.store().read(ListResources { after, limit }).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            listed.extend(page.iter().map(|resource| resource.id));
        }
        assert_eq!(listed, all, "by {limit}");
    }
}

#[tokio::test]
async fn the_managed_are_read_without_the_others() {
    let Some(given) = Given::start().await else { return };
    let demo = given.found_client(named("demo")).await.unwrap();
    assert!(!demo.managed, "it is one of the others");
    let key = ClientKey::at(given.now(), given.random());
    let client = Client { key, id: ClientId::parse("file").unwrap(), managed: true, ..demo };
    let create = CreateClient { client, audit: given.event(AuditKind::ClientCreated) };
    assert_eq!(given.store().write(create).await.unwrap(), Swap::Won);
    let found = given.store().read(LoadManagedClients).await.unwrap();
    assert_eq!(found.iter().map(|client| client.key).collect::<Vec<_>>(), [key]);

    let mut ids = Vec::new();
    for (uri, managed) in [("urn:managed", true), ("urn:other", false)] {
        let mut resource = given.resource(uri);
        resource.managed = managed;
        ids.push(resource.id);
        let create = CreateResource { resource, audit: given.event(AuditKind::ResourceCreated) };
        assert_eq!(given.store().write(create).await.unwrap(), Swap::Won);
    }
    let found = given.store().read(LoadManagedResources).await.unwrap();
    assert_eq!(found.iter().map(|resource| resource.id).collect::<Vec<_>>(), ids[..1]);
}
