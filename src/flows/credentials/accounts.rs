//! What stands for the names of accounts where their failures are stored.

use crate::keys::master::MasterKey;
use crate::keys::tags::Tags;
use crate::protocol::failed_attempts::AccountTag;
use crate::protocol::uri::Issuer;

/// Makes the tags of accounts.
pub struct AccountTags(Tags);

impl AccountTags {
    /// Those of an issuer. Another master key makes others, and forgives all failures with it.
    pub fn new(master: &MasterKey, issuer: Issuer) -> Self {
        Self(Tags::new(master, "failed logins", issuer))
    }

    /// The tag of what was typed as a name, in the one spelling that [`Source`](super::Source) keeps.
    pub fn tag(&self, account: &str) -> AccountTag {
        AccountTag(self.0.bytes(&[account.as_bytes()]))
    }
}
