//! The feed of revocations: one signed document, whether it is the snapshot, a segment, an event of
//! the stream or a heartbeat, and the packing of its entries. Knows no key and no network.
//!
//! A document is a compact JWS of the type [`FEED_TYPE`]. It *covers* the numbers above `prev_seq`
//! up to `seq`: every entry of the log with such a number is in it.

mod document;
mod packing;

pub use document::{FEED_TYPE, FeedDocument, SEGMENT, jwks_hash};
pub use packing::{PackedEntries, PackingError};
