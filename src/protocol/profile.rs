//! What a user's profile says of him: the standard claims (OIDC Core §5.1), each of them checked, and
//! the scopes that open them (OIDC Core §5.4).

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::profile_rules::{CLAIMS, Claim};
use super::scope::ScopeSet;

/// The standard claims of a user, but for `sub` and `updated_at`, which every user has.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Profile(Map<String, Value>);

/// The profile is none, for this reason, which may be shown to an administrator.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct BadProfile(&'static str);

/// A change of one claim, as people write it: `NAME=VALUE`, where no value removes the claim, and
/// `address.locality` is a part of the address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimChange {
    claim: &'static str,
    part: Option<Box<str>>,
    value: Option<Value>,
}

/// The most bytes of a profile as JSON.
pub const MAX_PROFILE: usize = 8192;

impl Profile {
    /// Checks the members of a JSON object; those that are null are left out.
    pub fn parse(mut members: Map<String, Value>) -> Result<Self, BadProfile> {
        members.retain(|_, value| !value.is_null());
        for (name, value) in &members {
            let claim = Claim::named(name).ok_or(BadProfile(UNKNOWN))?;
            if !(claim.check)(value) {
                return Err(BadProfile(claim.error));
            }
        }
        let profile = Self(members);
        let lacks = |name: &str| !profile.0.contains_key(name);
        if profile.0.contains_key("email_verified") && lacks("email") {
            return Err(BadProfile("email_verified needs email"));
        }
        if profile.0.contains_key("phone_number_verified") && lacks("phone_number") {
            return Err(BadProfile("phone_number_verified needs phone_number"));
        }
        if profile.to_string().len() > MAX_PROFILE {
            return Err(BadProfile("a profile is at most 8192 bytes of JSON"));
        }
        Ok(profile)
    }

    /// A profile that was checked before and stored.
    pub fn from_stored(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }

    /// The profile with these changes.
    pub fn with(self, changes: impl IntoIterator<Item = ClaimChange>) -> Result<Self, BadProfile> {
        let mut members = self.0;
        for change in changes {
            change.apply(&mut members);
        }
        Self::parse(members)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the claims that a profile may have.
    pub fn claim_names() -> impl Iterator<Item = &'static str> {
        CLAIMS.iter().map(|claim| claim.name)
    }

    /// One claim.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The claims that `scope` opens.
    pub fn claims_for(&self, scope: &ScopeSet) -> Map<String, Value> {
        let opened = CLAIMS.iter().filter(|claim| scope.contains(claim.scope));
        opened
            .filter_map(|claim| Some((claim.name.to_owned(), self.0.get(claim.name)?.clone())))
            .collect()
    }
}

impl fmt::Display for Profile {
    /// As JSON, in which it is stored.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl BadProfile {
    /// The reason.
    pub const fn text(self) -> &'static str {
        self.0
    }
}

impl ClaimChange {
    /// Parses `NAME=VALUE`.
    pub fn parse(text: &str) -> Result<Self, BadProfile> {
        let (path, value) =
            text.split_once('=').ok_or(BadProfile("has not the form NAME=VALUE"))?;
        let (name, part) = match path.split_once('.') {
            Some((name @ "address", part)) => (name, Some(part.into())),
            _ => (path, None),
        };
        let claim = Claim::named(name).ok_or(BadProfile(UNKNOWN))?.name;
        let value = match value {
            "" => None,
            "true" | "false" if name.ends_with("_verified") => Some(Value::Bool(value == "true")),
            text => Some(Value::String(text.to_owned())),
        };
        Ok(Self { claim, part, value })
    }

    fn apply(self, members: &mut Map<String, Value>) {
        let Some(part) = self.part else {
            members.insert(self.claim.to_owned(), self.value.unwrap_or_default());
            return;
        };
        let before = members.remove(self.claim);
        let mut parts = match before {
            Some(Value::Object(parts)) => parts,
            _ => Map::new(),
        };
        match self.value {
            Some(value) => parts.insert(part.into(), value),
            None => parts.remove(&*part),
        };
        if !parts.is_empty() {
            members.insert(self.claim.to_owned(), Value::Object(parts));
        }
    }
}

const UNKNOWN: &str = "a claim is none of the standard ones (OpenID Connect Core, section 5.1)";

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
