//! Whom an attempt is counted against: an account, and the network that it came from.
//! Must not import any part of the crate but the protocol.

use std::net::{IpAddr, Ipv6Addr};

use crate::protocol::password::MAX_USER_NAME_BYTES;

/// Where an attempt to use a password comes from. It has no `Debug`: people type passwords into
/// the wrong field.
#[derive(Clone)]
pub struct Source {
    account: String,
    network: Network,
}

impl Source {
    /// An attempt on `account` from `address`.
    ///
    /// `account` is the canonical user name, or what was typed where that cannot be one; only its
    /// first [`MAX_USER_NAME_BYTES`] count, which is all of any name that exists. Two spellings of
    /// one name must not reach here as two, or each would have its own attempts (CVE-2025-24806).
    ///
    /// `address` is that of the caller as far as the proxies are trusted. All callers without one
    /// count as one address: to lose one's address must not be a way around the limits.
    pub fn new(account: &str, address: Option<IpAddr>) -> Self {
        let end = account.floor_char_boundary(MAX_USER_NAME_BYTES);
        Self { account: account[..end].to_owned(), network: Network::of(address) }
    }

    /// The account.
    pub(in crate::flows) fn account(&self) -> &str {
        &self.account
    }

    /// Whether it comes from the network of `address`.
    pub(in crate::flows) fn is_of(&self, address: IpAddr) -> bool {
        self.network == Network::of(Some(address))
    }

    /// The network.
    pub(super) fn network(&self) -> Network {
        self.network
    }
}

/// What one caller has of the address space: one IPv4 address, or an IPv6 network of 64 bits,
/// within which anybody can take as many addresses as he likes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(in crate::flows) struct Network(Option<IpAddr>);

impl Network {
    /// That of `address`; all callers without one are one.
    pub(in crate::flows) fn of(address: Option<IpAddr>) -> Self {
        // An IPv4 address that a socket for both versions reports (RFC 4291 §2.5.5.2) is one.
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK_BITS))
            }
        }))
    }
}

const NETWORK_BITS: u128 = u128::MAX << 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Network {
        Source::new("alice", Some(address.parse().unwrap())).network()
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_caller() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }

    #[test]
    fn every_ipv4_address_is_a_caller_of_its_own_in_either_notation() {
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_ne!(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
    }

    #[test]
    fn callers_without_an_address_are_one() {
        let unknown = Source::new("alice", None).network();
        assert_eq!(unknown, Source::new("bob", None).network());
        assert_ne!(unknown, network("::"));
        assert_ne!(unknown, network("0.0.0.0"));
    }

    #[test]
    fn what_is_kept_of_an_account_is_bounded() {
        let typed = "ß".repeat(1_000);
        assert_eq!(Source::new(&typed, None).account(), &typed[..254]);
        let longest = "x".repeat(255);
        assert_eq!(Source::new(&longest, None).account(), longest);
    }
}
