//! `/admin/v1/users`.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{authorize, bad};
use crate::flows::admin::By;
use crate::flows::admin::users::{self, NewPassword, NewUser, UserChange};
use crate::flows::admin::views::{ChangedUser, List, User};
use crate::flows::server::{Server, detached};
use crate::http::error::HttpError;
use crate::http::exchange::Exchange;
use crate::http::respond;
use crate::protocol::ids::UserId;
use crate::protocol::password::{Password, PasswordHash, UserName};
use crate::protocol::profile::Profile;
use crate::protocol::user::{Roles, UserStatus};

const SCOPE: &str = "admin:users";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    password: Option<Zeroizing<String>>,
    password_hash: Option<Zeroizing<String>>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    profile: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    status: Option<String>,
    profile: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    password: Option<Zeroizing<String>>,
    password_hash: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesBody {
    roles: Vec<String>,
}

pub(in crate::http) async fn list(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let page = respond::Page::read(&exchange.query()?, UserId::parse)?;
    let users = users::list(&exchange.server(), page.after, page.limit).await?;
    let next = page.next(&users, |user| user.id.to_string());
    Ok(respond::private(List::of(&users, User::of, next)))
}

pub(in crate::http) async fn create(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let body: Create = exchange.json().await?;
    let server = exchange.server();
    let name = UserName::parse(&body.name).map_err(|rejected| bad(rejected.text()))?;
    let password = PasswordBody { password: body.password, password_hash: body.password_hash };
    let password = password.read(&server)?;
    let profile = profile(body.profile)?;
    let new = NewUser { name, password, roles: roles(&body.roles)?, profile };
    let user = detached(async move { users::create(&server, &by, new).await }).await?;
    Ok(respond::with_status(StatusCode::CREATED, User::of(&user)))
}

pub(in crate::http) async fn show(mut exchange: Exchange) -> Result<Response, HttpError> {
    authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(UserId::parse)?;
    Ok(respond::private(User::of(&users::find(&exchange.server(), id).await?)))
}

pub(in crate::http) async fn change(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(UserId::parse)?;
    let body: Change = exchange.json().await?;
    let change = match (body.status, body.profile) {
        (Some(status), None) => match UserStatus::parse(&status) {
            Some(UserStatus::Active) => UserChange::Enable,
            Some(UserStatus::Disabled) => UserChange::Disable,
            None => return Err(bad("status is active or disabled")),
        },
        (None, Some(members)) => UserChange::Profile(profile(members)?),
        _ => return Err(bad("a change is of either status or profile")),
    };
    apply(exchange.server(), by, id, change).await
}

pub(in crate::http) async fn delete(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(UserId::parse)?;
    apply(exchange.server(), by, id, UserChange::Delete).await
}

pub(in crate::http) async fn set_roles(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(UserId::parse)?;
    let body: RolesBody = exchange.json().await?;
    apply(exchange.server(), by, id, UserChange::Roles(roles(&body.roles)?)).await
}

pub(in crate::http) async fn set_password(mut exchange: Exchange) -> Result<Response, HttpError> {
    let by = authorize(&mut exchange, SCOPE).await?;
    let id = exchange.path_id(UserId::parse)?;
    let body: PasswordBody = exchange.json().await?;
    let server = exchange.server();
    let password = body.read(&server)?.ok_or(bad("password or password_hash is missing"))?;
    let set = async move { users::set_password(&server, &by, id, password).await };
    Ok(respond::private(ChangedUser::of(&detached(set).await?)))
}

async fn apply(
    server: Arc<Server>,
    by: By,
    id: UserId,
    change: UserChange,
) -> Result<Response, HttpError> {
    let changed = detached(async move { users::change(&server, &by, id, change).await }).await?;
    Ok(respond::private(ChangedUser::of(&changed)))
}

fn profile(members: Map<String, Value>) -> Result<Profile, HttpError> {
    Profile::parse(members).map_err(|rejected| bad(rejected.text()))
}

fn roles(names: &[String]) -> Result<Roles, HttpError> {
    Roles::from_names(names.iter().map(String::as_str))
        .map_err(|_| bad("a role is made of printable ASCII characters without space"))
}

impl PasswordBody {
    fn read(&self, server: &Server) -> Result<Option<NewPassword>, HttpError> {
        match (&self.password, &self.password_hash) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(bad("password and password_hash exclude each other")),
            (Some(text), None) => {
                let password = Password::parse(text, &server.settings.passwords);
                let password = password.map_err(|rejected| bad(rejected.text()))?;
                Ok(Some(NewPassword::Plain(password)))
            }
            (None, Some(text)) => {
                let hash = PasswordHash::parse(text, &server.settings.hash_budget);
                let hash = hash.map_err(|rejected| bad(rejected.text()))?;
                Ok(Some(NewPassword::Hashed(hash.into())))
            }
        }
    }
}
