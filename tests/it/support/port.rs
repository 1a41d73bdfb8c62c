//! Ports for processes that bind them later. Must not start any.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// An address that nobody listens on. Its port lies below those that systems give out by themselves, so
/// that nobody gets it by chance before it is bound, and is given to one test alone.
pub(crate) fn free_address() -> SocketAddr {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Of several runs beside each other each begins elsewhere.
    let first = std::process::id() % 10 * EACH;
    loop {
        let next = FIRST + first + GIVEN.fetch_add(1, Ordering::Relaxed) % EACH;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(next).unwrap()));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

const FIRST: u32 = 10_000;
const EACH: u32 = 2000;
