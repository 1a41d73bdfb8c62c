//! What the token, revocation and introspection endpoints answer to what is wrong: one table.

use super::BACKEND;
use crate::support::{TestServer, basic};

/// One wrong request. `{secret}` stands for the demo client's secret.
struct Row {
    when: &'static str,
    authorization: Authorization,
    form: &'static str,
    status: u16,
    error: &'static str,
}

enum Authorization {
    None,
    /// The demo client's Basic credentials.
    Demo,
    /// Basic with these.
    Basic(&'static str, &'static str),
    Verbatim(&'static str),
}

use Authorization::{Basic, Demo, None, Verbatim};

const fn row(
    when: &'static str,
    authorization: Authorization,
    form: &'static str,
    status: u16,
    error: &'static str,
) -> Row {
    Row { when, authorization, form, status, error }
}

/// Wrong in the same way at every endpoint where clients authenticate.
const CLIENTS: [Row; 19] = [
    row("no client", None, "", 401, "invalid_client"),
    row("unknown client", Basic("nobody", "x"), "", 401, "invalid_client"),
    row("wrong secret", Basic("demo", "wrong"), "", 401, "invalid_client"),
    row("wrong secret in the body", None, "&client_id=demo&client_secret=x", 401, "invalid_client"),
    row("secret missing", None, "&client_id=demo", 401, "invalid_client"),
    // C082
    row("secret empty", Basic("demo", ""), "", 401, "invalid_client"),
    row("secret of a public client", Basic("chancery-admin", "x"), "", 401, "invalid_client"),
    row("not base64", Verbatim("Basic d!"), "", 401, "invalid_client"),
    row("no colon", Verbatim("Basic ZGVtbw=="), "", 401, "invalid_client"),
    row("not UTF-8", Verbatim("Basic /zr/"), "", 401, "invalid_client"),
    row("colon in the id", Basic("de%3Amo", "x"), "", 401, "invalid_client"),
    row("another scheme", Verbatim("Bearer abc"), "", 401, "invalid_client"),
    row("no credentials", Verbatim("Basic"), "", 401, "invalid_client"),
    // C081
    row("two methods", Demo, "&client_secret={secret}", 400, "invalid_request"),
    row("an assertion and a secret", None, ASSERTION_TOO, 400, "invalid_request"),
    row("Basic and an assertion", Demo, "&client_assertion=a.b.c", 400, "invalid_request"),
    row("an assertion", None, "&client_id=demo&client_assertion=a.b.c", 401, "invalid_client"),
    row("two clients", Demo, "&client_id=chancery-admin", 400, "invalid_request"),
    row("client_id twice", None, "&client_id=demo&client_id=demo", 400, "invalid_request"),
];

const TOKEN: [Row; 23] = [
    // C088
    row("no grant_type", Demo, "scope=read", 400, "invalid_request"),
    row("an empty grant_type", Demo, "grant_type=", 400, "invalid_request"),
    row(
        "grant_type twice",
        Demo,
        "grant_type=refresh_token&grant_type=client_credentials",
        400,
        "invalid_request",
    ),
    row("password", Demo, "grant_type=password&username=a&password=b", 400, UNSUPPORTED),
    row("implicit", Demo, "grant_type=implicit", 400, UNSUPPORTED),
    row("another case", Demo, "grant_type=Refresh_Token", 400, UNSUPPORTED),
    row("an unknown URN", Demo, "grant_type=urn%3Aexample%3Agrant", 400, UNSUPPORTED),
    // C100, C101
    row("the device grant", Demo, DEVICE, 400, UNSUPPORTED),
    row("token exchange", Demo, EXCHANGE, 400, UNSUPPORTED),
    // C089
    row(
        "client_credentials of a public client",
        None,
        "grant_type=client_credentials&client_id=chancery-admin",
        400,
        "unauthorized_client",
    ),
    row("an unknown scope", Demo, "grant_type=client_credentials&scope=x", 400, "invalid_scope"),
    row("a broken scope", Demo, "grant_type=client_credentials&scope=%22", 400, "invalid_scope"),
    row(
        "an administrative scope",
        Demo,
        "grant_type=client_credentials&scope=admin%3Akeys",
        400,
        "invalid_scope",
    ),
    row("another's resource", Demo, OTHER_RESOURCE, 400, "invalid_target"),
    row(
        "a relative resource",
        Demo,
        "grant_type=client_credentials&resource=%2Fapi",
        400,
        "invalid_target",
    ),
    row(
        "a resource with a fragment",
        Demo,
        "grant_type=client_credentials&resource=https%3A%2F%2Fdemo-api.example%23f",
        400,
        "invalid_target",
    ),
    row("two resources", Demo, TWO_RESOURCES, 400, "invalid_target"),
    row("no refresh token", Demo, "grant_type=refresh_token", 400, "invalid_request"),
    row(
        "an empty refresh token",
        Demo,
        "grant_type=refresh_token&refresh_token=",
        400,
        "invalid_request",
    ),
    // C092
    row(
        "a random refresh token",
        Demo,
        "grant_type=refresh_token&refresh_token=chr_AAAA",
        400,
        "invalid_grant",
    ),
    row(
        "no refresh token at all",
        Demo,
        "grant_type=refresh_token&refresh_token=x",
        400,
        "invalid_grant",
    ),
    // The client comes first: nobody else learns what is wrong with a request.
    row("no grant_type and no client", None, "scope=read", 401, "invalid_client"),
    row("a broken scope and no client", None, "scope=%22", 401, "invalid_client"),
];

const TOKEN_MISSING: [Row; 2] = [
    row("no token", Demo, "token_type_hint=access_token", 400, "invalid_request"),
    row("an empty token", Demo, "token=", 400, "invalid_request"),
];

const UNSUPPORTED: &str = "unsupported_grant_type";
const ASSERTION_TOO: &str = "&client_id=demo&client_secret={secret}\
    &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
const DEVICE: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
const EXCHANGE: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
const OTHER_RESOURCE: &str =
    "grant_type=client_credentials&resource=http%3A%2F%2Flocalhost%3A8080%2Fadmin";
const TWO_RESOURCES: &str = "grant_type=client_credentials\
    &resource=https%3A%2F%2Fdemo-api.example&resource=https%3A%2F%2Fother.example";

/// The endpoints where clients authenticate, each with a form that would be right.
const ENDPOINTS: [(&str, &str); 3] = [
    ("/oauth/token", "grant_type=client_credentials"),
    ("/oauth/revoke", "token=x"),
    ("/oauth/introspect", "token=x"),
];

#[tokio::test]
async fn c081_a_client_that_does_not_prove_who_it_is_is_told_so_everywhere_alike() {
    // C081, C082, CORE-12
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for (path, right) in ENDPOINTS {
        let mut bodies = Vec::new();
        for row in &CLIENTS {
            let form = format!("{right}{}", row.form);
            let body = assert_row(&server, path, row, &form).await;
            if row.status == 401 {
                bodies.push(body);
            }
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
    }
}

#[tokio::test]
async fn c088_the_token_endpoint_says_what_is_wrong() {
    // C088, C089
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for row in &TOKEN {
        assert_row(&server, "/oauth/token", row, row.form).await;
    }
}

#[tokio::test]
async fn revocation_and_introspection_need_a_token() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    for path in ["/oauth/revoke", "/oauth/introspect"] {
        for row in &TOKEN_MISSING {
            assert_row(&server, path, row, row.form).await;
        }
    }
}

#[tokio::test]
async fn every_way_to_authenticate_that_is_documented_works() {
    // CORE-10, O21-02
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let secret = &server.secrets.client_secret;
    let lower = server.basic().replacen("Basic", "basic", 1);
    let encoded = basic("d%65mo", secret);
    let body = format!("&client_id=demo&client_secret={secret}");
    let same = "&client_id=demo".to_owned();
    let ways = [(lower, &String::new()), (encoded, &String::new()), (server.basic(), &same)];
    for (path, right) in ENDPOINTS {
        for (authorization, more) in &ways {
            let reply = server.form(path, authorization, &format!("{right}{more}")).await;
            assert_eq!(reply.status, 200, "{path} {more}: {reply:?}");
        }
        let reply = server.form(path, "", &format!("{right}{body}")).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }
}

async fn assert_row(server: &TestServer, path: &str, row: &Row, form: &str) -> String {
    let authorization = match row.authorization {
        None => String::new(),
        Demo => server.basic(),
        Basic(id, secret) => basic(id, secret),
        Verbatim(text) => text.to_owned(),
    };
    let form = form.replace("{secret}", &server.secrets.client_secret);
    let reply = server.form(path, &authorization, &form).await;
    assert_eq!(reply.status.as_u16(), row.status, "{path}, {}: {reply:?}", row.when);
    reply.assert_error(row.status, row.error);
    let challenge =
        if row.status == 401 { r#"Basic realm="chancery", charset="UTF-8""# } else { "" };
    assert_eq!(reply.header("www-authenticate"), challenge, "{path}, {}", row.when);
    reply.body
}
