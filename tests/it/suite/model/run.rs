//! One run: a session, everything that was handed out for it, and the checks of every step.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chancery::flows::admin::users::{NewPassword, NewUser, UserChange, change, create};
use chancery::flows::admin::{By, clients};
use chancery::protocol::client::ClientStatus;
use chancery::protocol::ids::{SessionId, UserId};
use chancery::protocol::password::UserName;
use chancery::protocol::profile::Profile;
use chancery::protocol::revocation::first_safe_issue;
use chancery::protocol::secret::SecretHash;
use chancery::protocol::session::{EndReason, Session, SessionStatus};
use chancery::protocol::time::Timestamp;
use chancery::protocol::user::Roles;
use chancery::revocation::RevocationLog;
use chancery::storage::ops::sessions::FindSession;
use chancery::storage::ops::users::FindUser;

use super::oracle::{Expected, Row, generation};
use super::{BACKEND, Dice};
use crate::support::{Raw, Reply, TestServer, claims};

/// Two nodes on one database, and a connection beside them.
pub(super) struct World {
    pub(super) nodes: [TestServer; 2],
    pub(super) raw: Raw,
    /// When the database was last found to have lost writes.
    regressed_at: Option<i64>,
    epoch: i64,
}

impl World {
    pub(super) async fn open(seed: u64) -> Option<Self> {
        let one = TestServer::start(BACKEND).await?;
        let two = one.another(1_000 + seed).await;
        let raw = one.raw().await;
        let epoch = one.head().await.epoch;
        Some(Self { nodes: [one, two], raw, regressed_at: None, epoch })
    }

    fn now(&self) -> i64 {
        self.nodes[0].clock.millis()
    }

    /// When the last revocation that hits the client's tokens is past, if the clock is behind it.
    async fn behind(&self) -> Option<i64> {
        let client = clients::find_named(&self.nodes[0].server, "demo").await.unwrap();
        let everything = self.nodes.iter().map(|node| node.server.memory.revocations());
        let everything = everything.map(RevocationLog::all_not_before);
        let latest = everything.chain([client.not_before]).flatten().max()?;
        let safe = first_safe_issue(latest).millis();
        (self.now() < safe).then_some(safe)
    }

    /// The clock is set to where no revocation is ahead of it.
    pub(super) async fn put_clock_right(&self) {
        if let Some(safe) = self.behind().await {
            self.nodes[0].clock.step_wall(safe - self.now());
        }
    }
}

pub(super) struct Run<'w> {
    pub(super) world: &'w mut World,
    pub(super) dice: Dice,
    pub(super) row: Row,
    /// Every token that was handed out, in order.
    pub(super) tokens: Vec<String>,
    pub(super) sid: SessionId,
    user: UserId,
    /// How often a change of the user has ended his sessions.
    pub(super) user_changes: u32,
    seed: u64,
    story: Vec<String>,
    /// The token of each generation that was rotated.
    rotated: HashMap<u32, String>,
    handed_out: HashMap<u32, HashSet<String>>,
    max_expires_at: i64,
}

impl<'w> Run<'w> {
    /// A new user with a session of his own.
    pub(super) async fn begin(world: &'w mut World, seed: u64) -> Self {
        world.put_clock_right().await;
        let server = &world.nodes[0].server;
        let admin = server.store.read(FindUser::Named("admin".to_owned())).await.unwrap().unwrap();
        let name = format!("user-{seed}");
        let new = NewUser {
            name: UserName::parse(&name).unwrap(),
            password: admin.password_hash.map(NewPassword::Hashed),
            roles: Roles::default(),
            profile: Profile::default(),
        };
        let user = create(server, &By::command_line(), new).await.unwrap().id;
        let mut login = world.nodes[0].login_body();
        login["username"] = name.into();
        let reply = world.nodes[0].post_json("/login", &login).await;
        let (tokens, left) = (reply.tokens(), reply.json()["authorization_expires_in"].clone());
        let now = world.now();
        let sid = SessionId::parse(claims(&tokens.access)["sid"].as_str().unwrap()).unwrap();
        Self {
            row: Row::begin(&tokens.refresh, now),
            tokens: vec![tokens.refresh],
            dice: Dice::new(seed),
            max_expires_at: now / 1000 + left.as_i64().unwrap(),
            rotated: HashMap::new(),
            handed_out: HashMap::new(),
            story: Vec::new(),
            world,
            sid,
            user,
            user_changes: 0,
            seed,
        }
    }

