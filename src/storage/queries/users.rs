//! Users.

use super::audit::append;
use super::feed::{Publication, publish};
use super::session_ends::{end, ends};
use super::{DbError, Engine, Execute, Swap, Tx, corrupt, swapped};
use crate::protocol::ids::UserId;
use crate::protocol::password::UserName;
use crate::protocol::profile::Profile;
use crate::protocol::revocation::Kind;
use crate::protocol::time::Timestamp;
use crate::protocol::user::{ADMIN_ROLE, Roles, StoredHash, User, UserStatus};
use crate::storage::ops::sessions::{Ended, Sessions};
use crate::storage::ops::users::{
    ChangeUser, ChangedUser, CreateUser, FindUser, HasAdministrator, ListUsers, LoadManagedUsers,
    Rehash, Unchanged, UserChange,
};

macro_rules! columns {
    () => {
        "id, name, password_hash, roles, profile, status, disabled_by_file, managed, version, \
         not_before, created_at, updated_at"
    };
}

impl Execute<Engine> for CreateUser {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let user = &self.user;
        let inserted = tx
            .query(
                "INSERT INTO users (id, name, canonical_name, password_hash, roles, profile, \
                 status, disabled_by_file, managed, version, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(user.id.as_bytes().as_slice())
            .bind(user.name.as_str())
            .bind(user.name.canonical())
            .bind(user.password_hash.as_ref().map(StoredHash::as_str))
            .bind(user.roles.to_string())
            .bind(user.profile.to_string())
            .bind(user.status.as_str())
            .bind(i64::from(user.disabled_by_file))
            .bind(i64::from(user.managed))
            .bind(user.version)
            .bind(user.created_at.millis())
            .execute(&mut *tx.conn)
            .await?;
        if inserted.rows_affected() == 0 {
            return Ok(Swap::Lost);
        }
        append(tx, &self.audit).await?;
        Ok(Swap::Won)
    }
}

impl Execute<Engine> for FindUser {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<User>, DbError> {
        let row = match self {
            Self::Named(canonical) => {
                let sql = concat!("SELECT ", columns!(), " FROM users WHERE canonical_name = $1");
                let query = tx.query_as::<UserRow>(sql).bind(canonical.as_str());
                query.fetch_optional(&mut *tx.conn).await?
            }
            Self::Id(id) => {
                let sql = concat!("SELECT ", columns!(), " FROM users WHERE id = $1");
                let query = tx.query_as::<UserRow>(sql).bind(id.as_bytes().as_slice());
                query.fetch_optional(&mut *tx.conn).await?
            }
        };
        row.map(User::try_from).transpose()
    }
}

impl Execute<Engine> for LoadManagedUsers {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<User>, DbError> {
        let sql = concat!("SELECT ", columns!(), " FROM users WHERE managed = 1 ORDER BY id");
        let rows = tx.query_as::<UserRow>(sql).fetch_all(&mut *tx.conn).await?;
        rows.into_iter().map(User::try_from).collect()
    }
}

impl Execute<Engine> for ListUsers {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<User>, DbError> {
        let sql = concat!("SELECT ", columns!(), " FROM users WHERE id > $1 ORDER BY id LIMIT $2");
        tx.query_as::<UserRow>(sql)
            .bind(self.after.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice()))
            .bind(i64::from(self.limit))
            .fetch_all(&mut *tx.conn)
            .await?
            .into_iter()
            .map(User::try_from)
            .collect()
    }
}

impl Execute<Engine> for HasAdministrator {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<bool, DbError> {
        // Not LIKE, which does not tell capital letters from small ones everywhere.
        let found: Option<(Vec<u8>,)> = tx
            .query_as(
                "SELECT id FROM users WHERE status = $1 AND \
                 replace(' ' || roles || ' ', $2, '') <> ' ' || roles || ' ' LIMIT 1",
            )
            .bind(UserStatus::Active.as_str())
            .bind(format!(" {ADMIN_ROLE} "))
            .fetch_optional(&mut *tx.conn)
            .await?;
        Ok(found.is_some())
    }
}

impl Execute<Engine> for ChangeUser {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Result<ChangedUser, Unchanged>, DbError> {
        let Some(user) = lock(tx, self.id).await? else {
            return Ok(Err(Unchanged::Missing));
        };
        if let Some(refusal) = self.refusal(&user) {
            return Ok(Err(refusal));
        }
        // The revoking time: from here on nobody reads the user as he was.
        let now = (tx.now)();
        let mut ended = Ended::default();
        if let Some(reason) = self.change.ends_sessions() {
            let all = Sessions::OfUser(self.id, None);
            ended.sessions = end(tx, &all, (reason, &self.revoking)).await?;
        }
        // What does not fit into one batch is refused as a whole: no later batch has to come.
        let refused = self.change.revokes_tokens() || ended.is_full();
        let user = apply(user, self, (now, refused));
        store(tx, &user, &self.change).await?;
        append(tx, &self.audit).await?;
        let mut entries = ends(&ended.sessions, &self.revoking, now);
        if refused {
            entries.push(Publication {
                kind: Kind::Subject,
                digest: Kind::Subject.digest(&self.id.to_string()),
                not_before: user.not_before,
                until: Some(self.revoking.until(now)),
            });
        }
        let mut feed = None;
        if !entries.is_empty() {
            feed = Some(publish(tx, &entries, &self.revoking).await?);
        }
        ended.feed = feed.filter(|_| !ended.sessions.is_empty());
        super::feed::refuse_if_late(tx, now)?;
        Ok(Ok(ChangedUser { user, ended, feed, refused }))
    }
}

