//! `POST /admin/v1/revocations`.

use axum::response::Response;
use serde::Deserialize;

use super::{authorize, bad};
use crate::flows::admin::revocations::revoke;
use crate::flows::admin::views::Effective;
use crate::flows::server::detached;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::audit::Note;
use crate::protocol::revocation::Kind;

const SCOPE: &str = "admin:revoke";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    kind: String,
    #[serde(default)]
    value: String,
    /// For people who read the audit log.
    reason: Option<String>,
}

pub(in crate::http) async fn create(mut exchange: Exchange) -> Result<Response, HttpError> {
    let mut by = authorize(&mut exchange, SCOPE).await?;
    let body: Body = exchange.json().await?;
    let kind = Kind::parse(&body.kind).ok_or(bad("kind is jti, sid, sub, client, kid or all"))?;
    if (kind == Kind::All) != body.value.is_empty() {
        return Err(bad("value names what is revoked, and is left out for all"));
    }
    let note = body.reason.as_deref().map(Note::parse).transpose();
    by.note = note.map_err(|_| bad("reason is 1 to 500 characters without control characters"))?;
    let server = exchange.server();
    let revoked = detached(async move { revoke(&server, &by, kind, &body.value).await });
    Ok(respond::private(Effective::of(&revoked.await?)))
}
