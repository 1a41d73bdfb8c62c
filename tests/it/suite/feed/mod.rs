//! The feed of revocations: its documents, its stream, what is published, who gets a place.

use super::BACKEND;

mod causes;
mod clock;
mod documents;
mod epochs;
mod places;
mod polling;
mod process;
mod stream;
