//! The ways in: every route that gives something to whoever holds something.

use http::Method;
use serde_json::{Value, json};

use super::super::authorize::CALLBACK;
use super::Ground::{self, *};
use super::world::{World, asking, exchange, log_in};
use crate::support::{PASSWORD, Reply, applied_report};

every! {
    /// One way in. They stand in an order in which none closes another.
    Way {
        Authorize,
        Account,
        AccountPassword,
        AccountBrowsers,
        AccountApplications,
        AccountConsents,
        IntrospectGranted,
        IntrospectLogin,
        IntrospectOwn,
        IntrospectRefresh,
        IntrospectLoginRefresh,
        UserinfoGet,
        UserinfoPost,
        ListSessions,
        EndSession,
        Administration,
        Applied,
        Consent,
        Exchange,
        RefreshGranted,
        RefreshLogin,
        ClientCredentials,
        LogIn,
        SignIn,
        EndSessions,
        LogOutByAccess,
        LogOutByRefresh,
        AccountSignOut,
    }
}

use Way::*;

/// What a way in has come to.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) is_open: bool,
    /// The error, or how else it was refused.
    pub(super) said: String,
}

/// Routes by which nobody gets anything that he does not hold, and why.
pub(super) const NO_WAY_IN: &[(&str, &str)] = &[
    ("GET /.well-known/oauth-authorization-server", "public"),
    ("GET /.well-known/openid-configuration", "public"),
    ("GET /.well-known/jwks.json", "public"),
    ("GET /revocations", "public"),
    ("GET /revocations/stream", "public: who has no good credentials is one of everybody"),
    ("GET /assets/{file}", "public"),
    ("GET /assets/clients/{hash}", "public"),
    ("GET /healthz", "public"),
    ("GET /readyz", "public"),
    ("GET /metrics", "for whoever reaches the listener for administration"),
    ("GET /signin", "shows an empty form"),
    ("GET /consent", "shows a question, which its form answers"),
    ("POST /oauth/authorize", "the same as by GET"),
    ("GET /oauth/logout", "ends, and begins nothing"),
    ("POST /oauth/logout", "ends, and begins nothing"),
    ("GET /signed-out", "ends, and begins nothing"),
    ("POST /oauth/revoke", "ends, and begins nothing; what is over already is a success"),
];

