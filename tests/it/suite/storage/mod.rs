//! What storage promises, operation by operation, through the public store.

use std::time::Duration;

use chancery::protocol::audit::{Actor, AuditEvent, AuditKind};
use chancery::protocol::client::ClientId;
use chancery::protocol::ids::{SessionId, UserId};
use chancery::protocol::password::UserName;
use chancery::protocol::profile::Profile;
use chancery::protocol::rotation::{RetryStreak, Rotation};
use chancery::protocol::secret::SecretHash;
use chancery::protocol::session::{Authentication, EndReason, Grant, Session, SessionStatus};
use chancery::protocol::time::Timestamp;
use chancery::protocol::user::{Roles, StoredHash, User, UserStatus};
use chancery::storage::Store;
use chancery::storage::ops::sessions::{
    CreateSession, EndSessions, FindSession, FoundSession, Sessions,
};
use chancery::storage::ops::users::CreateUser;
use chancery::storage::ops::{Revoking, Swap};

use super::BACKEND;
use crate::support::TestServer;

mod audit;
mod browsers;
mod codes;
mod consents;
mod copied;
mod corrupt;
mod ending;
mod found;
mod janitor;
mod keys;
mod log;
mod notices;
mod rotation;
mod settings;
mod together;
mod unique;
mod users;

/// A store with what a first run leaves in it, and makers of what goes into it.
struct Given(TestServer);

impl Given {
    /// A server whose last change is of this moment: each that follows in it has the next number.
    async fn start() -> Option<Self> {
        let server = TestServer::start(BACKEND).await?;
        let now = server.clock.millis();
        server.raw().await.run(&format!("UPDATE feed_head SET changes = {now}")).await;
        Some(Self(server))
    }

    fn store(&self) -> &Store {
        &self.0.server.store
    }

    fn now(&self) -> Timestamp {
        self.0.server.now()
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        self.0.server.world.entropy.bytes()
    }

    fn hash(&self) -> SecretHash {
        SecretHash::from_bytes(self.random())
    }

    fn event(&self, kind: AuditKind) -> AuditEvent {
        AuditEvent::new(kind, Actor::System, (self.now(), self.random()))
    }

    /// An event that cannot be written, since one of its id is there already.
    async fn impossible_event(&self) -> AuditEvent {
        let event = self.event(AuditKind::LoginFailed);
        let append = chancery::storage::ops::audit::Append(event.clone());
        self.store().write(append).await.unwrap();
        event
    }

    fn revoking(&self) -> Revoking {
        Revoking {
            seed: self.random(),
            reach: Duration::from_hours(1),
            ahead: Duration::from_secs(2),
        }
    }

    fn user(&self, name: &str) -> User {
        User {
            id: UserId::at(self.now(), self.random()),
            name: UserName::parse(name).unwrap(),
            password_hash: Some(StoredHash::new("a hash".to_owned())),
            roles: Roles::default(),
            profile: Profile::default(),
            status: UserStatus::Active,
            disabled_by_file: false,
            managed: false,
            version: 1,
            not_before: None,
            created_at: self.now(),
            updated_at: self.now(),
        }
    }

    fn session(&self, user: &User) -> Session {
        let now = self.now();
        Session {
            id: SessionId::from_bytes(self.random()),
            user_id: user.id,
            user_version: user.version,
            client_id: ClientId::parse("demo").unwrap(),
            browser_session_id: None,
            offline: true,
            grant: Grant { scope: "read".parse_scope(), resources: Vec::new() },
            authentication: Authentication { at: now, acr: None, amr: vec!["pwd".to_owned()] },
            claims: None,
            created_at: now,
            idle_expires_at: now + Duration::from_hours(24),
            max_expires_at: now + Duration::from_hours(48),
            status: SessionStatus::Active,
            rotation: Rotation {
                generation: 0,
                leaves: vec![self.hash()],
                parent: None,
                rotated_at: now,
                reissued_at: now,
                successor_sealed: None,
                retries: RetryStreak::default(),
            },
            last_seen: now,
            user_agent: None,
            address: None,
        }
    }

    async fn stored_user(&self, name: &str) -> User {
        let user = self.user(name);
        let audit = self.event(AuditKind::UserCreated);
        let created = self.store().write(CreateUser { user: user.clone(), audit }).await.unwrap();
        assert_eq!(created, Swap::Won);
        user
    }

    async fn create(&self, session: &Session) -> Swap {
        let audit = self.event(AuditKind::Login);
        let create = CreateSession { session: session.clone(), audit };
        self.store().write(create).await.unwrap()
    }

    async fn stored_session(&self, user: &User) -> Session {
        let session = self.session(user);
        assert_eq!(self.create(&session).await, Swap::Won);
        session
    }

    async fn find(&self, session: &Session) -> FoundSession {
        self.store().read(FindSession(session.id)).await.unwrap().unwrap()
    }

    async fn status(&self, session: &Session) -> SessionStatus {
        self.find(session).await.session.status
    }

    fn end(&self, which: Sessions) -> EndSessions {
        EndSessions {
            which,
            reason: EndReason::EndedByAdmin,
            revoking: self.revoking(),
            audit: Some(self.event(AuditKind::SessionsEnded)),
            regressed: None,
        }
    }

    /// How many events, entries of the log and changes there are: what every effect leaves behind.
    async fn traces(&self) -> (usize, usize, i64) {
        let (revocations, events) = self.0.rows().await;
        (revocations, events, self.0.head().await.changes)
    }
}

/// Parses a scope that the test knows to be good.
trait ParseScope {
    fn parse_scope(&self) -> chancery::protocol::scope::ScopeSet;
}

impl ParseScope for str {
    fn parse_scope(&self) -> chancery::protocol::scope::ScopeSet {
        chancery::protocol::scope::ScopeSet::parse(self).unwrap()
    }
}
