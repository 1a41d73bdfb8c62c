//! Why something was refused, for the log, the audit trail and the metrics. The client is told less:
//! see [`super::error::Refusal`].

use super::end_reason::EndReason;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A stable machine reason. Operators alert on these names; they do not change.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
            /// The session was ended before, for this reason.
            SessionEnded(EndReason),
        }

        impl Reason {
            /// The machine name. An ended session gives the reason of its end.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::SessionEnded(reason) => reason.as_str(),
                }
            }
        }
    };
}

reasons! {
    /// The request does not have the form that the specification asks for.
    Malformed = "malformed",
    /// No such client.
    UnknownClient = "unknown_client",
    /// The client is paused or disabled.
    ClientDisabled = "client_disabled",
    /// The client secret is wrong.
    WrongClientSecret = "wrong_client_secret",
    /// The client authenticated by a method that is not its own.
    WrongClientMethod = "wrong_client_method",
    /// The client may not use this grant.
    GrantNotAllowed = "grant_not_allowed",
    /// The server does not know this grant.
    GrantUnknown = "grant_unknown",
    /// A scope is unknown, or not the client's, or not the user's.
    ScopeNotAllowed = "scope_not_allowed",
    /// A resource is unknown, or not the client's, or not in the grant.
    ResourceNotAllowed = "resource_not_allowed",
    /// The access token would be larger than the budget.
    TokenTooLarge = "token_too_large",
    /// No such user.
    UnknownUser = "unknown_user",
    /// A wrong password.
    WrongCredentials = "wrong_credentials",
    /// The user is disabled.
    UserDisabled = "user_disabled",
    /// The user does not exist any more.
    UserDeleted = "user_deleted",
    /// Everything the user began before a change was ended.
    UserChanged = "user_changed",
    /// Not a refresh token of ours.
    NotOurToken = "not_our_token",
    /// The key that made the token was removed.
    TokenKeyRemoved = "token_key_removed",
    /// There is no such session any more.
    UnknownSession = "unknown_session",
    /// The session belongs to another client.
    ClientMismatch = "client_mismatch",
    /// The session went unused for too long.
    SessionIdleExpired = "session_idle_expired",
    /// The session reached its greatest age.
    SessionMaxExpired = "session_max_expired",
    /// A refresh token that had been replaced came back: the session was ended.
    Reuse = "reuse",
    /// The database lost writes that the session depended on: it was ended.
    StorageRegressed = "storage_regressed",
    /// No such authorization code, or one that was burnt.
    CodeUnknown = "code_unknown",
    /// The authorization code has expired or was used meanwhile, or what it stood for was ended.
    CodeOver = "code_over",
    /// An authorization code came back that had been exchanged: its session was ended.
    CodeReplayed = "code_replayed",
    /// The redirect URI is not the one that the authorization code was sent to.
    RedirectUriMismatch = "redirect_uri_mismatch",
    /// The code verifier is missing, wrong, or was never asked for.
    WrongVerifier = "wrong_code_verifier",
    /// The browser session is over.
    BrowserSessionOver = "browser_session_over",
    /// The access token is not one of ours, or expired, or for somebody else.
    TokenInvalid = "token_invalid",
    /// The access token was revoked.
    TokenRevoked = "token_revoked",
    /// The access token's scope is too small.
    ScopeTooSmall = "scope_too_small",
    /// The client is not the identity of an API.
    NotAResource = "not_a_resource",
    /// The thing named in the request does not exist.
    NotFound = "not_found",
    /// The name is taken, or the thing was changed meanwhile.
    Conflict = "conflict",
    /// The thing is declared in the configuration file and changed there.
    Managed = "managed",
}
