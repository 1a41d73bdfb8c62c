//! The pictures of clients, which people see where they are asked for their consent.

use super::{By, clients};
use crate::audit;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::protocol::audit::AuditKind;
use crate::protocol::client::Client;
use crate::protocol::picture::{Picture, PictureHash};
use crate::storage::ops::Swap;
use crate::storage::ops::clients::{FindClientLogo, SetClientLogo};

/// Gives a client a picture, or takes it away. That goes for declared clients too: the configuration
/// file says nothing of pictures.
pub async fn set(
    server: &Server,
    by: &By,
    client: Client,
    logo: Option<Picture>,
) -> Result<Client, FlowError> {
    let event = by.event(server, AuditKind::ClientLogo).about(&client.id);
    let set = SetClientLogo { key: client.key, logo, audit: event.clone() };
    if server.store.write(set).await? == Swap::Lost {
        return Err(FlowError::not_found());
    }
    audit::log(&event);
    server.obey_now().await;
    clients::find(server, client.key).await
}

/// Finds a picture by its hash.
pub async fn find(server: &Server, hash: PictureHash) -> Result<Picture, FlowError> {
    server.store.read(FindClientLogo(hash)).await?.ok_or_else(FlowError::not_found)
}
