//! Small facts of the installation.

use std::borrow::Cow;

use super::{Operation, operation};

/// Reads a fact.
pub struct ReadSetting(pub Cow<'static, str>);
operation!(ReadSetting => Option<Vec<u8>>, SINGLE_STATEMENT);

/// Stores a fact if there is none of that name, and answers the one that holds.
pub struct EnsureSetting {
    /// Its name.
    pub name: &'static str,
    /// Its value, if there is none yet.
    pub value: Vec<u8>,
}
operation!(EnsureSetting => Vec<u8>);

/// Replaces a fact.
pub struct WriteSetting {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value.
    pub value: Vec<u8>,
}
operation!(WriteSetting => (), SINGLE_STATEMENT);
