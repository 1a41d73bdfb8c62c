//! Owns the proof that the server starts with what docker-compose.yml gives it.

use std::fs;
use std::io;
use std::path::Path;

use chancery::config::{Config, Sources};

use super::root;

#[test]
fn the_server_accepts_the_environment_of_the_compose_file() {
    let environment = environment();
    assert!(environment.len() >= 5, "{environment:?}");
    let config = load(&environment).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.issuer.as_str(), "http://localhost:8080");
    assert!(config.master_key.is_some());
}

#[test]
fn it_accepts_an_https_issuer_behind_a_proxy_instead() {
    let mut environment = environment();
    environment.retain(|(name, _)| name != "CHANCERY_ISSUER");
    environment.push(("CHANCERY_ISSUER".to_owned(), "https://auth.example.com".to_owned()));
    assert!(load(&environment).is_ok());
    environment.retain(|(name, _)| name != "CHANCERY_TRUSTED_PROXIES");
    assert!(load(&environment).is_err(), "without a proxy that it trusts");
}

/// The variables that the compose file sets.
fn environment() -> Vec<(String, String)> {
    let compose = fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    let variable = |line: &str| {
        let (name, value) = line.trim().split_once(": ")?;
        name.starts_with("CHANCERY_").then(|| (name.to_owned(), value.to_owned()))
    };
    compose.lines().filter_map(variable).collect()
}

fn load(environment: &[(String, String)]) -> Result<Config, chancery::config::ConfigError> {
    let secret = |path: &Path| match path.to_str() {
        Some("/run/secrets/master_key") => Ok(format!("{}=\n", "A".repeat(43))),
        Some("/run/secrets/database_url") => Ok("postgres://a:b@postgres/a\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    Config::load(&Sources::new(environment.iter().cloned(), secret, 2))
}
