//! How far the authority of whoever administers goes: nobody hands out more than he holds.
//! Must not import the database.

use super::By;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::client::ClientSettings;
use crate::protocol::resource::{ADMIN_SCOPES, RoleScope, built_in};
use crate::protocol::scope::ScopeSet;
use crate::protocol::user::Roles;

/// How far somebody's authority goes.
#[derive(Clone, Debug)]
pub enum Authority {
    /// All the way: whoever has the machine or the configuration file has the database too.
    Operator,
    /// As far as the scopes of his access token.
    Scopes(ScopeSet),
}

impl By {
    /// Refuses to give away administrative scopes that the caller's own token does not carry:
    /// otherwise each of them would be worth all.
    pub(super) fn check_confers(&self, scopes: ScopeSet) -> Result<(), FlowError> {
        match &self.authority {
            Authority::Scopes(held) if !scopes.is_subset(held) => {
                Err(FlowError::ScopeNeeded(scopes))
            }
            _ => Ok(()),
        }
    }

    /// The roles that open more of the admin API than the caller's own token: he makes nobody who
    /// has one of them able to log in.
    pub(super) fn roles_above(&self, server: &Server) -> Roles {
        let Authority::Scopes(held) = &self.authority else {
            return Roles::default();
        };
        let bindings = bindings(server).into_iter();
        bindings.filter(|b| !held.contains(b.scope.as_str())).map(|b| b.role).collect()
    }
}

/// The administrative scopes that `roles` open.
pub(super) fn of_roles(server: &Server, roles: &Roles) -> ScopeSet {
    let bindings = bindings(server).into_iter();
    bindings.filter(|b| roles.contains(b.role.as_str())).map(|b| b.scope).collect()
}

/// The administrative scopes that a client of these settings may get.
pub(super) fn of_client(settings: &ClientSettings) -> ScopeSet {
    settings.scope.filter(|scope| ADMIN_SCOPES.contains(&scope))
}

fn bindings(server: &Server) -> Vec<RoleScope> {
    let [_, admin] = built_in(&server.settings.issuer);
    admin.settings.role_scopes
}
