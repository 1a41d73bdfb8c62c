//! The client of docs/guides/refresh-loop.md, between a server and what a network does.

use http::Method;
use serde_json::Value;

use super::front::{Act, Front};
use super::issuer::Issuer;
use crate::support::{Program, Tokens, block, claims, node};

/// The client, logged in, and what it speaks through.
struct Loop {
    program: Program,
    front: Front,
    first: Tokens,
}

impl Loop {
    /// `None` if there is no Node or no database, which was said.
    async fn start() -> Option<(Issuer, Self)> {
        let mut command = node()?;
        let issuer = Issuer::start().await?;
        let front = Front::start(issuer.wire.address);
        command.args(["--import", "./clock.mjs", "session.mjs"]);
        let files = [
            ("clock.mjs", include_str!("../../../interop/clock.mjs").to_owned()),
            ("session.mjs", include_str!("../../../interop/session.mjs").to_owned()),
            ("session-of-the-guide.mjs", block("docs/guides/refresh-loop.md", "js session.mjs")),
        ];
        let secrets = &issuer.wire.secrets;
        let endpoint = format!("http://{}/oauth/token", front.address);
        let variables = [
            ("TOKEN_ENDPOINT", endpoint.as_str()),
            ("CLIENT_ID", &secrets.client_id),
            ("CLIENT_SECRET", &secrets.client_secret),
        ];
        let program = Program::start(command, &files, &variables);
        assert_eq!(program.hear(), "ready");
        let login = issuer.wire.try_login().await.unwrap();
        let first = login.tokens();
        let mut it = Self { program, front, first };
        it.set_clock(0);
        assert_eq!(it.ask(&format!("keep {}", login.body)), "stored");
        assert_eq!(it.program.hear(), it.first.access);
        Some((issuer, it))
    }

    /// Sets its clock to so many seconds after the login, and lets it stand there.
    fn set_clock(&mut self, seconds: i64) {
        let login = claims(&self.first.access)["iat"].as_i64().unwrap();
        assert_eq!(self.ask(&(login + seconds).to_string()), "set");
    }

    fn ask(&mut self, command: &str) -> String {
        self.program.say(command);
        self.program.hear()
    }

    /// Asserts that the pause that is made now is within these, in milliseconds, and answers it.
    #[track_caller]
    fn assert_pauses(&mut self, (least, most): (u64, u64)) -> u64 {
        let said = self.program.hear();
        let millis = said.strip_prefix("sleeps ").and_then(|millis| millis.parse().ok());
        let millis: Option<u64> = millis.filter(|it| least <= *it && *it <= most);
        millis.unwrap_or_else(|| panic!("{said}"))
    }

    /// Asserts that a refresh has succeeded, and that the token that is given is a new one.
    #[track_caller]
    fn assert_refreshed(&mut self) {
        assert_eq!(self.program.hear(), "stored");
        let token = self.program.hear();
        assert!(token.starts_with("eyJ") && token != self.first.access, "{token}");
    }
}

