//! Consent: what a user has allowed a client, and is not asked again.
//! Must not decide whom to ask: that depends on the client and the request.

use std::fmt;

use super::client::ClientId;
use super::ids::{ConsentId, UserId};
use super::scope::ScopeSet;
use super::session::Grant;
use super::time::Timestamp;
use super::uri::ResourceUri;

/// What one user allows one client, as stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Consent {
    /// Its id; it stays when the consent grows.
    pub id: ConsentId,
    /// Who allows it.
    pub user_id: UserId,
    /// To whom.
    pub client_id: ClientId,
    /// What.
    pub allowed: Allowed,
    /// When he did so first.
    pub created_at: Timestamp,
    /// When he did so last.
    pub updated_at: Timestamp,
}

/// For each resource the scopes that are allowed there. A scope of the same name at another resource is
/// another scope.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Allowed(Vec<(ResourceUri, ScopeSet)>);

impl Allowed {
    /// What a grant allows: each of its scopes at each of its resources.
    pub fn of(grant: &Grant) -> Self {
        let each = grant.resources.iter().map(|uri| (uri.clone(), grant.scope.clone()));
        Self(each.collect())
    }

    /// Parses what [`fmt::Display`] writes: a line for each resource, its URI and its scopes. `None` if
    /// it is not that.
    pub fn parse(text: &str) -> Option<Self> {
        let line = |line: &str| {
            let (uri, scope) = line.split_once(' ')?;
            Some((ResourceUri::parse(uri).ok()?, ScopeSet::parse(scope).ok()?))
        };
        text.lines().map(line).collect::<Option<_>>().map(Self)
    }

    /// Whether `grant` asks for nothing beyond it, at none of its resources.
    pub fn covers(&self, grant: &Grant) -> bool {
        grant.resources.iter().all(|uri| {
            self.0.iter().any(|(known, scope)| known == uri && grant.scope.is_subset(scope))
        })
    }

    /// This, and what `grant` allows.
    #[must_use]
    pub fn with(mut self, grant: &Grant) -> Self {
        for uri in &grant.resources {
            match self.0.iter_mut().find(|(known, _)| known == uri) {
                Some((_, scope)) => *scope = scope.with(&grant.scope),
                None => self.0.push((uri.clone(), grant.scope.clone())),
            }
        }
        self
    }

    /// Every scope that is allowed anywhere, once.
    pub fn scopes(&self) -> Vec<&str> {
        let mut scopes = Vec::new();
        for scope in self.0.iter().flat_map(|(_, scope)| scope.iter()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes
    }

    /// Where a scope is allowed.
    pub fn places(&self, scope: &str) -> impl Iterator<Item = &ResourceUri> {
        self.0.iter().filter(move |(_, allowed)| allowed.contains(scope)).map(|(uri, _)| uri)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(uri, scope)| writeln!(f, "{uri} {scope}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &str = "https://orders.example";
    const PAYROLL: &str = "https://payroll.example";

    fn grant(scope: &str, resources: &[&str]) -> Grant {
        Grant {
            scope: ScopeSet::parse(scope).unwrap(),
            resources: resources.iter().map(|uri| ResourceUri::parse(uri).unwrap()).collect(),
        }
    }

    #[test]
    fn consent_covers_what_it_names_and_less() {
        let allowed = Allowed::of(&grant("openid email", &[ORDERS]));
        for covered in ["email openid", "email", ""] {
            assert!(allowed.covers(&grant(covered, &[ORDERS])), "{covered}");
        }
        for more in ["openid email phone", "Email"] {
            assert!(!allowed.covers(&grant(more, &[ORDERS])), "{more}");
        }
    }

    #[test]
    fn what_is_allowed_at_one_resource_is_not_allowed_at_another() {
        let allowed = Allowed::of(&grant("read", &[ORDERS]));
        assert!(!allowed.covers(&grant("read", &[PAYROLL])));
        assert!(!allowed.covers(&grant("read", &[ORDERS, PAYROLL])));
        let both = allowed.with(&grant("write", &[PAYROLL]));
        assert!(both.covers(&grant("read", &[ORDERS])));
        assert!(both.covers(&grant("write", &[PAYROLL])));
        assert!(!both.covers(&grant("write", &[ORDERS])));
        assert!(!both.covers(&grant("read", &[PAYROLL])));
        let more = both.with(&grant("read", &[PAYROLL]));
        assert!(more.covers(&grant("read", &[PAYROLL, ORDERS])));
        assert_eq!(more.scopes(), ["read", "write"]);
        let places: Vec<_> = more.places("write").map(ResourceUri::as_str).collect();
        assert_eq!(places, [PAYROLL]);
    }

    #[test]
    fn it_is_stored_as_a_line_for_each_resource() {
        let allowed = Allowed::of(&grant("read", &[ORDERS])).with(&grant("", &[PAYROLL]));
        let text = allowed.to_string();
        assert_eq!(text, format!("{ORDERS} read\n{PAYROLL} \n"));
        assert_eq!(Allowed::parse(&text), Some(allowed));
        assert_eq!(Allowed::parse(""), Some(Allowed::default()));
        for bad in ["openid", "relative read\n", "https://a.example \"\n", "\n"] {
            assert_eq!(Allowed::parse(bad), None, "{bad:?}");
        }
    }
}
