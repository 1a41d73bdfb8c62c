//! What keys take: how a value is read, named in messages, and shown. Must not know any key.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::given::Raw;
use super::span;

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

/// Any text of at least one character.
pub(super) fn text(takes: &'static str) -> Parsed<String> {
    let parse = |text: &str| {
        if text.is_empty() { Err(Refused::FORM) } else { Ok(text.to_owned()) }
    };
    Parsed { takes, parse, show: Clone::clone }
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
}

/// A whole number within bounds, both included.
pub(super) struct Number<T> {
    min: i64,
    max: i64,
    of: PhantomData<T>,
}

/// A whole number from `min` to `max`.
pub(super) fn number<T>(min: i64, max: i64) -> Number<T> {
    Number { min, max, of: PhantomData }
}

impl<T: TryFrom<i64> + fmt::Display> Kind for Number<T> {
    type Value = T;

    fn takes(&self) -> String {
        format!("a whole number from {} to {}", self.min, self.max)
    }

    fn parse(&self, raw: &Raw) -> Result<T, Refused> {
        let number = raw.integer().filter(|number| (self.min..=self.max).contains(number));
        number.and_then(|number| T::try_from(number).ok()).ok_or(Refused::FORM)
    }

    fn show(&self, value: &T) -> String {
        value.to_string()
    }
}

/// A span of time within bounds, both included.
pub(super) struct Span {
    min: Duration,
    max: Duration,
    unit: Duration,
}

/// A span from `min` to `max` in whole seconds, as far as the protocols measure.
pub(super) fn seconds(min: Duration, max: Duration) -> Span {
    Span { min, max, unit: Duration::from_secs(1) }
}

/// A span from `min` to `max` that may have a fraction of a second.
pub(super) fn millis(min: Duration, max: Duration) -> Span {
    Span { min, max, unit: Duration::from_millis(1) }
}

impl Kind for Span {
    type Value = Duration;

    fn takes(&self) -> String {
        let fraction = if self.unit < Duration::from_secs(1) { ", `250ms`" } else { "" };
        let (min, max) = (span::show(self.min), span::show(self.max));
        format!("a span from {min} to {max}, such as `90`, `90s`, `15m`, `12h`, `14d`{fraction}")
    }

    fn parse(&self, raw: &Raw) -> Result<Duration, Refused> {
        let seconds = |number: i64| u64::try_from(number).ok().map(Duration::from_secs);
        let span = raw.integer().map_or_else(|| raw.text().and_then(span::parse), seconds);
        let fits = |span: &Duration| {
            (self.min..=self.max).contains(span)
                && span.as_millis().is_multiple_of(self.unit.as_millis())
        };
        span.filter(fits).ok_or(Refused::FORM)
    }

    fn show(&self, value: &Duration) -> String {
        span::show(*value)
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

/// What need not be given.
pub(super) struct Optional<K>(pub(super) K);

/// What must be given: `None` only where it was not, or was refused.
pub(super) struct Needed<K>(pub(super) K);

/// What stands in a file whose path is given.
pub(super) struct InFile<K>(pub(super) K);

impl<K: Kind> Kind for Optional<K> {
    type Value = Option<K::Value>;

    fn takes(&self) -> String {
        self.0.takes()
    }

    fn parse(&self, raw: &Raw) -> Result<Self::Value, Refused> {
        self.0.parse(raw).map(Some)
    }

    fn show(&self, value: &Self::Value) -> String {
        match (value, self.0.form()) {
            (Some(value), _) => self.0.show(value),
            (None, Form::Plain) => String::new(),
            (None, Form::Secret | Form::File) => "(not set)".to_owned(),
        }
    }

    fn form(&self) -> Form {
        self.0.form()
    }
}

impl<K: Kind> Kind for Needed<K> {
    type Value = Option<K::Value>;

    fn takes(&self) -> String {
        self.0.takes()
    }

    fn parse(&self, raw: &Raw) -> Result<Self::Value, Refused> {
        self.0.parse(raw).map(Some)
    }

    fn show(&self, value: &Self::Value) -> String {
        value.as_ref().map_or_else(String::new, |value| self.0.show(value))
    }

    fn form(&self) -> Form {
        self.0.form()
    }

    fn is_needed(&self) -> bool {
        true
    }
}

impl<K: Kind> Kind for InFile<K> {
    type Value = K::Value;

    fn takes(&self) -> String {
        format!("the path of a file that holds {}", self.0.takes())
    }

    fn parse(&self, raw: &Raw) -> Result<Self::Value, Refused> {
        self.0.parse(raw)
    }

    fn show(&self, value: &Self::Value) -> String {
        self.0.show(value)
    }

    fn form(&self) -> Form {
        Form::File
    }
}