impl Way {
    pub(super) fn routes(self) -> &'static [&'static str] {
        match self {
            Authorize => &["GET /oauth/authorize"],
            Account => &["GET /account"],
            AccountPassword => &["POST /account/password"],
            AccountBrowsers => &["POST /account/browsers"],
            AccountApplications => &["POST /account/applications"],
            AccountConsents => &["POST /account/consents"],
            AccountSignOut => &["POST /account/sign-out"],
            IntrospectGranted
            | IntrospectLogin
            | IntrospectOwn
            | IntrospectRefresh
            | IntrospectLoginRefresh => &["POST /oauth/introspect"],
            UserinfoGet => &["GET /oauth/userinfo"],
            UserinfoPost => &["POST /oauth/userinfo"],
            ListSessions => &["GET /sessions"],
            EndSession => &["DELETE /sessions/{sid}"],
            EndSessions => &["DELETE /sessions"],
            Administration => &["GET /admin/v1/users"],
            Applied => &["POST /revocations/applied"],
            Consent => &["POST /consent"],
            Exchange | RefreshGranted | RefreshLogin | ClientCredentials => &["POST /oauth/token"],
            LogIn => &["POST /login"],
            SignIn => &["POST /signin"],
            LogOutByAccess | LogOutByRefresh => &["POST /logout"],
        }
    }

    pub(super) fn rests_on(self) -> &'static [Ground] {
        match self {
            Authorize => &[Client, Browser, User, Version],
            Account | AccountPassword | AccountBrowsers | AccountApplications | AccountConsents
            | AccountSignOut => &[Browser, User, Version],
            IntrospectGranted => &[Client, ClientTokens, UserTokens, GrantedTokens, SigningKey],
            UserinfoGet | UserinfoPost => &[
                Client,
                ClientTokens,
                UserTokens,
                GrantedTokens,
                SigningKey,
                Granted,
                Browser,
                User,
                Version,
            ],
            IntrospectLogin | ListSessions | EndSession | EndSessions | Administration
            | LogOutByAccess => &[Client, ClientTokens, UserTokens, LoginTokens, SigningKey],
            IntrospectOwn => &[Client, ClientTokens, SigningKey],
            IntrospectRefresh | RefreshGranted => {
                &[Client, Granted, Browser, User, Version, TagKey]
            }
            IntrospectLoginRefresh | RefreshLogin => &[Client, Login, User, Version, TagKey],
            Applied | ClientCredentials => &[Client],
            Consent | Exchange => &[Client, Pending, Browser, User, Version],
            LogIn => &[Client, User, Password],
            SignIn => &[User, Password],
            // Whoever holds it may end what it belongs to, alive or not.
            LogOutByRefresh => &[Client, TagKey],
        }
    }

    /// What it says where it is closed.
    pub(super) fn refusals(self) -> &'static [&'static str] {
        match self {
            Authorize => &["login_required", "page 400"],
            Account | AccountPassword | AccountBrowsers | AccountApplications | AccountConsents
            | AccountSignOut => &["to /signin"],
            IntrospectGranted
            | IntrospectLogin
            | IntrospectOwn
            | IntrospectRefresh
            | IntrospectLoginRefresh => &["inactive", "invalid_client"],
            UserinfoGet | UserinfoPost | ListSessions | EndSession | EndSessions
            | Administration | LogOutByAccess => &["invalid_token"],
            Applied | ClientCredentials => &["invalid_client"],
            Consent => &["to /signin", "page 400", "page 403", "page 410"],
            Exchange | RefreshGranted | RefreshLogin | LogIn => {
                &["invalid_grant", "invalid_client"]
            }
            // By then so many have come with the secret of a client that is gone that it is a guess.
            LogOutByRefresh => &["invalid_grant", "invalid_client", "too_many_requests"],
            SignIn => &["page 400"],
        }
    }

    /// Comes in at the other node.
    pub(super) async fn walk(self, world: &mut World) -> Met {
        let (login, granted) = (world.login.access.clone(), world.granted.access.clone());
        match self {
            Authorize => {
                let mut browser = world.browser();
                let silent = asking().with("prompt", "none");
                let reply = browser.get(&format!("/oauth/authorize?{}", silent.query())).await;
                Met::at_the_client(&reply)
            }
            Account => Met::page(&world.browser().get("/account").await),
            AccountPassword => {
                let fields = [
                    ("current_password", "wrong"),
                    ("new_password", "one more staple of horses"),
                    ("repeat", "one more staple of horses"),
                ];
                world.send("password", &fields).await
            }
            AccountBrowsers => world.send("browsers", &[("others", "true")]).await,
            AccountApplications => world.send("applications", &[("session", NOBODY)]).await,
            AccountConsents => world.send("consents", &[("client", "nobody")]).await,
            AccountSignOut => world.send("sign-out", &[]).await,
            IntrospectGranted => world.introspect(&granted).await,
            IntrospectLogin => world.introspect(&login).await,
            IntrospectOwn => world.introspect(&world.own).await,
            IntrospectRefresh => world.introspect(&world.granted.refresh).await,
            IntrospectLoginRefresh => world.introspect(&world.login.refresh).await,
            UserinfoGet => world.call(Method::GET, "/oauth/userinfo", &granted).await,
            UserinfoPost => world.call(Method::POST, "/oauth/userinfo", &granted).await,
            ListSessions => world.call(Method::GET, "/sessions", &login).await,
            EndSession => {
                let path = format!("/sessions/{NOBODY}");
                let met = world.call(Method::DELETE, &path, &login).await;
                Met { is_open: met.said == "not_found", ..met }
            }
            EndSessions => world.call(Method::DELETE, "/sessions", &login).await,
            Administration => world.call(Method::GET, "/admin/v1/users", &login).await,
            Applied => {
                let report = applied_report("one", &json!({"epoch": 0, "seq": 0}), 0);
                Met::api(&world.there.report_as(&world.shop, &report).await)
            }
            Consent => {
                let (csrf, i) = world.question.clone();
                let form = [("csrf", csrf.as_str()), ("i", i.as_str()), ("decision", "allow")];
                Met::at_the_client(&world.browser().post("/consent", &form).await)
            }
            Exchange => Met::api(&exchange(&world.there, &world.shop, &world.code).await),
            RefreshGranted => world.refresh(&world.granted.refresh).await,
            RefreshLogin => world.refresh(&world.login.refresh).await,
            ClientCredentials => {
                world.token("grant_type=client_credentials&scope=admin:users").await
            }
            LogIn => Met::api(&log_in(&world.there, &world.secret, "openid").await),
            SignIn => {
                let mut browser = crate::support::Browser::at(&world.there);
                let page = browser.get("/account").await;
                let page = browser.follow(page).await;
                let reply = browser.submit_sign_in(&page, "anna", PASSWORD).await;
                let is_open = browser.cookies.contains_key("chancery_session");
                Met { is_open, ..Met::page(&reply) }
            }
            LogOutByAccess => world.call(Method::POST, "/logout", &login).await,
            LogOutByRefresh => {
                let body = json!({
                    "refresh_token": world.granted.refresh,
                    "client_id": "shop",
                    "client_secret": world.secret,
                });
                Met::api(&world.there.post_json("/logout", &body).await)
            }
        }
    }
}

