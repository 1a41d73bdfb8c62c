//! What the configuration file declares, as the use cases take it.

use super::Failure;
use crate::config::{self, Config};
use crate::flows::reconcile::{
    Declared, DeclaredClient, DeclaredPassword, DeclaredResource, DeclaredUser,
};
use crate::protocol::password::PasswordPolicy;
use crate::protocol::resource::ResourceSettings;
use crate::protocol::secret::ClientSecret;
use crate::protocol::user::StoredHash;

/// What is declared, with passwords that the policy, and so the list, lets be set.
pub(super) fn declared(config: &Config, policy: &PasswordPolicy) -> Result<Declared, Failure> {
    let declared = &config.declared;
    for user in &declared.users {
        is_allowed(user, policy)?;
    }
    Ok(Declared {
        users: declared.users.iter().map(user).collect(),
        clients: declared.clients.iter().map(client).collect(),
        resources: declared.resources.iter().map(|one| resource(config, one)).collect(),
    })
}

/// The rest of the policy was asked when the file was read.
fn is_allowed(user: &config::DeclaredUser, policy: &PasswordPolicy) -> Result<(), Failure> {
    let Some(config::DeclaredPassword::Plain(password)) = &user.password else { return Ok(()) };
    password.is_none_of(&policy.common).map_err(|rejected| {
        let name = user.name.as_str();
        let said = format!("users[{name}].password_file: {rejected} (passwords.blocklist)");
        Failure::usage("invalid_configuration", said)
    })
}

fn user(user: &config::DeclaredUser) -> DeclaredUser {
    let password = user.password.as_ref().map(|password| match password {
        config::DeclaredPassword::Plain(password) => DeclaredPassword::Plain(password.clone()),
        config::DeclaredPassword::Hash(hash) => {
            DeclaredPassword::Hash(StoredHash::new(hash.as_str().to_owned()))
        }
    });
    DeclaredUser {
        name: user.name.clone(),
        password,
        roles: user.roles.clone(),
        profile: user.profile.clone(),
        status: user.status,
    }
}

fn client(client: &config::DeclaredClient) -> DeclaredClient {
    DeclaredClient {
        id: client.id.clone(),
        secret: client.secret.as_ref().map(ClientSecret::hash),
        settings: client.settings.clone(),
    }
}

fn resource(config: &Config, resource: &config::DeclaredResource) -> DeclaredResource {
    let settings = resource.settings.clone();
    // Only the default can be above the cap: a life that somebody chose was refused.
    let access_token_ttl = settings.access_token_ttl.min(config.tokens.max_token_life);
    DeclaredResource {
        uri: resource.uri.clone(),
        settings: ResourceSettings { access_token_ttl, ..settings },
    }
}
