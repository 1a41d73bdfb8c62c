//! Resources. Must not import other views.

use serde::Serialize;

use crate::protocol::resource;

/// A resource.
#[derive(Serialize)]
pub struct Resource {
    id: String,
    uri: String,
    name: String,
    scopes: Vec<String>,
    role_scopes: Vec<String>,
    scope_texts: Vec<String>,
    algorithm: &'static str,
    access_token_ttl: u64,
    enabled: bool,
    managed: bool,
    created_at: String,
    updated_at: String,
}

impl Resource {
    /// The view of `resource`.
    pub fn of(resource: &resource::Resource) -> Self {
        let settings = &resource.settings;
        Self {
            id: resource.id.to_string(),
            uri: resource.uri.to_string(),
            name: settings.name.clone(),
            scopes: settings.scope.iter().map(str::to_owned).collect(),
            role_scopes: settings.role_scopes.iter().map(ToString::to_string).collect(),
            scope_texts: settings.scope_texts.iter().map(ToString::to_string).collect(),
            algorithm: settings.algorithm.as_str(),
            access_token_ttl: settings.access_token_ttl.as_secs(),
            enabled: resource.enabled,
            managed: resource.managed,
            created_at: resource.created_at.rfc3339(),
            updated_at: resource.updated_at.rfc3339(),
        }
    }
}
