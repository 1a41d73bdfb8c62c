//! A user who is read together with something of his.

use super::DbError;
use super::users::UserRow;
use crate::protocol::user::User;

/// The columns of `user_beside!()`: all there, or all missing where the user was deleted. His
/// password is not among them.
#[derive(sqlx::FromRow)]
#[expect(clippy::struct_field_names, reason = "they stand beside columns of the same names")]
pub(super) struct UserBeside {
    u_id: Option<Vec<u8>>,
    u_name: Option<String>,
    u_roles: Option<String>,
    u_profile: Option<String>,
    u_status: Option<String>,
    u_disabled_by_file: Option<i64>,
    u_managed: Option<i64>,
    u_version: Option<i64>,
    u_not_before: Option<i64>,
    u_created_at: Option<i64>,
    u_updated_at: Option<i64>,
}

impl UserBeside {
    /// The user, if he is there.
    pub(super) fn read(self) -> Result<Option<User>, DbError> {
        let user = self.u_id.map(|id| UserRow {
            id,
            name: self.u_name.unwrap_or_default(),
            password_hash: None,
            roles: self.u_roles.unwrap_or_default(),
            profile: self.u_profile.unwrap_or_default(),
            status: self.u_status.unwrap_or_default(),
            disabled_by_file: self.u_disabled_by_file.unwrap_or_default(),
            managed: self.u_managed.unwrap_or_default(),
            version: self.u_version.unwrap_or_default(),
            not_before: self.u_not_before,
            created_at: self.u_created_at.unwrap_or_default(),
            updated_at: self.u_updated_at.unwrap_or_default(),
        });
        user.map(User::try_from).transpose()
    }
}
