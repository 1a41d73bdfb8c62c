//! The whole of the configuration, from text to values and to messages.

mod declared;
mod documentation;
mod refusals;
mod rules;
mod secrets;

use std::io;
use std::path::Path;
use std::time::Duration;

use super::*;

/// 32 bytes in base64, and a second one.
const MASTER_KEY: &str = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI=";
const OTHER_KEY: &str = "b3RoZXJfb3RoZXJfb3RoZXJfb3RoZXJfb3RoZXJfMTI=";

fn sources(environment: &[(&str, &str)], files: &[(&str, &str)]) -> Sources {
    let own = |(one, other): &(&str, &str)| (String::from(*one), String::from(*other));
    let files: Vec<_> = files.iter().map(own).collect();
    let read = move |path: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == path);
        found.map(|(_, text)| text.clone()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    Sources::new(environment.iter().map(own), read, 4)
}

fn load(environment: &[(&str, &str)], file: &str) -> Config {
    load_with(environment, &[("chancery.toml", file)])
}

fn load_with(environment: &[(&str, &str)], files: &[(&str, &str)]) -> Config {
    Config::load(&sources(environment, files)).unwrap_or_else(|error| panic!("{error}"))
}

/// The message, and what a careless `{:?}` would print.
fn refusal(environment: &[(&str, &str)], file: &str) -> String {
    refusal_with(environment, &[("chancery.toml", file)])
}

fn refusal_with(environment: &[(&str, &str)], files: &[(&str, &str)]) -> String {
    let error = Config::load(&sources(environment, files)).err().expect("a refusal");
    format!("{error}\n{error:?}")
}

fn shown(config: &Config, key: &str) -> String {
    let values = config.show();
    values.into_iter().find(|(name, _)| name == key).expect(key).1
}

#[test]
fn without_any_source_everything_has_its_default() {
    let config = load_with(&[], &[]);
    let shown = config.show();
    let lines: Vec<String> = shown.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let expected = "\
listen = 127.0.0.1:8080, [::1]:8080
issuer = http://localhost:8080
data_dir = ./chancery-data
database_url = sqlite://./chancery-data/chancery.db
master_key = (not set)
master_key_previous = (not set)
trusted_proxies = 
admin_listen = 
migrate = auto
tokens.max_token_life = 1h
tokens.max_token_size = 4096
tokens.refresh_idle_ttl = 14d
tokens.session_max_ttl = 90d
tokens.browser_idle_ttl = 12h
tokens.browser_max_ttl = 30d
tokens.retry_echo = 30s
tokens.retry_window = 10m
tokens.sessions_per_user = 200
keys.rotation = 90d
keys.jwks_max_age = 5m
passwords.min_length = 15
passwords.blocklist = 
passwords.argon2_memory_kib = 19456
passwords.argon2_iterations = 2
passwords.argon2_parallelism = 1
passwords.hash_permits = 3
passwords.hash_queue = 64
passwords.hash_deadline = 5s
pages.name = Chancery
pages.logo = 
pages.accent = #2a4fa8
pages.accent_dark = 
pages.help_uri = 
pages.default_language = en
feed.poll = 250ms
feed.lease = 1s
feed.heartbeat = 5s
feed.streams = 2000
feed.anonymous_streams = 100
http.connections = 10000
http.header_timeout = 10s
http.request_timeout = 30s
http.drain = 10s
http.body_limit = 65536
database.connections = 8
database.acquire_timeout = 2s
database.pgbouncer = false
log.format = auto
log.level = info
audit.retention = 90d
logout.allow_internal = 
logout.timeout = 5s
gate.issuer = 
gate.listen = 127.0.0.1:8081
gate.audiences = 
gate.client_id = 
gate.client_secret = (not set)
gate.subscriber = 
gate.state = 
gate.silence = 15s
gate.freshness = standard
gate.max_stale = 1h
gate.strict_max_stale = 15s
gate.leeway = 5s
gate.max_token_life = 1h
gate.realm = api
users = 
clients = 
resources = ";
    assert_eq!(lines.join("\n"), expected);
    assert_eq!(config.database_url.expose(), "sqlite://./chancery-data/chancery.db");
}

#[test]
fn defaults_follow_the_values_that_they_rest_on() {
    let config =
        load(&[("CHANCERY_LISTEN", "127.0.0.1:9000"), ("CHANCERY_DATA_DIR", "/srv/c")], "");
    assert_eq!(config.issuer.as_str(), "http://localhost:9000");
    assert_eq!(config.database_url.expose(), "sqlite:///srv/c/chancery.db");
    let one_core = Config::load(&Sources::new([("A", "b")], |_| Ok(String::new()), 1));
    assert_eq!(one_core.unwrap_or_else(|error| panic!("{error}")).passwords.hash_permits, 1);
}

