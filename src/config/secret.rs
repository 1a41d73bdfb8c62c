//! Secrets in the configuration. Must not import the parts that use them, which check them again.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::given::Raw;
use super::kind::{Form, Kind, Refused};

/// A text that must not be printed: wiped when dropped, and without `Debug`.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// This text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A secret that `accepts` a look at.
pub(super) struct SecretKind {
    takes: &'static str,
    accepts: fn(&str) -> bool,
}

/// The key under which the keys in the database are sealed.
pub(super) const MASTER_KEY: SecretKind = SecretKind {
    takes: "32 bytes in base64, such as `openssl rand -base64 32` prints",
    accepts: |text| {
        let bytes = BASE64_STANDARD.decode(text.trim()).map(Zeroizing::new);
        bytes.is_ok_and(|bytes| bytes.len() == 32)
    },
};

/// Where the data is. It may hold a password.
pub(super) const DATABASE_URL: SecretKind = SecretKind {
    takes: "`sqlite://PATH` or `postgres://USER@HOST/NAME`",
    accepts: |text| {
        let rest = ["sqlite://", "postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        rest.is_some_and(|rest| !rest.is_empty())
    },
};

/// Text of at least one character, of which something else decides whether it will do.
pub(super) fn any(takes: &'static str) -> SecretKind {
    SecretKind { takes, accepts: |text| !text.is_empty() }
}

impl Kind for SecretKind {
    type Value = SecretText;

    fn takes(&self) -> String {
        self.takes.to_owned()
    }

    fn parse(&self, raw: &Raw) -> Result<SecretText, Refused> {
        let text = raw.text().filter(|text| (self.accepts)(text)).ok_or(Refused::FORM)?;
        Ok(SecretText::new(text))
    }

    fn show(&self, _: &SecretText) -> String {
        "(set)".to_owned()
    }

    fn form(&self) -> Form {
        Form::Secret
    }
}
