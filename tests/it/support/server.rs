//! The server in-process, in a world that the test steps.

use std::sync::Arc;
use std::time::Duration;

use chancery::env::World;
use chancery::flows::backchannel::BackchannelSettings;
use chancery::flows::copy::copy;
use chancery::flows::credentials::{
    AccountTags, HashPool, PoolSettings, Throttle, ThrottleSettings,
};
use chancery::flows::failures::FailureLog;
use chancery::flows::feed::StreamLimits;
use chancery::flows::first_run::FirstRun;
use chancery::flows::server::{Credentials, Server, Settings};
use chancery::http::Front;
use chancery::http::{App, AppState, HttpSettings, routes};
use chancery::keys::master::MasterKey;
use chancery::keys::{Keeper, KeySchedule};
use chancery::pages::{Brand, BrandSettings};
use chancery::protocol::access_token::TokenLimits;
use chancery::protocol::password::argon2id::Argon2Params;
use chancery::protocol::password::{HashBudget, PasswordPolicy};
use chancery::protocol::session::SessionLifetimes;
use chancery::protocol::uri::Issuer;
use chancery::revocation::RevocationPolicy;
use chancery::storage::{DatabaseUrl, Store, StoreOptions};

use super::backend::{Backend, Place};
use super::world::{SeededEntropy, TestClock};

/// A server of one test.
pub(crate) struct TestServer {
    pub(crate) server: Arc<Server>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) secrets: &'static FirstSecrets,
    pub(crate) app: Front,
    place: Arc<Place>,
}

/// The secrets of the first run.
pub(crate) struct FirstSecrets {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) resource: String,
}

/// What a test wants otherwise than by default.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    pub(crate) retry_echo: Duration,
    pub(crate) retry_window: Duration,
    pub(crate) max_size: usize,
    pub(crate) sessions_per_user: u32,
    /// The tests' clock is far from the database's.
    pub(crate) clock_offset_limit: Option<Duration>,
    pub(crate) issuer: &'static str,
    pub(crate) streams: StreamLimits,
    /// How many clients it remembers all of.
    pub(crate) remembered_clients: u32,
    /// It may call this machine.
    pub(crate) calls_itself: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retry_echo: Duration::from_secs(30),
            retry_window: Duration::from_mins(10),
            max_size: 4096,
            sessions_per_user: 200,
            clock_offset_limit: None,
            issuer: ISSUER,
            streams: StreamLimits { reserved: 20, anonymous: 100 },
            remembered_clients: 100,
            calls_itself: true,
        }
    }
}

pub(crate) const ISSUER: &str = "http://localhost:8080";

impl TestServer {
    /// A server as the first run leaves it. `None` if the database is not to be had, which was said.
    pub(crate) async fn start(backend: Backend) -> Option<Self> {
        Self::start_with(backend, Options::default()).await
    }

    pub(crate) async fn start_with(backend: Backend, options: Options) -> Option<Self> {
        let (place, secrets) = backend.place().await?;
        let clock = Arc::new(TestClock::at(START + 3600));
        Some(Self::on(Arc::new(place), secrets, (clock, 1), options).await)
    }

    /// A server on a database that no first run has filled, at the time of this machine, as the
    /// command line beside it has it.
    pub(crate) async fn beside(place: Arc<Place>) -> Self {
        let clock = Arc::new(TestClock::of_machine());
        Self::on(place, &NO_SECRETS, (clock, 2), Options::default()).await
    }

    /// Another node on the same database and the same clock, as after a restart.
    pub(crate) async fn another(&self, seed: u64) -> Self {
        self.another_with(seed, Options::default()).await
    }

    pub(crate) async fn another_with(&self, seed: u64, options: Options) -> Self {
        let clock = (self.clock.clone(), seed);
        Self::on(self.place.clone(), self.secrets, clock, options).await
    }

    /// Another node, whose clock is wrong by so many milliseconds.
    pub(crate) async fn another_at(&self, (seed, millis): (u64, i64), options: Options) -> Self {
        let clock = Arc::new(TestClock::beside(self.clock.clone(), millis));
        Self::on(self.place.clone(), self.secrets, (clock, seed), options).await
    }

    /// Another node, which reaches the same PostgreSQL database by this URL.
    pub(crate) async fn through(&self, url: String) -> Self {
        let (place, clock) = (Arc::new(Place::Kept(url)), (self.clock.clone(), 9));
        Self::on(place, self.secrets, clock, Options::default()).await
    }

    /// A server with the same master key on a copy of this one's database.
    pub(crate) async fn copied_to(&self, target: Backend) -> Option<Self> {
        let place = Arc::new(target.empty()?);
        let to = self.open(&place).await;
        copy(&self.server.store, &to, |_, _| ()).await.unwrap();
        to.close().await;
        Some(Self::on(place, self.secrets, (self.clock.clone(), 7), Options::default()).await)
    }

    /// Opens a database by this server's clock.
    pub(crate) async fn open(&self, place: &Place) -> Store {
        let clock = self.clock.clone();
        let now = move || chancery::env::Clock::now(&*clock).into();
        Store::open(&place.url(), StoreOptions::default(), now).await.unwrap()
    }

    async fn on(
        place: Arc<Place>,
        secrets: &'static FirstSecrets,
        (clock, seed): (Arc<TestClock>, u64),
        options: Options,
    ) -> Self {
        let server = build(&place.url(), clock.clone(), seed + 100, options).await;
        server.start().await.unwrap();
        let app = app(&server, brand(&server), http_settings());
        Self { server, clock, secrets, app, place }
    }

