//! Putting a server together from the configuration.

use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};
use zeroize::Zeroizing;

use super::Failure;
use super::blocklist::password_policy;
use super::rights::{OF_OTHERS, open_rights};
use crate::config::{Config, Migrate};
use crate::env::World;
use crate::flows::backchannel::BackchannelSettings;
use crate::flows::clients;
use crate::flows::credentials::{AccountTags, HashPool, PoolSettings, Throttle, ThrottleSettings};
use crate::flows::failures::FailureLog;
use crate::flows::feed::StreamLimits;
use crate::flows::server::{Credentials, Server, Settings};
use crate::keys::master::MasterKey;
use crate::keys::{Keeper, KeySchedule};
use crate::protocol::password::PasswordPolicy;
use crate::revocation::RevocationPolicy;
use crate::storage::{DatabaseUrl, Store, StoreOptions};

/// Opens the database and puts the server together. It is not started yet.
pub async fn connect(config: &Config) -> Result<Arc<Server>, Failure> {
    connect_with(config, config.migrate).await
}

/// The same for a server that lets passwords be set, with the list of those that nobody may. A command
/// that sets one asks for the list itself, and those of an emergency do not depend on it.
pub(super) async fn connect_to_serve(
    config: &Config,
    migrate: Migrate,
) -> Result<Arc<Server>, Failure> {
    // Before the tables are changed.
    let passwords = password_policy(config)?;
    assemble(config, (migrate, passwords)).await
}

/// The same, whatever the configuration says about older tables.
pub(super) async fn connect_with(
    config: &Config,
    migrate: Migrate,
) -> Result<Arc<Server>, Failure> {
    assemble(config, (migrate, config.passwords.policy())).await
}

async fn assemble(
    config: &Config,
    (migrate, passwords): (Migrate, PasswordPolicy),
) -> Result<Arc<Server>, Failure> {
    let world = World::system();
    let url = DatabaseUrl::parse(config.database_url.expose())?;
    let master = master_key(config, &world)?;
    let store = open_store(config, (&url, migrate), &world).await?;
    let keeper = keeper(config, store, master, &world);
    let settings = settings(config, &url, passwords);
    let params = config.passwords.argon2().map_err(|error| Failure::new(error.to_string()))?;
    let pool = PoolSettings {
        permits: config.passwords.hash_permits,
        queue: config.passwords.hash_queue,
        deadline: config.passwords.hash_deadline,
        params,
    };
    let credentials = Credentials {
        pool: HashPool::new(pool, world.clone()),
        throttle: Throttle::new(ThrottleSettings::default(), world.clock.clone()),
        accounts: AccountTags::new(&keeper.master, settings.issuer.clone()),
        failures: FailureLog::new(world),
    };
    Ok(Arc::new(Server::assemble(settings, keeper, credentials)))
}

/// Brings the tables of the database up to date, whatever the configuration says about doing so by
/// the way, and answers which database that was.
pub(super) async fn migrate(config: &Config) -> Result<String, Failure> {
    let url = DatabaseUrl::parse(config.database_url.expose())?;
    open_store(config, (&url, Migrate::Auto), &World::system()).await?.close().await;
    Ok(url.describe())
}

/// Opens the database alone.
pub(super) async fn open_store(
    config: &Config,
    (url, migrate): (&DatabaseUrl, Migrate),
    world: &World,
) -> Result<Store, Failure> {
    let clock = world.clock.clone();
    let options = store_options(config, migrate);
    Ok(Store::open(url, options, move || clock.now().into()).await?)
}

/// How the configuration says a database is opened.
pub(super) fn store_options(config: &Config, migrate: Migrate) -> StoreOptions {
    StoreOptions {
        migrate: migrate == Migrate::Auto,
        connections: config.database.connections,
        acquire_timeout: config.database.acquire_timeout,
        prepared_statements: !config.database.pgbouncer,
    }
}

/// What keeps the keys of the configured server.
pub(super) fn keeper(config: &Config, store: Store, master: MasterKey, world: &World) -> Keeper {
    let tokens = &config.tokens;
    let (rotation, max_age) = (config.keys.rotation, config.keys.jwks_max_age);
    Keeper {
        store,
        master: Arc::new(master),
        signing: KeySchedule::new(rotation, max_age, tokens.max_token_life),
        // A refresh token is recognised for as long as its session may live.
        tokens: KeySchedule::of_refresh_tokens(rotation, max_age, tokens.session_max_ttl),
        world: world.clone(),
    }
}

