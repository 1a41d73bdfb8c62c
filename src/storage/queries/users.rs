//! Users.

use super::audit::append;
use super::feed::{Publication, publish};
use super::sessions::{end, publish_ends};
use super::{DbError, Engine, Execute, Swap, Tx, corrupt, swapped};
use crate::protocol::ids::UserId;
use crate::protocol::password::UserName;
use crate::protocol::revocation::Kind;
use crate::protocol::time::Timestamp;
use crate::protocol::user::{ADMIN_ROLE, Roles, StoredHash, User, UserStatus};
use crate::storage::ops::sessions::{Ended, Sessions};
use crate::storage::ops::users::{
    ChangeUser, ChangedUser, CreateUser, FindUser, HasAdministrator, ListUsers, Rehash, UserChange,
};

macro_rules! columns {
    () => {
        "id, name, password_hash, roles, status, version, not_before, created_at, updated_at"
    };
}

impl Execute<Engine> for CreateUser {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let user = &self.user;
        let inserted = tx
            .query(
                "INSERT INTO users (id, name, canonical_name, password_hash, roles, status, \
                 version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(user.id.as_bytes().as_slice())
            .bind(user.name.as_str())
            .bind(user.name.canonical())
            .bind(user.password_hash.as_ref().map(StoredHash::as_str))
            .bind(user.roles.to_string())
            .bind(user.status.as_str())
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
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<ChangedUser>, DbError> {
        let Some(user) = lock(tx, self.id).await? else {
            return Ok(None);
        };
        // The revoking time: from here on nobody reads the user as he was.
        let now = (tx.now)();
        let user = apply(user, self, now);
        store(tx, &user, &self.change).await?;
        append(tx, &self.audit).await?;
        let mut ended = Ended::default();
        let mut feed = None;
        if let Some(reason) = self.change.ends_sessions() {
            ended.sessions = end(tx, &Sessions::OfUser(self.id, None), reason).await?;
        }
        if !ended.sessions.is_empty() {
            feed = Some(publish_ends(tx, &ended.sessions, &self.revoking).await?);
            ended.feed = feed;
        } else if self.change.revokes_tokens() {
            let publication = Publication {
                kind: Kind::Subject,
                digest: Kind::Subject.digest(&self.id.to_string()),
                not_before: user.not_before,
                until: Some(self.revoking.until(now)),
            };
            feed = Some(publish(tx, &[publication], &self.revoking).await?);
        }
        super::feed::refuse_if_late(tx, now)?;
        Ok(Some(ChangedUser { user, ended, feed }))
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

fn apply(mut user: User, operation: &ChangeUser, now: Timestamp) -> User {
    match &operation.change {
        UserChange::Disable => user.status = UserStatus::Disabled,
        UserChange::Enable => user.status = UserStatus::Active,
        UserChange::Password(hash) => user.password_hash = Some(hash.clone()),
        UserChange::Roles(roles) => user.roles = roles.clone(),
        UserChange::Delete | UserChange::LogoutEverywhere | UserChange::RevokeTokens => {}
    }
    if operation.change.ends_sessions().is_some() {
        user.version += 1;
    }
    if operation.change.revokes_tokens() {
        user.not_before = user.not_before.max(Some(operation.revoking.not_before(now)));
    }
    user.updated_at = now;
    user
}

async fn store(tx: &mut Tx<'_>, user: &User, change: &UserChange) -> Result<(), DbError> {
    if matches!(change, UserChange::Delete) {
        let delete = tx.query("DELETE FROM users WHERE id = $1");
        delete.bind(user.id.as_bytes().as_slice()).execute(&mut *tx.conn).await?;
        return Ok(());
    }
    tx.query(
        "UPDATE users SET password_hash = $1, roles = $2, status = $3, version = $4, \
         not_before = $5, updated_at = $6 WHERE id = $7",
    )
    .bind(user.password_hash.as_ref().map(StoredHash::as_str))
    .bind(user.roles.to_string())
    .bind(user.status.as_str())
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
    pub(super) status: String,
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
            status: UserStatus::parse(&row.status).ok_or_else(|| corrupt(TABLE, "status"))?,
            version: row.version,
            not_before: row.not_before.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const TABLE: &str = "users";
