//! Opening the listeners.
//! Must not import anything of the crate.

use std::io::{self, ErrorKind};
use std::net::{Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Usually another instance, or another program on the default port.
    #[error("{0} is already in use: stop what listens there, or set CHANCERY_LISTEN")]
    Taken(SocketAddr),
    /// An address that this machine does not have, or a port below 1024 without the right to it.
    #[error("cannot listen on {address} ({source}): set CHANCERY_LISTEN")]
    Refused {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The list of addresses is empty.
    #[error("no address to listen on: set CHANCERY_LISTEN")]
    Nowhere,
}

/// Opens one listener per address, or none at all.
///
/// Port 0 takes a free port, for each address its own. `[::1]` is skipped with a warning where the
/// machine has no IPv6 loopback, if an IPv4 address was opened. On Linux `[::]` listens on IPv4
/// too, so it excludes `0.0.0.0` on the same port.
pub async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, BindError> {
    let mut opened = Vec::with_capacity(addresses.len());
    for &address in addresses {
        opened.push((address, TcpListener::bind(address).await));
    }
    settle(opened)
}

/// Decides on all outcomes at once, as the IPv4 address may come after the IPv6 one.
fn settle<L>(opened: Vec<(SocketAddr, io::Result<L>)>) -> Result<Vec<L>, BindError> {
    if opened.is_empty() {
        return Err(BindError::Nowhere);
    }
    let has_ipv4 = opened.iter().any(|(address, outcome)| address.is_ipv4() && outcome.is_ok());
    let mut listeners = Vec::with_capacity(opened.len());
    for (address, outcome) in opened {
        match outcome {
            Ok(listener) => listeners.push(listener),
            Err(error) if has_ipv4 && is_missing_ipv6(address, &error) => {
                tracing::warn!(%address, %error, "no IPv6 loopback on this machine: skipped");
            }
            Err(error) => return Err(classify(address, error)),
        }
    }
    Ok(listeners)
}

/// Whether the IPv6 loopback does not exist (EADDRNOTAVAIL, or EAFNOSUPPORT, which has no kind of
/// its own), as against one that exists and is refused.
fn is_missing_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    address.ip() == Ipv6Addr::LOCALHOST
        && !matches!(error.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied)
}

fn classify(address: SocketAddr, source: io::Error) -> BindError {
    match source.kind() {
        ErrorKind::AddrInUse => BindError::Taken(address),
        _ => BindError::Refused { address, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: &str = "127.0.0.1:8080";
    const SIX: &str = "[::1]:8080";

    fn outcomes(list: [(&str, Result<u8, ErrorKind>); 2]) -> Vec<(SocketAddr, io::Result<u8>)> {
        list.into_iter()
            .map(|(address, outcome)| (address.parse().unwrap(), outcome.map_err(Into::into)))
            .collect()
    }

    #[test]
    fn a_missing_ipv6_loopback_is_skipped_beside_ipv4_in_either_order() {
        let missing = Err(ErrorKind::AddrNotAvailable);
        let settled = settle(outcomes([(FOUR, Ok(4)), (SIX, missing)]));
        assert_eq!(settled.unwrap(), [4]);
        let settled = settle(outcomes([(SIX, missing), (FOUR, Ok(4))]));
        assert_eq!(settled.unwrap(), [4]);
    }

    #[test]
    fn a_missing_ipv6_loopback_is_an_error_without_ipv4() {
        let missing = Err(ErrorKind::AddrNotAvailable);
        let settled = settle(outcomes([(SIX, missing), ("[::]:8081", Ok(6))]));
        assert!(matches!(settled, Err(BindError::Refused { .. })));
    }

    #[test]
    fn a_taken_ipv6_loopback_and_a_missing_other_ipv6_address_are_errors() {
        let settled = settle(outcomes([(FOUR, Ok(4)), (SIX, Err(ErrorKind::AddrInUse))]));
        assert!(matches!(settled, Err(BindError::Taken(address)) if address.is_ipv6()));
        let elsewhere = ("[2001:db8::1]:8080", Err(ErrorKind::AddrNotAvailable));
        let settled = settle(outcomes([(FOUR, Ok(4)), elsewhere]));
        assert!(matches!(settled, Err(BindError::Refused { .. })));
    }

    #[tokio::test]
    async fn port_zero_takes_a_free_port_and_a_taken_one_names_the_setting() {
        let free = "127.0.0.1:0".parse().unwrap();
        let listeners = bind(&[free, free]).await.unwrap();
        let [first, second] = &listeners[..] else {
            panic!("two listeners expected");
        };
        let taken = first.local_addr().unwrap();
        assert_ne!(taken.port(), 0);
        assert_ne!(taken, second.local_addr().unwrap());

        let message = bind(&[taken]).await.unwrap_err().to_string();
        assert!(message.contains(&taken.to_string()), "{message}");
        assert!(message.contains("already in use"), "{message}");
        assert!(message.contains("CHANCERY_LISTEN"), "{message}");
    }

    #[tokio::test]
    async fn no_address_is_an_error() {
        assert!(matches!(bind(&[]).await, Err(BindError::Nowhere)));
    }
}
