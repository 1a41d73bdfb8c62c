//! `/admin/v1/feed`: which APIs have come how far, and which have one revocation since when.

use axum::response::Response;

use super::{authorize, bad};
use crate::flows::admin::views::Feed;
use crate::flows::subscribers;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::form::Params;
use crate::protocol::revocation::FeedPosition;
use crate::protocol::subscriber::Subscriber;

const SCOPE: &str = "admin:revoke";

pub(in crate::http) async fn show(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let params = exchange.query()?;
    let page = respond::Page::read(&params, |after| Some(after.to_owned()))?;
    let asked = asked(&params)?;
    let part = (page.after.clone(), page.limit);
    let found = subscribers::list(&exchange.app.server, part).await?;
    // Read afterwards, so that nobody is shown ahead of the log.
    let head = subscribers::head(&exchange.app.server).await?;
    let next = page.next(&found, Subscriber::key);
    Ok(respond::private(Feed::of((&found, head), asked, next)))
}

/// The revocation that is asked for, as the answer that made it named it.
fn asked(params: &Params<'_>) -> Result<Option<FeedPosition>, HttpError> {
    let number = |name| params.value(name).map(str::parse::<i64>).transpose();
    match (number("epoch"), number("seq")) {
        (Ok(None), Ok(None)) => Ok(None),
        (Ok(Some(epoch)), Ok(Some(seq))) => Ok(Some(FeedPosition { epoch, seq })),
        _ => Err(bad("epoch and seq are the two numbers of a revocation's position")),
    }
}
