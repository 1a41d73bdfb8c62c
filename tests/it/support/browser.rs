//! Browser sessions that are there without anybody having signed in.

use std::time::Duration;

use chancery::protocol::audit::{Actor, AuditKind};
use chancery::protocol::browser_session::{BrowserLife, BrowserSession};
use chancery::protocol::ids::{BrowserSessionId, SessionId};
use chancery::protocol::secret::SecretHash;
use chancery::protocol::session::{Authentication, Session, SessionStatus};
use chancery::protocol::user::User;
use chancery::storage::ops::Swap;
use chancery::storage::ops::browser_sessions::{BeginBrowserSession, FindBrowserSession};
use chancery::storage::ops::sessions::{CreateSession, FindSession};
use chancery::storage::ops::users::FindUser;

use super::client::claims;
use super::server::TestServer;

impl TestServer {
    /// A browser session of the user of this name, as he is now.
    pub(crate) async fn browser_session(&self, name: &str) -> BrowserSession {
        let entropy = &self.server.world.entropy;
        let now = self.server.now();
        let user = self.user(name).await;
        let session = BrowserSession {
            id: BrowserSessionId::at(now, entropy.bytes()),
            secret: SecretHash::from_bytes(entropy.bytes()),
            user_id: user.id,
            user_version: user.version,
            authentication: Authentication { at: now, acr: None, amr: vec!["pwd".to_owned()] },
            created_at: now,
            last_seen: now,
            life: BrowserLife {
                idle_expires_at: now + Duration::from_hours(12),
                max_expires_at: now + Duration::from_hours(24),
                status: SessionStatus::Active,
            },
            user_agent: Some("a browser".to_owned()),
            address: Some([192, 0, 2, 7].into()),
        };
        let audit = self.server.event(AuditKind::Login, Actor::System);
        let begin = BeginBrowserSession {
            session: session.clone(),
            replaces: None,
            keep: self.server.settings.sessions_per_user,
            revoking: self.server.revoking_user(&self.server.memory.current().await.unwrap()),
            audit,
        };
        assert!(self.server.store.write(begin).await.unwrap().is_some());
        session
    }

    /// A session under a browser session, which it may outlive: a copy of one that its user has.
    pub(crate) async fn session_under(&self, browser: &BrowserSession, offline: bool) -> SessionId {
        let tokens = self.login_as("alice").await.tokens();
        let sid = SessionId::parse(claims(&tokens.access)["sid"].as_str().unwrap()).unwrap();
        let found = self.server.store.read(FindSession(sid)).await.unwrap().unwrap();
        let entropy = &self.server.world.entropy;
        let id = SessionId::from_bytes(entropy.bytes());
        let browser_session_id = Some(browser.id);
        let mut session = Session { id, browser_session_id, offline, ..found.session };
        session.rotation.leaves = vec![SecretHash::from_bytes(entropy.bytes())];
        let audit = self.server.event(AuditKind::Login, Actor::System);
        let create = CreateSession { session, audit };
        assert_eq!(self.server.store.write(create).await.unwrap(), Swap::Won);
        id
    }

    /// The browser session of this id.
    pub(crate) async fn browser_session_of(&self, id: &str) -> BrowserSession {
        let find = FindBrowserSession::Id(BrowserSessionId::parse(id).unwrap());
        self.server.store.read(find).await.unwrap().unwrap().session
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        self.server.store.read(FindUser::Named(name.to_owned())).await.unwrap().unwrap()
    }
}
