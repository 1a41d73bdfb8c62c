//! Consent: what a user has allowed a client, and is not asked again.
//! Must not decide whom to ask: that depends on the client and the request.

use super::client::ClientId;
use super::ids::{ConsentId, UserId};
use super::scope::ScopeSet;
use super::time::Timestamp;

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
    pub scope: ScopeSet,
    /// When he did so first.
    pub created_at: Timestamp,
    /// When he did so last.
    pub updated_at: Timestamp,
}

impl Consent {
    /// Whether `scope` asks for nothing beyond it.
    pub fn covers(&self, scope: &ScopeSet) -> bool {
        scope.is_subset(&self.scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_covers_what_it_names_and_less() {
        let scope = |text| ScopeSet::parse(text).unwrap();
        let consent = Consent {
            id: ConsentId::from_bytes([1; 16]),
            user_id: UserId::from_bytes([2; 16]),
            client_id: ClientId::parse("app").unwrap(),
            scope: scope("openid email"),
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        };
        for covered in ["email openid", "email", ""] {
            assert!(consent.covers(&scope(covered)), "{covered}");
        }
        for more in ["openid email phone", "Email"] {
            assert!(!consent.covers(&scope(more)), "{more}");
        }
    }
}
