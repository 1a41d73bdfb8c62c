//! Work that goes on in parallel at a server, and what of it was acknowledged: that must be there
//! for good, whatever happens to the server meanwhile.

use std::collections::VecDeque;
use std::io;

use chancery::storage::DatabaseUrl;
use http::Method;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::client::{Reply, Tokens, claims};
use super::raw::Raw;
use super::wire::Wire;

/// What was acknowledged so far.
pub(crate) struct Load {
    chains: Vec<Tokens>,
    spare: VecDeque<Tokens>,
    revoked: Vec<Tokens>,
    revoked_by_admin: usize,
    users: Users,
    keys: Keys,
    rounds: usize,
}

/// Work under way.
pub(crate) struct Working {
    tasks: JoinSet<Part>,
    heard: mpsc::UnboundedReceiver<Heard>,
    stop: watch::Sender<bool>,
}

/// What one task has to show.
enum Part {
    Chain(Tokens),
    Revoked { spare: VecDeque<Tokens>, revoked: Vec<Tokens> },
    Users(Users),
    Keys(Keys),
}

/// What was done with users, by their ids.
#[derive(Default)]
struct Users {
    created: Vec<String>,
    /// They were to be kept out.
    disabled: Vec<String>,
}

/// What was done with keys, by their ids.
#[derive(Default)]
struct Keys {
    /// They were to sign no more.
    compromised: Vec<String>,
    /// They were to wait no more.
    activated: Vec<String>,
}

/// How a request went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Heard {
    Acknowledged,
    /// 503 with Retry-After: to be sent again.
    Refused,
    /// There was no answer at all.
    Nothing,
    /// There was a part of an answer.
    Torn,
}

/// How the requests went by number.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) acknowledged: usize,
    pub(crate) refused: usize,
    pub(crate) unanswered: usize,
    pub(crate) torn: usize,
}

impl Load {
    /// Begins the sessions that will be refreshed, one by each task.
    pub(crate) async fn prepare(wire: &Wire) -> Self {
        let mut chains = Vec::new();
        for _ in 0..CHAINS {
            chains.push(wire.login().await);
        }
        Self {
            chains,
            spare: VecDeque::new(),
            revoked: vec![],
            revoked_by_admin: 0,
            users: Users::default(),
            keys: Keys::default(),
            rounds: 0,
        }
    }

    /// Sets the tasks to work, until [`Load::settle`] or until the server is gone.
    pub(crate) async fn start(&mut self, wire: &Wire) -> Working {
        self.rounds += 1;
        while self.spare.len() < REVOCATIONS {
            self.spare.push_back(wire.login().await);
        }
        let admin = wire.admin_token().await;
        let (tell, heard) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let task = Task { wire: wire.clone(), tell, stopped };
        let mut tasks = JoinSet::new();
        for tokens in self.chains.drain(..) {
            tasks.spawn(task.clone().refresh(tokens));
        }
        let spare = std::mem::take(&mut self.spare);
        tasks.spawn(task.clone().revoke(admin.clone(), spare));
        tasks.spawn(task.clone().change_keys(admin.clone()));
        tasks.spawn(task.change_users(admin, format!("user-{}", self.rounds)));
        Working { tasks, heard, stop }
    }

    /// Waits for the tasks, and takes down what they have reached.
    pub(crate) async fn settle(&mut self, mut working: Working) -> Tally {
        let _ = working.stop.send(true);
        while let Some(part) = working.tasks.join_next().await {
            match part.unwrap() {
                Part::Chain(tokens) => self.chains.push(tokens),
                Part::Revoked { spare, revoked } => {
                    self.spare.extend(spare);
                    // Every other one.
                    self.revoked_by_admin += revoked.len() / 2;
                    self.revoked.extend(revoked);
                }
                Part::Users(users) => {
                    self.users.created.extend(users.created);
                    self.users.disabled.extend(users.disabled);
                }
                Part::Keys(keys) => {
                    self.keys.compromised.extend(keys.compromised);
                    self.keys.activated.extend(keys.activated);
                }
            }
        }
        let mut tally = Tally::default();
        while let Some(heard) = working.heard.recv().await {
            match heard {
                Heard::Acknowledged => tally.acknowledged += 1,
                Heard::Refused => tally.refused += 1,
                Heard::Nothing => tally.unanswered += 1,
                Heard::Torn => tally.torn += 1,
            }
        }
        tally
    }

