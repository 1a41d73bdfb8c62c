//! The web applications that the guides show, each with a library of its language, as their users
//! meet them: sign in, come back, be known, stay signed in by refreshes, sign out.

use std::net::SocketAddr;
use std::process::Command;

use http::Method;
use serde_json::{Value, json};

use super::issuer::Issuer;
use super::people::{add_ada, assert_shows, sign_in};
use crate::support::{
    Program, Reply, Shown, Visitor, block, claims, exchange, free_address, node_package, python,
};

/// A web application that runs as a process, and its user.
struct Web {
    issuer: Issuer,
    program: Program,
    address: SocketAddr,
    origin: String,
    visitor: Visitor,
}

impl Web {
    /// Starts what the page shows. `None` if something is not to be had, which was said.
    async fn start(command: Option<Command>, files: &[(&str, String)]) -> Option<Self> {
        let address = free_address();
        Self::at(address, format!("http://localhost:{}", address.port()), command, files).await
    }

    /// The same, where people know it by another address than the one at which it listens.
    async fn at(
        address: SocketAddr,
        origin: String,
        command: Option<Command>,
        files: &[(&str, String)],
    ) -> Option<Self> {
        let command = command?;
        let issuer = Issuer::start().await?;
        let client = json!({"client_id": "web", "name": "Web shop",
            "grants": ["authorization_code", "refresh_token"],
            "redirect_uris": [format!("{origin}/callback")],
            "post_logout_redirect_uris": [format!("{origin}/")],
            "scopes": ["openid", "profile", "email"]});
        let client = issuer.admin(Method::POST, "/clients", &client).await.json();
        add_ada(&issuer);
        let variables = [
            ("ISSUER", issuer.name()),
            ("CLIENT_ID", "web".to_owned()),
            ("CLIENT_SECRET", client["client_secret"].as_str().unwrap().to_owned()),
            ("APP", origin.clone()),
            ("PORT", address.port().to_string()),
            ("APP_SECRET", "what signs its cookie".to_owned()),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let program = Program::start(command, files, &variables);
        assert_eq!(program.hear(), "listening");
        Some(Self { issuer, program, address, origin, visitor: Visitor::default() })
    }

    async fn open(&mut self, path: &str) -> Shown {
        self.visitor.open(&format!("{}{path}", self.origin)).await
    }

    /// From the link of the application to wherever the user ends.
    async fn sign_in(&mut self) -> Shown {
        let page = self.open("/login").await;
        sign_in(&mut self.visitor, &page).await
    }

    /// Everything that such an application does.
    async fn works(mut self) {
        assert_shows(&self.open("/").await, "Sign in");
        // More than fit into one cookie.
        for _ in 0..25 {
            assert_shows(&self.open("/login").await, "name=\"password\"");
        }
        let asked = self.sign_in().await;
        assert_shows(&asked, "Web shop");
        let home = self.visitor.submit(&asked, &[("decision", "allow")]).await;
        assert_eq!(home.url.as_str(), format!("{}/", self.origin));
        assert_shows(&home, "Hello Ada Lovelace");
        assert_eq!(home.reply.header("cache-control"), "no-store");

        // Access tokens live for 300 s.
        let before = self.issuer.refreshes().await;
        let token = self.issuer.wire.admin_token().await;
        let now = claims(&token)["iat"].as_i64().unwrap();
        self.program.say(&(now + 270).to_string());
        assert_eq!(self.program.hear(), "set");
        assert_shows(&self.open("/").await, "Hello Ada Lovelace");
        assert_eq!(self.issuer.refreshes().await, before + 1);

        self.withstands_strangers().await;
        self.meets_revocations().await;

        let home = self.open("/").await;
        let out = self.visitor.submit(&home, &[]).await;
        assert_eq!(out.url.path(), "/", "{out:?}");
        assert_eq!(out.url.origin().ascii_serialization(), self.origin, "{out:?}");
        assert_shows(&out, "Sign in");
        // Signed out at the server, too: it asks who it is.
        let again = self.open("/login").await;
        assert_shows(&again, "name=\"password\"");
        // What was agreed to is remembered.
        assert_shows(&sign_in(&mut self.visitor, &again).await, "Hello Ada Lovelace");
    }

    /// What it answers itself, in front of which there may be something else.
    async fn ask(&self, path: &str) -> Reply {
        exchange(self.address, (&Method::GET, path), "", ("", "")).await.unwrap()
    }

    /// What any page, program or link can send takes nothing from who is signed in.
    async fn withstands_strangers(&mut self) {
        for path in ["/favicon.ico", "//", "//evil.example/callback"] {
            let reply = self.ask(path).await;
            assert!(!reply.status.is_server_error(), "{path}: {reply:?}");
        }
        // Answers that it has not asked for.
        for answer in ["code=chc_x", "error=invalid_grant"] {
            let wrong = format!("/callback?{answer}&state=x&iss={}", self.issuer.name());
            assert_shows(&self.open(&wrong).await, "That did not work");
            let stranger = Visitor::default().open(&format!("{}{wrong}", self.origin)).await;
            assert_shows(&stranger, "That did not work");
        }
        assert_shows(&self.open("/callback").await, "That did not work");
        let wrong_issuer = "/callback?code=chc_x&state=x&iss=https://evil.example";
        assert_shows(&self.open(wrong_issuer).await, "That did not work");
        // It knows already who it is, and needs no answer.
        let before = self.sessions().await.len();
        assert_shows(&self.open("/login").await, "Hello Ada Lovelace");
        assert_eq!(self.sessions().await.len(), before);
    }

    /// A token that is refused is refreshed once; a session that is over begins anew.
    async fn meets_revocations(&mut self) {
        let before = self.issuer.refreshes().await;
        let session = self.sessions().await.remove(0);
        let all = json!({"kind": "sub", "value": session["user_id"]});
        self.issuer.admin(Method::POST, "/revocations", &all).await;
        assert_shows(&self.open("/").await, "Hello Ada Lovelace");
        assert_eq!(self.issuer.refreshes().await, before + 1);

        let path = format!("/sessions/{}", session["sid"].as_str().unwrap());
        self.issuer.admin(Method::DELETE, &path, &Value::Null).await;
        assert_shows(&self.open("/").await, "Sign in");
        assert_eq!(self.issuer.refreshes().await, before + 1);
        assert_shows(&self.open("/login").await, "Hello Ada Lovelace");
    }

    /// The sessions of the user at the server.
    async fn sessions(&self) -> Vec<Value> {
        let listed = self.issuer.admin(Method::GET, "/sessions", &Value::Null).await.json();
        let items = listed["items"].as_array().unwrap().iter();
        items.filter(|it| it["client_id"] == "web").cloned().collect()
    }

    /// Its cookies, where people reach it by https, can come from no other host.
    async fn keeps_its_cookies_to_its_host(self) {
        let begun = self.ask("/login").await;
        let back = "redirect_uri=https%3A%2F%2Fapp.example%2Fcallback";
        assert!(begun.header("location").contains(back), "{begun:?}");
        let cookies: Vec<_> = begun.headers.get_all("set-cookie").iter().collect();
        assert!(!cookies.is_empty(), "{begun:?}");
        for cookie in cookies {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
                assert!(cookie.split("; ").any(|it| it == attribute), "{attribute}: {cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }

    /// What the user of such an application sees who does not agree.
    async fn denied_access(mut self) {
        let asked = self.sign_in().await;
        let denied = self.visitor.submit(&asked, &[("decision", "deny")]).await;
        assert_eq!(denied.url.path(), "/callback", "{denied:?}");
        assert_shows(&denied, "That did not work");
        assert_shows(&self.open("/").await, "Sign in");
    }
}

fn node_web() -> (Option<Command>, [(&'static str, String); 2]) {
    let mut command = node_package();
    if let Some(command) = &mut command {
        command.args(["--import", "./clock.mjs", "app.mjs"]);
    }
    let clock = include_str!("../../../interop/clock.mjs").to_owned();
    (command, [("clock.mjs", clock), ("app.mjs", block(WEB, "js app.mjs"))])
}

fn python_web() -> (Option<Command>, [(&'static str, String); 3]) {
    let mut command = python();
    if let Some(command) = &mut command {
        command.args(["clock.py", "serve.py"]);
    }
    let [clock, serve] =
        [include_str!("../../../interop/clock.py"), include_str!("../../../interop/serve.py")];
    let app = block(WEB, "python app.py");
    (command, [("clock.py", clock.to_owned()), ("serve.py", serve.to_owned()), ("app.py", app)])
}

#[tokio::test]
async fn openid_client_on_node_signs_users_in_and_out() {
    let (command, files) = node_web();
    let Some(web) = Web::start(command, &files).await else { return };
    web.works().await;
}

#[tokio::test]
async fn openid_client_on_node_takes_a_no() {
    let (command, files) = node_web();
    let Some(web) = Web::start(command, &files).await else { return };
    web.denied_access().await;
}

#[tokio::test]
async fn openid_client_on_node_keeps_its_cookies_to_its_host() {
    let (command, files) = node_web();
    let Some(web) = Web::at(free_address(), PUBLIC.to_owned(), command, &files).await else {
        return;
    };
    web.keeps_its_cookies_to_its_host().await;
}

#[tokio::test]
async fn authlib_on_python_signs_users_in_and_out() {
    let (command, files) = python_web();
    let Some(web) = Web::start(command, &files).await else { return };
    web.works().await;
}

#[tokio::test]
async fn authlib_on_python_takes_a_no() {
    let (command, files) = python_web();
    let Some(web) = Web::start(command, &files).await else { return };
    web.denied_access().await;
}

#[tokio::test]
async fn authlib_on_python_keeps_its_cookies_to_its_host() {
    let (command, files) = python_web();
    let Some(web) = Web::at(free_address(), PUBLIC.to_owned(), command, &files).await else {
        return;
    };
    web.keeps_its_cookies_to_its_host().await;
}

const PUBLIC: &str = "https://app.example";
const WEB: &str = "docs/guides/web-application.md";
