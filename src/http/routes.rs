//! Every route, in one table: requests are led by it, and openapi.yaml is compared with it.

use std::future::Future;
use std::pin::Pin;

use axum::response::Response;
use http::Method;

use super::App;
use super::cors::Sharing;
use super::endpoints::admin::{
    self, audit, browser_sessions, clients, resources, revocations, users,
};
use super::endpoints::{
    account, applied, assets, authorize, consent, health, introspect, jwks, login, logout,
    metadata, metrics, revocations as feed, revoke, sessions, sign_out, signin, token, userinfo,
};
use super::error::HttpError;
use super::exchange::Exchange;
use super::front::Front;

/// One route.
pub struct Route {
    /// The method; GET answers HEAD too.
    pub method: Method,
    /// The path below the issuer's own.
    pub path: &'static str,
    /// On which listener, and below what, it is served.
    pub place: Place,
    /// Who may read its answers from a script.
    pub sharing: Sharing,
    /// The parameters that it takes in the URL, beside an access token.
    pub query: &'static [&'static str],
    pub(super) handler: Handler,
}

/// Where a route is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// Below the issuer's path.
    Issuer,
    /// With the issuer's path behind it (RFC 8414 §3.1).
    WellKnown,
    /// At the root of the listener, whatever the issuer: for probes.
    Root,
    /// Like the issuer's, but on the listener for administration where there is one.
    Admin,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response, HttpError>> + Send>>;
type Handler = fn(Exchange) -> Answer;

macro_rules! route {
    ($method:ident $path:literal $place:ident $sharing:ident $handler:path $(, $query:ident)?) => {
        Route {
            method: Method::$method,
            path: $path,
            place: Place::$place,
            sharing: Sharing::$sharing,
            query: [$($query,)? NONE][0],
            handler: |exchange| Box::pin($handler(exchange)),
        }
    };
}

const NONE: &[&str] = &[];
const BEHIND: &[&str] = &["cursor", "epoch", "after"];
/// Others are ignored (RFC 6749 §3.1), and some are known to change nothing: `display`, `acr_values`.
const AUTHORIZE: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "response_mode",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "ui_locales",
    "claims",
    "resource",
];
const SIGN_IN: &[&str] = &["i", "switch"];
const INTERACTION: &[&str] = &["i"];
const ACCOUNT: &[&str] = &["done", "tag"];
const SIGN_OUT: &[&str] = &[
    "id_token_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "ui_locales",
    "logout_hint",
    "i",
];
const ALL: &[&str] = &["all"];
const PAGE: &[&str] = &["limit", "after"];
const SESSIONS: &[&str] = &["limit", "after", "user"];
const AUDIT: &[&str] = &["limit", "after", "kind", "actor", "target", "since", "before"];
const SUBSCRIBERS: &[&str] = &["limit", "after", "epoch", "seq"];
const EXPLAIN: &[&str] = &["token", "session", "user"];

