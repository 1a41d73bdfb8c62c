//! `/admin/v1/resources`.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::{authorize, bad};
use crate::flows::admin::resources;
use crate::flows::admin::views::{self, List};
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::ids::ResourceId;
use crate::protocol::key::Algorithm;
use crate::protocol::resource::{Resource, ResourceSettings, RoleScope, ScopeText};
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::uri::ResourceUri;

const SCOPE: &str = "admin:resources";

/// The members of a resource; on a change, an absent one stays as it is.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Body {
    uri: Option<String>,
    name: Option<String>,
    scopes: Option<Vec<String>>,
    role_scopes: Option<Vec<String>>,
    scope_texts: Option<Vec<String>>,
    algorithm: Option<String>,
    access_token_ttl: Option<u64>,
    enabled: Option<bool>,
}

pub(in crate::http) async fn list(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let page = respond::Page::read(&exchange.query()?, ResourceId::parse)?;
    let resources = resources::list(&exchange.server(), page.after, page.limit).await?;
    let next = page.next(&resources, |resource| resource.id.to_string());
    Ok(respond::private(List::of(&resources, views::Resource::of, next)))
}

pub(in crate::http) async fn create(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let body: Body = exchange.json().await?;
    let uri = body.uri.as_deref().ok_or(bad("uri is missing"))?;
    let uri = ResourceUri::parse(uri).map_err(|_| bad("uri is not an absolute URI"))?;
    if body.enabled == Some(false) {
        return Err(bad("a new resource is enabled"));
    }
    let settings = body.settings(ResourceSettings::named(""))?;
    let server = exchange.server();
    let created =
        detached(async move { resources::create(&server, &by, (uri, settings)).await }).await?;
    Ok(respond::with_status(StatusCode::CREATED, views::Resource::of(&created)))
}

pub(in crate::http) async fn show(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let resource = find(&mut exchange).await?;
    Ok(respond::private(views::Resource::of(&resource)))
}

pub(in crate::http) async fn change(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let resource = find(&mut exchange).await?;
    let body: Body = exchange.json().await?;
    if body.uri.is_some() {
        return Err(bad("uri cannot be changed: it stands in tokens"));
    }
    let settings = body.settings(resource.settings.clone())?;
    let enabled = body.enabled.unwrap_or(resource.enabled);
    let server = exchange.server();
    let change =
        async move { resources::change(&server, &by, resource, (settings, enabled)).await };
    Ok(respond::private(views::Resource::of(&detached(change).await?)))
}

pub(in crate::http) async fn delete(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let resource = find(&mut exchange).await?;
    let server = exchange.server();
    detached(async move { resources::delete(&server, &by, resource).await }).await?;
    Ok(respond::empty(StatusCode::NO_CONTENT))
}

async fn find(exchange: &mut Exchange) -> Result<Resource, HttpError> {
    let id = exchange.path_id(ResourceId::parse)?;
    Ok(resources::find(&exchange.server(), id).await?)
}

impl Body {
    /// The settings `before`, with what the body says instead.
    fn settings(&self, before: ResourceSettings) -> Result<ResourceSettings, HttpError> {
        let scope = match &self.scopes {
            None => before.scope,
            Some(names) => names
                .iter()
                .map(|name| Scope::parse(name))
                .collect::<Result<ScopeSet, _>>()
                .map_err(|_| bad("a scope is malformed"))?,
        };
        let role_scopes = match &self.role_scopes {
            None => before.role_scopes,
            Some(bound) => bound
                .iter()
                .map(|text| RoleScope::parse(text))
                .collect::<Option<Vec<_>>>()
                .ok_or(bad("a role scope has the form ROLE=SCOPE"))?,
        };
        let scope_texts = match &self.scope_texts {
            // What a scope that is taken away meant goes with it.
            None => {
                let mut texts = before.scope_texts;
                texts.retain(|one| scope.contains(one.scope.as_str()));
                texts
            }
            Some(texts) => texts
                .iter()
                .map(|text| ScopeText::parse(text))
                .collect::<Option<Vec<_>>>()
                .ok_or(bad("a scope text has the form SCOPE=TEXT"))?,
        };
        let algorithm = match &self.algorithm {
            None => before.algorithm,
            Some(name) => {
                Algorithm::parse(name).ok_or(bad("algorithm is ES256, RS256, PS256 or EdDSA"))?
            }
        };
        let ttl = self.access_token_ttl.map(Duration::from_secs);
        Ok(ResourceSettings {
            name: self.name.clone().unwrap_or(before.name),
            scope,
            role_scopes,
            scope_texts,
            algorithm,
            access_token_ttl: ttl.unwrap_or(before.access_token_ttl),
        })
    }
}
