//! `chancery user`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::Failure;
use super::blocklist::password_policy;
use super::context::{Context, Keys, every};
use super::{import, input, parsers};
use crate::config::Config;
use crate::flows::admin::By;
use crate::flows::admin::users::{self, NewPassword, NewUser, UserChange};
use crate::flows::admin::views::{ChangedUser, List, User};
use crate::flows::server::Server;
use crate::protocol::password::{Password, PasswordHash, UserName};
use crate::protocol::profile::{ClaimChange, Profile};
use crate::protocol::scope::Scope;
use crate::protocol::user::{self, Roles};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a user; without a password he cannot log in yet.
    Create {
        /// The name he logs in with.
        #[arg(value_parser = UserName::parse)]
        name: UserName,
        #[command(flatten)]
        password: PasswordArgs,
        /// A role of his; may be repeated.
        #[arg(long = "role", value_name = "ROLE", value_parser = parsers::role)]
        roles: Vec<Scope>,
        /// What is known of him, as email=ada@example.com or address.country=UK; may be repeated.
        #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = ClaimChange::parse)]
        claims: Vec<ClaimChange>,
    },
    /// Keep a user out and end everything he has.
    Disable(Which),
    /// Let a disabled user in again.
    Enable(Which),
    /// Show a user.
    Show(Which),
    /// Set a user's password and end everything he has.
    #[command(group = ArgGroup::new("given").required(true)
        .args(["password_stdin", "password_hash_stdin"]))]
    Password {
        #[command(flatten)]
        user: Which,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Set a user's roles.
    Roles {
        #[command(flatten)]
        user: Which,
        #[command(flatten)]
        roles: RoleArgs,
    },
    /// Change what is known of a user.
    Claims {
        #[command(flatten)]
        user: Which,
        /// A standard claim of `OpenID` Connect, as email=ada@example.com or address.country=UK; without
        /// a value it is removed. May be repeated.
        #[arg(long = "claim", value_name = "NAME=VALUE", required = true,
            value_parser = ClaimChange::parse)]
        claims: Vec<ClaimChange>,
    },
    /// List the users.
    List,
    /// Create users with password hashes from another system.
    Import {
        /// One JSON object a line: name, password_hash, roles, profile. `-` is standard input.
        file: PathBuf,
    },
}

#[derive(Args)]
pub(super) struct Which {
    /// His name or id.
    user: String,
}

#[derive(Args)]
#[group(multiple = false)]
pub(super) struct PasswordArgs {
    /// Read the password from standard input, one line.
    #[arg(long)]
    password_stdin: bool,
    /// Read a hash of it from standard input: argon2, bcrypt, scrypt or PBKDF2.
    #[arg(long)]
    password_hash_stdin: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct RoleArgs {
    /// A role of his from now on; may be repeated.
    #[arg(long = "role", value_name = "ROLE", value_parser = parsers::role)]
    roles: Vec<Scope>,
    /// He has no role from now on.
    #[arg(long)]
    none: bool,
}

pub(super) async fn run(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    match command {
        Command::Create { name, password, roles, claims } => {
            let password = password.read(context.config)?;
            let profile = Profile::default().with(claims)?;
            let new = NewUser { name, password, roles: self::roles(&roles)?, profile };
            let create =
                async |server: &Server| Ok(users::create(server, &By::command_line(), new).await?);
            output.record(&User::of(&context.with_new_server(Keys::Sealed, create).await?))
        }
        Command::Show(user) => {
            let find = async |server: &Server| user.find(server).await;
            output.record(&User::of(&context.with_server(Keys::Sealed, find).await?))
        }
        Command::List => {
            let list = async |server: &Server| {
                let page = async |after, limit| users::list(server, after, limit).await;
                every(page, |user: &user::User| user.id).await
            };
            let users = context.with_server(Keys::Sealed, list).await?;
            output.table(&List::of(&users, User::of, None), &["name", "status", "roles", "id"])
        }
        Command::Import { file } => import::run(&file, context).await,
        Command::Disable(user) => change(user, UserChange::Disable, context).await,
        Command::Enable(user) => change(user, UserChange::Enable, context).await,
        Command::Roles { user, roles } => {
            change(user, UserChange::Roles(self::roles(&roles.roles)?), context).await
        }
        Command::Claims { user, claims } => {
            let apply = async |server: &Server| {
                let user = user.find(server).await?;
                let change = UserChange::Profile(user.profile.with(claims)?);
                Ok(users::change(server, &By::command_line(), user.id, change).await?)
            };
            let changed = context.with_server(Keys::Opened, apply).await?;
            output.record(&ChangedUser::of(&changed))
        }
        Command::Password { user, password } => set_password(user, password, context).await,
    }
}

async fn set_password(
    user: Which,
    password: PasswordArgs,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let password = password.read(context.config)?;
    let password = password.ok_or_else(|| Failure::new("the password is missing"))?;
    let set = async |server: &Server| {
        let id = user.find(server).await?.id;
        Ok(users::set_password(server, &By::command_line(), id, password).await?)
    };
    let changed = context.with_server(Keys::Opened, set).await?;
    context.output.record(&ChangedUser::of(&changed))
}

async fn change(user: Which, change: UserChange, context: &Context<'_>) -> Result<(), Failure> {
    let apply = async |server: &Server| {
        let id = user.find(server).await?.id;
        Ok(users::change(server, &By::command_line(), id, change).await?)
    };
    let changed = context.with_server(Keys::Opened, apply).await?;
    context.output.record(&ChangedUser::of(&changed))
}

fn roles(roles: &[Scope]) -> Result<Roles, Failure> {
    Ok(Roles::from_names(roles.iter().map(Scope::as_str))?)
}

impl Which {
    async fn find(&self, server: &Server) -> Result<user::User, Failure> {
        users::find_named(server, &self.user).await.map_err(Failure::about("user"))
    }
}

impl PasswordArgs {
    /// Reads the password that was announced, if one was.
    fn read(&self, config: &Config) -> Result<Option<NewPassword>, Failure> {
        if self.password_stdin {
            let password =
                Password::parse(&input::line("the password")?, &password_policy(config)?)?;
            return Ok(Some(NewPassword::Plain(password)));
        }
        if self.password_hash_stdin {
            let text = input::line("the password hash")?;
            let hash = PasswordHash::parse(&text, &config.passwords.hash_budget())?;
            return Ok(Some(NewPassword::Hashed(hash.into())));
        }
        Ok(None)
    }
}