/// The routes.
pub const ROUTES: &[Route] = &[
    route!(GET "/.well-known/oauth-authorization-server" WellKnown Everybody metadata::get),
    route!(GET "/.well-known/openid-configuration" Issuer Everybody metadata::get),
    route!(GET "/.well-known/jwks.json" Issuer Everybody jwks::get),
    route!(GET "/revocations" Issuer Everybody feed::get, BEHIND),
    route!(GET "/revocations/stream" Issuer Everybody feed::stream),
    route!(POST "/login" Issuer Registered login::post),
    route!(POST "/logout" Issuer Registered logout::post),
    route!(GET "/oauth/authorize" Issuer None authorize::get, AUTHORIZE),
    route!(POST "/oauth/authorize" Issuer None authorize::post),
    route!(GET "/signin" Issuer None signin::get, SIGN_IN),
    route!(POST "/signin" Issuer None signin::post),
    route!(GET "/consent" Issuer None consent::get, INTERACTION),
    route!(POST "/consent" Issuer None consent::post),
    route!(GET "/oauth/logout" Issuer None sign_out::get, SIGN_OUT),
    route!(POST "/oauth/logout" Issuer None sign_out::post),
    route!(GET "/signed-out" Issuer None sign_out::done, INTERACTION),
    route!(POST "/oauth/token" Issuer Registered token::post),
    route!(POST "/oauth/revoke" Issuer Registered revoke::post),
    route!(POST "/oauth/introspect" Issuer None introspect::post),
    route!(GET "/oauth/userinfo" Issuer Registered userinfo::get),
    route!(POST "/oauth/userinfo" Issuer Registered userinfo::post),
    route!(POST "/revocations/applied" Issuer None applied::post),
    route!(GET "/sessions" Issuer Registered sessions::list, PAGE),
    route!(DELETE "/sessions" Issuer Registered sessions::end_all, ALL),
    route!(DELETE "/sessions/{sid}" Issuer Registered sessions::end_one),
    route!(GET "/account" Issuer None account::get, ACCOUNT),
    route!(POST "/account/sign-out" Issuer None account::sign_out),
    route!(POST "/account/password" Issuer None account::password),
    route!(POST "/account/browsers" Issuer None account::browsers),
    route!(POST "/account/applications" Issuer None account::applications),
    route!(POST "/account/consents" Issuer None account::consents),
    route!(GET "/assets/{file}" Issuer None assets::get),
    route!(GET "/assets/clients/{hash}" Issuer None assets::logo),
    route!(GET "/admin/v1/users" Admin None users::list, PAGE),
    route!(POST "/admin/v1/users" Admin None users::create),
    route!(GET "/admin/v1/users/{id}" Admin None users::show),
    route!(PATCH "/admin/v1/users/{id}" Admin None users::change),
    route!(DELETE "/admin/v1/users/{id}" Admin None users::delete),
    route!(POST "/admin/v1/users/{id}/password" Admin None users::set_password),
    route!(PUT "/admin/v1/users/{id}/roles" Admin None users::set_roles),
    route!(GET "/admin/v1/clients" Admin None clients::list, PAGE),
    route!(POST "/admin/v1/clients" Admin None clients::create),
    route!(GET "/admin/v1/clients/{id}" Admin None clients::show),
    route!(PATCH "/admin/v1/clients/{id}" Admin None clients::change),
    route!(DELETE "/admin/v1/clients/{id}" Admin None clients::delete),
    route!(POST "/admin/v1/clients/{id}/secret" Admin None clients::rotate_secret),
    route!(PUT "/admin/v1/clients/{id}/logo" Admin None clients::set_logo),
    route!(DELETE "/admin/v1/clients/{id}/logo" Admin None clients::remove_logo),
    route!(GET "/admin/v1/resources" Admin None resources::list, PAGE),
    route!(POST "/admin/v1/resources" Admin None resources::create),
    route!(GET "/admin/v1/resources/{id}" Admin None resources::show),
    route!(PATCH "/admin/v1/resources/{id}" Admin None resources::change),
    route!(DELETE "/admin/v1/resources/{id}" Admin None resources::delete),
    route!(GET "/admin/v1/sessions" Admin None admin::sessions::list, SESSIONS),
    route!(GET "/admin/v1/sessions/{id}" Admin None admin::sessions::show),
    route!(DELETE "/admin/v1/sessions/{id}" Admin None admin::sessions::end),
    route!(GET "/admin/v1/browser-sessions" Admin None browser_sessions::list, SESSIONS),
    route!(GET "/admin/v1/browser-sessions/{id}" Admin None browser_sessions::show),
    route!(DELETE "/admin/v1/browser-sessions/{id}" Admin None browser_sessions::end),
    route!(POST "/admin/v1/revocations" Admin None revocations::create),
    route!(GET "/admin/v1/feed" Admin None admin::feed::show, SUBSCRIBERS),
    route!(GET "/admin/v1/keys" Admin None admin::keys::list),
    route!(POST "/admin/v1/keys/rotate" Admin None admin::keys::rotate),
    route!(POST "/admin/v1/keys/{kid}/compromise" Admin None admin::keys::compromise),
    route!(GET "/admin/v1/audit" Admin None audit::list, AUDIT),
    route!(GET "/admin/v1/explain" Admin None audit::explain_one, EXPLAIN),
    route!(GET "/healthz" Root None health::live),
    route!(GET "/readyz" Root None health::ready),
    route!(GET "/metrics" Admin None metrics::get),
];

/// What a listener serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Listener {
    /// Everything: the only one.
    Only,
    /// Everything but what is for administration alone.
    Public,
    /// What is for administration, to whoever can reach it.
    Administration,
}

impl Listener {
    pub(super) fn serves(self, place: Place) -> bool {
        match self {
            Self::Only => true,
            Self::Public => place != Place::Admin,
            Self::Administration => matches!(place, Place::Admin | Place::Root),
        }
    }
}

/// What answers on a listener, but for what is for administration alone.
pub fn public(app: &App) -> Front {
    Front::new(app, Listener::Public)
}

/// What answers on a listener for administration.
pub fn administration(app: &App) -> Front {
    Front::new(app, Listener::Administration)
}

/// What answers on a single listener.
pub fn all(app: &App) -> Front {
    Front::new(app, Listener::Only)
}
