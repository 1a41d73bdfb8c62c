//! Why a session ended. Must not import anything: sessions and the reasons of refusals both speak of
//! it.

/// Why a session ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndReason {
    /// The user logged out.
    Logout,
    /// The user ended it from another session.
    EndedByUser,
    /// The user ended all his sessions.
    LogoutEverywhere,
    /// An administrator ended it.
    EndedByAdmin,
    /// The client revoked a refresh token of it (RFC 7009 §2.1).
    TokenRevoked,
    /// A refresh token that had been replaced came back (RFC 9700 §4.14.2).
    Reuse,
    /// The database lost writes that this session depended on.
    StorageRegressed,
    /// The user's password was changed.
    PasswordChanged,
    /// The user was disabled.
    UserDisabled,
    /// The user was deleted.
    UserDeleted,
    /// A change of the user ended everything that he had begun before, and is not noted yet.
    UserChanged,
    /// The client was disabled.
    ClientDisabled,
    /// The client was deleted.
    ClientDeleted,
    /// Everything was revoked.
    EverythingRevoked,
    /// The user had too many sessions, and this was the one unused for longest.
    TooMany,
    /// The user signed in again in the same browser, which got another browser session for it.
    Replaced,
    /// The user took back what he had allowed the client.
    ConsentWithdrawn,
    /// The authorization code that it began with came back (RFC 6749 §4.1.2).
    CodeReplayed,
}

impl EndReason {
    /// Every reason.
    pub const EVERY: [Self; 18] = [
        Self::Logout,
        Self::EndedByUser,
        Self::LogoutEverywhere,
        Self::EndedByAdmin,
        Self::TokenRevoked,
        Self::Reuse,
        Self::StorageRegressed,
        Self::PasswordChanged,
        Self::UserDisabled,
        Self::UserDeleted,
        Self::UserChanged,
        Self::ClientDisabled,
        Self::ClientDeleted,
        Self::EverythingRevoked,
        Self::TooMany,
        Self::Replaced,
        Self::ConsentWithdrawn,
        Self::CodeReplayed,
    ];

    /// The machine name, as stored, logged and audited.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::EndedByUser => "ended_by_user",
            Self::LogoutEverywhere => "logout_everywhere",
            Self::EndedByAdmin => "ended_by_admin",
            Self::TokenRevoked => "token_revoked",
            Self::Reuse => "reuse",
            Self::StorageRegressed => "storage_regressed",
            Self::PasswordChanged => "password_changed",
            Self::UserDisabled => "user_disabled",
            Self::UserDeleted => "user_deleted",
            Self::UserChanged => "user_changed",
            Self::ClientDisabled => "client_disabled",
            Self::ClientDeleted => "client_deleted",
            Self::EverythingRevoked => "everything_revoked",
            Self::TooMany => "too_many_sessions",
            Self::Replaced => "replaced",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::CodeReplayed => "code_replayed",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|reason| reason.as_str() == name)
    }
}