    /// The same server with pages of this look.
    pub(crate) fn with_brand(self, brand: Brand) -> Self {
        Self { app: app(&self.server, brand, http_settings()), ..self }
    }

    /// The same server, which takes whoever calls it for its proxy.
    pub(crate) fn behind_a_proxy(self) -> Self {
        let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        let settings = HttpSettings { trusted_proxies, ..http_settings() };
        Self { app: app(&self.server, brand(&self.server), settings), ..self }
    }

    /// Where its database is.
    pub(crate) fn url(&self) -> DatabaseUrl {
        self.place.url()
    }

    /// The same, as text.
    pub(crate) fn url_text(&self) -> String {
        self.place.url_text()
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Sets up the template that the databases of all tests are copied from.
pub(crate) async fn make_template(url: &DatabaseUrl) -> FirstSecrets {
    let clock = Arc::new(TestClock::at(START));
    let server = build(url, clock, 0, Options::default()).await;
    server.start().await.unwrap();
    let run = FirstRun::plan(&server, None).await.unwrap();
    assert!(run.carry_out(&server).await.unwrap());
    server.store.close().await;
    let demo = run.demo.unwrap();
    FirstSecrets {
        username: run.username.to_owned(),
        password: run.password.to_string(),
        client_id: demo.client_id.to_owned(),
        client_secret: demo.client_secret.expose().to_owned(),
        resource: demo.resource.to_owned(),
    }
}

fn app(server: &Arc<Server>, brand: Brand, settings: HttpSettings) -> Front {
    routes::all(&App::new(AppState {
        server: server.clone(),
        settings,
        brand,
        render_metrics: Box::new(String::new),
    }))
}

/// How its pages look.
pub(crate) fn brand(server: &Server) -> Brand {
    let base = server.settings.issuer.path();
    Brand::new(&BrandSettings { base, ..BrandSettings::default() }).unwrap()
}

/// How requests are read.
pub(crate) fn http_settings() -> HttpSettings {
    let request_timeout = Duration::from_secs(30);
    HttpSettings { body_limit: 65_536, request_timeout, trusted_proxies: vec![] }
}

async fn build(
    url: &DatabaseUrl,
    clock: Arc<TestClock>,
    seed: u64,
    options: Options,
) -> Arc<Server> {
    let world = World { clock: clock.clone(), entropy: Arc::new(SeededEntropy::new(seed)) };
    let now = {
        let clock = clock.clone();
        move || chancery::env::Clock::now(&*clock).into()
    };
    let pool = StoreOptions { connections: 4, ..StoreOptions::default() };
    let store = Store::open(url, pool, now).await.unwrap();
    let max_life = Duration::from_hours(1);
    let quarter = Duration::from_hours(24 * 90);
    let keeper = Keeper {
        store,
        master: Arc::new(MasterKey::parse(MASTER_KEY, None).unwrap()),
        signing: KeySchedule::new(quarter, Duration::from_mins(5), max_life),
        tokens: KeySchedule::of_refresh_tokens(quarter, Duration::from_mins(5), quarter),
        world: world.clone(),
    };
    let settings = Settings {
        issuer: Issuer::parse(options.issuer).unwrap(),
        tokens: TokenLimits { max_life, max_size: options.max_size },
        sessions: SessionLifetimes { idle: Duration::from_hours(24 * 14), max: quarter },
        browser_sessions: SessionLifetimes {
            idle: Duration::from_hours(12),
            max: Duration::from_hours(24 * 30),
        },
        sessions_per_user: options.sessions_per_user,
        retry_echo: options.retry_echo,
        retry_window: options.retry_window,
        revocation: RevocationPolicy {
            clock_offset: url.clock_offset_bound(),
            lease: Duration::from_secs(1),
            poll: Duration::from_millis(250),
            heartbeat: Duration::from_secs(5),
        },
        jwks_max_age: Duration::from_mins(5),
        passwords: PasswordPolicy::default(),
        hash_budget: HashBudget::default(),
        audit_retention: quarter,
        streams: options.streams,
        remembered_clients: options.remembered_clients,
        backchannel: BackchannelSettings {
            allowed: if options.calls_itself {
                vec!["127.0.0.0/8".parse().unwrap()]
            } else {
                vec![]
            },
            patience: Duration::from_secs(5),
        },
        clock_offset_limit: options.clock_offset_limit,
    };
    let pool = PoolSettings {
        permits: 1,
        queue: 64,
        deadline: Duration::from_mins(1),
        // The cheapest parameters there are: what is tested is not how slow they are.
        params: Argon2Params::new(8, 1, 1).unwrap(),
    };
    let credentials = Credentials {
        pool: HashPool::new(pool, world.clone()),
        throttle: Throttle::new(ThrottleSettings::default(), world.clock.clone()),
        accounts: AccountTags::new(&keeper.master, settings.issuer.clone()),
        failures: FailureLog::new(world),
    };
    Arc::new(Server::assemble(settings, keeper, credentials))
}

static NO_SECRETS: FirstSecrets = FirstSecrets {
    username: String::new(),
    password: String::new(),
    client_id: String::new(),
    client_secret: String::new(),
    resource: String::new(),
};
/// When the template was made: a day in 2027.
const START: i64 = 1_800_000_000;
pub(crate) const MASTER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