#[tokio::test]
async fn it_refreshes_before_the_token_expires_and_nobody_waits_for_that() {
    let Some((_issuer, mut it)) = Loop::start().await else { return };
    // Tokens live for 300 s: it is due after 210 s at the earliest, 240 s at the latest.
    it.set_clock(209);
    assert_eq!(it.ask("token"), it.first.access);
    it.front.holds(Act::Cut);
    it.set_clock(241);
    assert_eq!(it.ask("token"), it.first.access, "it is still good");
    it.assert_pauses((500, 1000));
    assert_eq!(it.ask("token"), it.first.access, "also while the refresh waits");
    it.program.say("wake");
    assert_eq!(it.program.hear(), "stored");
    let next = it.ask("token");
    assert!(next.starts_with("eyJ") && next != it.first.access, "{next}");
    assert_eq!(it.front.sent().len(), 2);
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_refresh() {
    let Some((_issuer, mut it)) = Loop::start().await else { return };
    it.set_clock(301);
    for _ in 0..5 {
        it.program.say("token");
    }
    it.assert_refreshed();
    let others: Vec<String> = (0..4).map(|_| it.program.hear()).collect();
    assert!(others.iter().all(|token| *token == others[0] && *token != it.first.access));
    assert_eq!(it.front.sent(), [it.first.refresh.clone()]);
    // The one that came is good for a while, unless an API refuses it.
    assert_eq!(it.ask("token"), others[0]);
    it.program.say("refused");
    it.assert_refreshed();
    assert_eq!(it.front.sent().len(), 2);
}

#[tokio::test]
async fn whatever_gets_lost_the_same_token_is_sent_again() {
    let Some((_issuer, mut it)) = Loop::start().await else { return };
    it.set_clock(301);
    let proxy = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>";
    let later = "HTTP/1.1 503 Later\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}";
    let slower = "HTTP/1.1 429 Slower\r\nRetry-After: 86400\r\nContent-Length: 2\r\n\r\n{}";
    let faults = [
        (Act::Answer(proxy), (500, 1000)),
        (Act::Answer(later), (8000, 9000)),
        (Act::Answer(slower), (62_000, 64_000)),
        (Act::Lose, (4000, 8000)),
        (Act::Halve, (8000, 16_000)),
    ];
    for (act, _) in faults {
        it.front.holds(act);
    }
    it.program.say("token");
    for (_, pause) in faults {
        it.assert_pauses(pause);
        it.program.say("wake");
    }
    it.assert_refreshed();
    assert_eq!(it.front.sent(), vec![it.first.refresh.clone(); 6]);
}

#[tokio::test]
async fn while_the_server_is_down_it_tries_and_then_gives_up_without_a_logout() {
    let Some((issuer, mut it)) = Loop::start().await else { return };
    let Issuer { home, serving, .. } = issuer;
    serving.kill();
    it.set_clock(301);
    it.program.say("token");
    let mut cut = 0;
    for most in [1000, 2000, 4000, 8000, 16_000] {
        cut += most - it.assert_pauses((most / 2, most));
        it.program.say("wake");
    }
    assert_ne!(cut, 0, "each is cut by a random part");
    assert_eq!(it.program.hear(), "error: no answer from the server: try again later");
    it.program.say("token");
    it.assert_pauses((500, 1000));
    let _serving = home.serve_again();
    it.program.say("wake");
    it.assert_refreshed();
    let all = it.front.sent();
    assert!(all.iter().all(|token| *token == it.first.refresh), "{all:?}");
}

#[tokio::test]
async fn a_session_that_was_ended_asks_for_a_login_and_nothing_else_does() {
    let Some((issuer, mut it)) = Loop::start().await else { return };
    it.set_clock(301);
    for (fault, said) in
        [(INVALID_CLIENT, "error: 401 invalid_client"), (INVALID_SCOPE, "error: 400 invalid_scope")]
    {
        it.front.holds(Act::Answer(fault));
        assert_eq!(it.ask("token"), said);
    }
    let sid = claims(&it.first.access)["sid"].as_str().unwrap().to_owned();
    issuer.admin(Method::DELETE, &format!("/sessions/{sid}"), &Value::Null).await;
    assert_eq!(it.ask("token"), "forgotten");
    assert_eq!(it.program.hear(), "login required");
    assert_eq!(it.ask("token"), "login required");
    assert_eq!(it.front.sent().len(), 3, "what is known is not asked again");
}

const INVALID_CLIENT: &str =
    "HTTP/1.1 401 No\r\nContent-Length: 26\r\n\r\n{\"error\":\"invalid_client\"}";
const INVALID_SCOPE: &str =
    "HTTP/1.1 400 No\r\nContent-Length: 25\r\n\r\n{\"error\":\"invalid_scope\"}";
