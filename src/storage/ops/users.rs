//! Users.

use super::sessions::Ended;
use super::{FeedPosition, Operation, Revoking, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::ids::UserId;
use crate::protocol::profile::Profile;
use crate::protocol::session::EndReason;
use crate::protocol::user::{Roles, StoredHash, User, UserStatus};

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

/// Reads the users whom the configuration file declares, or did when it was last applied.
pub struct LoadManagedUsers;
operation!(LoadManagedUsers => Vec<User>, SINGLE_STATEMENT);

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

/// Changes one user, with all that follows from it: his sessions and his tokens. Beyond
/// [`super::BATCH`] sessions, the raised version ends the others for every refresh and one entry
/// refuses all his tokens; [`super::sessions::EndSessions`] marks them.
pub struct ChangeUser {
    /// Whom.
    pub id: UserId,
    /// What.
    pub change: UserChange,
    /// Whoever has one of these roles gets no password by it, and is not enabled.
    pub spares: Roles,
    /// Whether it is the configuration file that changes him: he is managed from then on.
    pub declared: bool,
    /// For the log of revocations.
    pub revoking: Revoking,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(ChangeUser => Result<ChangedUser, Unchanged>, URGENT);

impl ChangeUser {
    /// Why `user`, as he is under the lock of his row, must not be changed so; `None` if he may.
    pub fn refusal(&self, user: &User) -> Option<Unchanged> {
        let enables = matches!(self.change, UserChange::Enable);
        let held = user.status == UserStatus::Disabled && !user.disabled_by_file;
        if self.change.is_late(user) {
            Some(Unchanged::Meanwhile)
        } else if self.change.lets_in() && user.roles.meets(&self.spares) {
            Some(Unchanged::Spared)
        } else if user.managed && !self.declared && !self.change.is_for_hands(user) {
            Some(Unchanged::Managed)
        } else if self.declared && enables && held {
            Some(Unchanged::HeldByHand)
        } else {
            None
        }
    }
}

/// A change of a user.
#[derive(Clone)]
pub enum UserChange {
    /// Nothing but that the configuration file declares him.
    Declare,
    /// The configuration file declares him no longer: he may not log in any more, his sessions end,
    /// and he is managed no longer.
    Release,
    /// He may not log in any more; his sessions end.
    Disable,
    /// He may log in again.
    Enable,
    /// He is removed; his sessions end.
    Delete,
    /// He gets a new password; his sessions end.
    Password(StoredHash),
    /// He gives himself a new password; his sessions end. Only if he still is what he was when he
    /// proved who he is: active, and of this version.
    OwnPassword(StoredHash, i64),
    /// His sessions end.
    LogoutEverywhere,
    /// He gets other roles; his access tokens issued so far are refused.
    Roles(Roles),
    /// Other things are known of him.
    Profile(Profile),
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
    /// Whether one entry refuses all his tokens issued so far.
    pub refused: bool,
}

/// Why a user was not changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unchanged {
    /// There is no such user.
    Missing,
    /// He has one of the roles that were to be spared.
    Spared,
    /// He is declared in the configuration file, which would undo the change.
    Managed,
    /// He was disabled by hand, which the configuration file does not undo.
    HeldByHand,
    /// He was changed meanwhile.
    Meanwhile,
}

impl UserChange {
    /// Whether it may be made by hand to a user whom the configuration file declares: keeping him
    /// out in an emergency, and taking that back.
    fn is_for_hands(&self, user: &User) -> bool {
        match self {
            Self::Disable | Self::LogoutEverywhere | Self::RevokeTokens => true,
            Self::Enable => !user.disabled_by_file,
            _ => false,
        }
    }

    /// Whether he was changed since he proved who he is.
    fn is_late(&self, user: &User) -> bool {
        let Self::OwnPassword(_, version) = self else {
            return false;
        };
        user.status != UserStatus::Active || user.version != *version
    }

    /// Whether somebody may be able to log in by it who was not before.
    pub fn lets_in(&self) -> bool {
        matches!(self, Self::Enable | Self::Password(_))
    }

    /// Why sessions end by this change; `None` if they go on.
    pub fn ends_sessions(&self) -> Option<EndReason> {
        match self {
            Self::Disable | Self::Release => Some(EndReason::UserDisabled),
            Self::Delete => Some(EndReason::UserDeleted),
            Self::Password(_) | Self::OwnPassword(..) => Some(EndReason::PasswordChanged),
            Self::LogoutEverywhere => Some(EndReason::LogoutEverywhere),
            Self::Declare
            | Self::Enable
            | Self::Roles(_)
            | Self::Profile(_)
            | Self::RevokeTokens => None,
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
