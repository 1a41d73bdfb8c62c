//! Authorization codes.

use super::{Operation, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::authorization_code::CodeRecord;
#[cfg(doc)]
use crate::protocol::authorization_code::MAX_UNUSED;
use crate::protocol::browser_session::BrowserLife;
use crate::protocol::ids::ConsentId;
use crate::protocol::secret::SecretHash;
use crate::protocol::session::Session;
use crate::protocol::user::User;

/// Stores a new code, if its interaction has none yet (C057), the user still is active and of the
/// version that the code carries, the browser session was not ended, fewer than [`MAX_UNUSED`] valid codes
/// of it lie unused for the client, and the consent that it relies on was not taken back. Otherwise it is
/// [`Swap::Lost`].
///
/// A code is kept for an hour longer than it is valid, also one that was burnt or withdrawn: an
/// interaction has to be shorter than that.
pub struct StoreCode {
    /// What it stands for.
    pub code: CodeRecord,
    /// The consent that it relies on, if it does on one.
    pub consent: Option<ConsentId>,
}
operation!(StoreCode => Swap, SINGLE_STATEMENT);

/// Reads a code with what decides about it, in one statement. One that was exchanged is found with
/// its session.
pub struct FindCode(pub SecretHash);
operation!(FindCode => Option<FoundCode>, SINGLE_STATEMENT);

/// A code with what decides about it.
pub struct FoundCode {
    /// What it stands for.
    pub code: CodeRecord,
    /// Its user, unless he was deleted.
    pub user: Option<User>,
    /// Until when its browser session lives, unless it is gone. One begun before everything was ended
    /// reads as ended.
    pub browser: Option<BrowserLife>,
}

/// Exchanges a code for a session, once (CORE-07): stores the session, and its id with the code.
///
/// It is [`Swap::Lost`], and nothing is changed, where the code was exchanged or burnt or has expired;
/// where it is not of the session's user, version, client and browser session; where these are not as
/// [`CreateSession`](super::sessions::CreateSession) asks; where everything, or everything of the
/// client, was ended since the code was made; and where the browser session does not
/// [give](crate::protocol::authorization_code::CodeRecord::standing) it.
pub struct ExchangeCode {
    /// The code.
    pub hash: SecretHash,
    /// The session; it begins now.
    pub session: Session,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(ExchangeCode => Swap);

/// Counts a wrong verifier, and burns the code with the third (PKCE-03). [`Swap::Lost`] where there is
/// no such code, or it is burnt, or it was exchanged: what it gave stays (O21-06).
pub struct FailCode {
    /// The code.
    pub hash: SecretHash,
}
operation!(FailCode => Swap, SINGLE_STATEMENT);
