//! What is wrong with a configuration. No text here ever holds a value: a secret may have been
//! given to the wrong key. Must not know any key.

use std::fmt;
use std::io;

use super::given::Place;

/// A configuration that is refused, with everything that is wrong with it.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The configuration file cannot be read.
    #[error("the configuration file `{path}` cannot be read: {why}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        why: io::ErrorKind,
    },
    /// The configuration file is no TOML.
    #[error("the configuration file is not TOML: line {line}, column {column}: {what}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// What the parser expected.
        what: String,
    },
    /// There is no such key.
    #[error("{at}: there is no such key{}", did_you_mean(nearest.as_deref()))]
    Unknown {
        /// What was given, and where.
        at: At,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// The value is not what the key takes.
    #[error("{at}: takes {takes}{}", because(why.as_deref()))]
    Invalid {
        /// The key, and where it was given.
        at: At,
        /// What it takes.
        takes: String,
        /// What is wrong with the value, where that is known.
        why: Option<String>,
    },
    /// A secret is given both plainly and by a file.
    #[error("{at}: is given as well as `{other}`; give only one of them")]
    Twice {
        /// The key, and where it was given.
        at: At,
        /// Its other form.
        other: String,
    },
    /// The file with a secret cannot be read.
    #[error("{at}: the file that it names{} cannot be read: {why}", quoted(path.as_deref()))]
    Unreadable {
        /// The key, and where it was given.
        at: At,
        /// The path, unless it may be the secret itself, given to the wrong key.
        path: Option<String>,
        /// What the system said.
        why: io::ErrorKind,
    },
    /// What must be given is not.
    #[error("{at}: is missing; it takes {takes}")]
    Missing {
        /// The key.
        at: At,
        /// What it takes.
        takes: String,
    },
    /// The values do not fit together.
    #[error("{at}: {rule}")]
    Conflict {
        /// The key.
        at: At,
        /// What must hold.
        rule: String,
    },
}

/// A key by its full name, and where it was given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct At {
    pub(super) key: String,
    /// The variable that stands for the key, where one does.
    pub(super) variable: String,
    pub(super) place: Option<Place>,
}

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Everything that is wrong, at least one thing.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl At {
    /// The name under which it was given.
    pub(super) fn name(&self) -> &str {
        if self.place == Some(Place::Environment) { &self.variable } else { &self.key }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is refused:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, variable) = (&self.key, &self.variable);
        match self.place {
            Some(Place::Environment) if key.is_empty() => write!(f, "`{variable}`"),
            Some(Place::Environment) => write!(f, "`{variable}` ({key})"),
            Some(place) => write!(f, "`{key}` ({place})"),
            None if variable.is_empty() => write!(f, "`{key}`"),
            None => write!(f, "`{key}` ({variable})"),
        }
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn quoted(path: Option<&str>) -> String {
    path.map(|path| format!(", `{path}`,")).unwrap_or_default()
}

fn because(why: Option<&str>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}
