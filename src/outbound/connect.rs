//! From a URL to a connection: the name is looked up once, every address is checked, and the connection goes
//! to the one that was checked. Must not know of requests.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::net::lookup_host;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::OutboundError;
use super::reach::Reach;

/// A connection, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Connects to where it may.
pub(super) struct Connector {
    reach: Reach,
    /// Read when it is needed first: few servers call anybody.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Connector {
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach, tls: OnceLock::new() }
    }

    /// One that trusts these certificate authorities.
    #[cfg(test)]
    pub(super) fn trusting(reach: Reach, roots: RootCertStore) -> Self {
        Self { reach, tls: Arc::new(tls(roots)).into() }
    }

    /// A connection to the host of `url`, with TLS if that asks for it.
    pub(super) async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, OutboundError> {
        let addresses = self.permitted(look_up(url).await?)?;
        let stream = connect_any(&addresses).await.map_err(OutboundError::Unreachable)?;
        if url.scheme() == "http" {
            return Ok(Box::new(stream));
        }
        let name = server_name(url).ok_or(OutboundError::NotCallable)?;
        let tls = TlsConnector::from(self.tls(machine_roots)).connect(name, stream).await;
        Ok(Box::new(tls.map_err(OutboundError::Unreachable)?))
    }

    /// What was read without a single authority is read again the next time: the file may be there by then.
    pub(super) fn tls(&self, read: impl FnOnce() -> RootCertStore) -> Arc<ClientConfig> {
        if let Some(kept) = self.tls.get() {
            return kept.clone();
        }
        let roots = read();
        let is_empty = roots.is_empty();
        let tls = Arc::new(tls(roots));
        if is_empty { tls } else { self.tls.get_or_init(|| tls).clone() }
    }

    /// C119: what a name leads to is judged here, and never looked up again.
    fn permitted(&self, mut found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, OutboundError> {
        found.retain(|address| self.reach.permits(address.ip()));
        if found.is_empty() { Err(OutboundError::Internal) } else { Ok(found) }
    }
}

/// Every address of the host. A host in digits is what the parser of URLs has made of it, as browsers do.
async fn look_up(url: &Url) -> Result<Vec<SocketAddr>, OutboundError> {
    let port = url.port_or_known_default().ok_or(OutboundError::NotCallable)?;
    match url.host().ok_or(OutboundError::NotCallable)? {
        Host::Ipv4(address) => Ok(vec![(address, port).into()]),
        Host::Ipv6(address) => Ok(vec![(address, port).into()]),
        Host::Domain(name) => {
            let found = lookup_host((name, port)).await.map_err(OutboundError::NotFound)?;
            Ok(found.collect())
        }
    }
}

/// The first that answers, one after the other.
async fn connect_any(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut why = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => why = error,
            Err(_) => why = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(why)
}

fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::IpAddress(address.into())),
        Host::Ipv6(address) => Some(ServerName::IpAddress(address.into())),
    }
}

/// Those that this machine trusts; `SSL_CERT_FILE` names others. Without any no certificate is good.
fn machine_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        tracing::warn!(
            "this machine names no certificate authorities: nobody can be called by TLS"
        );
    }
    roots
}

fn tls(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    #[expect(clippy::expect_used, reason = "the provider has the ciphers of both TLS versions")]
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the default provider knows the default versions");
    versions.with_root_certificates(roots).with_no_client_auth()
}

/// For so long one address of several is tried.
const CONNECT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that leads there now, or will the next time: what is connected to is what was judged.
    #[test]
    fn c119_of_the_addresses_of_a_name_none_of_this_network_is_left() {
        let connector = Connector::new(Reach::new(vec!["10.1.0.0/16".parse().unwrap()]));
        let permitted = |found: &[&str]| {
            connector.permitted(found.iter().map(|one| one.parse().unwrap()).collect())
        };
        let mixed =
            ["127.0.0.1:443", "93.184.216.34:443", "[::1]:443", "10.1.2.3:443", "10.2.0.1:443"];
        let left: Vec<String> =
            permitted(&mixed).unwrap().iter().map(SocketAddr::to_string).collect();
        assert_eq!(left, ["93.184.216.34:443", "10.1.2.3:443"]);
        for inside in [&["127.0.0.1:443", "[::ffff:127.0.0.1]:443"][..], &[]] {
            assert!(matches!(permitted(inside), Err(OutboundError::Internal)));
        }
    }
}
