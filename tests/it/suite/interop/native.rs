//! The programs of the guides that run on their user's own machine: they listen for the answer at a
//! port of their own choice.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use http::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use url::Url;

use super::issuer::Issuer;
use super::people::{add_ada, assert_shows, sign_in};
use crate::support::{Program, Visitor, block, claims, exchange, node_package, python};

/// Makes a public client that is called at a port of its own choice.
async fn native(issuer: &Issuer, id: &str) {
    let client = json!({"client_id": id, "public": true,
        "grants": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
        "scopes": ["openid", "profile", "offline_access"]});
    issuer.admin(Method::POST, "/clients", &client).await;
    add_ada(issuer);
}

/// Does in a browser what a program has asked for, and calls the port of the program before that.
async fn sign_in_for(program: &Program) {
    let said = program.hear();
    let url = said.strip_prefix("To sign in, open ").unwrap_or_else(|| panic!("{said}"));
    let asked = Url::parse(url).unwrap();
    let (_, back) = asked.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
    let port = Url::parse(&back).unwrap().port().unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    // As browsers do, for what they may need next.
    let _unused = TcpStream::connect(address).await.unwrap();
    for path in ["/favicon.ico", "//", "/callback", "/callback?code=chc_x&state=x"] {
        let reply = exchange(address, (&Method::GET, path), "", ("", "")).await.unwrap();
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
        assert!(!reply.body.contains("close this window"), "{path}: {reply:?}");
    }
    let mut visitor = Visitor::default();
    let page = visitor.open(url).await;
    let asked = sign_in(&mut visitor, &page).await;
    let done = visitor.submit(&asked, &[("decision", "allow")]).await;
    assert_eq!((done.url.host_str(), done.url.path()), (Some("127.0.0.1"), "/callback"));
    assert_shows(&done, "You can close this window");
}

#[tokio::test]
async fn a_desktop_program_signs_its_user_in_by_a_port_of_its_own() {
    let Some(mut command) = node_package() else { return };
    let Some(issuer) = Issuer::start().await else { return };
    native(&issuer, "desktop").await;
    command.arg("desktop.mjs");
    let files = [("desktop.mjs", block(NATIVE, "js desktop.mjs"))];
    let variables = [("ISSUER", issuer.name()), ("BROWSER", "true".to_owned())];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let program = Program::start(command, &files, &variables);
    sign_in_for(&program).await;
    assert_eq!(program.hear(), "Hello Ada Lovelace");
    assert_eq!(program.hear(), "signed out");
}

/// The tool, its server, and where it stores.
struct Tool {
    issuer: Issuer,
    file: String,
}

impl Tool {
    /// With a user who has signed in. `None` if something is not to be had, which was said.
    async fn signed_in() -> Option<Self> {
        python()?;
        let issuer = Issuer::start().await?;
        native(&issuer, "tool").await;
        let tool = Self { issuer, file: block(TOOL, "python tool.py") };
        let login = tool.run(&["tool.py", "login"]);
        sign_in_for(&login).await;
        assert_eq!(login.hear(), "Hello Ada Lovelace");
        Some(tool)
    }

    fn run(&self, arguments: &[&str]) -> Program {
        let mut command = python().unwrap();
        command.arg("-u").args(arguments);
        let state = self.issuer.home.path("state").display().to_string();
        let issuer = self.issuer.name();
        let variables = [("ISSUER", &*issuer), ("BROWSER", "true"), ("XDG_STATE_HOME", &state)];
        Program::start(command, &[("tool.py", self.file.clone())], &variables)
    }

    fn whoami(&self) -> Program {
        self.run(&["tool.py", "whoami"])
    }

    fn place(&self) -> PathBuf {
        let issuer = self.issuer.name().replace(':', "%3A").replace('/', "%2F");
        self.issuer.home.path(&format!("state/tool/tool@{issuer}.json"))
    }

    fn stored(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.place()).unwrap()).unwrap()
    }

    /// What is stored is about to expire: as it would be after some minutes.
    fn age(&self) {
        let mut stored = self.stored();
        stored["expires_at"] = json!(stored["expires_at"].as_i64().unwrap() - 270);
        std::fs::write(self.place(), stored.to_string()).unwrap();
    }
}

#[tokio::test]
async fn a_command_line_tool_stays_signed_in_between_its_calls() {
    let Some(tool) = Tool::signed_in().await else { return };
    let before = tool.issuer.refreshes().await;
    assert_eq!(tool.whoami().hear(), "Hello Ada Lovelace");
    assert_eq!(tool.issuer.refreshes().await, before, "the token is good still");
    // Another login would leave this session behind.
    assert_eq!(tool.run(&["tool.py", "login"]).fails(), "signed in already: tool.py logout\n");

    let first = tool.stored();
    tool.age();
    assert_eq!(tool.whoami().hear(), "Hello Ada Lovelace");
    assert_eq!(tool.issuer.refreshes().await, before + 1);
    assert_ne!(tool.stored()["refresh_token"], first["refresh_token"]);
    let mode = std::fs::metadata(tool.place()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    assert_eq!(tool.run(&["tool.py", "logout"]).hear(), "signed out");
    assert!(!tool.place().exists());
    assert_eq!(tool.whoami().fails(), "sign in first: tool.py login\n");
}

#[tokio::test]
async fn a_command_line_tool_knows_a_revoked_token_from_a_session_that_is_over() {
    let Some(tool) = Tool::signed_in().await else { return };
    let before = tool.issuer.refreshes().await;
    let given = claims(tool.stored()["access_token"].as_str().unwrap());
    let all = json!({"kind": "sub", "value": given["sub"]});
    tool.issuer.admin(Method::POST, "/revocations", &all).await;
    assert_eq!(tool.whoami().hear(), "Hello Ada Lovelace");
    assert_eq!(tool.issuer.refreshes().await, before + 1);
    assert_eq!(tool.whoami().hear(), "Hello Ada Lovelace");
    assert_eq!(tool.issuer.refreshes().await, before + 1, "what it got is stored");

    let session = format!("/sessions/{}", given["sid"].as_str().unwrap());
    tool.issuer.admin(Method::DELETE, &session, &Value::Null).await;
    assert_eq!(tool.whoami().fails(), "the session is over: tool.py login\n");
    assert!(!tool.place().exists());
}

#[tokio::test]
async fn two_calls_of_a_command_line_tool_at_once_leave_its_tokens_whole() {
    let Some(tool) = Tool::signed_in().await else { return };
    for _ in 0..3 {
        tool.age();
        for one in [tool.whoami(), tool.whoami()] {
            assert_eq!(one.hear(), "Hello Ada Lovelace");
        }
    }
    assert_eq!(tool.whoami().hear(), "Hello Ada Lovelace");

    // The part that two have in common, often, and in sizes that differ.
    for one in [tool.run(&["-c", STORES]), tool.run(&["-c", STORES])] {
        assert_eq!(one.hear(), "whole");
    }
    // Who comes late with the successor, or the end, of a session that is not the stored one any more
    // changes nothing.
    assert_eq!(tool.run(&["-c", IS_LATE]).hear(), "kept");
}

const STORES: &str = "
import tool
for length in range(500):
    tool.store({'refresh_token': 'x' * length})
    tool.load()
print('whole')";

const IS_LATE: &str = "
import tool
before = tool.load()
tool.store({'refresh_token': 'old'}, refresh_token='older')
tool.forget({'refresh_token': 'older'})
assert tool.load() == before
print('kept')";

const NATIVE: &str = "docs/guides/mobile-and-desktop.md";
const TOOL: &str = "docs/guides/command-line.md";
