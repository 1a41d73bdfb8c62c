//! Users.

use super::sessions::Ended;
use super::{FeedPosition, Operation, Revoking, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::ids::UserId;
use crate::protocol::session::EndReason;
use crate::protocol::user::{Roles, StoredHash, User};

/// Stores a new user, unless his name is taken.
pub struct CreateUser {
    /// The user.
    pub user: User,
    /// Written with him.
    pub audit: AuditEvent,
}
operation!(CreateUser => Swap);

/// Reads one user.
pub enum FindUser {
    /// By the canonical form of his name.
    Named(String),
    /// By his id.
    Id(UserId),
}
operation!(FindUser => Option<User>, SINGLE_STATEMENT);

/// Lists users in the order of their ids.
pub struct ListUsers {
    /// Only ids after this one.
    pub after: Option<UserId>,
    /// At most so many.
    pub limit: u32,
}
operation!(ListUsers => Vec<User>, SINGLE_STATEMENT);

/// Whether an active user has the role [`crate::protocol::user::ADMIN_ROLE`].
pub struct HasAdministrator;
operation!(HasAdministrator => bool, SINGLE_STATEMENT);

/// Changes one user, with all that follows from it: his sessions (the first
/// [`super::BATCH`]; the raised version ends the others for every refresh, and
/// [`super::sessions::EndSessions`] tells the log) and his tokens.
pub struct ChangeUser {
    /// Whom.
    pub id: UserId,
    /// What.
    pub change: UserChange,
    /// For the log of revocations.
    pub revoking: Revoking,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(ChangeUser => Option<ChangedUser>, URGENT);

/// A change of a user.
#[derive(Clone)]
pub enum UserChange {
    /// He may not log in any more; his sessions end.
    Disable,
    /// He may log in again.
    Enable,
    /// He is removed; his sessions end.
    Delete,
    /// He gets a new password; his sessions end.
    Password(StoredHash),
    /// His sessions end.
    LogoutEverywhere,
    /// He gets other roles; his access tokens issued so far are refused.
    Roles(Roles),
    /// His access tokens issued so far are refused.
    RevokeTokens,
}

/// A user after a change.
pub struct ChangedUser {
    /// As he is now, or was when he was deleted.
    pub user: User,
    /// The sessions that ended.
    pub ended: Ended,
    /// Where the log tells of it, if it does.
    pub feed: Option<FeedPosition>,
}

impl UserChange {
    /// Why sessions end by this change; `None` if they go on.
    pub fn ends_sessions(&self) -> Option<EndReason> {
        match self {
            Self::Disable => Some(EndReason::UserDisabled),
            Self::Delete => Some(EndReason::UserDeleted),
            Self::Password(_) => Some(EndReason::PasswordChanged),
            Self::LogoutEverywhere => Some(EndReason::LogoutEverywhere),
            Self::Enable | Self::Roles(_) | Self::RevokeTokens => None,
        }
    }

    /// Whether tokens issued so far are refused, while sessions go on.
    pub fn revokes_tokens(&self) -> bool {
        matches!(self, Self::Roles(_) | Self::RevokeTokens)
    }
}

/// Replaces the stored hash of an unchanged password, unless it was replaced meanwhile.
pub struct Rehash {
    /// Whose.
    pub id: UserId,
    /// The hash that was verified.
    pub old: StoredHash,
    /// The better one.
    pub new: StoredHash,
}
operation!(Rehash => Swap, SINGLE_STATEMENT);
