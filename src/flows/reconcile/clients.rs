//! Clients as declared. May import the administration of clients.

use super::{Action, Change, DeclaredClient};
use crate::flows::admin::By;
use crate::flows::admin::clients::{self, NewClient, NewSecret};
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::client::{Client, ClientCredentials, ClientStatus};
use crate::storage::ops::clients::{FindClient, LoadManagedClients};

pub(super) enum Work<'d> {
    Create(&'d DeclaredClient),
    Change(&'d DeclaredClient, Box<Client>),
    Release(Box<Client>),
}

/// The clients that are declared, and those that were.
pub(super) async fn look(
    server: &Server,
    declared: &[DeclaredClient],
) -> Result<Vec<Client>, FlowError> {
    let mut stored = server.store.read(LoadManagedClients).await?;
    for client in declared {
        if stored.iter().all(|one| one.id != client.id) {
            stored.extend(server.store.read(FindClient::Named(client.id.clone())).await?);
        }
    }
    Ok(stored)
}

/// What there is to do; `None` for each client that is as declared.
pub(super) fn compare(
    declared: &[DeclaredClient],
    stored: Vec<Client>,
) -> Vec<Option<(Change, Work<'_>)>> {
    let of = |id: &str, action| Change { object: "client", name: id.to_owned(), action };
    let mut compared = Vec::new();
    for client in declared {
        let found = stored.iter().find(|one| one.id == client.id);
        compared.push(match found.map(|found| (found, differences(client, found))) {
            None => Some((of(client.id.as_str(), Action::Create), Work::Create(client))),
            Some((_, same)) if same.is_empty() => None,
            Some((found, differences)) => {
                let change = of(client.id.as_str(), Action::Change(differences));
                Some((change, Work::Change(client, Box::new(found.clone()))))
            }
        });
    }
    for client in stored {
        if client.managed && declared.iter().all(|one| one.id != client.id) {
            let change = of(client.id.as_str(), Action::Disable);
            compared.push(Some((change, Work::Release(Box::new(client)))));
        }
    }
    compared
}

pub(super) async fn carry_out(server: &Server, by: &By, work: Work<'_>) -> Result<(), FlowError> {
    match work {
        Work::Create(declared) => {
            let secret = declared.secret.clone();
            let new = NewClient {
                id: declared.id.clone(),
                secret: secret.map_or(NewSecret::Public, NewSecret::Hashed),
                settings: declared.settings.clone(),
            };
            clients::create(server, by, new).await?;
        }
        Work::Change(declared, client) => {
            let credentials = credentials(declared, &client);
            let to_be = (credentials, declared.settings.clone());
            clients::declare(server, by, *client, to_be).await?;
        }
        Work::Release(client) => clients::release(server, by, *client).await?,
    }
    Ok(())
}

/// The names, as in the configuration file, of what differs.
fn differences(declared: &DeclaredClient, stored: &Client) -> Vec<&'static str> {
    let (to_be, is) = (&declared.settings, &stored.settings);
    let (ours, theirs) = (&to_be.sign_in, &is.sign_in);
    let all = [
        ("name", to_be.name != is.name),
        ("secret_file", !has_secret(declared, stored)),
        ("first_party", to_be.first_party != is.first_party),
        ("grants", to_be.grants != is.grants),
        ("scopes", to_be.scope != is.scope),
        ("resources", to_be.resources != is.resources),
        ("serves", to_be.serves != is.serves),
        ("origins", to_be.origins != is.origins),
        ("rotation", to_be.rotates != is.rotates),
        ("rotate_after", to_be.rotate_after != is.rotate_after),
        ("redirect_uris", ours.redirect_uris != theirs.redirect_uris),
        (
            "post_logout_redirect_uris",
            ours.post_logout_redirect_uris != theirs.post_logout_redirect_uris,
        ),
        ("backchannel_logout_uri", ours.backchannel_logout_uri != theirs.backchannel_logout_uri),
        ("pkce_required", ours.pkce_required != theirs.pkce_required),
        ("skips_consent", ours.skips_consent != theirs.skips_consent),
        ("id_token_algorithm", ours.id_token_algorithm != theirs.id_token_algorithm),
        ("userinfo_algorithm", ours.userinfo_algorithm != theirs.userinfo_algorithm),
        ("client_uri", ours.client_uri != theirs.client_uri),
        ("policy_uri", ours.policy_uri != theirs.policy_uri),
        ("tos_uri", ours.tos_uri != theirs.tos_uri),
        ("enabled", stored.status != ClientStatus::Active),
        ("managed", !stored.managed),
    ];
    let differ = all.into_iter().filter(|(_, differs)| *differs);
    differ.map(|(name, _)| name).collect()
}

