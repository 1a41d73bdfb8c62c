//! A user changes his own password.

use zeroize::Zeroizing;

use super::event;
use crate::audit;
use crate::flows::authorize::browser::{Present, begin};
use crate::flows::ending::count_changed;
use crate::flows::error::FlowError;
use crate::flows::login::failure::note_failure;
use crate::flows::login::password::{Proven, authenticate_user};
use crate::flows::server::Server;
use crate::protocol::audit::{AuditKind, Origin};
use crate::protocol::browser_session::BrowserCookie;
use crate::protocol::error::Refusal;
use crate::protocol::password::{Password, PasswordRejected};
use crate::protocol::reason::Reason;
use crate::protocol::session::EndReason;
use crate::protocol::token_request::Credentials;
use crate::protocol::user::{Roles, User};
use crate::storage::ops::sessions::Sessions;
use crate::storage::ops::users::{ChangeUser, Unchanged, UserChange};

/// Why a password was not changed.
#[derive(Debug)]
pub enum NotChanged {
    /// The new one will not do.
    Rejected(PasswordRejected),
    /// The new one is the current one.
    Same,
    /// The configuration file says what it is.
    Managed,
    /// The current one is wrong, or something failed.
    Failed(FlowError),
}

/// Gives the user of `present` a new password, if `current` is the one that he has. Everything that
/// he has begun ends but for this browser, which gets another cookie (SES-01). None where that one
/// could not be stored: then he signs in with the new password.
pub async fn change_password(
    server: &Server,
    present: &Present,
    (current, new): (Zeroizing<String>, &str),
    origin: &Origin,
) -> Result<Option<BrowserCookie>, NotChanged> {
    let username = present.user.name.as_str().to_owned();
    let current = Credentials { username, password: current };
    let policy = &server.settings.passwords;
    let password = Password::parse(new, policy).map_err(NotChanged::Rejected)?;
    if present.user.managed {
        return Err(NotChanged::Managed);
    }
    let proven = match prove(server, present, &current, origin).await {
        Ok(proven) => proven,
        Err(error) => {
            return Err(note_failure(server, error, &current, (None, origin)).await.into());
        }
    };
    let old = Password::presented(&current.password);
    if old.is_ok_and(|old| old.as_bytes() == password.as_bytes()) {
        return Err(NotChanged::Same);
    }
    let user = store(server, present, (&proven, password), origin).await?;
    proven.attempt.succeeded(server).await;
    let begun = begin(server, &user, Some(present.session.id), origin).await;
    let begun = begun.inspect_err(|error| tracing::warn!(%error, "a browser was signed out"));
    Ok(begun.ok().map(|new| new.cookie))
}

/// The user, once more proven to be who he is.
async fn prove(
    server: &Server,
    present: &Present,
    current: &Credentials,
    origin: &Origin,
) -> Result<Proven, FlowError> {
    let proven = authenticate_user(server, current, origin).await?;
    if proven.user.id != present.user.id || proven.user.version != present.user.version {
        return Err(Refusal::wrong_credentials(Reason::UserChanged).into());
    }
    Ok(proven)
}

async fn store(
    server: &Server,
    present: &Present,
    (proven, password): (&Proven, Password),
    origin: &Origin,
) -> Result<User, NotChanged> {
    let user = &proven.user;
    let hash = server.credentials.pool.hash(&proven.attempt.source, password).await;
    let hash = hash.map_err(FlowError::from)?;
    let known = server.memory.current().await?;
    let event = event(server, present, AuditKind::UserPassword, origin).about(user.id);
    let change = ChangeUser {
        id: user.id,
        change: UserChange::OwnPassword(hash, user.version),
        spares: Roles::default(),
        declared: false,
        revoking: server.revoking_user(&known),
        audit: event.clone(),
    };
    let changed = match server.store.write(change).await.map_err(FlowError::from)? {
        Ok(changed) => changed,
        Err(Unchanged::Managed) => return Err(NotChanged::Managed),
        Err(_) => {
            let changed = Refusal::wrong_credentials(Reason::UserChanged);
            return Err(FlowError::from(changed).into());
        }
    };
    audit::log(&event);
    count_changed(&changed);
    if changed.ended.is_full() {
        // Not those of a login since.
        let rest = Sessions::OfUserBefore(user.id, changed.user.version);
        let reason = EndReason::PasswordChanged;
        if let Err(error) = server.end_sessions(rest, reason, None, &known).await {
            // They are over all the same, by the version of their user.
            tracing::warn!(%error, "sessions that are over could not be marked");
        }
    }
    server.obey_now().await;
    Ok(changed.user)
}

impl From<FlowError> for NotChanged {
    fn from(error: FlowError) -> Self {
        Self::Failed(error)
    }
}
