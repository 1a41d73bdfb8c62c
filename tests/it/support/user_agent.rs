//! A browser without a window: cookies, forms, redirects one at a time.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Method, Request};

use super::client::{Reply, claims};
use super::server::TestServer;

/// One browser at a server.
pub(crate) struct Browser<'a> {
    pub(crate) server: &'a TestServer,
    /// Its cookies, by name.
    pub(crate) cookies: BTreeMap<String, String>,
    /// What it sends beside them.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// An authorization request, by its parameters.
#[derive(Clone)]
pub(crate) struct Asking(pub(crate) Vec<(String, String)>);

/// The verifier of [`Asking`]s and its challenge (RFC 7636 Appendix B).
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

impl Asking {
    /// That of a client, with a challenge and a state.
    pub(crate) fn of(client: &str, redirect_uri: &str, scope: &str) -> Self {
        Self(Vec::new())
            .with("response_type", "code")
            .with("client_id", client)
            .with("redirect_uri", redirect_uri)
            .with("scope", scope)
            .with("state", "st")
            .with("code_challenge", CHALLENGE)
            .with("code_challenge_method", "S256")
    }

    /// The same with one parameter more.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without one.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(one, _)| one != name);
        self
    }

    /// The same with another value.
    pub(crate) fn set(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn query(&self) -> String {
        encode(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// As a form or a query has it.
pub(crate) fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Reply {
    /// The value of a hidden field of the page.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> String {
        let find = |quoted: String| {
            let at = self.body.find(&quoted)?;
            let tag = &self.body[self.body[..at].rfind('<')?..];
            let value = tag[..tag.find('>')?].split("value=\"").nth(1)?;
            Some(value.split('"').next()?.to_owned())
        };
        find(format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no field {name}: {self:?}"))
    }

    /// Where the browser is sent, by a redirect or by a page after a form.
    #[track_caller]
    pub(crate) fn location(&self) -> String {
        self.goes_to().unwrap_or_else(|| panic!("it leads nowhere: {self:?}"))
    }

    pub(crate) fn goes_to(&self) -> Option<String> {
        if self.status.is_redirection() {
            return Some(self.header("location").to_owned());
        }
        let to = self.body.split("http-equiv=\"refresh\" content=\"0;url=").nth(1)?;
        let to = to.split('"').next()?.replace("&#38;", "&");
        let link = format!("href=\"{}\"", to.replace('&', "&#38;"));
        assert!(self.status == 200 && self.body.contains(&link), "{self:?}");
        Some(to)
    }

    /// The parameters of an answer to a client at this redirect URI.
    #[track_caller]
    pub(crate) fn answer_at(&self, redirect_uri: &str) -> BTreeMap<String, String> {
        let location = self.location();
        assert!(location.starts_with(redirect_uri), "{location}");
        let url = url::Url::parse(&location).unwrap();
        let params: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(params["iss"], super::server::ISSUER, "{location}");
        params
    }

    /// Asserts a page that says what is wrong, and leads nowhere (CORE-01).
    #[track_caller]
    pub(crate) fn assert_page(&self, status: u16) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("location"), "");
        assert!(self.header("content-type").starts_with("text/html"), "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
    }
}

impl<'a> Browser<'a> {
    pub(crate) fn at(server: &'a TestServer) -> Self {
        Self { server, cookies: BTreeMap::new(), headers: Vec::new() }
    }

    /// Sends a request with its cookies, and keeps those that come back.
    pub(crate) async fn send(&mut self, method: Method, path: &str, form: Option<&str>) -> Reply {
        let path = path.strip_prefix(super::server::ISSUER).unwrap_or(path);
        let mut request = Request::builder().method(method).uri(path);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if form.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let body = Body::from(form.unwrap_or_default().to_owned());
        let reply = self.server.send(request.body(body).unwrap()).await;
        self.keep(&reply);
        reply
    }

    fn keep(&mut self, reply: &Reply) {
        for cookie in reply.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send(Method::POST, path, Some(&encode(form.iter().copied()))).await
    }

    /// Asks, and goes on until a page or an answer to the client comes.
    pub(crate) async fn ask(&mut self, asking: &Asking) -> Reply {
        let reply = self.get(&format!("/oauth/authorize?{}", asking.query())).await;
        self.follow(reply).await
    }

    /// Goes on as long as it is sent to this server's own pages.
    pub(crate) async fn follow(&mut self, mut reply: Reply) -> Reply {
        let own = |location: &str| location.starts_with(super::server::ISSUER);
        while let Some(location) = reply.goes_to().filter(|location| own(location)) {
            reply = self.get(&location).await;
        }
        reply
    }

    /// Sends the form of a sign-in page, and goes on.
    pub(crate) async fn sign_in(&mut self, page: &Reply, name: &str, password: &str) -> Reply {
        let reply = self.submit_sign_in(page, name, password).await;
        self.follow(reply).await
    }

    /// Sends the form of a sign-in page.
    pub(crate) async fn submit_sign_in(
        &mut self,
        page: &Reply,
        name: &str,
        password: &str,
    ) -> Reply {
        let csrf = page.field("csrf");
        let mut form = vec![("csrf", csrf.as_str()), ("username", name), ("password", password)];
        let i = if page.body.contains("name=\"i\"") { page.field("i") } else { String::new() };
        if !i.is_empty() {
            form.push(("i", &i));
        }
        self.post("/signin", &form).await
    }

    /// Sends the form of a consent page.
    pub(crate) async fn decide(&mut self, page: &Reply, decision: &str) -> Reply {
        let (csrf, i) = (page.field("csrf"), page.field("i"));
        let form = [("csrf", csrf.as_str()), ("i", i.as_str()), ("decision", decision)];
        self.post("/consent", &form).await
    }
}

/// The claims of the ID token of an answer of the token endpoint.
pub(crate) fn id_token(reply: &Reply) -> serde_json::Value {
    claims(reply.json()["id_token"].as_str().unwrap_or_else(|| panic!("{reply:?}")))
}
