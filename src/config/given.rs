//! Values as they were given, before anything is known about them, and where they were given.
//! Must not know any key.

use std::fmt;

use zeroize::Zeroizing;

/// A value, and where it was given.
pub(super) struct Given {
    pub(super) raw: Raw,
    pub(super) place: Place,
}

/// A value as it was written. Any text may turn out to be a secret: it is wiped when dropped.
pub(super) enum Raw {
    Text(Zeroizing<String>),
    Integer(i64),
    Boolean(bool),
    List(Vec<Raw>),
    Table,
    /// What no key takes: a time, a floating-point number, an integer beyond 64 bits, text that is
    /// not UTF-8.
    Other,
}

/// Where a value was given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Environment,
    /// This line of the configuration file.
    Line(usize),
}

impl Raw {
    pub(super) fn of_text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number; variables hold it as text.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// `true` or `false`; variables hold it as text.
    pub(super) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(flag) => Some(*flag),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A list of texts, or one text in which commas separate them.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Self::List(items) => items.iter().map(Self::text).collect(),
            Self::Text(text) if text.trim().is_empty() => Some(Vec::new()),
            Self::Text(text) => Some(text.split(',').map(str::trim).collect()),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::Line(line) => write!(f, "line {line} of the file"),
        }
    }
}
