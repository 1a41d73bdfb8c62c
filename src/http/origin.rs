//! Where a request comes from. Forwarded headers count only from proxies that an operator named
//! (WEB-04, C122).

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;
use ipnet::IpNet;

use super::headers::RequestId;
use crate::protocol::audit::Origin;

/// The origin of the request.
pub(super) fn of(parts: &Parts, trusted: &[IpNet]) -> Origin {
    let peer = peer(parts);
    Origin {
        request_id: parts.extensions.get::<RequestId>().map(RequestId::to_string),
        address: peer.map(|peer| client_address(peer, &parts.headers, trusted)),
        user_agent: parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().take(MAX_USER_AGENT).collect()),
    }
}

/// Whether the request was made on this machine. What a proxy on this machine passes on was not,
/// whether or not the proxy is trusted: its own client may be anywhere.
pub(super) fn is_local(parts: &Parts) -> bool {
    let passed_on = FORWARDED.iter().any(|name| parts.headers.contains_key(*name));
    !passed_on && peer(parts).is_some_and(|peer| peer.is_loopback())
}

/// The address at the other end of the connection.
fn peer(parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(peer.0.ip().to_canonical())
}

/// The nearest address that is not a trusted proxy: each proxy appends the peer it saw, so whatever
/// stands further left may be invented.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer;
    let lists = headers.get_all("x-forwarded-for").iter().filter_map(|list| list.to_str().ok());
    let hops: Vec<&str> = lists.flat_map(|list| list.split(',')).collect();
    for hop in hops.into_iter().rev() {
        if !is_trusted(&nearest) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => nearest = address.to_canonical(),
            Err(_) => break,
        }
    }
    nearest
}

/// What proxies add.
const FORWARDED: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
const MAX_USER_AGENT: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for list in forwarded {
            headers.append("x-forwarded-for", list.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_his_address() {
        // C122
        assert_eq!(address("203.0.113.9", &["127.0.0.1"], &[]), "203.0.113.9");
        assert_eq!(address("203.0.113.9", &["127.0.0.1"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_first_stranger_from_the_right_counts() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(address("10.0.0.1", &["198.51.100.7"], &trusted), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["127.0.0.1, 198.51.100.7"], &trusted), "198.51.100.7");
        assert_eq!(
            address("10.0.0.1", &["1.2.3.4", "198.51.100.7, 10.0.0.2"], &trusted),
            "198.51.100.7"
        );
        assert_eq!(address("10.0.0.1", &["nonsense"], &trusted), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[], &trusted), "10.0.0.1");
    }

    proptest! {
        #[test]
        fn c143_what_a_stranger_writes_to_the_left_changes_nothing(
            peer in "10\\.0\\.0\\.[1-9]|203\\.0\\.113\\.[1-9]",
            hops in "((10\\.0\\.0|198\\.51\\.100)\\.[1-9]|[a-z:]{0,3})(, ?(10\\.0\\.0|198\\.51\\.100)\\.[1-9]){0,2}",
            invented in "[0-9a-f.:, ]{0,20}",
        ) {
            let trusted = ["10.0.0.0/8"];
            let found = address(&peer, &[&hops], &trusted);
            prop_assert!(found == peer || hops.split(',').any(|hop| hop.trim() == found));
            if !peer.starts_with("10.") {
                prop_assert_eq!(&found, &peer);
            }
            if !found.starts_with("10.") {
                let more = format!("{invented},{hops}");
                prop_assert_eq!(&address(&peer, &[&more], &trusted), &found);
                prop_assert_eq!(&address(&peer, &[&invented, &hops], &trusted), &found);
            }
        }
    }
}
