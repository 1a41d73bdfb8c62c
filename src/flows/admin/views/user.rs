//! Users. Must not show anything of a password.

use serde::Serialize;

use super::Effective;
use crate::flows::admin::users;
use crate::protocol::profile::Profile;
use crate::protocol::user;

/// A user.
#[derive(Serialize)]
pub struct User {
    id: String,
    name: String,
    roles: Vec<String>,
    profile: Profile,
    status: &'static str,
    managed: bool,
    created_at: String,
    updated_at: String,
}

/// A user after a change.
#[derive(Serialize)]
pub struct ChangedUser {
    #[serde(flatten)]
    user: User,
    #[serde(flatten)]
    effective: Option<Effective>,
}

impl User {
    /// The view of `user`.
    pub fn of(user: &user::User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name.as_str().to_owned(),
            roles: user.roles.iter().map(str::to_owned).collect(),
            profile: user.profile.clone(),
            status: user.status.as_str(),
            managed: user.managed,
            created_at: user.created_at.rfc3339(),
            updated_at: user.updated_at.rfc3339(),
        }
    }
}

impl ChangedUser {
    /// The view of `changed`.
    pub fn of(changed: &users::Changed) -> Self {
        let effective = changed.effective_by.as_ref().map(Effective::of);
        Self { user: User::of(&changed.user), effective }
    }
}
