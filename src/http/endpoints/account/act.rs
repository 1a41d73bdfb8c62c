//! What the forms of the account page ask for, and what comes of it.

use zeroize::Zeroizing;

use crate::flows::account::{
    NotChanged, change_password, end_application, end_browser, end_other_browsers, sign_out,
    withdraw,
};
use crate::flows::authorize::browser::Present;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::pages::PasswordProblem;
use crate::protocol::audit::Origin;
use crate::protocol::browser_session::BrowserCookie;
use crate::protocol::client::ClientId;
use crate::protocol::form::Params;
use crate::protocol::ids::{BrowserSessionId, SessionId};
use crate::protocol::password::PasswordRejected;
use crate::protocol::reason::Reason;

/// What a form asks for.
pub(super) enum Act {
    SignOut,
    Password { current: Zeroizing<String>, new: Zeroizing<String>, repeat: Zeroizing<String> },
    Browser(BrowserSessionId),
    OtherBrowsers,
    Application(SessionId),
    Consent(ClientId),
}

/// What was done.
pub(super) enum Done {
    /// What the page says of it.
    Noted(&'static str),
    SignedOut,
    /// The browser stays signed in by this cookie.
    PasswordChanged(Option<BrowserCookie>),
}

/// Why it was not.
pub(super) enum Undone {
    /// There is nothing of that kind of his, or not any more.
    Gone,
    Password(PasswordProblem),
    /// There were too many wrong passwords, or there are too many logins.
    TooMany(FlowError),
    Failed(FlowError),
}

impl Act {
    /// A field that is empty is wrong like any other.
    pub(super) fn password(params: &Params<'_>) -> Self {
        let text = |name| Zeroizing::new(params.value(name).unwrap_or_default().to_owned());
        let (current, new) = (text("current_password"), text("new_password"));
        Self::Password { current, new, repeat: text("repeat") }
    }

    pub(super) fn browsers(params: &Params<'_>) -> Option<Self> {
        match (params.value("session"), params.value("others")) {
            (Some(id), None) => BrowserSessionId::parse(id).map(Self::Browser),
            (None, Some("true")) => Some(Self::OtherBrowsers),
            _ => None,
        }
    }

    pub(super) fn application(params: &Params<'_>) -> Option<Self> {
        params.value("session").and_then(SessionId::parse).map(Self::Application)
    }

    pub(super) fn consent(params: &Params<'_>) -> Option<Self> {
        let id = params.value("client").and_then(|id| ClientId::parse(id).ok());
        id.map(Self::Consent)
    }

    pub(super) async fn carry_out(
        self,
        server: &Server,
        user: &Present,
        origin: &Origin,
    ) -> Result<Done, Undone> {
        match self {
            Self::SignOut => {
                sign_out(server, user, origin).await?;
                Ok(Done::SignedOut)
            }
            // The list has no button for the browser that looks at it, but a form may be made by hand.
            Self::Browser(id) if id == user.session.id => {
                sign_out(server, user, origin).await?;
                Ok(Done::SignedOut)
            }
            Self::Password { new, repeat, .. } if new != repeat => {
                Err(Undone::Password(PasswordProblem::Differ))
            }
            Self::Password { current, new, .. } => {
                let cookie = change_password(server, user, (current, &new), origin).await?;
                Ok(Done::PasswordChanged(cookie))
            }
            Self::Browser(id) => {
                end_browser(server, user, id, origin).await?;
                Ok(Done::Noted("session"))
            }
            Self::OtherBrowsers => {
                end_other_browsers(server, user, origin).await?;
                Ok(Done::Noted("others"))
            }
            Self::Application(id) => {
                end_application(server, user, id, origin).await?;
                Ok(Done::Noted("application"))
            }
            Self::Consent(client) => {
                withdraw(server, user, &client, origin).await?;
                Ok(Done::Noted("consent"))
            }
        }
    }
}

impl From<FlowError> for Undone {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Refused(refusal) if refusal.reason == Reason::NotFound => Self::Gone,
            error => Self::Failed(error),
        }
    }
}

impl From<NotChanged> for Undone {
    fn from(why: NotChanged) -> Self {
        match why {
            NotChanged::Rejected(PasswordRejected::Empty | PasswordRejected::TooShort) => {
                Self::Password(PasswordProblem::Short)
            }
            NotChanged::Rejected(PasswordRejected::TooLong) => {
                Self::Password(PasswordProblem::Long)
            }
            NotChanged::Rejected(PasswordRejected::Common) => {
                Self::Password(PasswordProblem::Common)
            }
            NotChanged::Rejected(PasswordRejected::Character) => {
                Self::Password(PasswordProblem::Characters)
            }
            NotChanged::Same => Self::Password(PasswordProblem::Same),
            NotChanged::Managed => Self::Password(PasswordProblem::Managed),
            NotChanged::Failed(FlowError::Refused(_)) => Self::Password(PasswordProblem::Wrong),
            NotChanged::Failed(error @ (FlowError::TooMany { .. } | FlowError::Full { .. })) => {
                Self::TooMany(error)
            }
            NotChanged::Failed(error) => Self::Failed(error),
        }
    }
}
