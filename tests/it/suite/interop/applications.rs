//! The applications that the guides show, each with a library of its language, as their users meet
//! them: sign in, come back, be known, stay signed in by refreshes, sign out.

use std::process::Command;

use http::Method;
use serde_json::json;

use super::issuer::Issuer;
use crate::support::{Program, Shown, Visitor, block, claims, free_address, node_package, python};

/// A web application that runs as a process, and its user.
struct Web {
    issuer: Issuer,
    program: Program,
    origin: String,
    visitor: Visitor,
}

impl Web {
    /// Starts what the page shows. `None` if something is not to be had, which was said.
    async fn start(command: Option<Command>, files: &[(&str, String)]) -> Option<Self> {
        let command = command?;
        let issuer = Issuer::start().await?;
        let origin = format!("http://localhost:{}", free_address().port());
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
            ("APP_SECRET", "what signs its cookie".to_owned()),
        ];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let program = Program::start(command, files, &variables);
        assert_eq!(program.hear(), "listening");
        Some(Self { issuer, program, origin, visitor: Visitor::default() })
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
        let asked = self.sign_in().await;
        assert_shows(&asked, "Web shop");
        let home = self.visitor.submit(&asked, &[("decision", "allow")]).await;
        assert_eq!(home.url.as_str(), format!("{}/", self.origin));
        assert_shows(&home, "Hello Ada Lovelace");

        // Access tokens live for 300 s.
        let before = self.issuer.refreshes().await;
        let token = self.issuer.wire.admin_token().await;
        let now = claims(&token)["iat"].as_i64().unwrap();
        self.program.say(&(now + 270).to_string());
        assert_eq!(self.program.hear(), "set");
        assert_shows(&self.open("/").await, "Hello Ada Lovelace");
        assert_eq!(self.issuer.refreshes().await, before + 1);

        // An answer that it has not asked for.
        let wrong = format!("/callback?code=chc_x&state=x&iss={}", self.issuer.name());
        assert_shows(&Visitor::default().open(&format!("{}{wrong}", self.origin)).await, "work");

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

    /// What the user of such an application sees who does not agree.
    async fn denied_access(mut self) {
        let asked = self.sign_in().await;
        let denied = self.visitor.submit(&asked, &[("decision", "deny")]).await;
        assert_eq!(denied.url.path(), "/callback", "{denied:?}");
        assert_shows(&denied, "That did not work");
        assert_shows(&self.open("/").await, "Sign in");
    }
}

/// A user of whom something is known.
fn add_ada(issuer: &Issuer) {
    let add = ["user", "create", "ada", "--password-stdin", "--claim", "name=Ada Lovelace"];
    let ran = issuer.home.run_with_input(&add, PASSWORD);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

async fn sign_in(visitor: &mut Visitor, page: &Shown) -> Shown {
    visitor.submit(page, &[("username", "ada"), ("password", PASSWORD)]).await
}

#[track_caller]
fn assert_shows(shown: &Shown, text: &str) {
    assert!(shown.reply.body.contains(text), "{text}: {shown:?}");
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

/// Makes a public client that is called at a port of its own choice.
async fn native(issuer: &Issuer, id: &str) {
    let client = json!({"client_id": id, "public": true,
        "grants": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
        "scopes": ["openid", "profile", "offline_access"]});
    issuer.admin(Method::POST, "/clients", &client).await;
    add_ada(issuer);
}

/// Does in a browser what a program has asked for.
async fn sign_in_for(program: &Program) {
    let said = program.hear();
    let url = said.strip_prefix("To sign in, open ").unwrap_or_else(|| panic!("{said}"));
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

#[tokio::test]
async fn a_command_line_tool_stays_signed_in_between_its_calls() {
    let Some(issuer) = Issuer::start().await else { return };
    native(&issuer, "tool").await;
    let state = issuer.home.path("state").display().to_string();
    let variables =
        [("ISSUER", issuer.name()), ("BROWSER", "true".to_owned()), ("XDG_STATE_HOME", state)];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let [clock, tool] = [
        ("clock.py", include_str!("../../../interop/clock.py").to_owned()),
        ("tool.py", block(TOOL, "python tool.py")),
    ];
    let files = [clock, tool];
    let run = |argument: &str| {
        let mut command = python()?;
        command.args(["-u", "tool.py", argument]);
        Some(Program::start(command, &files, &variables))
    };
    let Some(login) = run("login") else { return };
    sign_in_for(&login).await;
    assert_eq!(login.hear(), "Hello Ada Lovelace");
    let before = issuer.refreshes().await;
    assert_eq!(run("whoami").unwrap().hear(), "Hello Ada Lovelace");
    assert_eq!(issuer.refreshes().await, before, "the token is good still");

    // What is stored is about to expire: as it would be after some minutes.
    let place = issuer.home.path("state/tool/tokens.json");
    let mut stored: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&place).unwrap()).unwrap();
    let first = stored["refresh_token"].clone();
    stored["expires_at"] = json!(stored["expires_at"].as_i64().unwrap() - 270);
    std::fs::write(&place, stored.to_string()).unwrap();
    assert_eq!(run("whoami").unwrap().hear(), "Hello Ada Lovelace");
    assert_eq!(issuer.refreshes().await, before + 1);
    let stored: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&place).unwrap()).unwrap();
    assert_ne!(stored["refresh_token"], first);

    assert_eq!(run("logout").unwrap().hear(), "signed out");
    assert!(!place.exists());
}

const PASSWORD: &str = "an analytical engine 1843";
const WEB: &str = "docs/guides/web-application.md";
const NATIVE: &str = "docs/guides/mobile-and-desktop.md";
const TOOL: &str = "docs/guides/command-line.md";
