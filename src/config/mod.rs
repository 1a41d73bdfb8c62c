//! The typed configuration: a TOML file, the environment over it, secrets from files, and the
//! objects that the file declares. Must not import any part of the crate but `protocol` and `pages`.
//!
//! Each key is declared once, by the macro `section!`, with its meaning, its default and what it
//! takes; reading, messages, `config show` and the documentation follow from that.

mod audit;
mod bounded;
mod check;
mod database;
mod declared;
mod describe;
mod document;
mod environment;
mod feed;
mod gate;
mod given;
mod http;
mod input;
mod keys;
mod kind;
mod log;
mod logout;
mod network;
mod origin;
mod pages;
mod passwords;
mod problem;
mod secret;
mod section;
mod server;
mod sources;
mod span;
mod tokens;
mod unknown;
mod wrapped;

pub use audit::Audit;
pub use database::Database;
pub use declared::{Declared, DeclaredClient, DeclaredPassword, DeclaredResource, DeclaredUser};
pub use describe::KeyDoc;
pub use feed::Feed;
pub use gate::{Fresh, Gate};
pub use http::Http;
pub use keys::Keys;
pub use log::{Log, LogFormat};
pub use logout::Logout;
pub use pages::Pages;
pub use passwords::Passwords;
pub use problem::{At, ConfigError, Problem};
pub use secret::SecretText;
pub use server::{Config, Migrate};
pub use sources::Sources;
pub use tokens::Tokens;

use std::path::{Path, PathBuf};

use document::Document;
use input::Input;
use section::{Section, Shown};

/// The configuration file where `CHANCERY_CONFIG` names none.
const DEFAULT_FILE: &str = "chancery.toml";

impl Config {
    /// Reads and checks the configuration: the file that `CHANCERY_CONFIG` names, else
    /// `chancery.toml` in the working directory where there is one, and the environment over it.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong, in which no value is repeated.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let document = match read_document(sources) {
            Ok(document) => document,
            Err(problems) => return Err(ConfigError::new(problems)),
        };
        let mut input = Input::new(sources, document);
        let config = Self::read(&mut input);
        config.check(&mut input);
        let problems = input.finish();
        if problems.is_empty() { Ok(config) } else { Err(ConfigError::new(problems)) }
    }

    /// Every key with its value in force, in the order of [`describe`], and then the names of the
    /// declared objects. A secret is only `(set)` or `(not set)`, and of the database's URL the
    /// place is shown.
    pub fn show(&self) -> Vec<(String, String)> {
        self.shown().map(|shown| (shown.key, shown.text)).collect()
    }

    /// The same for programs: numbers and lists are what they are.
    pub fn values(&self) -> Vec<(String, serde_json::Value)> {
        self.shown().map(|shown| (shown.key, shown.value)).collect()
    }

    /// From where the place of the database is known: which variable or file, and no value.
    pub fn origin_of_database(sources: &Sources) -> String {
        origin::of_database(sources)
    }

    fn shown(&self) -> impl Iterator<Item = Shown> + use<> {
        let mut shown = Vec::new();
        Section::show(self, "", &mut shown);
        shown.into_iter()
    }
}

/// What every key means.
pub fn describe() -> Vec<KeyDoc> {
    let sources = Sources::none();
    let mut input = Input::new(&sources, Document::default());
    let _ = Config::read(&mut input);
    input.into_docs()
}

/// What the members of declared objects mean.
pub fn describe_declared() -> Vec<KeyDoc> {
    let sources = Sources::none();
    declared::describe(&Input::new(&sources, Document::default()))
}

/// [`describe`] as a table in Markdown.
pub fn markdown_table() -> String {
    describe::table(&describe())
}

/// [`describe_declared`] as a table in Markdown.
pub fn markdown_table_declared() -> String {
    describe::table(&describe_declared())
}

fn read_document(sources: &Sources) -> Result<Document, Vec<Problem>> {
    let named = sources.variable(environment::FILE).map(PathBuf::from);
    let path = named.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
    match sources.read(path) {
        Ok(text) => Document::parse(&text, &declared::LISTS),
        Err(std::io::ErrorKind::NotFound) if named.is_none() => Ok(Document::default()),
        Err(why) => Err(vec![Problem::File { path: path.display().to_string(), why }]),
    }
}

#[cfg(test)]
mod tests;
