//! Resources.

use super::{Operation, Swap, operation};
use crate::protocol::audit::AuditEvent;
use crate::protocol::ids::ResourceId;
use crate::protocol::resource::Resource;
use crate::protocol::uri::ResourceUri;

/// Stores a new resource, unless its URI is taken.
pub struct CreateResource {
    /// The resource.
    pub resource: Resource,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(CreateResource => Swap);

/// Reads every resource, for the memory of a node.
pub struct LoadResources;
operation!(LoadResources => Vec<Resource>, SINGLE_STATEMENT);

/// Reads one resource.
pub enum FindResource {
    /// By its URI.
    Named(ResourceUri),
    /// By its id.
    Id(ResourceId),
}
operation!(FindResource => Option<Resource>, SINGLE_STATEMENT);

/// Reads the resources that the configuration file declares, or did when it was last applied.
pub struct LoadManagedResources;
operation!(LoadManagedResources => Vec<Resource>, SINGLE_STATEMENT);

/// Lists resources in the order of their ids.
pub struct ListResources {
    /// Only ids after this one.
    pub after: Option<ResourceId>,
    /// At most so many.
    pub limit: u32,
}
operation!(ListResources => Vec<Resource>, SINGLE_STATEMENT);

/// Replaces a resource's settings, unless it was changed since it was read.
pub struct ChangeResource {
    /// As it is to be, with the version that was read.
    pub resource: Resource,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(ChangeResource => Swap);

/// Removes a resource. Its tokens live on until they expire.
pub struct DeleteResource {
    /// Which.
    pub id: ResourceId,
    /// Written with it.
    pub audit: AuditEvent,
}
operation!(DeleteResource => Swap);
