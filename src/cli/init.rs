//! `chancery init`.

use serde::Serialize;

use super::blocklist::password_policy;
use super::connect::connect_with;
use super::context::Context;
use super::{Failure, input};
use crate::config::{Config, Migrate};
use crate::flows::administration::{ADMIN_CLIENT, initialize};
use crate::protocol::password::{Password, UserName, UserNameRejected};

/// Prepare an installation: tables, keys, an administrator and the client that he logs in through.
/// What is there stays; a client that is of no use under this issuer is mended.
#[derive(clap::Args)]
pub(super) struct Init {
    /// The administrator's name.
    #[arg(long, value_name = "NAME", default_value = "admin", value_parser = parse_name)]
    username: UserName,
    /// Read his password from standard input; otherwise a random one is made and printed.
    #[arg(long)]
    password_stdin: bool,
}

fn parse_name(text: &str) -> Result<UserName, UserNameRejected> {
    UserName::parse(text)
}

pub(super) async fn init(arguments: &Init, context: &Context<'_>) -> Result<(), Failure> {
    let config = context.config;
    let password = if arguments.password_stdin { Some(read_password(config)?) } else { None };
    let server = connect_with(config, Migrate::Auto).await?;
    let made = async {
        server.memory.keeper().check_master_key().await?;
        server.start().await?;
        Ok::<_, Failure>(initialize(&server, arguments.username.clone(), password).await?)
    };
    let made = made.await;
    server.store.close().await;
    let administrator = made?;
    context.output.record(&Made {
        issuer: config.issuer.as_str(),
        username: administrator.as_ref().map(|made| made.name.as_str()),
        client_id: ADMIN_CLIENT,
        password: administrator
            .as_ref()
            .and_then(|made| made.password.as_deref())
            .map(String::as_str),
    })
}

/// What was made. The password is shown this once.
#[derive(Serialize)]
struct Made<'a> {
    issuer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

fn read_password(config: &Config) -> Result<Password, Failure> {
    let text = input::line("the password")?;
    Ok(Password::parse(&text, &password_policy(config)?)?)
}
