//! `chancery resource`.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::{Context, Keys};
use super::{Failure, parsers};
use crate::flows::admin::By;
use crate::flows::admin::resources;
use crate::flows::admin::views::{self, List};
use crate::flows::server::Server;
use crate::protocol::key::Algorithm;
use crate::protocol::resource::{DEFAULT_TOKEN_LIFE, ResourceSettings, RoleScope, ScopeText};
use crate::protocol::scope::{Scope, ScopeSet};
use crate::protocol::uri::ResourceUri;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a resource: an API that tokens are for.
    Create(Box<Create>),
    /// List the resources.
    List,
    /// Delete a resource; its tokens live on until they expire.
    Delete {
        /// Its URI.
        uri: String,
    },
}

#[derive(Args)]
pub(super) struct Create {
    /// Its URI, the `aud` of its tokens.
    #[arg(value_parser = ResourceUri::parse)]
    uri: ResourceUri,
    /// A name for people; the URI where none is given.
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// A scope it knows; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = Scope::parse)]
    scopes: Vec<Scope>,
    /// A scope that only users of a role are granted; may be repeated.
    #[arg(long = "role-scope", value_name = "ROLE=SCOPE", value_parser = parsers::role_scope)]
    role_scopes: Vec<RoleScope>,
    /// What a scope means, for the people who are asked for it; may be repeated.
    #[arg(long = "scope-text", value_name = "SCOPE=TEXT", value_parser = parsers::scope_text)]
    scope_texts: Vec<ScopeText>,
    /// What its tokens are signed with.
    #[arg(long, default_value = Algorithm::Es256.as_str(), value_parser = parsers::algorithm())]
    algorithm: Algorithm,
    /// How long its tokens live.
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_TOKEN_LIFE.as_secs())]
    access_token_ttl: u64,
}

#[derive(Serialize)]
struct Deleted {
    deleted: String,
}

pub(super) async fn run(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    let by = By::command_line();
    match command {
        Command::Create(create) => {
            let new = create.read();
            let create = async |server: &Server| Ok(resources::create(server, &by, new).await?);
            let resource = context.with_new_server(Keys::Opened, create).await?;
            context.output.record(&views::Resource::of(&resource))
        }
        Command::List => {
            let list = async |server: &Server| Ok(resources::list(server, None, u32::MAX).await?);
            let resources = context.with_server(Keys::Sealed, list).await?;
            let columns = ["uri", "enabled", "algorithm", "access_token_ttl", "scopes", "name"];
            context.output.table(&List::of(&resources, views::Resource::of, None), &columns)
        }
        Command::Delete { uri } => {
            let delete = async |server: &Server| {
                let resource = resources::find_named(server, &uri).await;
                let resource = resource.map_err(Failure::about("resource"))?;
                Ok(resources::delete(server, &by, resource).await?)
            };
            context.with_server(Keys::Opened, delete).await?;
            context.output.record(&Deleted { deleted: uri })
        }
    }
}

impl Create {
    fn read(self) -> (ResourceUri, ResourceSettings) {
        let settings = ResourceSettings {
            name: self.name,
            scope: ScopeSet::from_iter(self.scopes),
            role_scopes: self.role_scopes,
            scope_texts: self.scope_texts,
            algorithm: self.algorithm,
            access_token_ttl: Duration::from_secs(self.access_token_ttl),
        };
        (self.uri, settings)
    }
}