    /// Compares what is stored with what the rules say, and leaves the world as it was found.
    pub(super) async fn finish(mut self) {
        self.check_stored().await;
        for token in self.tokens.clone() {
            if self.row.ended {
                self.present("anybody", &token).await;
            }
        }
        self.wait(700);
    }

    pub(super) fn now(&self) -> i64 {
        self.world.now()
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        self.note(format!("{seconds} s pass"));
        self.world.nodes[0].advance(seconds);
    }

    pub(super) fn step_clock(&mut self, seconds: i64) {
        self.note(format!("the clock is set by {seconds} s"));
        self.world.nodes[0].clock.step_wall(seconds * 1000);
    }

    pub(super) fn note(&mut self, what: String) {
        self.story.push(what);
    }

    pub(super) fn fail(&self, why: &str) -> ! {
        panic!(
            "CHANCERY_MODEL_SEED={}: {why}\nat {}: {:#?}\n{}",
            self.seed,
            self.now(),
            self.row,
            self.story.join("\n")
        )
    }

    pub(super) fn check(&self, holds: bool, why: &str) {
        if !holds {
            self.fail(why);
        }
    }

    /// Presents a token on either node, and compares the answer with the rules. `None` is a refusal.
    pub(super) async fn present(&mut self, who: &str, token: &str) -> Option<String> {
        let before = self.traces().await;
        let node = usize::from(self.dice.chance(50));
        let reply = self.world.nodes[node].refresh(token).await;
        let expected = self.row.expected(token, self.now());
        let number = self.tokens.iter().position(|one| one == token);
        let status = reply.status.as_u16();
        self.note(format!("{who} presents {number:?} on {node}: {expected:?}, {status}"));
        self.judge(token, (expected, before), &reply).await
    }

    /// Checks one answer, the traces having been `before` it was asked for.
    pub(super) async fn judge(
        &mut self,
        token: &str,
        (expected, before): (Expected, (i64, i64)),
        reply: &Reply,
    ) -> Option<String> {
        if reply.status == 503 && self.world.behind().await.is_some() {
            let same = self.traces().await == before;
            self.check(same, "a request that was put off has left a trace");
            return None;
        }
        match expected {
            Expected::Rotation | Expected::Retry => {
                self.check(reply.status.is_success(), &format!("{expected:?}: {reply:?}"));
                return Some(self.receive(token, reply));
            }
            Expected::Dead => {
                let same = self.traces().await == before;
                self.check(same, "a dead session's token has left a trace");
            }
            Expected::Reuse => {
                let ending = self.ending().await;
                let lost = ending == Some(EndReason::StorageRegressed) && self.after_a_loss();
                self.check(lost || ending == Some(EndReason::Reuse), &format!("{ending:?}"));
                let seq = self.traces().await.1;
                self.check(seq > before.1, "the end of the session is not in the log");
                self.row.ended = true;
            }
            Expected::Regressed => {
                let lost = self.ending().await == Some(EndReason::StorageRegressed);
                self.check(lost, "a torn session ends as such");
                let epoch = self.world.epoch;
                // What the row was before the last loss was found may have been lost then.
                let found = self.world.regressed_at.is_some_and(|at| at >= self.row.rotated_at);
                self.note_loss().await;
                self.check(found || self.world.epoch > epoch, "lost writes begin a new epoch");
                self.row.ended = true;
            }
        }
        self.check(reply.status == 400, &format!("{expected:?}: {reply:?}"));
        None
    }

    /// Takes in a successful answer.
    fn receive(&mut self, presented: &str, reply: &Reply) -> String {
        let received = self.record(presented, reply);
        let now = self.now();
        if let Err(rule) = self.row.accept(presented, &received, now) {
            self.fail(rule);
        }
        received
    }