    /// Asserts that everything acknowledged is there, and that no session has more than its client
    /// was given.
    pub(crate) async fn verify(&mut self, wire: &Wire, url: DatabaseUrl) {
        for tokens in &mut self.chains {
            *tokens = assert_lives(wire, tokens).await;
        }
        for tokens in &self.revoked {
            let reply = wire.introspect(&tokens.access).await.unwrap();
            assert_eq!(reply.json()["active"], false, "revoked: {reply:?}");
            wire.refresh(&tokens.refresh).await.unwrap().assert_invalid_grant();
        }
        let admin = wire.admin_token().await;
        for id in &self.users.created {
            let reply = wire.user(&admin, id).await.unwrap();
            assert_eq!(reply.status, 200, "user {id}: {reply:?}");
        }
        for id in &self.users.disabled {
            let user = wire.user(&admin, id).await.unwrap().json();
            assert_eq!(user["status"], "disabled", "{user}");
        }
        let mut raw = Raw::open(url).await;
        self.verify_keys(wire, &mut raw).await;
        // A client that sends one request after the other is never given a leaf beside another.
        let siblings = format!("SELECT COUNT(*) FROM session WHERE length(leaf_hashes) > {HASH}");
        assert_eq!(raw.number(&siblings).await, 0);
        let sessions = format!("SELECT COUNT(*) FROM session WHERE length(leaf_hashes) = {HASH}");
        assert!(raw.number(&sessions).await > 0);
    }

    /// Asserts that what was compromised is gone for good, and that of the keys of one place no two sign, nor
    /// wait.
    async fn verify_keys(&self, wire: &Wire, raw: &mut Raw) {
        let published = wire.get("/.well-known/jwks.json").await.unwrap().body;
        for kid in &self.keys.activated {
            let waits = format!(
                "SELECT COUNT(*) FROM signing_key WHERE kid = '{kid}' AND state = 'announced'"
            );
            assert_eq!(raw.number(&waits).await, 0, "{kid}");
        }
        for kid in &self.keys.compromised {
            assert!(!published.contains(kid.as_str()), "{kid}: {published}");
            let there = format!(
                "SELECT COUNT(*) FROM signing_key WHERE kid = '{kid}' AND state <> 'removed'"
            );
            assert_eq!(raw.number(&there).await, 0, "{kid}");
        }
        for state in ["active", "announced"] {
            let wrong = format!(
                "SELECT COUNT(*) FROM (SELECT algorithm, usage FROM signing_key GROUP BY algorithm, usage \
                 HAVING SUM(CASE WHEN state = '{state}' THEN 1 ELSE 0 END) > 1) AS place"
            );
            assert_eq!(raw.number(&wrong).await, 0, "{state}");
        }
    }

    /// Asserts that what was replaced, and whose replacement was used, is dead in each of the
    /// sessions, which end by that.
    pub(crate) async fn verify_end(self, wire: &Wire) {
        for first in &self.chains {
            let second = wire.refresh(&first.refresh).await.unwrap().tokens();
            let third = wire.refresh(&second.refresh).await.unwrap().tokens();
            wire.refresh(&first.refresh).await.unwrap().assert_invalid_grant();
            wire.refresh(&third.refresh).await.unwrap().assert_invalid_grant();
        }
        for (what, count) in [
            ("revocations", self.revoked.len()),
            ("revocations of an administrator", self.revoked_by_admin),
            ("users", self.users.created.len()),
            ("disabled users", self.users.disabled.len()),
            ("keys", self.keys.compromised.len()),
        ] {
            assert!(count > 0, "no {what} were acknowledged");
        }
    }
}

impl Working {
    /// Waits until so many more requests were acknowledged.
    pub(crate) async fn acknowledged(&mut self, count: usize) {
        self.hear(count, Heard::Acknowledged).await;
    }

    /// Waits until so many more requests were refused for now.
    pub(crate) async fn refused(&mut self, count: usize) {
        self.hear(count, Heard::Refused).await;
    }

    async fn hear(&mut self, count: usize, what: Heard) {
        let mut left = count;
        while left > 0 {
            let heard = self.heard.recv().await.unwrap();
            assert!(!matches!(heard, Heard::Nothing | Heard::Torn), "a request was not answered");
            left -= usize::from(heard == what);
        }
    }
}

/// One of the tasks.
#[derive(Clone)]
struct Task {
    wire: Wire,
    tell: mpsc::UnboundedSender<Heard>,
    stopped: watch::Receiver<bool>,
}

impl Task {
    /// Refreshes, each time with the newest token that has arrived.
    async fn refresh(self, mut tokens: Tokens) -> Part {
        while self.goes_on() {
            match self.hear(self.wire.refresh(&tokens.refresh).await, 200) {
                (Heard::Acknowledged, Some(reply)) => tokens = reply.tokens(),
                (Heard::Nothing | Heard::Torn, _) => break,
                _ => {}
            }
        }
        Part::Chain(tokens)
    }

