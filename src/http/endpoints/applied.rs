//! `POST /revocations/applied`: what a subscriber of the feed has applied.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::flows::server::detached;
use crate::flows::subscribers::{Reported, report};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::client_auth::PresentedClient;
use crate::protocol::error::Refusal;
use crate::protocol::form::Params;
use crate::protocol::revocation::FeedPosition;
use crate::protocol::subscriber::{Carrier, SubscriberName};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    subscriber: String,
    via: String,
    epoch: i64,
    seq: i64,
    applied_ms_ago: u64,
}

pub(in crate::http) async fn post(mut exchange: Exchange) -> Result<Response, HttpError> {
    let presented = PresentedClient::read(exchange.authorization()?, &Params::parse(b"")?)?;
    let body: Body = exchange.json().await?;
    let reported = body.read()?;
    let (server, origin) = (exchange.server(), exchange.origin());
    detached(async move { report(&server, &presented, reported, &origin).await }).await?;
    Ok(respond::empty(StatusCode::NO_CONTENT))
}

impl Body {
    fn read(&self) -> Result<Reported, Refusal> {
        let name = SubscriberName::parse(&self.subscriber).ok_or(BAD_NAME)?;
        let via = Carrier::parse(&self.via).ok_or(BAD_CARRIER)?;
        if self.epoch < 0 || self.seq < 0 {
            return Err(BAD_POSITION);
        }
        let position = FeedPosition { epoch: self.epoch, seq: self.seq };
        let ago = Duration::from_millis(self.applied_ms_ago).min(LONG_AGO);
        Ok(Reported { name, via, position, ago })
    }
}

/// A subscriber that was idle for longer than it is remembered is as good as one of that age.
const LONG_AGO: Duration = Duration::from_hours(24);

const BAD_NAME: Refusal = Refusal::invalid_request(
    "subscriber is 1 to 64 letters, digits, dots, underscores and hyphens",
);
const BAD_CARRIER: Refusal = Refusal::invalid_request("via is stream or poll");
const BAD_POSITION: Refusal = Refusal::invalid_request("epoch and seq are not negative");
