//! `/admin/v1/clients`.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::client_body::Body;
use super::{authorize, bad};
use crate::flows::admin::clients::{self, ClientPatch, NewClient, NewSecret, Rotation};
use crate::flows::admin::views::{self, ChangedClient, Effective, List};
use crate::flows::admin::{By, logos};
use crate::flows::server::{Server, detached};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client::{Client, ClientId, ClientSettings, ClientStatus};
use crate::protocol::error::ErrorCode;
use crate::protocol::ids::ClientKey;
use crate::protocol::picture::{BadPicture, Picture};
use crate::protocol::secret::ClientSecret;

const SCOPE: &str = "admin:clients";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretBody {
    #[serde(default)]
    overlap_seconds: u64,
    #[serde(default)]
    compromised: bool,
}

pub(in crate::http) async fn list(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let page = respond::Page::read(&exchange.query()?, ClientKey::parse)?;
    let clients = clients::list(&exchange.server(), page.after, page.limit).await?;
    let next = page.next(&clients, |client| client.key.to_string());
    Ok(respond::private(List::of(&clients, views::Client::of, next)))
}

pub(in crate::http) async fn create(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let body: Body = exchange.json().await?;
    if body.status.is_some() {
        return Err(bad("a new client is active"));
    }
    let id = body.client_id.as_deref().ok_or(bad("client_id is missing"))?;
    let id = ClientId::parse(id).map_err(|_| bad("client_id is no client id"))?;
    let secret = match (body.public.unwrap_or(false), &body.secret) {
        (true, None) => NewSecret::Public,
        (true, Some(_)) => return Err(bad("a public client has no secret")),
        (false, None) => NewSecret::Generate,
        (false, Some(secret)) => {
            NewSecret::Given(ClientSecret::chosen(secret).map_err(|_| bad("secret is too weak"))?)
        }
    };
    let settings = body.settings(ClientSettings::named(""))?;
    let server = exchange.server();
    let new = NewClient { id, secret, settings };
    let created = detached(async move { clients::create(&server, &by, new).await });
    let (client, secret) = created.await?;
    let shown = ChangedClient::created(&client, secret.as_ref());
    Ok(respond::with_status(StatusCode::CREATED, shown))
}

pub(in crate::http) async fn show(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let client = find(&mut exchange).await?;
    Ok(respond::private(views::Client::of(&client)))
}

pub(in crate::http) async fn change(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let client = find(&mut exchange).await?;
    let body: Body = exchange.json().await?;
    if body.client_id.is_some() || body.public.is_some() || body.secret.is_some() {
        return Err(bad("client_id, public and secret cannot be changed here"));
    }
    let status = body.status.as_deref().map(|status| {
        ClientStatus::parse(status).ok_or(bad("status is active, paused or disabled"))
    });
    let settings = Some(body.settings(client.settings.clone())?);
    let patch = ClientPatch { settings, status: status.transpose()? };
    let server = exchange.server();
    let changed = async move { clients::change(&server, &by, client, patch).await };
    let changed = detached(changed).await?;
    Ok(respond::private(ChangedClient::of(&changed, None)))
}

pub(in crate::http) async fn rotate_secret(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let client = find(&mut exchange).await?;
    let body: SecretBody = exchange.json().await?;
    let overlap = Duration::from_secs(body.overlap_seconds);
    if overlap > clients::MAX_OVERLAP {
        return Err(bad("overlap_seconds is at most 30 days"));
    }
    let rotation = Rotation { overlap, compromised: body.compromised };
    let server = exchange.server();
    let rotate =
        async move { clients::rotate_secret(&server, &by, client, (rotation, None)).await };
    let (changed, secret) = detached(rotate).await?;
    Ok(respond::private(ChangedClient::of(&changed, Some(&secret))))
}

pub(in crate::http) async fn delete(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let client = find(&mut exchange).await?;
    let server = exchange.server();
    let deleted = detached(async move { clients::delete(&server, &by, client).await });
    Ok(respond::private(Effective::of(&deleted.await?)))
}

pub(in crate::http) async fn set_logo(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let client = find(&mut exchange).await?;
    // Its first bytes say what it is, whatever the header does.
    let picture = Picture::parse(exchange.read_body().await?.into()).map_err(|bad| match bad {
        BadPicture::Unknown => HttpError::plain(
            ErrorCode::UnsupportedMediaType,
            "the body is not a PNG, JPEG, WebP or GIF picture",
        ),
        BadPicture::TooLarge => {
            HttpError::plain(ErrorCode::ContentTooLarge, "the picture is larger than 64 KiB")
        }
    })?;
    store_logo(exchange.server(), by, client, Some(picture)).await
}

pub(in crate::http) async fn remove_logo(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let client = find(&mut exchange).await?;
    store_logo(exchange.server(), by, client, None).await
}

async fn store_logo(
    server: Arc<Server>,
    by: By,
    client: Client,
    logo: Option<Picture>,
) -> Result<Response, HttpError> {
    let changed = detached(async move { logos::set(&server, &by, client, logo).await });
    Ok(respond::private(views::Client::of(&changed.await?)))
}

async fn find(exchange: &mut Exchange) -> Result<Client, HttpError> {
    let key = exchange.path_id(ClientKey::parse)?;
    Ok(clients::find(&exchange.server(), key).await?)
}
