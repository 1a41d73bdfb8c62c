//! The first run: what an empty database is given, so that everything can be tried out at once. Must
//! not know where its secrets are written down: whoever plans it does that before it is carried out.

use zeroize::Zeroizing;

use super::admin::{By, clients, resources};
use super::administration::{ADMIN_CLIENT, create_administrator, ensure_admin_client};
use super::error::FlowError;
use super::server::Server;
use super::setup::{
    first_party_settings, has_users, parse_password, random_password, scopes, unless_there,
};
use crate::protocol::client::{ClientCredentials, ClientId, ClientSettings, GrantType};
use crate::protocol::password::UserName;
use crate::protocol::resource::{ResourceSettings, ScopeText};
use crate::protocol::scope::Scope;
use crate::protocol::secret::ClientSecret;
use crate::protocol::uri::ResourceUri;
use crate::storage::ops::clients::FindClient;
use crate::storage::ops::resources::FindResource;

/// What a first run makes, with the secrets that are shown once.
pub struct FirstRun {
    /// The administrator's name.
    pub username: &'static str,
    /// His password.
    pub password: Zeroizing<String>,
    /// The demo client and its resource, unless others have their names.
    pub demo: Option<Demo>,
}

/// A client to try out, and the resource that it is for.
pub struct Demo {
    /// The client's id.
    pub client_id: &'static str,
    /// Its secret.
    pub client_secret: ClientSecret,
    /// The resource.
    pub resource: &'static str,
}

/// The secrets of a first run that was planned before.
pub struct Planned {
    /// The administrator's password.
    pub password: Zeroizing<String>,
    /// The demo client's secret.
    pub client_secret: Option<ClientSecret>,
}

impl FirstRun {
    /// Whether the database waits for a first run: there is no user.
    pub async fn is_due(server: &Server) -> Result<bool, FlowError> {
        Ok(!has_users(server).await?)
    }

    /// What there is to make: with the secrets of the run that was `planned` before, if it was cut
    /// short, else with new ones. Changes nothing.
    pub async fn plan(server: &Server, planned: Option<Planned>) -> Result<Self, FlowError> {
        let (password, secret) = match planned {
            Some(planned) => (planned.password, planned.client_secret),
            None => (random_password(server), None),
        };
        let new = || ClientSecret::generate(&server.world.entropy.bytes());
        let client_secret = secret.unwrap_or_else(new);
        let demo = Demo { client_id: "demo", client_secret, resource: "https://demo-api.example" };
        let demo = demo.is_free_or_made(server).await?.then_some(demo);
        Ok(Self { username: "admin", password, demo })
    }

    /// Makes it all, the administrator last: until he is there, it can be done again. Answers
    /// whether it was done here; otherwise another first run was faster.
    pub async fn carry_out(&self, server: &Server) -> Result<bool, FlowError> {
        if let Some(demo) = &self.demo
            && !demo.make(server).await?
        {
            return Ok(false);
        }
        match ensure_admin_client(server).await {
            // What the configuration file declares is its own: whoever administers is told.
            Err(FlowError::Refused(refusal)) => {
                tracing::warn!(reason = refusal.description, "{ADMIN_CLIENT} was not mended");
            }
            ensured => ensured?,
        }
        let name = UserName::parse(self.username).map_err(|_| FlowError::Internal)?;
        let password = parse_password(server, &self.password)?;
        let made = unless_there(create_administrator(server, name, password).await)?;
        server.memory.refresh().await?;
        Ok(made)
    }
}

impl Demo {
    async fn make(&self, server: &Server) -> Result<bool, FlowError> {
        let by = By::system();
        let resource = (self.uri()?, resource_settings());
        unless_there(resources::create(server, &by, resource).await)?;
        let client = clients::NewClient {
            id: self.id()?,
            secret: clients::NewSecret::Hashed(self.client_secret.hash()),
            settings: self.client_settings()?,
        };
        unless_there(clients::create(server, &by, client).await)?;
        self.is_free_or_made(server).await
    }

    /// Whether the names are free, or stand for just this.
    async fn is_free_or_made(&self, server: &Server) -> Result<bool, FlowError> {
        let client = server.store.read(FindClient::Named(self.id()?)).await?;
        let is_ours = client.is_none_or(|client| {
            let ClientCredentials::Secret { current, .. } = &client.credentials else {
                return false;
            };
            *current == self.client_secret.hash()
        });
        let resource = server.store.read(FindResource::Named(self.uri()?)).await?;
        let settings = resource_settings();
        Ok(is_ours && resource.is_none_or(|one| one.enabled && one.settings == settings))
    }

    fn client_settings(&self) -> Result<ClientSettings, FlowError> {
        Ok(ClientSettings {
            name: "Demo".to_owned(),
            grants: vec![GrantType::RefreshToken, GrantType::ClientCredentials],
            scope: scopes(&["read", "write", Scope::OPENID]),
            resources: vec![self.uri()?],
            serves: Some(self.uri()?),
            ..first_party_settings()
        })
    }

    fn id(&self) -> Result<ClientId, FlowError> {
        ClientId::parse(self.client_id).map_err(|_| FlowError::Internal)
    }

    fn uri(&self) -> Result<ResourceUri, FlowError> {
        ResourceUri::parse(self.resource).map_err(|_| FlowError::Internal)
    }
}

fn resource_settings() -> ResourceSettings {
    let texts = ["read=Read what the demo API keeps", "write=Change what the demo API keeps"];
    ResourceSettings {
        scope: scopes(&["read", "write"]),
        scope_texts: texts.iter().filter_map(|text| ScopeText::parse(text)).collect(),
        ..ResourceSettings::named("Demo API")
    }
}
