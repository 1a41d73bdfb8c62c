//! Administering resources.

use super::keys::obey_with_keys;
use super::{By, changed_meanwhile};
use crate::audit;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::AuditKind;
use crate::protocol::error::Refusal;
use crate::protocol::ids::ResourceId;
use crate::protocol::resource::{Resource, ResourceSettings, is_token_life};
use crate::protocol::text::{MAX_NAME, is_plain};
use crate::protocol::uri::ResourceUri;
use crate::storage::ops::Swap;
use crate::storage::ops::resources::{
    ChangeResource, CreateResource, DeleteResource, FindResource, ListResources,
};

/// Creates a resource, with the keys that its algorithm needs.
pub async fn create(
    server: &Server,
    by: &By,
    (uri, mut settings): (ResourceUri, ResourceSettings),
) -> Result<Resource, FlowError> {
    if settings.name.is_empty() {
        settings.name = uri.to_string();
    }
    check(server, &uri, &settings)?;
    let built_in = [server.settings.issuer.own_resource(), server.settings.issuer.admin_resource()];
    if built_in.contains(&uri) {
        return Err(FlowError::conflict("this URI is the issuer's own"));
    }
    let now = server.now();
    let resource = Resource {
        id: ResourceId::at(now, server.world.entropy.bytes()),
        uri,
        settings,
        enabled: true,
        managed: by.declares(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let event = by.event(server, AuditKind::ResourceCreated).about(&resource.uri);
    let create = CreateResource { resource: resource.clone(), audit: event.clone() };
    if server.store.write(create).await? == Swap::Lost {
        return Err(FlowError::conflict("a resource of this URI exists"));
    }
    audit::log(&event);
    obey_with_keys(server).await;
    Ok(resource)
}

/// Lists the resources in the order of their ids; the built-in ones are not among them.
pub async fn list(
    server: &Server,
    after: Option<ResourceId>,
    limit: u32,
) -> Result<Vec<Resource>, FlowError> {
    Ok(server.store.read(ListResources { after, limit }).await?)
}

/// Finds a resource by its id.
pub async fn find(server: &Server, id: ResourceId) -> Result<Resource, FlowError> {
    server.store.read(FindResource::Id(id)).await?.ok_or_else(FlowError::not_found)
}

/// Finds a resource by its URI.
pub async fn find_named(server: &Server, uri: &str) -> Result<Resource, FlowError> {
    let uri = ResourceUri::parse(uri).map_err(|_| FlowError::not_found())?;
    server.store.read(FindResource::Named(uri)).await?.ok_or_else(FlowError::not_found)
}

/// Changes a resource. Tokens that it has got already stay as they are.
pub async fn change(
    server: &Server,
    by: &By,
    resource: Resource,
    (settings, enabled): (ResourceSettings, bool),
) -> Result<Resource, FlowError> {
    by.check_managed(resource.managed)?;
    check(server, &resource.uri, &settings)?;
    let managed = resource.managed || by.declares();
    store(server, by, Resource { settings, enabled, managed, ..resource }).await
}

/// Disables a resource that the configuration file declares no longer, and lets go of it.
pub async fn release(server: &Server, by: &By, resource: Resource) -> Result<(), FlowError> {
    store(server, by, Resource { enabled: false, managed: false, ..resource }).await?;
    Ok(())
}

async fn store(server: &Server, by: &By, resource: Resource) -> Result<Resource, FlowError> {
    let changed = Resource { updated_at: server.now(), ..resource };
    let event = by.event(server, AuditKind::ResourceChanged).about(&changed.uri);
    let change = ChangeResource { resource: changed.clone(), audit: event.clone() };
    if server.store.write(change).await? == Swap::Lost {
        return Err(changed_meanwhile());
    }
    audit::log(&event);
    obey_with_keys(server).await;
    Ok(Resource { version: changed.version + 1, ..changed })
}

/// Deletes a resource. Its tokens live on until they expire.
pub async fn delete(server: &Server, by: &By, resource: Resource) -> Result<(), FlowError> {
    by.check_managed(resource.managed)?;
    let event = by.event(server, AuditKind::ResourceDeleted).about(&resource.uri);
    let delete = DeleteResource { id: resource.id, audit: event.clone() };
    if server.store.write(delete).await? == Swap::Lost {
        return Err(FlowError::not_found());
    }
    audit::log(&event);
    server.obey_now().await;
    Ok(())
}

fn check(server: &Server, uri: &ResourceUri, settings: &ResourceSettings) -> Result<(), Refusal> {
    // Without a name it is called by its URI, which may be longer.
    if settings.name != uri.as_str() && !is_plain(&settings.name, MAX_NAME) {
        return Err(Refusal::invalid_request(super::clients::NAME));
    }
    let known = |scope: &str| settings.scope.contains(scope);
    if !settings.role_scopes.iter().all(|bound| known(bound.scope.as_str())) {
        return Err(Refusal::invalid_request("role_scopes names a scope that is not in scopes"));
    }
    if !settings.scope_texts.iter().all(|one| known(one.scope.as_str())) {
        return Err(Refusal::invalid_request("scope_texts names a scope that is not in scopes"));
    }
    if !is_token_life(settings.access_token_ttl, server.settings.tokens.max_life) {
        let text = "access_token_ttl is from 10 seconds to the server's max_token_life";
        return Err(Refusal::invalid_request(text));
    }
    Ok(())
}