#[test]
fn the_file_beats_the_default_and_the_environment_beats_the_file() {
    let file = "
        migrate = 'check'
        listen = ['127.0.0.1:1111', '127.0.0.1:2222']
        [tokens]
        retry_echo = '20s'
        sessions_per_user = 7
        [database]
        pgbouncer = true
    ";
    let config = load(&[], file);
    assert_eq!(config.migrate, Migrate::Check);
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.tokens.retry_echo, Duration::from_secs(20));
    assert_eq!(config.tokens.sessions_per_user, 7);
    assert!(config.database.pgbouncer);

    let environment = [
        ("CHANCERY_MIGRATE", "auto"),
        ("CHANCERY_LISTEN", "127.0.0.1:3333,[::1]:3333, 127.0.0.1:4444"),
        ("CHANCERY_TOKENS__RETRY_ECHO", "40"),
        ("CHANCERY_DATABASE__PGBOUNCER", "false"),
    ];
    let config = load(&environment, file);
    assert_eq!(config.migrate, Migrate::Auto);
    assert_eq!(shown(&config, "listen"), "127.0.0.1:3333, [::1]:3333, 127.0.0.1:4444");
    assert_eq!(config.tokens.retry_echo, Duration::from_secs(40));
    assert_eq!(config.tokens.sessions_per_user, 7);
    assert!(!config.database.pgbouncer);
}

#[test]
fn a_value_that_the_environment_replaces_is_not_judged() {
    let config = load(&[("CHANCERY_MIGRATE", "auto")], "migrate = 'sometimes'");
    assert_eq!(config.migrate, Migrate::Auto);
}

#[test]
fn an_empty_list_in_the_environment_replaces_the_one_in_the_file() {
    let file = "trusted_proxies = ['10.0.0.0/8']";
    assert_eq!(load(&[], file).trusted_proxies.len(), 1);
    assert!(load(&[("CHANCERY_TRUSTED_PROXIES", "")], file).trusted_proxies.is_empty());
}

#[test]
fn a_named_file_is_read_in_place_of_the_one_in_the_working_directory() {
    let files = [("chancery.toml", "migrate = 'check'"), ("/etc/c.toml", "data_dir = '/srv'")];
    let config = load_with(&[("CHANCERY_CONFIG", "/etc/c.toml")], &files);
    assert_eq!(config.migrate, Migrate::Auto);
    assert_eq!(config.data_dir, Path::new("/srv"));
    let refused = refusal_with(&[("CHANCERY_CONFIG", "/etc/d.toml")], &files);
    assert!(refused.contains("`/etc/d.toml` cannot be read: entity not found"), "{refused}");
}

#[test]
fn a_default_file_that_exists_and_cannot_be_read_is_refused() {
    let unreadable = |_: &Path| Err(io::ErrorKind::PermissionDenied.into());
    let nothing: [(&str, &str); 0] = [];
    let error = Config::load(&Sources::new(nothing, unreadable, 1)).err().unwrap();
    assert!(error.to_string().contains("`chancery.toml` cannot be read: permission denied"));
}

#[test]
fn lists_networks_and_numbers_are_read_in_every_form() {
    let file = "
        trusted_proxies = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8']
        listen = '0.0.0.0:80'
        [tokens]
        retry_echo = 0x1e
        max_token_size = '2048'
        [feed]
        lease = 2
        poll = '900ms'
    ";
    let config = load(&[], file);
    assert_eq!(shown(&config, "trusted_proxies"), "10.0.0.0/8, 192.0.2.7/32, fd00::/8");
    assert_eq!(config.tokens.retry_echo, Duration::from_secs(30));
    assert_eq!(config.tokens.max_token_size, 2048);
    assert_eq!(config.feed.lease, Duration::from_secs(2));
    assert_eq!(config.feed.poll, Duration::from_millis(900));
}

#[test]
fn what_kubernetes_tells_of_a_service_of_our_name_is_no_configuration() {
    let links = [("CHANCERY_SERVICE_HOST", "10.0.0.9"), ("CHANCERY_PORT", "tcp://10.0.0.9:80")];
    let in_kubernetes = [&links[..], &[("KUBERNETES_SERVICE_HOST", "10.0.0.1")]].concat();
    load(&in_kubernetes, "");
    assert!(refusal(&links, "").contains("`CHANCERY_PORT`: there is no such key"));
}

#[test]
fn the_settings_become_the_types_that_the_rules_take() {
    let config = load(&[("CHANCERY_PASSWORDS__MIN_LENGTH", "20")], "");
    assert_eq!(config.passwords.policy().min_code_points, 20);
    assert_eq!(
        config.passwords.argon2().unwrap(),
        crate::protocol::password::argon2id::Argon2Params::default()
    );
    assert_eq!(config.tokens.limits().max_life, Duration::from_hours(1));
    assert_eq!(config.tokens.limits().max_size, 4096);
    assert_eq!(config.tokens.lifetimes().idle, Duration::from_hours(14 * 24));
    assert_eq!(config.tokens.lifetimes().max, Duration::from_hours(90 * 24));
    assert_eq!(config.tokens.browser_lifetimes().idle, Duration::from_hours(12));
    assert_eq!(config.tokens.browser_lifetimes().max, Duration::from_hours(30 * 24));
}
