//! Secrets in the configuration. Must not import the parts that use them, which check them again.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use url::Url;
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
    /// What of it is no secret.
    show: fn(&str) -> String,
}

/// The key under which the keys in the database are sealed.
pub(super) const MASTER_KEY: SecretKind = SecretKind {
    takes: "32 bytes in base64, such as `openssl rand -base64 32` prints",
    accepts: |text| {
        let bytes = BASE64_STANDARD.decode(text.trim()).map(Zeroizing::new);
        bytes.is_ok_and(|bytes| bytes.len() == 32)
    },
    show: hidden,
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
    show: without_password,
};

/// Text of at least one character, of which something else decides whether it will do.
pub(super) fn any(takes: &'static str) -> SecretKind {
    SecretKind { takes, accepts: |text| !text.is_empty(), show: hidden }
}

fn hidden(_: &str) -> String {
    "(set)".to_owned()
}

/// The path of a file, or the host and the name of a database; who logs in there, and how, is left
/// out.
fn without_password(text: &str) -> String {
    if text.starts_with("sqlite://") {
        return text.to_owned();
    }
    let shown = Url::parse(text).ok().and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}://{}{port}{}", url.scheme(), url.host_str()?, url.path()))
    });
    shown.unwrap_or_else(|| hidden(text))
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

    fn show(&self, value: &SecretText) -> String {
        (self.show)(value.expose())
    }

    fn form(&self) -> Form {
        Form::Secret
    }
}
