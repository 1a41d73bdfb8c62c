//! A server in this process, as it is by default after its first run. It serves nobody.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use chancery::cli::connect;
use chancery::config::{Config, Sources};
use chancery::flows::first_run::FirstRun;
use chancery::flows::introspect::{Introspection, introspect};
use chancery::flows::issue::TokenResponse;
use chancery::flows::login::login;
use chancery::flows::server::Server;
use chancery::keys::KeyRing;
use chancery::protocol::audit::Origin;
use chancery::protocol::client_auth::PresentedClient;
use chancery::protocol::ids::SessionId;
use chancery::protocol::key::{Algorithm, KeyUse};
use chancery::protocol::refresh_token::{RefreshToken, UnverifiedRefreshToken};
use chancery::protocol::token_request::{Credentials, LoginRequest, Requested};
use chancery_verifier::claims::AccessTokenClaims;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A server, and what runs it.
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) server: Arc<Server>,
    run: FirstRun,
    /// Where its database is, if that is embedded. On the disk, where commits are durable.
    pub(crate) folder: TempDir,
}

pub(crate) const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256];

impl Stage {
    /// On an embedded database of its own.
    pub(crate) fn on_sqlite() -> Self {
        Self::with(&[])
    }

    /// On the PostgreSQL database at `url`.
    pub(crate) fn on_postgres(url: &str) -> Self {
        Self::with(&[("CHANCERY_DATABASE_URL", url)])
    }

    fn with(database: &[(&str, &str)]) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let data = folder.path().to_str().unwrap();
        // One user logs in many times. What a hash costs is measured by itself.
        let settings = [
            ("CHANCERY_DATA_DIR", data),
            ("CHANCERY_PASSWORDS__ARGON2_MEMORY_KIB", "8"),
            ("CHANCERY_PASSWORDS__ARGON2_ITERATIONS", "1"),
            ("CHANCERY_TOKENS__SESSIONS_PER_USER", "1000"),
        ];
        let environment = database.iter().copied().chain(settings);
        let no_file = |_: &std::path::Path| Err(io::ErrorKind::NotFound.into());
        let config = Config::load(&Sources::new(environment, no_file, 2)).unwrap();
        let runtime = Runtime::new().unwrap();
        let (server, run) = runtime.block_on(async {
            let server = connect(&config).await.unwrap();
            server.start().await.unwrap();
            let run = FirstRun::plan(&server, None).await.unwrap();
            assert!(run.carry_out(&server).await.unwrap());
            (server, run)
        });
        Self { runtime, server, run, folder }
    }

    /// Its keys, with one of each algorithm for access tokens.
    pub(crate) fn ring(&self) -> KeyRing {
        let keeper = self.server.memory.keeper();
        let places = ALGORITHMS.map(|algorithm| (KeyUse::AccessToken, algorithm));
        self.runtime.block_on(async {
            keeper.maintain(&places).await.unwrap();
            keeper.load().await.unwrap()
        })
    }

    /// The answer to a login.
    pub(crate) fn login(&self) -> TokenResponse {
        let credentials = Credentials {
            username: self.run.username.to_owned(),
            password: self.run.password.clone(),
        };
        let request = LoginRequest { credentials, requested: Requested::default() };
        let (client, origin) = (self.client(), origin());
        self.runtime.block_on(login(&self.server, &client, request, &origin)).unwrap()
    }

    /// The claims of an access token of a user.
    pub(crate) fn claims(&self) -> AccessTokenClaims {
        let token = member(&self.login(), "access_token");
        self.ring().verify(&token, &self.server.settings.issuer, self.server.now()).unwrap().0
    }

    /// The refresh token of a new session.
    pub(crate) fn refresh_token(&self) -> (String, RefreshToken) {
        let text = member(&self.login(), "refresh_token");
        let known = self.server.memory.last_known().unwrap();
        let unverified = UnverifiedRefreshToken::parse(&text).unwrap();
        let token = known.ring.tokens().recognise(&unverified).unwrap();
        (text, token)
    }

    /// So many new sessions.
    pub(crate) fn leaves(&self, number: u32) -> Vec<Leaf> {
        let begun = (0..number).map(|_| self.refresh_token().1);
        begun.map(|RefreshToken { session, generation, .. }| Leaf { session, generation }).collect()
    }

    /// What introspection tells of an access token.
    pub(crate) fn introspection(&self) -> Introspection {
        let token = member(&self.login(), "access_token");
        let (client, origin) = (self.client(), origin());
        self.runtime.block_on(introspect(&self.server, &client, &token, &origin)).unwrap()
    }

    /// The id of the demo client, and its secret.
    pub(crate) fn client_credentials(&self) -> (&str, &str) {
        let demo = self.run.demo.as_ref().unwrap();
        (demo.client_id, demo.client_secret.expose())
    }

    fn client(&self) -> PresentedClient {
        let (id, secret) = self.client_credentials();
        PresentedClient::of(id, Some(secret))
    }
}

/// A session, and where its rotation is.
pub(crate) struct Leaf {
    pub(crate) session: SessionId,
    pub(crate) generation: u32,
}

/// A text in an answer.
pub(crate) fn member(answer: &TokenResponse, name: &str) -> String {
    let answer: Value = serde_json::to_value(answer).unwrap();
    answer[name].as_str().unwrap().to_owned()
}

fn origin() -> Origin {
    Origin { request_id: None, address: Some(ADDRESS), user_agent: None }
}

/// Where requests come from.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
