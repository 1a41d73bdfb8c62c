//! Resources as declared. May import the administration of resources.

use super::{Action, Change, DeclaredResource};
use crate::flows::admin::By;
use crate::flows::admin::resources;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::resource::Resource;
use crate::storage::ops::resources::{FindResource, LoadManagedResources};

pub(super) enum Work<'d> {
    Create(&'d DeclaredResource),
    Change(&'d DeclaredResource, Box<Resource>),
    Release(Box<Resource>),
}

/// The resources that are declared, and those that were.
pub(super) async fn look(
    server: &Server,
    declared: &[DeclaredResource],
) -> Result<Vec<Resource>, FlowError> {
    let mut stored = server.store.read(LoadManagedResources).await?;
    for resource in declared {
        if stored.iter().all(|one| one.uri != resource.uri) {
            stored.extend(server.store.read(FindResource::Named(resource.uri.clone())).await?);
        }
    }
    Ok(stored)
}

/// What there is to do; `None` for each resource that is as declared.
pub(super) fn compare(
    declared: &[DeclaredResource],
    stored: Vec<Resource>,
) -> Vec<Option<(Change, Work<'_>)>> {
    let of = |uri: &str, action| Change { object: "resource", name: uri.to_owned(), action };
    let mut compared = Vec::new();
    for resource in declared {
        let found = stored.iter().find(|one| one.uri == resource.uri);
        compared.push(match found.map(|found| (found, differences(resource, found))) {
            None => Some((of(resource.uri.as_str(), Action::Create), Work::Create(resource))),
            Some((_, same)) if same.is_empty() => None,
            Some((found, differences)) => {
                let change = of(resource.uri.as_str(), Action::Change(differences));
                Some((change, Work::Change(resource, Box::new(found.clone()))))
            }
        });
    }
    for resource in stored {
        if resource.managed && declared.iter().all(|one| one.uri != resource.uri) {
            let change = of(resource.uri.as_str(), Action::Disable);
            compared.push(Some((change, Work::Release(Box::new(resource)))));
        }
    }
    compared
}

pub(super) async fn carry_out(server: &Server, by: &By, work: Work<'_>) -> Result<(), FlowError> {
    match work {
        Work::Create(declared) => {
            let new = (declared.uri.clone(), declared.settings.clone());
            resources::create(server, by, new).await?;
        }
        Work::Change(declared, resource) => {
            let to_be = (declared.settings.clone(), true);
            resources::change(server, by, *resource, to_be).await?;
        }
        Work::Release(resource) => resources::release(server, by, *resource).await?,
    }
    Ok(())
}

/// The names, as in the configuration file, of what differs.
fn differences(declared: &DeclaredResource, stored: &Resource) -> Vec<&'static str> {
    let (to_be, is) = (&declared.settings, &stored.settings);
    let all = [
        ("name", to_be.name != is.name),
        ("scopes", to_be.scope != is.scope),
        ("role_scopes", to_be.role_scopes != is.role_scopes),
        ("scope_texts", to_be.scope_texts != is.scope_texts),
        ("algorithm", to_be.algorithm != is.algorithm),
        ("access_token_ttl", to_be.access_token_ttl != is.access_token_ttl),
        ("enabled", !stored.enabled),
        ("managed", !stored.managed),
    ];
    let differ = all.into_iter().filter(|(_, differs)| *differs);
    differ.map(|(name, _)| name).collect()
}