    /// Revokes one session after the other, by its refresh token and as an administrator in turn. One whose
    /// revocation was sent and not acknowledged may be over or not, and is forgotten.
    async fn revoke(self, admin: String, mut spare: VecDeque<Tokens>) -> Part {
        let mut revoked = Vec::new();
        while self.goes_on()
            && let Some(tokens) = spare.pop_front()
        {
            let reply = if revoked.len() % 2 == 0 {
                self.wire.revoke(&tokens.refresh).await
            } else {
                let body = json!({"kind": "sid", "value": claims(&tokens.access)["sid"]});
                self.wire.try_admin(&admin, Method::POST, "/revocations", &body).await
            };
            match self.hear(reply, 200).0 {
                Heard::Acknowledged => revoked.push(tokens),
                Heard::Refused => spare.push_front(tokens),
                Heard::Nothing | Heard::Torn => break,
            }
        }
        Part::Revoked { spare, revoked }
    }

    /// Creates users, each name tried once, and disables every other one.
    async fn change_users(self, admin: String, prefix: String) -> Part {
        let mut users = Users::default();
        let mut number = 0;
        while self.goes_on() {
            number += 1;
            let name = format!("{prefix}-{number}");
            match self.hear(self.wire.create_user(&admin, &name).await, 201) {
                (Heard::Acknowledged, Some(reply)) => {
                    users.created.push(reply.json()["id"].as_str().unwrap().to_owned());
                }
                (Heard::Nothing | Heard::Torn, _) => break,
                _ => {}
            }
            if let Some(id) = users.created.last().filter(|_| number % 2 == 0).cloned() {
                let (path, body) = (format!("/users/{id}"), json!({"status": "disabled"}));
                let done = self.wire.try_admin(&admin, Method::PATCH, &path, &body).await;
                match self.hear(done, 200).0 {
                    Heard::Acknowledged => users.disabled.push(id),
                    Heard::Refused => {}
                    Heard::Nothing | Heard::Torn => break,
                }
            }
        }
        Part::Users(users)
    }

    /// Compromises the key that signs the feed, and lets the next keys of all places sign. A few times in each
    /// round, since all of them are published.
    async fn change_keys(self, admin: String) -> Part {
        let mut keys = Keys::default();
        for _ in 0..KEY_CHANGES {
            if !self.goes_on() {
                break;
            }
            let list = self.wire.try_admin(&admin, Method::GET, "/keys", &Value::Null).await;
            if let Some(kid) = list.ok().as_ref().and_then(signs_the_feed) {
                let path = format!("/keys/{kid}/compromise");
                let gone = self.wire.try_admin(&admin, Method::POST, &path, &Value::Null).await;
                if self.hear(gone, 200).0 == Heard::Acknowledged {
                    keys.compromised.push(kid);
                }
            }
            let now = json!({"now": true});
            let rotated = self.wire.try_admin(&admin, Method::POST, "/keys/rotate", &now).await;
            if let (Heard::Acknowledged, Some(reply)) = self.hear(rotated, 200) {
                let reply = reply.json();
                let kids = reply["activated"].as_array().unwrap().iter();
                keys.activated.extend(kids.map(|kid| kid.as_str().unwrap().to_owned()));
            }
        }
        Part::Keys(keys)
    }

    fn goes_on(&self) -> bool {
        !*self.stopped.borrow()
    }

    /// Sorts an answer. Any but success and 503 is a fault: a client takes 400 for a logout.
    fn hear(&self, reply: io::Result<Reply>, success: u16) -> (Heard, Option<Reply>) {
        let heard = match &reply {
            Ok(reply) if reply.status == success => Heard::Acknowledged,
            Ok(reply) => {
                reply.assert_error(503, "temporarily_unavailable");
                assert_eq!(reply.header("retry-after"), "1", "{reply:?}");
                Heard::Refused
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Heard::Torn,
            Err(_) => Heard::Nothing,
        };
        // Nobody may be listening any more.
        let _ = self.tell.send(heard);
        (heard, reply.ok())
    }
}

/// Asserts that the newest token that has arrived still works, and that a retry gives the same
/// again, which is answered.
async fn assert_lives(wire: &Wire, newest: &Tokens) -> Tokens {
    let next = wire.refresh(&newest.refresh).await.unwrap().tokens();
    let again = wire.refresh(&newest.refresh).await.unwrap().tokens();
    assert_eq!(next.refresh, again.refresh);
    again
}

/// The key that signs the feed, on which no token of this load depends.
fn signs_the_feed(list: &Reply) -> Option<String> {
    if list.status != 200 {
        return None;
    }
    let list = list.json();
    let mut keys = list["items"].as_array()?.iter();
    let key = keys.find(|key| key["use"] == "feed" && key["state"] == "active")?;
    Some(key["kid"].as_str()?.to_owned())
}

const CHAINS: usize = 6;
const KEY_CHANGES: usize = 2;
const REVOCATIONS: usize = 30;
/// The bytes of a leaf's hash.
const HASH: usize = 32;
