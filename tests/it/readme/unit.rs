//! Owns the proof that the server starts with what packaging/chancery.service gives it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chancery::config::{Config, Sources};

use super::root;

#[test]
fn the_unit_starts_a_command_that_there_is() {
    let unit = unit();
    let [command] = values(&unit, "ExecStart")[..] else { panic!("one command: {unit}") };
    let arguments = command.strip_prefix("/usr/local/bin/chancery ").unwrap();
    let mut help = Command::new(env!("CARGO_BIN_EXE_chancery"));
    let help = help.args(arguments.split(' ')).arg("--help").output().unwrap();
    assert!(help.status.success(), "{arguments}: {help:?}");
}

#[test]
fn the_server_accepts_the_environment_of_the_unit_and_ends_within_its_patience() {
    let unit = unit();
    let config = load(&unit).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.data_dir, Path::new("/var/lib").join(values(&unit, "StateDirectory")[0]));
    assert!(config.master_key.is_some());
    let number = |key| values(&unit, key)[0].parse::<u64>().unwrap();
    assert!(number("LimitNOFILE") > 3 * config.http.connections as u64 / 2);
    // Requests end, and then what is told to clients.
    let longest = 2 * config.http.drain + Duration::from_secs(1);
    assert!(Duration::from_secs(number("TimeoutStopSec")) > longest);
}

/// The configuration of the unit, with the credentials that it loads.
fn load(unit: &str) -> Result<Config, chancery::config::ConfigError> {
    let credentials = values(unit, "LoadCredential").into_iter();
    let mut credentials = credentials.map(|one| one.split_once(':').unwrap().0.to_owned());
    let credential = format!("/run/credentials/{}", credentials.next().unwrap());
    let environment = values(unit, "Environment").into_iter().map(|variable| {
        let (name, value) = variable.split_once('=').unwrap();
        (name.to_owned(), value.replace("%S", "/var/lib").replace("%d", "/run/credentials"))
    });
    let file = move |path: &Path| match path.to_str() {
        Some("/etc/chancery/chancery.toml") => Ok("issuer = \"https://auth.example.com\"".into()),
        Some(path) if path == credential => Ok(format!("{}=\n", "A".repeat(43))),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    Config::load(&Sources::new(environment.collect::<Vec<_>>(), file, 2))
}

/// What the unit says of `key`.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    let value = |line: &'a str| line.strip_prefix(key)?.strip_prefix('=');
    unit.lines().filter_map(value).collect()
}

fn unit() -> String {
    fs::read_to_string(root().join("packaging/chancery.service")).unwrap()
}