    /// The token of a successful answer, with what holds whatever the order of things.
    pub(super) fn record(&mut self, presented: &str, reply: &Reply) -> String {
        let received = reply.tokens().refresh;
        let left = reply.json()["authorization_expires_in"].as_i64().unwrap();
        let ends = self.now() / 1000 + left;
        self.check(ends <= self.max_expires_at + 1, "the absolute expiry was moved");
        let (from, to) = (generation(presented), generation(&received));
        if to == from + 1 && self.rotated.get(&to).is_some_and(|parent| parent != presented) {
            self.fail("two tokens of one generation were rotated");
        }
        if to == from + 1 {
            self.rotated.insert(to, presented.to_owned());
        }
        let siblings = self.handed_out.entry(to).or_default();
        siblings.insert(received.clone());
        let count = siblings.len();
        self.check(count <= 4, "a generation has more than four leaves");
        if !self.tokens.contains(&received) {
            self.tokens.push(received.clone());
        }
        received
    }

    /// Forgets what a loss of writes has undone.
    pub(super) fn forget_generations(&mut self) {
        self.rotated.clear();
        self.handed_out.clear();
    }

    /// How many events there are, and where the log ends.
    pub(super) async fn traces(&mut self) -> (i64, i64) {
        let events = self.world.raw.number("SELECT COUNT(*) FROM audit").await;
        (events, self.world.raw.number("SELECT seq FROM feed_head").await)
    }

    pub(super) async fn stored(&self) -> Session {
        let found = self.world.nodes[0].server.store.read(FindSession(self.sid)).await;
        found.unwrap().unwrap().session
    }

    pub(super) async fn ending(&self) -> Option<EndReason> {
        match self.stored().await.status {
            SessionStatus::Active => None,
            SessionStatus::Ended(reason) => Some(reason),
        }
    }

    /// Takes notice of a loss that one of two requests at once may have found.
    pub(super) async fn note_loss(&mut self) {
        let head = self.world.nodes[0].head().await;
        self.world.regressed_at = head.regressed_at.map(Timestamp::millis);
        self.world.epoch = head.epoch;
    }

    fn after_a_loss(&self) -> bool {
        self.world.regressed_at.is_some_and(|at| self.now() - at <= 600_000)
    }

    async fn check_stored(&self) {
        let stored = self.stored().await;
        let rotation = &stored.rotation;
        let leaves: Vec<SecretHash> = self.row.leaves.iter().map(|leaf| hash(leaf)).collect();
        self.check(rotation.generation == self.row.generation, "another generation is stored");
        self.check(rotation.leaves == leaves, "other leaves are stored");
        let ended = stored.status != SessionStatus::Active;
        self.check(ended == self.row.ended, "the session should be over, or should not");
    }

    /// Reads the row where two requests ran at once, in an order that only the database knows.
    pub(super) async fn read_row(&mut self) {
        let stored = self.stored().await;
        let known = |hash_of: &SecretHash| self.tokens.iter().find(|one| hash(one) == *hash_of);
        let leaves = stored.rotation.leaves.iter().map(known).collect::<Option<Vec<_>>>();
        let Some(leaves) = leaves else { self.fail("a leaf is stored that nobody was given") };
        self.row = Row {
            generation: stored.rotation.generation,
            leaves: leaves.into_iter().cloned().collect(),
            parent: stored.rotation.parent.as_ref().and_then(known).cloned(),
            rotated_at: stored.rotation.rotated_at.millis(),
            reissued_at: stored.rotation.reissued_at.millis(),
            ended: stored.status != SessionStatus::Active,
            outlived: self.row.outlived,
        };
    }

    /// Changes the user. Whoever waits moves the clock, and a change that saw it jump gave up.
    pub(super) async fn change_user(&mut self, to: UserChange) {
        let server = self.world.nodes[0].server.clone();
        for _ in 0..20 {
            if change(&server, &By::command_line(), self.user, to.clone()).await.is_ok() {
                return;
            }
        }
        self.fail("the user was never changed");
    }

    /// Pauses the client, or lets it go on, and tells both nodes.
    pub(super) async fn set_client(&mut self, status: ClientStatus) {
        self.note(format!("the client is {status:?}"));
        let server = &self.world.nodes[0].server;
        let client = clients::find_named(server, "demo").await.unwrap();
        let patch = clients::ClientPatch { status: Some(status), ..Default::default() };
        clients::change(server, &By::command_line(), client, patch).await.unwrap();
        self.world.nodes[1].server.memory.refresh().await.unwrap();
    }
}

/// The bytes of a refresh token.
pub(super) fn bytes(token: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(token.strip_prefix("chr_").unwrap()).unwrap()
}

fn hash(token: &str) -> SecretHash {
    SecretHash::of(&bytes(token)[21..53])
}
