//! Arguments whose values are words of the protocol. Must not know any command.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::protocol::client::GrantType;
use crate::protocol::ids::SessionId;
use crate::protocol::key::Algorithm;
use crate::protocol::resource::{RoleScope, ScopeText};
use crate::protocol::scope::Scope;
use crate::protocol::uri::WebOrigin;

/// The name of a grant.
pub(super) fn grant() -> impl TypedValueParser<Value = GrantType> {
    PossibleValuesParser::new(GrantType::EVERY.map(GrantType::as_str))
        .try_map(|name| GrantType::parse(&name).ok_or("is no grant"))
}

/// The name of a signature algorithm.
pub(super) fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(Algorithm::EVERY.map(Algorithm::as_str))
        .try_map(|name| Algorithm::parse(&name).ok_or("is no algorithm"))
}

/// A browser origin.
pub(super) fn origin(text: &str) -> Result<WebOrigin, &'static str> {
    WebOrigin::parse(text).ok_or("is not scheme, host and port as browsers send them")
}

/// The name of a role.
pub(super) fn role(text: &str) -> Result<Scope, &'static str> {
    Scope::parse(text).map_err(|_| "a role is made of printable ASCII characters without space")
}

/// `ROLE=SCOPE`.
pub(super) fn role_scope(text: &str) -> Result<RoleScope, &'static str> {
    RoleScope::parse(text).ok_or("has not the form ROLE=SCOPE")
}

/// `SCOPE=TEXT`.
pub(super) fn scope_text(text: &str) -> Result<ScopeText, &'static str> {
    ScopeText::parse(text).ok_or("has not the form SCOPE=TEXT, TEXT of 1 to 200 characters")
}

/// The id of a session.
pub(super) fn session(text: &str) -> Result<SessionId, &'static str> {
    SessionId::parse(text).ok_or("is not the id of a session")
}
