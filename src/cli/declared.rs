//! What the configuration file declares, as the use cases take it.

use crate::config::{self, Config};
use crate::flows::reconcile::{
    Declared, DeclaredClient, DeclaredPassword, DeclaredResource, DeclaredUser,
};
use crate::protocol::resource::ResourceSettings;
use crate::protocol::secret::ClientSecret;
use crate::protocol::user::StoredHash;

pub(super) fn declared(config: &Config) -> Declared {
    let declared = &config.declared;
    Declared {
        users: declared.users.iter().map(user).collect(),
        clients: declared.clients.iter().map(client).collect(),
        resources: declared.resources.iter().map(|one| resource(config, one)).collect(),
    }
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