async fn lock(tx: &mut Tx<'_>, id: UserId) -> Result<Option<User>, DbError> {
    let sql = concat!("SELECT ", columns!(), " FROM users WHERE id = $1", for_update!());
    tx.query_as::<UserRow>(sql)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(&mut *tx.conn)
        .await?
        .map(User::try_from)
        .transpose()
}

fn apply(mut user: User, operation: &ChangeUser, (now, refused): (Timestamp, bool)) -> User {
    match &operation.change {
        UserChange::Disable | UserChange::Release => {
            // Whoever disables comes second to who did before him: the file takes nobody over from a
            // hand, nor a hand a declared user from the file, for it could then enable him.
            let was_disabled = user.status == UserStatus::Disabled;
            let theirs = was_disabled && (operation.declared || user.managed);
            user.disabled_by_file = if theirs { user.disabled_by_file } else { operation.declared };
            user.status = UserStatus::Disabled;
        }
        UserChange::Enable => {
            user.disabled_by_file = false;
            user.status = UserStatus::Active;
        }
        UserChange::Password(hash) | UserChange::OwnPassword(hash, _) => {
            user.password_hash = Some(hash.clone());
        }
        UserChange::Roles(roles) => user.roles = roles.clone(),
        UserChange::Profile(profile) => user.profile = profile.clone(),
        UserChange::Declare
        | UserChange::Delete
        | UserChange::LogoutEverywhere
        | UserChange::RevokeTokens => {}
    }
    user.managed |= operation.declared;
    if matches!(operation.change, UserChange::Release) {
        user.managed = false;
    }
    if operation.change.ends_sessions().is_some() {
        user.version += 1;
    }
    if refused {
        user.not_before = user.not_before.max(Some(operation.revoking.not_before(now)));
    }
    user.updated_at = now;
    user
}

async fn store(tx: &mut Tx<'_>, user: &User, change: &UserChange) -> Result<(), DbError> {
    if matches!(change, UserChange::Delete) {
        let delete = tx.query("DELETE FROM users WHERE id = $1");
        delete.bind(user.id.as_bytes().as_slice()).execute(&mut *tx.conn).await?;
        return super::consents::forget(tx, user.id).await;
    }
    tx.query(
        "UPDATE users SET password_hash = $1, roles = $2, profile = $3, status = $4, \
         disabled_by_file = $5, managed = $6, version = $7, not_before = $8, updated_at = $9 \
         WHERE id = $10",
    )
    .bind(user.password_hash.as_ref().map(StoredHash::as_str))
    .bind(user.roles.to_string())
    .bind(user.profile.to_string())
    .bind(user.status.as_str())
    .bind(i64::from(user.disabled_by_file))
    .bind(i64::from(user.managed))
    .bind(user.version)
    .bind(user.not_before.map(Timestamp::millis))
    .bind(user.updated_at.millis())
    .bind(user.id.as_bytes().as_slice())
    .execute(&mut *tx.conn)
    .await?;
    Ok(())
}

impl Execute<Engine> for Rehash {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let replaced = tx
            .query("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
            .bind(self.new.as_str())
            .bind(self.id.as_bytes().as_slice())
            .bind(self.old.as_str())
            .execute(&mut *tx.conn)
            .await?;
        Ok(swapped(replaced.rows_affected()))
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    pub(super) id: Vec<u8>,
    pub(super) name: String,
    pub(super) password_hash: Option<String>,
    pub(super) roles: String,
    pub(super) profile: String,
    pub(super) status: String,
    pub(super) disabled_by_file: i64,
    pub(super) managed: i64,
    pub(super) version: i64,
    pub(super) not_before: Option<i64>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

impl TryFrom<UserRow> for User {
    type Error = DbError;

    fn try_from(row: UserRow) -> Result<Self, DbError> {
        Ok(Self {
            id: UserId::try_from(row.id.as_slice()).map_err(|_| corrupt(TABLE, "id"))?,
            name: UserName::parse(&row.name).map_err(|_| corrupt(TABLE, "name"))?,
            password_hash: row.password_hash.map(StoredHash::new),
            roles: Roles::parse(&row.roles).map_err(|_| corrupt(TABLE, "roles"))?,
            profile: Profile::from_stored(&row.profile).ok_or_else(|| corrupt(TABLE, "profile"))?,
            status: UserStatus::parse(&row.status).ok_or_else(|| corrupt(TABLE, "status"))?,
            disabled_by_file: row.disabled_by_file != 0,
            managed: row.managed != 0,
            version: row.version,
            not_before: row.not_before.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const TABLE: &str = "users";
