//! Clients.

use super::{FeedPosition, Operation, Revoking, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::client::{Client, ClientId};
use crate::protocol::ids::ClientKey;
use crate::protocol::key::Algorithm;
use crate::protocol::picture::{Picture, PictureHash};
use crate::protocol::uri::WebOrigin;

/// Stores a new client, unless its id is taken.
pub struct CreateClient {
    /// The client.
    pub client: Client,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(CreateClient => Swap);

/// Reads the algorithms that clients are told of their users with, each at least once. A disabled client
/// is told nothing.
pub struct ClientAlgorithms;
operation!(ClientAlgorithms => Vec<Algorithm>, SINGLE_STATEMENT);

/// Reads whether a client that is not disabled has registered this origin.
pub struct HasOrigin(pub WebOrigin);
operation!(HasOrigin => bool, SINGLE_STATEMENT);

/// Reads one client.
pub enum FindClient {
    /// By its id.
    Named(ClientId),
    /// By its key.
    Key(ClientKey),
}
operation!(FindClient => Option<Client>, SINGLE_STATEMENT);

/// Reads whether there are more clients than so many.
pub struct HasMoreClients(pub u32);
operation!(HasMoreClients => bool, SINGLE_STATEMENT);

/// Reads those of these clients that there are.
pub struct FindClients(pub Vec<ClientId>);
operation!(FindClients => Vec<Client>, SINGLE_STATEMENT);

/// Reads the clients that the configuration file declares, or did when it was last applied.
pub struct LoadManagedClients;
operation!(LoadManagedClients => Vec<Client>, SINGLE_STATEMENT);

/// Lists clients in the order of their keys.
pub struct ListClients {
    /// Only keys after this one.
    pub after: Option<ClientKey>,
    /// At most so many.
    pub limit: u32,
}
operation!(ListClients => Vec<Client>, SINGLE_STATEMENT);

/// Replaces a client by a later version of it, unless somebody else did so meanwhile. The sessions
/// of one that is disabled are over, and stay so when it is active again;
/// [`super::sessions::EndSessions`] marks them.
pub struct ChangeClient {
    /// As it is to be; its `version` is the one it was read with.
    pub client: Client,
    /// Whether the tokens that it holds are refused.
    pub revoke: Option<Revoking>,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(ChangeClient => Option<ChangedClient>, URGENT);

/// A client after a change.
pub struct ChangedClient {
    /// As it is now.
    pub client: Client,
    /// Where the log tells of it, if it does.
    pub feed: Option<FeedPosition>,
}

/// Gives a client a picture, or takes it away. [`Swap::Lost`] if there is no such client.
pub struct SetClientLogo {
    /// Which.
    pub key: ClientKey,
    /// The picture, or none.
    pub logo: Option<Picture>,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(SetClientLogo => Swap);

/// Reads the picture of a client by its hash.
pub struct FindClientLogo(pub PictureHash);
operation!(FindClientLogo => Option<Picture>, SINGLE_STATEMENT);

/// Removes a disabled client, unless it was changed meanwhile; its tokens are refused. Its sessions
/// were ended before.
pub struct DeleteClient {
    /// Which.
    pub key: ClientKey,
    /// The version that it was disabled with.
    pub version: i64,
    /// For the log of revocations.
    pub revoking: Revoking,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(DeleteClient => Option<FeedPosition>, URGENT);
