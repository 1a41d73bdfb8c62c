//! Configuration files.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use toml::{Table, Value};

use super::text;
use crate::config::{Config, ConfigError, Sources, describe};

/// What is refused is refused without repeating a value, and what is accepted has each key, with a
/// value that gives the same configuration from the environment.
pub fn check(input: &[u8]) {
    let Some(text) = text(input) else { return };
    match load(&[], text) {
        Err(error) => nothing_is_repeated(text, &error),
        Ok(config) => {
            let shown = config.show();
            let described = describe().into_iter().map(|doc| doc.key);
            let missing: Vec<String> = described
                .filter(|key| !shown.iter().any(|(one, _)| one == key.trim_end_matches("_file")))
                .collect();
            assert!(missing.is_empty(), "{missing:?}");
            let again = load(&[], &format!("{text}\n# the end")).map(|again| again.show());
            assert_eq!(again.ok().as_ref(), Some(&shown), "a comment");
            from_the_environment(&config);
        }
    }
}

/// A secret may have been given to the wrong key.
fn nothing_is_repeated(text: &str, error: &ConfigError) {
    assert!(!error.problems().is_empty());
    let Ok(table) = text.parse::<Table>() else { return };
    let mut names = Vec::new();
    collect(&Value::Table(table), &mut names);
    if names.iter().any(|name| name.contains(MARK)) {
        return;
    }
    for message in [format!("{error}"), format!("{error:?}")] {
        assert!(!message.contains(MARK), "{message}");
    }
}

/// What messages may name: keys, files, and the texts by which declared objects are called.
fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                names.push(name.clone());
                let is_named = NAMES.contains(&name.as_str()) || name.ends_with("_file");
                if let (true, Value::String(text)) = (is_named, value) {
                    names.push(text.clone());
                }
                collect(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

fn from_the_environment(config: &Config) {
    let shown: BTreeMap<String, String> = config.show().into_iter().collect();
    if shown.values().any(|text| text == "(set)") {
        return;
    }
    let mut variables =
        vec![("CHANCERY_DATABASE_URL".to_owned(), config.database_url.expose().to_owned())];
    for doc in describe() {
        let text = shown.get(&doc.key).filter(|text| !text.is_empty() && *text != "(not set)");
        if let Some(text) = text.filter(|_| doc.key != "database_url") {
            variables.push((doc.env, text.clone()));
        }
    }
    let again = load(&variables, "").unwrap_or_else(|error| panic!("{error}"));
    for (key, text) in again.show() {
        if !DECLARED.contains(&key.as_str()) {
            assert_eq!(shown.get(&key), Some(&text), "{key}");
        }
    }
}

fn load(variables: &[(String, String)], file: &str) -> Result<Config, ConfigError> {
    let file = (!file.is_empty()).then(|| file.to_owned());
    let read = move |path: &Path| {
        let file = file.clone().filter(|_| path == Path::new("chancery.toml"));
        file.ok_or_else(|| ErrorKind::NotFound.into())
    };
    Config::load(&Sources::new(variables.to_vec(), read, 4))
}

/// What stands for a secret in the seeds.
const MARK: &str = "hunter2";
const NAMES: [&str; 4] = ["id", "name", "uri", "user_name"];
const DECLARED: [&str; 3] = ["users", "clients", "resources"];
