//! `/admin/v1/keys`.

use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Effective, List, authorize};
use crate::flows::admin::keys::{self, KeyView};
use crate::flows::error::FlowError;
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::key::Kid;
use crate::protocol::time::Timestamp;

const SCOPE: &str = "admin:keys";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RotateBody {
    #[serde(default)]
    now: bool,
}

#[derive(Serialize)]
struct Item {
    kid: String,
    algorithm: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    state: &'static str,
    announced_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retired_at: Option<String>,
}

#[derive(Serialize)]
struct Activated {
    activated: Vec<String>,
}

pub(in crate::http) async fn list(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let keys = keys::list(&exchange.server()).await?;
    Ok(respond::private(List { items: keys.iter().map(Item::of).collect(), next: None }))
}

pub(in crate::http) async fn rotate(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let body: RotateBody = exchange.json().await?;
    let server = exchange.server();
    let activated = detached(async move { keys::rotate(&server, &by, body.now).await }).await?;
    let activated = activated.iter().map(ToString::to_string).collect();
    Ok(respond::private(Activated { activated }))
}

pub(in crate::http) async fn compromise(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let kid = exchange.path_parameter().await.ok_or_else(FlowError::not_found)?;
    let server = exchange.server();
    let removed =
        detached(async move { keys::compromise(&server, &by, &Kid::new(&kid)).await }).await?;
    Ok(respond::private(Effective::of(&removed)))
}

impl Item {
    fn of(key: &KeyView) -> Self {
        Self {
            kid: key.kid.to_string(),
            algorithm: key.algorithm.as_str(),
            usage: key.usage.as_str(),
            state: key.life.state.as_str(),
            announced_at: key.life.announced_at.rfc3339(),
            activated_at: key.life.activated_at.map(Timestamp::rfc3339),
            retired_at: key.life.retired_at.map(Timestamp::rfc3339),
        }
    }
}
