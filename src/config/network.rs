//! Addresses and networks as keys take them. Must not know any key.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::kind::{List, Parsed, Refused, list};

/// The addresses of listeners.
pub(super) fn sockets(at_least: usize) -> List<Parsed<SocketAddr>> {
    let item = Parsed {
        takes: "an IP address and a port, such as `127.0.0.1:8080` or `[::1]:8080`",
        parse: |text| text.parse().map_err(|_| Refused::FORM),
        show: SocketAddr::to_string,
    };
    List { item, at_least }
}

/// Networks; an address alone is a network of one.
pub(super) fn networks() -> List<Parsed<IpNet>> {
    list(Parsed {
        takes: "an IP address or a network, such as `10.0.0.0/8` or `fd00::/8`",
        parse: |text| {
            let alone = || text.parse().map(|address: IpAddr| IpNet::from(address));
            text.parse().or_else(|_| alone()).map_err(|_| Refused::FORM)
        },
        show: IpNet::to_string,
    })
}

/// Whether only this machine reaches the address.
pub(super) fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}
