//! `GET /.well-known/oauth-authorization-server` (RFC 8414) and `/.well-known/openid-configuration`
//! (OpenID Connect Discovery §3): one document. It lists what works and nothing else (META-05), and
//! comes from the configuration alone, whatever `Host` says (META-06).

use axum::body::Bytes;
use axum::response::Response;
use serde::Serialize;

use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::pages::LANGUAGES;
use crate::protocol::client::GrantType;
use crate::protocol::client_auth::METHODS;
use crate::protocol::key::Algorithm;
use crate::protocol::pkce;
use crate::protocol::profile::Profile;
use crate::protocol::scope::Scope;
use crate::protocol::secret::SecretHash;
use crate::protocol::uri::Issuer;

/// The document, which is made once.
pub(in crate::http) struct Metadata {
    body: Bytes,
    etag: String,
}

impl Metadata {
    /// The document of `issuer`.
    pub(in crate::http) fn of(issuer: &Issuer) -> Self {
        let members =
            Members { issuer: issuer.as_str(), endpoints: endpoints(issuer), offers: offers() };
        let body = serde_json::to_vec(&members).unwrap_or_default();
        let etag = SecretHash::of(&body).entity_tag();
        Self { body: body.into(), etag }
    }
}

pub(in crate::http) async fn get(exchange: Exchange) -> Result<Response, HttpError> {
    let Metadata { body, etag } = exchange.app.metadata();
    let max_age = exchange.app.server.settings.jwks_max_age.as_secs();
    let document = ("application/json", body.clone());
    Ok(respond::public(document, etag, max_age, exchange.headers()))
}

#[derive(Serialize)]
struct Members<'a> {
    issuer: &'a str,
    #[serde(flatten)]
    endpoints: Endpoints,
    #[serde(flatten)]
    offers: Offers,
}

#[derive(Serialize)]
struct Endpoints {
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    end_session_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    jwks_uri: String,
    /// The feed of revocations, for whoever checks tokens offline.
    revocations_uri: String,
    revocations_stream_uri: String,
}

fn endpoints(issuer: &Issuer) -> Endpoints {
    Endpoints {
        authorization_endpoint: issuer.join("/oauth/authorize"),
        token_endpoint: issuer.join("/oauth/token"),
        userinfo_endpoint: issuer.join("/oauth/userinfo"),
        end_session_endpoint: issuer.join("/oauth/logout"),
        revocation_endpoint: issuer.join("/oauth/revoke"),
        introspection_endpoint: issuer.join("/oauth/introspect"),
        jwks_uri: issuer.join("/.well-known/jwks.json"),
        revocations_uri: issuer.join("/revocations"),
        revocations_stream_uri: issuer.join("/revocations/stream"),
    }
}

/// What the endpoints take and give. What is missing here, such as `acr_values_supported`, is not
/// offered: no list is empty (META-02).
#[derive(Serialize)]
#[expect(clippy::struct_field_names, clippy::struct_excessive_bools, reason = "as registered")]
struct Offers {
    scopes_supported: [&'static str; 6],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    grant_types_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    prompt_values_supported: [&'static str; 4],
    ui_locales_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 4],
    userinfo_signing_alg_values_supported: [&'static str; 4],
    claims_supported: Vec<&'static str>,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    /// Stated, since it would be taken for true (OpenID Connect Discovery §3).
    request_uri_parameter_supported: bool,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

fn offers() -> Offers {
    let algorithms = Algorithm::EVERY.map(Algorithm::as_str);
    Offers {
        scopes_supported: Scope::BUILT_IN,
        response_types_supported: ["code"],
        response_modes_supported: ["query", "form_post"],
        grant_types_supported: GrantType::EVERY.map(GrantType::as_str).into(),
        code_challenge_methods_supported: [pkce::METHOD],
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        ui_locales_supported: LANGUAGES.iter().map(|texts| texts.tag).collect(),
        authorization_response_iss_parameter_supported: true,
        token_endpoint_auth_methods_supported: METHODS,
        revocation_endpoint_auth_methods_supported: METHODS,
        introspection_endpoint_auth_methods_supported: [METHODS[0], METHODS[1]],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: algorithms,
        userinfo_signing_alg_values_supported: algorithms,
        claims_supported: OF_SIGN_IN.into_iter().chain(Profile::claim_names()).collect(),
        claims_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
    }
}

/// What is told of users and sign-ins beside their profiles.
const OF_SIGN_IN: [&str; 5] = ["sub", "auth_time", "amr", "sid", "updated_at"];
