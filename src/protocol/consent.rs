//! Consent: what a user has allowed a client, and is not asked again.
//! Must not decide whom to ask: that depends on the client and the request.

use std::fmt;

use super::client::ClientId;
use super::ids::{ConsentId, UserId};
use super::scope::ScopeSet;
use super::secret::SecretHash;
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
    /// What a grant allows: at each of its resources those of its scopes that mean something there.
    pub fn of(grant: &Grant, means: impl Fn(&ResourceUri, &str) -> bool) -> Self {
        let at = |uri: &ResourceUri| (uri.clone(), grant.scope.filter(|scope| means(uri, scope)));
        Self(grant.resources.iter().map(at).collect())
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

    /// Whether `other` is nothing beyond it, at no resource.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|(uri, more)| {
            self.0.iter().any(|(known, scope)| known == uri && more.is_subset(scope))
        })
    }

    /// This, and `other`.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        for (uri, more) in &other.0 {
            match self.0.iter_mut().find(|(known, _)| known == uri) {
                Some((_, scope)) => *scope = scope.with(more),
                None => self.0.push((uri.clone(), more.clone())),
            }
        }
        self
    }

    /// A short form of it, to tell whether it is still the same.
    pub fn digest(&self) -> [u8; 16] {
        let hash = SecretHash::of(self.to_string().as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hash.as_bytes()[..16]);
        short
    }

    /// Each resource.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceUri> {
        self.0.iter().map(|(uri, _)| uri)
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

    fn allowed(scope: &str, resources: &[&str]) -> Allowed {
        meaning(scope, resources, |_, _| true)
    }

    fn meaning(
        scope: &str,
        resources: &[&str],
        means: impl Fn(&ResourceUri, &str) -> bool,
    ) -> Allowed {
        let scope = ScopeSet::parse(scope).unwrap();
        let resources = resources.iter().map(|uri| ResourceUri::parse(uri).unwrap()).collect();
        Allowed::of(&Grant { scope, resources }, means)
    }

    #[test]
    fn consent_covers_what_it_names_and_less() {
        let known = allowed("openid email", &[ORDERS]);
        for covered in ["email openid", "email", ""] {
            assert!(known.covers(&allowed(covered, &[ORDERS])), "{covered}");
        }
        for more in ["openid email phone", "Email"] {
            assert!(!known.covers(&allowed(more, &[ORDERS])), "{more}");
        }
    }

    #[test]
    fn what_is_allowed_at_one_resource_is_not_allowed_at_another() {
        let orders = allowed("read", &[ORDERS]);
        assert!(!orders.covers(&allowed("read", &[PAYROLL])));
        assert!(!orders.covers(&allowed("read", &[ORDERS, PAYROLL])));
        let both = orders.with(&allowed("write", &[PAYROLL]));
        assert!(both.covers(&allowed("read", &[ORDERS])));
        assert!(both.covers(&allowed("write", &[PAYROLL])));
        assert!(!both.covers(&allowed("write", &[ORDERS])));
        assert!(!both.covers(&allowed("read", &[PAYROLL])));
        let more = both.with(&allowed("read", &[PAYROLL]));
        assert!(more.covers(&allowed("read", &[PAYROLL, ORDERS])));
        assert_eq!(more.scopes(), ["read", "write"]);
        let places: Vec<_> = more.places("write").map(ResourceUri::as_str).collect();
        assert_eq!(places, [PAYROLL]);
    }

    #[test]
    fn a_scope_is_allowed_where_it_means_something() {
        let means = |uri: &ResourceUri, scope: &str| uri.as_str() == ORDERS || scope == "openid";
        let known = meaning("openid read", &[ORDERS, PAYROLL], means);
        assert!(known.covers(&allowed("openid read", &[ORDERS])));
        assert!(known.covers(&allowed("openid", &[PAYROLL])));
        // There, too, by now.
        let now = allowed("openid read", &[ORDERS, PAYROLL]);
        assert!(!known.covers(&now));
        assert_ne!(known.digest(), now.digest());
        assert!(known.resources().map(ResourceUri::as_str).eq([ORDERS, PAYROLL]));
    }

    #[test]
    fn it_is_stored_as_a_line_for_each_resource() {
        let both = allowed("read", &[ORDERS]).with(&allowed("", &[PAYROLL]));
        let text = both.to_string();
        assert_eq!(text, format!("{ORDERS} read\n{PAYROLL} \n"));
        assert_eq!(Allowed::parse(&text), Some(both));
        assert_eq!(Allowed::parse(""), Some(Allowed::default()));
        for bad in ["openid", "relative read\n", "https://a.example \"\n", "\n"] {
            assert_eq!(Allowed::parse(bad), None, "{bad:?}");
        }
    }
}
