//! Numbers and spans of time within bounds, as keys take them. Must not know any key.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde_json::Value;

use super::given::Raw;
use super::kind::{Kind, Refused};
use super::span;

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

impl<T: TryFrom<i64> + fmt::Display + Copy + Into<Value>> Kind for Number<T> {
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

    fn value(&self, value: &T) -> Value {
        (*value).into()
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
        let millis = if self.unit < Duration::from_secs(1) { "`ms`, " } else { "" };
        let (min, max) = (span::show(self.min), span::show(self.max));
        format!(
            "a span from {min} to {max}: a whole number of {millis}`s`, `m`, `h` or `d`, or of \
             seconds where no unit follows"
        )
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
