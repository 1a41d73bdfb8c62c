//! What may be granted: scopes and resources, from what was asked, what the client is registered
//! for, what the resource knows and what the user's roles open.

use super::client::Client;
use super::error::Refusal;
use super::resource::Resource;
use super::scope::{Scope, ScopeSet};
use super::session::Grant;
use super::token_request::Requested;
use super::uri::{Issuer, ResourceUri};
use super::user::Roles;

/// The rules for one request, with everything they look at.
pub struct Granting<'a, Find> {
    /// This server.
    pub issuer: &'a Issuer,
    /// Who asks.
    pub client: &'a Client,
    /// The user's roles; none where no user is involved.
    pub roles: Option<&'a Roles>,
    /// Finds an enabled resource.
    pub find: Find,
}

/// What one access token is for.
#[derive(Clone, Debug)]
pub struct TokenGrant<'a> {
    /// The resource that decides algorithm and lifetime.
    pub resource: &'a Resource,
    /// The scopes.
    pub scope: ScopeSet,
    /// Whether the issuer is an audience beside the resource, for its own endpoints.
    pub for_issuer: bool,
}

impl<'a, Find> Granting<'a, Find>
where
    Find: Fn(&ResourceUri) -> Option<&'a Resource>,
{
    /// What a new session may ask for. Asking for a scope that the client is not registered for, or
    /// that no chosen resource knows, is an error; one that the user's roles do not open is left
    /// out, unless nothing remains.
    pub fn session(&self, requested: &Requested) -> Result<Grant, Refusal> {
        let resources = self.check_request(requested)?;
        let asked = requested.scope.as_ref().unwrap_or(&self.client.settings.scope);
        let scope = asked.filter(|scope| self.permits(&resources, scope));
        if scope.is_empty() && !asked.is_empty() {
            return Err(Refusal::invalid_scope());
        }
        let resources = resources.iter().map(|resource| resource.uri.clone()).collect();
        Ok(Grant { scope, resources })
    }

    /// The part of [`Granting::session`] that no role decides: what is refused here is refused to
    /// every user. Answers the resources that were chosen.
    pub fn check_request(&self, requested: &Requested) -> Result<Vec<&'a Resource>, Refusal> {
        let resources = self.choose_resources(requested)?;
        let known = |scope: &str| {
            (Scope::is_built_in(scope) && self.roles.is_some())
                || resources.iter().any(|resource| resource.settings.scope.contains(scope))
        };
        let possible = |scope: &str| self.client.settings.scope.contains(scope) && known(scope);
        match &requested.scope {
            Some(scope) if !scope.iter().all(possible) => Err(Refusal::invalid_scope()),
            _ => Ok(resources),
        }
    }

    /// What one access token of `grant` is for, by what holds now: a scope or resource taken from
    /// the client, or a role taken from the user, shows in the next token.
    pub fn token(&self, grant: &Grant, requested: &Requested) -> Result<TokenGrant<'a>, Refusal> {
        let asked = requested.scope.as_ref().unwrap_or(&grant.scope);
        let uri = match requested.resources.as_slice() {
            [] => self.default_resource(grant, asked),
            [one] => Some(one),
            _ => return Err(Refusal::invalid_target("an access token is for one resource")),
        };
        let uri = uri.ok_or(Refusal::invalid_target("there is no default resource"))?;
        let resource = self.find_registered(uri)?;
        if !grant.resources.contains(uri) {
            return Err(Refusal::invalid_target("the resource is not in the grant"));
        }
        if let Some(scope) = &requested.scope
            && !scope.is_subset(&grant.scope)
        {
            return Err(Refusal::invalid_scope());
        }
        let here = [resource];
        let scope = asked.filter(|scope| {
            self.client.settings.scope.contains(scope) && self.permits(&here, scope)
        });
        if scope.is_empty() && !asked.is_empty() {
            return Err(Refusal::invalid_scope());
        }
        let own = self.issuer.as_str() == uri.as_str();
        let for_issuer = scope.contains(Scope::OPENID) && !own;
        Ok(TokenGrant { resource, scope, for_issuer })
    }

    /// The resource of a token for which none was named: the first that knows a scope of `asked`,
    /// or the first of all. One that is not to be had is not passed over: who would have got a
    /// token for it must not get one for another.
    fn default_resource<'g>(&self, grant: &'g Grant, asked: &ScopeSet) -> Option<&'g ResourceUri> {
        let knows_any = |uri: &&ResourceUri| {
            self.find_registered(uri).map_or(true, |resource| {
                asked.iter().any(|scope| resource.settings.scope.contains(scope))
            })
        };
        grant.resources.iter().find(knows_any).or(grant.resources.first())
    }

    fn choose_resources(&self, requested: &Requested) -> Result<Vec<&'a Resource>, Refusal> {
        if !requested.resources.is_empty() {
            return requested.resources.iter().map(|uri| self.find_registered(uri)).collect();
        }
        if let Some(default) = self.client.settings.resources.first() {
            return self.find_registered(default).map(|resource| vec![resource]);
        }
        let own = self.issuer.own_resource();
        self.find_registered(&own).map(|resource| vec![resource]).map_err(|_| {
            Refusal::invalid_target("resource is missing, and the client has no default")
        })
    }

    /// The resource, if the client may ask tokens for it. The issuer itself is open to every client
    /// that may ask for `openid`, on behalf of a user.
    fn find_registered(&self, uri: &ResourceUri) -> Result<&'a Resource, Refusal> {
        let own = uri.as_str() == self.issuer.as_str()
            && self.roles.is_some()
            && self.client.settings.scope.contains(Scope::OPENID);
        let registered = own || self.client.settings.resources.contains(uri);
        (self.find)(uri)
            .filter(|_| registered)
            .ok_or(Refusal::invalid_target("the resource is unknown, or not this client's"))
    }

    fn permits(&self, resources: &[&Resource], scope: &str) -> bool {
        let known = resources.iter().any(|resource| resource.settings.scope.contains(scope));
        let Some(roles) = self.roles else {
            // No user: the client's own registration decides, and `openid` means nothing.
            return scope != Scope::OPENID && known;
        };
        // A resource with a scope of the same name, such as `email`, may keep it for some roles.
        scope == Scope::OPENID
            || (Scope::is_built_in(scope) && !known)
            || resources.iter().any(|resource| resource.settings.permits(scope, roles))
    }
}

#[cfg(test)]
#[path = "grant_tests.rs"]
mod tests;
