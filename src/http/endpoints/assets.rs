//! `GET /assets/{file}` and `/assets/clients/{hash}`: what the pages need beside their text. The name of
//! a file changes with its bytes, so that whoever has it never asks again.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::response::Response;

use crate::flows::admin::logos;
use crate::flows::error::FlowError;
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::pages::{Brand, assets};
use crate::protocol::picture::PictureHash;

/// The files by name.
pub(in crate::http) struct Assets(HashMap<String, (&'static str, Bytes)>);

impl Assets {
    /// Those of a brand.
    pub(in crate::http) fn of(brand: &Brand) -> Self {
        let named = assets(brand).into_iter().filter_map(|asset| {
            let name = asset.path.strip_prefix("/assets/")?.to_owned();
            Some((name, (asset.media_type, Bytes::from_owner(asset.bytes))))
        });
        Self(named.collect())
    }
}

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let name = exchange.path_parameter().unwrap_or_default();
    let file = exchange.app.assets().0.get(name).ok_or_else(FlowError::not_found)?;
    Ok(respond::forever(file.clone(), name, exchange.headers()))
}

pub(in crate::http) async fn logo(exchange: Exchange) -> Result<Response, HttpError> {
    let name = exchange.path_parameter().unwrap_or_default();
    let hash = PictureHash::parse(name).ok_or_else(FlowError::not_found)?;
    let (media_type, bytes) = logos::find(&exchange.server(), hash).await?.into_parts();
    Ok(respond::forever((media_type, bytes.into()), name, exchange.headers()))
}
