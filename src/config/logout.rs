//! `[logout]`: telling clients of the end of a session. Must not import other sections.

use std::time::Duration;

use ipnet::IpNet;

use super::bounded::millis;
use super::network::networks;
use super::section::section;
use super::span::SECOND;

section! {
    /// `[logout]`: telling clients of the end of a session.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Logout, from input {
        /// The internal networks in which clients may be told that a session has ended; elsewhere only
        /// addresses of the internet are called. Where the issuer is this machine, it may always be.
        allow_internal: Vec<IpNet> = Vec::new(), takes networks();
        /// How long a client may take to answer, from the look-up of its name on.
        timeout: Duration = 5 * SECOND, takes millis(SECOND / 10, 20 * SECOND);
    }
}
