//! The authorization endpoint and the pages that lead through it.

pub mod interaction;
