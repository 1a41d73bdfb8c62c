//! Which outcome revokes what, and what this node knows of the revocations. May import
//! [`crate::storage`], [`crate::protocol`], [`crate::keys`] and [`crate::env`].

pub mod feed;

mod log;
mod policy;

pub use log::{Followed, RevocationLog};
pub use policy::{RevocationPolicy, effective_by};