impl Met {
    fn api(reply: &Reply) -> Self {
        let is_open = reply.status.is_success();
        let error = if is_open || reply.body.is_empty() { Value::Null } else { reply.json() };
        let said = error["error"].as_str().map(str::to_owned);
        Self { is_open, said: said.unwrap_or_else(|| reply.status.to_string()) }
    }

    /// A page: open if it is shown, or leads on from what was done.
    fn page(reply: &Reply) -> Self {
        match reply.goes_to() {
            Some(to) if to.contains("/signin") => {
                Self { is_open: false, said: "to /signin".into() }
            }
            Some(to) => Self { is_open: true, said: to },
            None => {
                let said = format!("page {}", reply.status.as_u16());
                Self { is_open: reply.body.contains("/account/password"), said }
            }
        }
    }

    /// What leads back to the client: open with a code.
    fn at_the_client(reply: &Reply) -> Self {
        match reply.goes_to() {
            Some(to) if to.starts_with(CALLBACK) => {
                let answer = reply.answer_at(CALLBACK);
                let said = answer.get("error").cloned().unwrap_or_default();
                Self { is_open: answer.contains_key("code"), said }
            }
            _ => Self { is_open: false, ..Self::page(reply) },
        }
    }
}

impl World {
    async fn call(&self, method: Method, path: &str, token: &str) -> Met {
        Met::api(&self.there.call(method, path, token, &Value::Null).await)
    }

    async fn token(&self, form: &str) -> Met {
        Met::api(&self.there.form("/oauth/token", &self.shop, form).await)
    }

    async fn refresh(&self, token: &str) -> Met {
        self.token(&format!("grant_type=refresh_token&refresh_token={token}")).await
    }

    async fn introspect(&self, token: &str) -> Met {
        let form = format!("token={token}");
        let reply = self.there.form("/oauth/introspect", &self.shop, &form).await;
        if reply.status != 200 {
            return Met::api(&reply);
        }
        let is_open = reply.json()["active"] == true;
        Met { is_open, said: if is_open { "active" } else { "inactive" }.to_owned() }
    }

    /// Sends a form of the account page.
    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Met {
        let form = [&[("csrf", self.csrf.as_str())], fields].concat();
        Met::page(&self.browser().post(&format!("/account/{path}"), &form).await)
    }
}

/// The id of nothing.
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
