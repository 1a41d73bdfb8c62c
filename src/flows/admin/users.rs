//! Administering users.

use super::{By, MANAGED, authority, changed_meanwhile};
use crate::audit;
use crate::flows::credentials::Source;
use crate::flows::ending::count_changed;
use crate::flows::error::FlowError;
use crate::flows::login::attempt::forgive;
use crate::flows::server::Server;
use crate::flows::setup::new_user;
use crate::protocol::audit::AuditKind;
use crate::protocol::ids::UserId;
use crate::protocol::password::{Password, UserName};
use crate::protocol::profile::Profile;
use crate::protocol::revocation::EffectiveBy;
use crate::protocol::user::{Roles, StoredHash, User};
use crate::storage::ops::Swap;
use crate::storage::ops::sessions::Sessions;
pub use crate::storage::ops::users::UserChange;
use crate::storage::ops::users::{ChangeUser, CreateUser, FindUser, ListUsers, Unchanged};

/// A user to be.
pub struct NewUser {
    /// His name.
    pub name: UserName,
    /// His password; without one he cannot log in until he gets one.
    pub password: Option<NewPassword>,
    /// His roles.
    pub roles: Roles,
    /// What is known of him.
    pub profile: Profile,
}

/// A password to be set.
pub enum NewPassword {
    /// To be hashed.
    Plain(Password),
    /// Hashed elsewhere, and found to be within the budget.
    Hashed(StoredHash),
}

/// A user after a change.
pub struct Changed {
    /// The user.
    pub user: User,
    /// By when what he held is refused, where; none if it stays good.
    pub effective_by: Option<EffectiveBy>,
}

/// Creates a user.
pub async fn create(server: &Server, by: &By, new: NewUser) -> Result<User, FlowError> {
    by.check_confers(authority::of_roles(server, &new.roles))?;
    let hash = match new.password {
        None => None,
        Some(password) => Some(hashed(server, new.name.canonical(), password).await?),
    };
    let user = new_user(server, new.name, hash, new.roles);
    let user = User { profile: new.profile, managed: by.declares(), ..user };
    let event = by.event(server, AuditKind::UserCreated).about(user.id);
    let create = CreateUser { user: user.clone(), audit: event.clone() };
    if server.store.write(create).await? == Swap::Lost {
        return Err(FlowError::conflict("a user of this name exists"));
    }
    audit::log(&event);
    Ok(user)
}

/// Finds a user by id.
pub async fn find(server: &Server, id: UserId) -> Result<User, FlowError> {
    server.store.read(FindUser::Id(id)).await?.ok_or_else(FlowError::not_found)
}

/// Finds a user by name, or by id.
pub async fn find_named(server: &Server, name_or_id: &str) -> Result<User, FlowError> {
    let found = match (UserId::parse(name_or_id), UserName::parse(name_or_id)) {
        (Some(id), _) => server.store.read(FindUser::Id(id)).await?,
        (None, Ok(name)) => server.store.read(FindUser::Named(name.canonical().to_owned())).await?,
        (None, Err(_)) => None,
    };
    found.ok_or_else(FlowError::not_found)
}

/// Lists users in the order of their ids.
pub async fn list(
    server: &Server,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, FlowError> {
    Ok(server.store.read(ListUsers { after, limit }).await?)
}

/// Sets a user's password; everything he has is ended.
pub async fn set_password(
    server: &Server,
    by: &By,
    id: UserId,
    password: NewPassword,
) -> Result<Changed, FlowError> {
    let hash = hashed(server, &id.to_string(), password).await?;
    change(server, by, id, UserChange::Password(hash)).await
}

/// Changes a user, with everything that follows from it.
pub async fn change(
    server: &Server,
    by: &By,
    id: UserId,
    change: UserChange,
) -> Result<Changed, FlowError> {
    if let UserChange::Roles(roles) = &change {
        by.check_confers(authority::of_roles(server, roles))?;
    }
    let known = server.memory.current().await?;
    let event = by.event(server, kind(&change)).about(id);
    let ends = change.ends_sessions();
    let revokes = ends.is_some() || change.revokes_tokens();
    let lets_in = change.lets_in();
    let operation = ChangeUser {
        id,
        change,
        spares: by.roles_above(server),
        declared: by.declares(),
        revoking: server.revoking_user(&known),
        audit: event.clone(),
    };
    let changed = server.store.write(operation).await?;
    let changed = changed.map_err(|unchanged| refusal(server, by, unchanged))?;
    audit::log(&event);
    count_changed(&changed);
    if lets_in {
        let name = changed.user.name.canonical();
        forgive(server, server.credentials.accounts.tag(name)).await;
    }
    if let Some(reason) = ends.filter(|_| changed.ended.is_full()) {
        // Not those of a login since.
        let rest = Sessions::OfUserBefore(id, changed.user.version);
        server.end_sessions(rest, reason, None, &known).await?;
    }
    server.obey_now().await;
    let effective_by = revokes.then(|| server.effective_by(&known));
    Ok(Changed { user: changed.user, effective_by })
}

fn refusal(server: &Server, by: &By, unchanged: Unchanged) -> FlowError {
    match unchanged {
        Unchanged::Missing => FlowError::not_found(),
        Unchanged::Managed => MANAGED.into(),
        Unchanged::Meanwhile => changed_meanwhile(),
        Unchanged::HeldByHand => FlowError::conflict("he was disabled by hand meanwhile"),
        Unchanged::Spared => {
            FlowError::ScopeNeeded(authority::of_roles(server, &by.roles_above(server)))
        }
    }
}

async fn hashed(
    server: &Server,
    account: &str,
    password: NewPassword,
) -> Result<StoredHash, FlowError> {
    match password {
        NewPassword::Plain(password) => {
            let source = Source::new(account, None);
            Ok(server.credentials.pool.hash(&source, password).await?)
        }
        NewPassword::Hashed(hash) => Ok(hash),
    }
}

fn kind(change: &UserChange) -> AuditKind {
    match change {
        UserChange::Declare => AuditKind::UserDeclared,
        UserChange::Disable | UserChange::Release => AuditKind::UserDisabled,
        UserChange::Enable => AuditKind::UserEnabled,
        UserChange::Delete => AuditKind::UserDeleted,
        UserChange::Password(_) | UserChange::OwnPassword(..) => AuditKind::UserPassword,
        UserChange::LogoutEverywhere => AuditKind::SessionsEnded,
        UserChange::Roles(_) => AuditKind::UserRoles,
        UserChange::Profile(_) => AuditKind::UserProfile,
        UserChange::RevokeTokens => AuditKind::Revoked,
    }
}