fn settings(config: &Config, url: &DatabaseUrl, passwords: PasswordPolicy) -> Settings {
    let tokens = &config.tokens;
    Settings {
        issuer: config.issuer.clone(),
        tokens: tokens.limits(),
        sessions: tokens.lifetimes(),
        browser_sessions: tokens.browser_lifetimes(),
        sessions_per_user: tokens.sessions_per_user,
        retry_echo: tokens.retry_echo,
        retry_window: tokens.retry_window,
        revocation: RevocationPolicy {
            clock_offset: url.clock_offset_bound(),
            lease: config.feed.lease,
            poll: poll(config, url),
            heartbeat: config.feed.heartbeat,
        },
        jwks_max_age: config.keys.jwks_max_age,
        passwords,
        hash_budget: config.passwords.hash_budget(),
        audit_retention: config.audit.retention,
        streams: StreamLimits {
            reserved: config.feed.streams,
            anonymous: config.feed.anonymous_streams,
        },
        remembered_clients: clients::REMEMBERED,
        backchannel: backchannel(config),
        // The embedded database reads the clock of this machine too.
        clock_offset_limit: url.clock_offset_limit(),
    }
}

/// What runs beside a server of this machine alone, as applications that are tried out do, may be called.
fn backchannel(config: &Config) -> BackchannelSettings {
    let mut allowed = config.logout.allow_internal.clone();
    if config.issuer.is_loopback() {
        let here = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
        allowed.extend([IpNet::from(here), IpAddr::from(Ipv6Addr::LOCALHOST).into()]);
    }
    BackchannelSettings { allowed, patience: config.logout.timeout }
}

/// The embedded database costs nothing to look at, and the command line may write beside the
/// server.
fn poll(config: &Config, url: &DatabaseUrl) -> Duration {
    match url {
        DatabaseUrl::Sqlite(_) => config.feed.poll.min(Duration::from_millis(100)),
        DatabaseUrl::Postgres(_) => config.feed.poll,
    }
}

/// The configured master key, or the one beside the data, which is made where the issuer is this
/// machine alone.
fn master_key(config: &Config, world: &World) -> Result<MasterKey, Failure> {
    if let Some(key) = find_master_key(config)? {
        return Ok(key);
    }
    if !config.issuer.is_loopback() {
        return Err(Failure::new(
            "no master key: set CHANCERY_MASTER_KEY_FILE to a file with 32 random bytes in \
             base64, such as `openssl rand -base64 32` prints",
        ));
    }
    let key = MasterKey::generate(world.entropy.as_ref());
    write_private(&master_key_path(config), &key)?;
    Ok(MasterKey::parse(&key, None)?)
}

/// The configured master key, or the one beside the data, if there is one.
pub(super) fn find_master_key(config: &Config) -> Result<Option<MasterKey>, Failure> {
    let previous = config.master_key_previous.as_ref().map(crate::config::SecretText::expose);
    if let Some(key) = &config.master_key {
        return Ok(Some(MasterKey::parse(key.expose(), previous)?));
    }
    let path = master_key_path(config);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::new(format!("{}: {error}", path.display()))),
    };
    check_private(&path)?;
    let key = MasterKey::parse(&text, previous);
    key.map(Some).map_err(|error| Failure::unfit(format!("{}: {error}", path.display())))
}

/// Whoever reads the key and the database has every key of the server (C136).
fn check_private(path: &Path) -> Result<(), Failure> {
    let Some(rights) = open_rights(path, OF_OTHERS) else { return Ok(()) };
    let path = path.display();
    Err(Failure::unfit(format!(
        "{path} holds the master key, and others than its owner may touch it (its rights are \
         {rights:o}): run `chmod 600 {path}`, and think about who has read it"
    )))
}

/// Where the master key is that was made here.
pub(super) fn master_key_path(config: &Config) -> PathBuf {
    config.data_dir.join("master.key")
}

/// Writes a new file that its owner alone may read, in a folder that is his alone.
fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    create_private(path, &format!("{text}\n"))
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// The same, for who wants to know why it failed. What cannot be written whole is not left behind.
pub(super) fn create_private(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // The error that counts is the one before.
        let _ = fs::remove_file(path);
    }
    written
}
