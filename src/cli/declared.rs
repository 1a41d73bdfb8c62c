//! What the configuration file declares, as the use cases take it.

use super::Failure;
use crate::config::{self, Config};
use crate::flows::reconcile::{
    self, Change, Declared, DeclaredClient, DeclaredPassword, DeclaredResource, DeclaredUser,
};
use crate::flows::server::Server;
use crate::protocol::password::PasswordPolicy;
use crate::protocol::resource::ResourceSettings;
use crate::protocol::secret::ClientSecret;
use crate::protocol::user::StoredHash;

/// What is declared.
pub(super) fn declared(config: &Config) -> Declared {
    let declared = &config.declared;
    Declared {
        users: declared.users.iter().map(user).collect(),
        clients: declared.clients.iter().map(client).collect(),
        resources: declared.resources.iter().map(|one| resource(config, one)).collect(),
    }
}

/// Refuses declared passwords that stand on the list and would be set. One that is set already is no reason
/// not to start: the list may have been renewed since.
pub(super) async fn refuse_known_to_be_set(
    config: &Config,
    server: &Server,
    declared: &Declared,
) -> Result<(), Failure> {
    let policy = &server.settings.passwords;
    let known = |user: &&config::DeclaredUser| refuse_known(user, policy).is_err();
    let known: Vec<_> = config.declared.users.iter().filter(known).collect();
    if known.is_empty() {
        return Ok(());
    }
    let plan = reconcile::plan(server, declared).await?;
    for user in known {
        let name = user.name.as_str();
        let change = plan.changes().find(|change| change.object == "user" && change.name == name);
        if change.is_some_and(Change::sets_password) {
            refuse_known(user, policy)?;
        }
    }
    Ok(())
}

/// The rest of the policy was asked when the file was read.
pub(super) fn refuse_known(
    user: &config::DeclaredUser,
    policy: &PasswordPolicy,
) -> Result<(), Failure> {
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
