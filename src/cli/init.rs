//! `chancery init`.

use std::io::Read;

use zeroize::Zeroizing;

use super::Failure;
use super::connect::connect_with;
use crate::config::{Config, Migrate};
use crate::flows::setup::{ADMIN_CLIENT, Administrator, initialize};
use crate::protocol::password::{Password, UserName, UserNameRejected};

/// Prepares a new installation: tables, keys, an administrator and the client that he logs in
/// through. Refused where there are users already.
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

pub(super) async fn init(config: &Config, arguments: &Init, json: bool) -> Result<(), Failure> {
    let password = if arguments.password_stdin { Some(read_password(config)?) } else { None };
    let server = connect_with(config, Migrate::Auto).await?;
    let made = async {
        server.memory.keeper().check_master_key().await?;
        server.start().await?;
        Ok::<_, Failure>(initialize(&server, arguments.username.clone(), password).await?)
    };
    let made = made.await;
    server.store.close().await;
    let Some(administrator) = made? else {
        return Err(Failure::new("there are users already: nothing was changed"));
    };
    report(config, &administrator, json);
    Ok(())
}

fn report(config: &Config, made: &Administrator, json: bool) {
    let mut rows = vec![
        ("issuer", config.issuer.as_str()),
        ("username", made.name.as_str()),
        ("client_id", ADMIN_CLIENT),
    ];
    if let Some(password) = &made.password {
        rows.push(("password", password));
    }
    if json {
        let members: serde_json::Map<String, serde_json::Value> =
            rows.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        println!("{}", serde_json::Value::Object(members));
        return;
    }
    for (name, value) in rows {
        println!("{name:<10} {value}");
    }
    if made.password.is_some() {
        println!("\nThe password is not shown again.");
    }
}

/// The first line of standard input.
fn read_password(config: &Config) -> Result<Password, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_INPUT));
    let limit = MAX_INPUT as u64;
    std::io::stdin().lock().take(limit).read_to_string(&mut text)?;
    let line = text.split(['\r', '\n']).next().unwrap_or_default();
    Password::parse(line, &config.passwords.policy())
        .map_err(|error| Failure::new(error.to_string()))
}

/// Far more than a password may have.
const MAX_INPUT: usize = 8192;
