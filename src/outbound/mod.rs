//! The HTTP requests that the server itself makes: one POST each, to an address that was checked, bounded in
//! time and size. Must not know what is sent, nor why.

mod connect;
mod reach;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use connect::{Connector, Stream};
use reach::Reach;

/// Makes requests.
pub struct Outbound {
    connector: Connector,
    patience: Duration,
}

/// A request had no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The URL names no host that could be called.
    #[error("the URL cannot be called")]
    NotCallable,
    /// Every address of the host is one that may not be called.
    #[error("the host has no address outside of this network")]
    Internal,
    /// The name of the host leads nowhere.
    #[error("the host was not found: {0}")]
    NotFound(io::Error),
    /// No connection, or no good certificate.
    #[error("no connection: {0}")]
    Unreachable(io::Error),
    /// A connection that broke, or that speaks no HTTP.
    #[error("no answer: {0}")]
    Broken(hyper::Error),
    /// No answer in time.
    #[error("no answer in time")]
    Late,
}

impl Outbound {
    /// Requests that may go to any address of the internet and to those within `allowed`, and that take
    /// `patience` from the look-up of the name to the head of the answer.
    pub fn new(allowed: Vec<IpNet>, patience: Duration) -> Self {
        Self { connector: Connector::new(Reach::new(allowed)), patience }
    }

    /// Posts a form and answers the status. Redirects are not followed: one leads to where nobody
    /// has checked that it may be called.
    pub async fn post_form(&self, url: &str, form: String) -> Result<StatusCode, OutboundError> {
        let url = Url::parse(url).map_err(|_| OutboundError::NotCallable)?;
        let request = request(&url, form).ok_or(OutboundError::NotCallable)?;
        let exchange = async {
            let stream = self.connector.connect(&url).await?;
            send(stream, request).await
        };
        timeout(self.patience, exchange).await.unwrap_or(Err(OutboundError::Late))
    }
}

fn request(url: &Url, form: String) -> Option<Request<Full<Bytes>>> {
    let host = url.host_str()?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Request::post(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(HOST, host)
        .header(USER_AGENT, concat!("chancery/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(form))
        .ok()
}

/// Sends the request on a connection of its own, which ends with it.
async fn send(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, OutboundError> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MOST_READ)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(OutboundError::Broken)?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let response = sender.send_request(request).await.map_err(OutboundError::Broken)?;
    let status = response.status();
    drain(response).await;
    Ok(status)
}

/// Reads what follows the head, so that the peer does not see its answer cut off, unless there is much of it:
/// the head has said everything.
async fn drain(response: Response<Incoming>) {
    let _ = timeout(TAIL, Limited::new(response.into_body(), MOST_READ).collect()).await;
}

/// As many bytes of an answer are read, of its head as of its body.
const MOST_READ: usize = 64 * 1024;
/// For so long the body of an answer is waited for.
const TAIL: Duration = Duration::from_millis(500);
