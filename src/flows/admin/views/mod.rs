//! What administrators see of things: the members of the admin API's answers, and of the command
//! line's `--json`. Must not import the database.

mod browser_session;
mod client;
mod key;
mod resource;
mod session;
mod subscriber;
mod user;

pub use browser_session::BrowserSession;
pub use client::{ChangedClient, Client};
pub use key::{Activated, Key};
pub use resource::Resource;
pub use session::{OwnedSession, Session};
pub use subscriber::Feed;
pub use user::{ChangedUser, User};

use serde::Serialize;

use crate::protocol::revocation::{EffectiveBy, EffectiveByTimes};

/// A page of a list, or the whole of it.
#[derive(Serialize)]
pub struct List<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// The answer of a change that refuses what was issued before.
#[derive(Serialize)]
pub struct Effective {
    effective_by: EffectiveByTimes<String>,
}

impl<T> List<T> {
    /// Views of `things`, and where the next page begins.
    pub fn of<U>(things: &[U], view: impl Fn(&U) -> T, next: Option<String>) -> Self {
        Self { items: things.iter().map(view).collect(), next }
    }
}

impl Effective {
    /// The answer with these times.
    pub fn of(effective_by: &EffectiveBy) -> Self {
        Self { effective_by: effective_by.rfc3339() }
    }
}
