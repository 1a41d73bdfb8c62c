//! Users as declared. May import the administration of users.

use super::{Action, Change, DeclaredPassword, DeclaredUser};
use crate::flows::admin::By;
use crate::flows::admin::users::{self, NewPassword, NewUser, UserChange};
use crate::flows::credentials::Source;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::ids::UserId;
use crate::protocol::secret::SecretHash;
use crate::protocol::user::{StoredHash, User, UserStatus};
use crate::storage::ops::settings::{ReadSetting, WriteSetting};
use crate::storage::ops::users::FindUser;

pub(super) enum Work<'d> {
    Create(&'d DeclaredUser),
    Change(&'d DeclaredUser, UserId, Vec<Difference>),
    Release(UserId),
}

/// What of a user differs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Difference {
    Password,
    Roles,
    Profile,
    Status,
    Managed,
}

/// Which declared hash a user got.
pub(super) struct Note(UserId, SecretHash);

/// The user as he is stored, whether his password is another one than declared, and what is still
/// to be noted. A password is compared before it is set: setting it ends every session.
pub(super) async fn look(
    server: &Server,
    declared: &DeclaredUser,
) -> Result<(Option<User>, bool, Option<Note>), FlowError> {
    let named = FindUser::Named(declared.name.canonical().to_owned());
    let Some(user) = server.store.read(named).await? else {
        return Ok((None, false, None));
    };
    let (differs, note) = match &declared.password {
        None => (false, None),
        Some(DeclaredPassword::Plain(password)) => {
            let differs = match &user.password_hash {
                None => true,
                Some(hash) => {
                    let source = Source::new(declared.name.canonical(), None);
                    let pool = &server.credentials.pool;
                    !pool.verify(&source, Some(hash.clone()), password.clone()).await?.matches
                }
            };
            (differs, None)
        }
        Some(DeclaredPassword::Hash(hash)) => {
            let was_set = noted(server, user.id).await?.is_some_and(|noted| noted == mark(hash));
            let is_set = user.password_hash.as_ref().is_some_and(|is| is.as_str() == hash.as_str());
            let note = (is_set && !was_set).then(|| Note(user.id, mark(hash)));
            (!is_set && !was_set, note)
        }
    };
    Ok((Some(user), differs, note))
}

/// What there is to do; `None` if the user is as declared.
pub(super) fn compare<'d>(
    declared: &'d DeclaredUser,
    stored: Option<&User>,
    password_differs: bool,
) -> Option<(Change, Work<'d>)> {
    let of = |action| Change { object: "user", name: declared.name.as_str().to_owned(), action };
    let Some(user) = stored else {
        return Some((of(Action::Create), Work::Create(declared)));
    };
    let all = [
        (Difference::Password, password_differs),
        (Difference::Roles, declared.roles != user.roles),
        (Difference::Profile, declared.profile != user.profile),
        (Difference::Status, status_differs(declared, user)),
        (Difference::Managed, !user.managed),
    ];
    let differ = all.into_iter().filter(|(_, differs)| *differs);
    let differences: Vec<Difference> = differ.map(|(difference, _)| difference).collect();
    if differences.is_empty() {
        return None;
    }
    let names = differences.iter().map(|one| one.as_str()).collect();
    Some((of(Action::Change(names)), Work::Change(declared, user.id, differences)))
}

/// Those whom the configuration file declares no longer.
pub(super) fn undeclared(
    declared: &[DeclaredUser],
    managed: Vec<User>,
) -> Vec<Option<(Change, Work<'_>)>> {
    let is_declared =
        |user: &User| declared.iter().any(|one| one.name.canonical() == user.name.canonical());
    let gone = managed.into_iter().filter(|user| !is_declared(user));
    gone.map(|user| {
        let name = user.name.as_str().to_owned();
        Some((Change { object: "user", name, action: Action::Disable }, Work::Release(user.id)))
    })
    .collect()
}

/// Whether the status is for the file to change: whom a hand disabled stays disabled.
fn status_differs(declared: &DeclaredUser, user: &User) -> bool {
    let held = user.status == UserStatus::Disabled && !user.disabled_by_file;
    declared.status != user.status && !held
}

pub(super) async fn carry_out(server: &Server, by: &By, work: Work<'_>) -> Result<(), FlowError> {
    match work {
        Work::Create(declared) => {
            let new = NewUser {
                name: declared.name.clone(),
                password: declared.password.as_ref().map(DeclaredPassword::to_set),
                roles: declared.roles.clone(),
                profile: declared.profile.clone(),
            };
            let user = users::create(server, by, new).await?;
            remember_declared(server, declared, user.id).await?;
            if declared.status == UserStatus::Disabled {
                users::change(server, by, user.id, UserChange::Disable).await?;
            }
        }
        Work::Release(id) => {
            users::change(server, by, id, UserChange::Release).await?;
        }
        Work::Change(declared, id, differences) => {
            for difference in differences {
                difference.remove(server, by, (declared, id)).await?;
            }
        }
    }
    Ok(())
}

impl Difference {
    fn as_str(self) -> &'static str {
        match self {
            Self::Password => PASSWORD,
            Self::Roles => "roles",
            Self::Profile => "claims",
            Self::Status => "disabled",
            Self::Managed => "managed",
        }
    }

    async fn remove(
        self,
        server: &Server,
        by: &By,
        (declared, id): (&DeclaredUser, UserId),
    ) -> Result<(), FlowError> {
        let change = match self {
            Self::Password => {
                let Some(password) = &declared.password else {
                    return Ok(());
                };
                users::set_password(server, by, id, password.to_set()).await?;
                return remember_declared(server, declared, id).await;
            }
            Self::Roles => UserChange::Roles(declared.roles.clone()),
            Self::Profile => UserChange::Profile(declared.profile.clone()),
            Self::Status if declared.status == UserStatus::Disabled => UserChange::Disable,
            Self::Status => UserChange::Enable,
            Self::Managed => UserChange::Declare,
        };
        users::change(server, by, id, change).await?;
        Ok(())
    }
}

impl DeclaredPassword {
    fn to_set(&self) -> NewPassword {
        match self {
            Self::Plain(password) => NewPassword::Plain(password.clone()),
            Self::Hash(hash) => NewPassword::Hashed(hash.clone()),
        }
    }
}

/// Writes down which declared hash a user got, so that it is not set again once a login has
/// replaced it by a better one.
pub(super) async fn remember(server: &Server, Note(id, mark): Note) -> Result<(), FlowError> {
    let value = mark.as_bytes().to_vec();
    Ok(server.store.write(WriteSetting { name: setting(id).into(), value }).await?)
}

async fn remember_declared(
    server: &Server,
    declared: &DeclaredUser,
    id: UserId,
) -> Result<(), FlowError> {
    match &declared.password {
        Some(DeclaredPassword::Hash(hash)) => remember(server, Note(id, mark(hash))).await,
        Some(DeclaredPassword::Plain(_)) | None => Ok(()),
    }
}

async fn noted(server: &Server, id: UserId) -> Result<Option<SecretHash>, FlowError> {
    let value = server.store.read(ReadSetting(setting(id).into())).await?;
    let bytes = value.and_then(|value| <[u8; 32]>::try_from(value).ok());
    Ok(bytes.map(SecretHash::from_bytes))
}

fn mark(hash: &StoredHash) -> SecretHash {
    SecretHash::of(hash.as_str().as_bytes())
}

fn setting(id: UserId) -> String {
    format!("declared_password {id}")
}

/// What a change of a password is called.
pub(super) const PASSWORD: &str = "password";
