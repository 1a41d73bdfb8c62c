//! What keys take: how a value is read, named in messages, and shown. Must not know any key.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::given::Raw;

/// What a key takes.
pub(super) trait Kind {
    /// What it becomes.
    type Value;

    /// Completes the sentence "the key takes …", for messages and documentation.
    fn takes(&self) -> String;

    /// Reads a value.
    fn parse(&self, raw: &Raw) -> Result<Self::Value, Refused>;

    /// The value as text in the form that [`Kind::parse`] reads; no secret.
    fn show(&self, value: &Self::Value) -> String;

    /// The same for programs: a number, a list or text.
    fn value(&self, value: &Self::Value) -> Value {
        self.show(value).into()
    }

    /// Where the value stands.
    fn form(&self) -> Form {
        Form::Plain
    }

    /// Whether it must be given.
    fn is_needed(&self) -> bool {
        false
    }
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// Under the key.
    Plain,
    /// Under the key, or in a file whose path stands under the key with `_file` appended.
    Secret,
    /// In a file whose path stands under the key.
    File,
}

/// The value is not what the key takes, for this reason where one is known. It holds none of the
/// value.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Option<String>);

impl Refused {
    /// What the key takes says it all.
    pub(super) const FORM: Self = Self(None);

    /// For a reason that, as all of `protocol`, never repeats what it was given.
    pub(super) fn because(why: impl fmt::Display) -> Self {
        Self(Some(why.to_string()))
    }
}

/// Text that a function reads.
pub(super) struct Parsed<T> {
    pub(super) takes: &'static str,
    pub(super) parse: fn(&str) -> Result<T, Refused>,
    pub(super) show: fn(&T) -> String,
}

/// Where a file is, relative to the working directory.
pub(super) const FILE: Parsed<PathBuf> = Parsed {
    takes: "the path of a file",
    parse: |text| if text.is_empty() { Err(Refused::FORM) } else { Ok(text.into()) },
    show: |path| path.display().to_string(),
};

impl<T> Kind for Parsed<T> {
    type Value = T;

    fn takes(&self) -> String {
        self.takes.to_owned()
    }

    fn parse(&self, raw: &Raw) -> Result<T, Refused> {
        (self.parse)(raw.text().ok_or(Refused::FORM)?)
    }

    fn show(&self, value: &T) -> String {
        (self.show)(value)
    }
}

/// `true` or `false`.
pub(super) struct Flag;

impl Kind for Flag {
    type Value = bool;

    fn takes(&self) -> String {
        "`true` or `false`".to_owned()
    }

    fn parse(&self, raw: &Raw) -> Result<bool, Refused> {
        raw.boolean().ok_or(Refused::FORM)
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }

    fn value(&self, value: &bool) -> Value {
        (*value).into()
    }
}

/// One of several words.
pub(super) struct Choice<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<T: Copy + PartialEq> Kind for Choice<T> {
    type Value = T;

    fn takes(&self) -> String {
        let words: Vec<String> = self.0.iter().map(|(word, _)| format!("`{word}`")).collect();
        words.join(" or ")
    }

    fn parse(&self, raw: &Raw) -> Result<T, Refused> {
        let found = self.0.iter().find(|(word, _)| raw.text() == Some(word));
        found.map(|(_, value)| *value).ok_or(Refused::FORM)
    }

    fn show(&self, value: &T) -> String {
        let found = self.0.iter().find(|(_, known)| known == value);
        found.map(|(word, _)| (*word).to_owned()).unwrap_or_default()
    }
}

/// Any number of items, each of which `item` reads.
pub(super) struct List<K> {
    pub(super) item: K,
    /// How many there must be.
    pub(super) at_least: usize,
}

/// Any number of items.
pub(super) fn list<K: Kind>(item: K) -> List<K> {
    List { item, at_least: 0 }
}

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn takes(&self) -> String {
        let more = if self.at_least > 0 { ", at least one" } else { "" };
        format!("a list{more}, each {}", self.item.takes())
    }

    fn parse(&self, raw: &Raw) -> Result<Self::Value, Refused> {
        let texts = raw.texts().ok_or(Refused::FORM)?;
        if texts.len() < self.at_least {
            return Err(Refused::FORM);
        }
        texts.into_iter().map(|text| self.item.parse(&Raw::of_text(text))).collect()
    }

    fn show(&self, value: &Self::Value) -> String {
        let items: Vec<String> = value.iter().map(|item| self.item.show(item)).collect();
        items.join(", ")
    }

    fn value(&self, value: &Self::Value) -> Value {
        value.iter().map(|item| self.item.value(item)).collect()
    }
}

/// A list of words that a function reads as a whole.
pub(super) struct Words<T> {
    pub(super) takes: &'static str,
    pub(super) parse: fn(&[&str]) -> Result<T, Refused>,
    pub(super) show: fn(&T) -> String,
}

impl<T> Kind for Words<T> {
    type Value = T;

    fn takes(&self) -> String {
        self.takes.to_owned()
    }

    fn parse(&self, raw: &Raw) -> Result<T, Refused> {
        (self.parse)(&raw.texts().ok_or(Refused::FORM)?)
    }

    fn show(&self, value: &T) -> String {
        (self.show)(value)
    }
}
