//! JSON without second readings: a member that stands twice is refused at every level, also when it
//! is spelt with escapes, and so are deep nesting and NUL.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The text is not strict JSON, or not what was expected.
#[derive(Debug)]
pub(crate) struct StrictError;

/// Reads one strict JSON object.
pub(crate) fn from_slice<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, StrictError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    json.deserialize_map(Value { depth: 0 }).map_err(|_| StrictError)?;
    json.end().map_err(|_| StrictError)?;
    serde_json::from_slice(text).map_err(|_| StrictError)
}

/// Any value at a depth, which is looked at and forgotten.
#[derive(Clone, Copy)]
struct Value {
    depth: usize,
}

impl Value {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEEPEST {
            return Err(E::custom("nested too deeply"));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("strict JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut names = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            names.push(name);
            map.next_value_seed(inner)?;
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(A::Error::custom("a member that stands twice"));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        refuse_nul(text)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

/// The name of a member, borrowed where it has no escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(Self)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        refuse_nul(name)?;
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        refuse_nul(name)?;
        Ok(Cow::Owned(name.to_owned()))
    }
}

fn refuse_nul<E: Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') {
        return Err(E::custom("NUL in a text"));
    }
    Ok(())
}

/// An object in an object has the depth 2.
const DEEPEST: usize = 16;

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value as Json};

    use super::*;

    fn reads(text: &str) -> bool {
        from_slice::<Map<String, Json>>(text.as_bytes()).is_ok()
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_at_every_level_and_in_every_spelling() {
        assert!(reads(r#"{"a":1,"A":2,"b":{"a":[{"a":null},{"a":true}]}}"#));
        assert!(!reads(r#"{"a":1,"b":2,"a":1}"#));
        assert!(!reads(r#"{"a":1,"\u0061":1}"#));
        assert!(!reads(r#"{"b":{"c":[{"a":1,"a":1}]}}"#));
    }

    #[test]
    fn nesting_ends_at_sixteen() {
        let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert!(reads(&nested(16)));
        assert!(!reads(&nested(17)));
        assert!(!reads(&format!(r#"{{"a":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000))));
    }

    #[test]
    fn nul_surrogates_marks_and_what_follows_the_object_are_refused() {
        assert!(!reads(r#"{"a":"\u0000"}"#));
        assert!(!reads(r#"{"\u0000":1}"#));
        assert!(!reads(r#"{"a":"\ud800"}"#));
        assert!(!reads("\u{feff}{}"));
        assert!(!reads("{} {}"));
        assert!(!reads("[]"));
        assert!(!reads(r#"{"a":1e400}"#));
        assert!(from_slice::<Map<String, Json>>(b"{\"a\":\"\xff\"}").is_err());
        assert!(reads(r#"{"a":"\ud83d\ude00","b":-1,"c":0.5}"#));
    }
}
