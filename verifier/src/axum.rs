//! The verified token of a request, for handlers of axum. The feature `axum`.
//!
//! ```
//! # use chancery_verifier::{Settings, Verifier};
//! use axum::{Router, routing::get};
//! use chancery_verifier::{axum::Bearer, tower::Protect};
//!
//! async fn orders(token: Bearer) -> String {
//!     format!("the orders of {}", token.claims().sub)
//! }
//!
//! # let verifier = Verifier::new(Settings::new("https://as.example", "https://api.example"));
//! let app: Router =
//!     Router::new().route("/orders", get(orders).layer(Protect::new(&verifier).scope("orders:read")));
//! ```

use std::ops::Deref;
use std::sync::Arc;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::VerifiedToken;

/// The token that [`Protect`](crate::tower::Protect) has verified.
#[derive(Clone, Debug)]
pub struct Bearer(pub Arc<VerifiedToken>);

impl Deref for Bearer {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Unprotected;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Unprotected> {
        parts.extensions.get().cloned().map(Self).ok_or(Unprotected)
    }
}

/// A handler wants a token on a route without [`Protect`](crate::tower::Protect): 500, since that is
/// a fault of the API and not of the request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unprotected;

impl IntoResponse for Unprotected {
    fn into_response(self) -> Response {
        tracing::error!("a handler wants an access token on a route that is not protected");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