fn has_secret(declared: &DeclaredClient, stored: &Client) -> bool {
    match (&declared.secret, &stored.credentials) {
        (None, ClientCredentials::Public) => true,
        (Some(hash), ClientCredentials::Secret { current, .. }) => hash == current,
        _ => false,
    }
}

/// A secret that is as declared stays with the one before it, which may still be in its overlap.
fn credentials(declared: &DeclaredClient, stored: &Client) -> ClientCredentials {
    if has_secret(declared, stored) {
        return stored.credentials.clone();
    }
    match &declared.secret {
        None => ClientCredentials::Public,
        Some(hash) => ClientCredentials::Secret { current: hash.clone(), previous: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::client::{ClientId, ClientSettings, GrantType};
    use crate::protocol::ids::ClientKey;
    use crate::protocol::key::Algorithm;
    use crate::protocol::redirect_uri::RedirectUri;
    use crate::protocol::scope::ScopeSet;
    use crate::protocol::secret::SecretHash;
    use crate::protocol::sign_in::{BackchannelUri, PageUri, SignIn};
    use crate::protocol::time::Timestamp;

    fn declared() -> DeclaredClient {
        DeclaredClient {
            id: ClientId::parse("orders-api").unwrap(),
            secret: Some(SecretHash::of(b"secret")),
            settings: ClientSettings {
                grants: vec![GrantType::ClientCredentials],
                scope: ScopeSet::parse("read").unwrap(),
                ..ClientSettings::named("Orders")
            },
        }
    }

    fn stored(declared: &DeclaredClient) -> Client {
        Client {
            key: ClientKey::from_bytes([1; 16]),
            id: declared.id.clone(),
            credentials: ClientCredentials::Secret {
                current: declared.secret.clone().unwrap(),
                previous: Some((SecretHash::of(b"older"), Timestamp::from_millis(1))),
            },
            settings: declared.settings.clone(),
            logo: None,
            status: ClientStatus::Active,
            managed: true,
            not_before: None,
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    fn actions(declared: &[DeclaredClient], stored: Vec<Client>) -> Vec<Option<Action>> {
        let compared = compare(declared, stored);
        compared.into_iter().map(|one| one.map(|(change, _)| change.action)).collect()
    }

    #[test]
    fn what_is_as_declared_needs_nothing() {
        let declared = declared();
        let stored = stored(&declared);
        assert_eq!(actions(&[declared], vec![stored]), [None]);
    }

    #[test]
    fn every_difference_is_named() {
        let declared = declared();
        let mut other = stored(&declared);
        other.credentials = ClientCredentials::Public;
        other.settings.scope = ScopeSet::default();
        other.settings.rotates = false;
        other.settings.sign_in = all_else(&other.settings.sign_in);
        other.status = ClientStatus::Paused;
        other.managed = false;
        let names = vec![
            "secret_file",
            "scopes",
            "rotation",
            "redirect_uris",
            "post_logout_redirect_uris",
            "backchannel_logout_uri",
            "pkce_required",
            "skips_consent",
            "id_token_algorithm",
            "userinfo_algorithm",
            "client_uri",
            "policy_uri",
            "tos_uri",
            "enabled",
            "managed",
        ];
        assert_eq!(actions(&[declared], vec![other]), [Some(Action::Change(names))]);
    }

    fn all_else(sign_in: &SignIn) -> SignIn {
        let uris = vec![RedirectUri::parse("https://app.example/cb").unwrap()];
        let page = PageUri::parse("https://app.example").ok();
        SignIn {
            redirect_uris: uris.clone(),
            post_logout_redirect_uris: uris,
            backchannel_logout_uri: BackchannelUri::parse("https://app.example/logout").ok(),
            pkce_required: !sign_in.pkce_required,
            skips_consent: !sign_in.skips_consent,
            id_token_algorithm: Algorithm::Es256,
            userinfo_algorithm: Some(Algorithm::Es256),
            client_uri: page.clone(),
            policy_uri: page.clone(),
            tos_uri: page,
        }
    }

    #[test]
    fn only_what_is_managed_is_let_go_of() {
        let managed = stored(&declared());
        let by_hand = Client { managed: false, ..managed.clone() };
        assert_eq!(actions(&[], vec![managed]), [Some(Action::Disable)]);
        assert_eq!(actions(&[], vec![by_hand]), []);
    }

    #[test]
    fn a_secret_in_its_overlap_outlives_another_change() {
        let declared = declared();
        let stored = stored(&declared);
        let ClientCredentials::Secret { previous, .. } = credentials(&declared, &stored) else {
            panic!("the client is confidential");
        };
        assert!(previous.is_some());
    }
}
