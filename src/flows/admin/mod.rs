//! Administration: the same use cases behind the admin API, the command line and the configuration
//! file. Whoever calls them has been authorised; [`By`] says who it was.

pub mod audit;
mod authority;
pub mod browser_sessions;
pub mod clients;
pub mod explain;
pub mod keys;
pub mod logos;
pub mod resources;
pub mod revocations;
pub mod sessions;
pub mod users;
pub mod views;

pub use authority::Authority;

use super::error::FlowError;
use super::server::Server;
use crate::protocol::audit::{Actor, AuditEvent, AuditKind, Note, Origin};
use crate::protocol::error::{ErrorCode, Refusal};
use crate::protocol::reason::Reason;

/// Who administers, and from where.
#[derive(Clone, Debug)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// Through which client.
    pub client_id: Option<String>,
    /// From where.
    pub origin: Origin,
    /// How far his authority goes.
    pub authority: Authority,
    /// What he writes about it, for the audit log.
    pub note: Option<Note>,
}

impl By {
    /// Somebody at the command line.
    pub fn command_line() -> Self {
        Self {
            actor: Actor::CommandLine,
            client_id: None,
            origin: Origin::default(),
            authority: Authority::Operator,
            note: None,
        }
    }

    /// The configuration file.
    pub fn configuration() -> Self {
        Self { actor: Actor::Configuration, ..Self::command_line() }
    }

    /// The server itself, on its first run.
    pub fn system() -> Self {
        Self { actor: Actor::System, ..Self::command_line() }
    }

    /// An event of theirs.
    fn event(&self, server: &Server, kind: AuditKind) -> AuditEvent {
        let mut event = server.event(kind, self.actor.clone()).from(&self.origin);
        event.client_id.clone_from(&self.client_id);
        event.note.clone_from(&self.note);
        event
    }

    /// Whether it is the configuration file.
    fn declares(&self) -> bool {
        self.actor == Actor::Configuration
    }

    /// Refuses to change by hand what the configuration file declares: the next start would undo it.
    fn check_managed(&self, managed: bool) -> Result<(), Refusal> {
        if managed && !self.declares() { Err(MANAGED) } else { Ok(()) }
    }
}

const MANAGED: Refusal = Refusal::new(
    ErrorCode::Conflict,
    "it is declared in the configuration file: change it there",
    Reason::Managed,
);

/// The refusal of a change that somebody else was faster with.
const fn changed_meanwhile() -> FlowError {
    FlowError::conflict("it was changed meanwhile: read it again")
}
