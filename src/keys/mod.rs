//! Keys: the ring that signs and verifies, the schedule of rotation, sealing at rest. May import
//! [`crate::storage`], [`crate::protocol`] and [`crate::env`].

pub mod master;
pub mod tags;

mod error;
mod generate;
mod maintain;
mod reseal;
mod ring;
mod schedule;
mod seen;
mod signer;
mod successor;
mod token_key;
mod verify;

pub use error::KeyError;
pub use maintain::Keeper;
pub use reseal::{MasterKeyState, Resealed};
pub use ring::{Jwks, KeyRing};
pub use schedule::KeySchedule;
pub use signer::{SigningFailed, SigningKey};
pub use token_key::{TokenKeys, Unrecognised};
