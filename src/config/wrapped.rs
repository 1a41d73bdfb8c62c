//! What keys take, if they take it, or from elsewhere. Must not know any key.

use serde_json::Value;

use super::given::Raw;
use super::kind::{Form, Kind, Refused};

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

    fn value(&self, value: &Self::Value) -> Value {
        match value {
            Some(value) => self.0.value(value),
            None => self.show(&None).into(),
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
