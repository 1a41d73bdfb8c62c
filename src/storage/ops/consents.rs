//! Consents.

use super::sessions::Ended;
use super::{Operation, Revoking, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::client::ClientId;
use crate::protocol::consent::{Allowed, Consent};
use crate::protocol::ids::UserId;

/// Stores what a user allows a client from now on, in the place of what he allowed it before, if he
/// still is active and of this version (C055), if the client is active, and if he still allows what was
/// read: what he took back meanwhile does not come back. Otherwise it is [`Swap::Lost`].
pub struct SaveConsent {
    /// The consent.
    pub consent: Consent,
    /// What was allowed, as it was read, if anything was; its id and the time of its making are those
    /// of the consent.
    pub before: Option<Allowed>,
    /// The user's version when he was asked.
    pub user_version: i64,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(SaveConsent => Swap);

/// Reads what a user allows a client. What he allowed another client that had its id before does not
/// count.
pub struct FindConsent {
    /// Who.
    pub user: UserId,
    /// Whom.
    pub client: ClientId,
}
operation!(FindConsent => Option<Consent>, SINGLE_STATEMENT);

/// Lists all that a user allows, in the order of the clients' ids.
pub struct ListConsents(pub UserId);
operation!(ListConsents => Vec<Consent>, SINGLE_STATEMENT);

/// Takes back what a user allowed a client: the consent goes, the codes that are not exchanged yet are
/// worth nothing, and his sessions through that client end, at most [`super::BATCH`] of them, with publication.
///
/// Repeated while the answer is full, it finds what is left although the consent is gone.
pub struct WithdrawConsent {
    /// Who.
    pub user: UserId,
    /// From whom.
    pub client: ClientId,
    /// For the log of revocations.
    pub revoking: Revoking,
    /// Written if there was anything to take back.
    pub audit: Option<AuditEvent>,
}
operation!(WithdrawConsent => Withdrawn, URGENT);

/// What was taken back.
#[derive(Clone, Debug, Default)]
pub struct Withdrawn {
    /// Whether there was a consent, or a code that was not exchanged yet.
    pub found: bool,
    /// The sessions that ended.
    pub sessions: Ended,
}
