//! Where the value of a key is: in the environment, in the configuration file, or in a file that
//! one of them names. Must not know any key.

use std::path::Path;

use super::Input;
use crate::config::environment::variable;
use crate::config::given::{Given, Raw};
use crate::config::kind::Form;
use crate::config::problem::{At, Problem};

/// A value that was found for a key.
pub(super) struct Found {
    at: At,
    raw: Raw,
    /// Whether it is the path of a file with the value.
    is_path: bool,
}

impl Input<'_> {
    /// What is given for a key; the environment beats the file.
    pub(super) fn find(&mut self, name: &str, form: Form) -> Option<Found> {
        let key = self.path(name);
        let in_environment =
            self.find_in(&key, form, |input, key| input.environment.remove(&variable(key)));
        let in_file = self.find_in(&key, form, Self::take_from_file);
        in_environment.or(in_file)
    }

    fn find_in(
        &mut self,
        key: &str,
        form: Form,
        take: impl Fn(&mut Self, &str) -> Option<Given>,
    ) -> Option<Found> {
        let plain = take(self, key).map(|given| self.found(key, given, form == Form::File));
        if form != Form::Secret {
            return plain;
        }
        let file_key = format!("{key}_file");
        let in_file = take(self, &file_key).map(|given| self.found(&file_key, given, true));
        if let (Some(plain), Some(other)) = (&plain, &in_file) {
            let (at, other) = (plain.at.clone(), other.at.name().to_owned());
            self.refuse_key(key, Problem::Twice { at, other });
            return None;
        }
        plain.or(in_file)
    }

    /// What the file gives under a key. Where that is a table, its members are no keys of their own.
    fn take_from_file(&mut self, key: &str) -> Option<Given> {
        let given = self.file.remove(key)?;
        if matches!(given.raw, Raw::Table) {
            let members = format!("{key}.");
            self.file.retain(|name, _| !name.starts_with(&members));
        }
        Some(given)
    }

    fn found(&self, key: &str, given: Given, is_path: bool) -> Found {
        let at = At { place: Some(given.place), ..self.at(key) };
        Found { at, raw: given.raw, is_path }
    }

    /// The value itself, from the file that was given in its place.
    pub(super) fn load(&self, found: Found) -> Result<(At, Raw), Problem> {
        let Found { at, raw, is_path } = found;
        if !is_path {
            return Ok((at, raw));
        }
        let Some(path) = raw.text().filter(|path| !path.is_empty()) else {
            let takes = "the path of a file".to_owned();
            return Err(Problem::Invalid { at, takes, why: None });
        };
        match self.sources.read_secret(Path::new(path)) {
            Ok(text) => Ok((at, Raw::Text(text))),
            Err(why) => {
                let path = is_surely_a_path(path).then(|| path.to_owned());
                Err(Problem::Unreadable { at, path, why })
            }
        }
    }
}

/// Whether the text is a path, and not a secret that was given in place of one: a key in base64 may
/// begin with a slash, too, and has no other punctuation.
fn is_surely_a_path(text: &str) -> bool {
    let relative = text.starts_with("./") || text.starts_with("../");
    let absolute = text.strip_prefix('/').is_some_and(|rest| rest.contains('/'));
    relative || absolute && (text.len() < 32 || text.contains(['.', '_', '-']))
}
