//! The requests that the client sends: bounded in size and time, and never redirected. Must not know
//! what is in the answers.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore, crypto};
use zeroize::Zeroizing;

use super::link::{Link, form_encoded};
use super::pause::{Pause, within};

/// A request had no usable answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebError {
    /// No connection, or one that broke.
    #[error("no connection: {0}")]
    Broken(String),
    /// The answer took too long.
    #[error("no answer in time")]
    Late,
    /// The answer is longer than its kind may be.
    #[error("an answer that is too long or was cut off")]
    Cut,
    /// The answer to credentials that are no good.
    #[error("status {0}, of the credentials")]
    Refused(StatusCode),
    /// Another status than that of a success; redirects are among them.
    #[error("status {status}")]
    Status {
        /// What it was.
        status: StatusCode,
        /// After which time the server wants to be asked again.
        retry_after: Option<Duration>,
    },
}

impl WebError {
    /// After which time the server wants to be asked again, if it said so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// An answer, read whole.
pub(super) struct Answer {
    /// Its body.
    pub(super) body: Bytes,
    /// For how long it may be kept (`Cache-Control: max-age`).
    pub(super) max_age: Option<Duration>,
}

/// How much an answer may cost.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of its body.
    pub(super) size: usize,
    /// Time without any progress. The whole may take [`MOST_STALLS`] times that.
    pub(super) stall: Duration,
}

impl Bounds {
    /// Of everything but the feed.
    pub(super) const SMALL: Self = Self { size: 256 * 1024, stall: Duration::from_secs(10) };
}

/// Sends requests.
pub(super) struct Web {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    authorization: Option<HeaderValue>,
    /// Whom the credentials are for.
    issuer: Link,
    pause: Arc<dyn Pause>,
}

impl Web {
    /// Requests that trust the certificate authorities of this machine (`SSL_CERT_FILE` names
    /// others), and that carry `credentials` where a request to `issuer` asks for them.
    pub(super) fn new(
        issuer: Link,
        credentials: Option<&Credentials>,
        pause: Arc<dyn Pause>,
    ) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(2)
            .build(connector);
        let authorization = credentials.and_then(Credentials::header);
        Self { client, authorization, issuer, pause }
    }

    /// The body at `link`, if it is answered by 200.
    pub(super) async fn get(
        &self,
        link: &Link,
        accept: &'static str,
        bounds: Bounds,
    ) -> Result<Answer, WebError> {
        let request = Request::get(link.uri()).header(ACCEPT, accept);
        let work = async {
            let sent = self.send(request, Bytes::new());
            let response =
                within(&*self.pause, bounds.stall, sent).await.ok_or(WebError::Late)??;
            let response = answered(response, |status| status == StatusCode::OK)?;
            let max_age = max_age(response.headers());
            Ok(Answer { body: self.read(response.into_body(), bounds).await?, max_age })
        };
        let whole = bounds.stall.saturating_mul(MOST_STALLS);
        within(&*self.pause, whole, work).await.unwrap_or(Err(WebError::Late))
    }

    async fn read(&self, body: Incoming, bounds: Bounds) -> Result<Bytes, WebError> {
        let mut body = Limited::new(body, bounds.size);
        let mut read = Vec::new();
        loop {
            match within(&*self.pause, bounds.stall, body.frame()).await.ok_or(WebError::Late)? {
                Some(Ok(frame)) => read.extend(frame.into_data().unwrap_or_default()),
                Some(Err(_)) => return Err(WebError::Cut),
                None => return Ok(read.into()),
            }
        }
    }

    /// Opens a stream of events behind `last_event_id`, if it is answered by 200: with the credentials where there are any.
    pub(super) async fn open(
        &self,
        link: &Link,
        last_event_id: Option<&str>,
        patience: Duration,
    ) -> Result<Incoming, WebError> {
        let mut request = Request::get(link.uri()).header(ACCEPT, "text/event-stream");
        request = request.header(CACHE_CONTROL, "no-store");
        if let Some(id) = last_event_id.and_then(|id| HeaderValue::from_str(id).ok()) {
            request = request.header("last-event-id", id);
        }
        let sent = self.send_authorized(link, request, Bytes::new());
        let response = within(&*self.pause, patience, sent).await.unwrap_or(Err(WebError::Late))?;
        Ok(answered(response, |status| status == StatusCode::OK)?.into_body())
    }

    /// Posts JSON with the credentials, and reads nothing of the answer but its status.
    pub(super) async fn post(
        &self,
        link: &Link,
        json: String,
        patience: Duration,
    ) -> Result<(), WebError> {
        let request = Request::post(link.uri()).header(CONTENT_TYPE, "application/json");
        let sent = self.send_authorized(link, request, json.into());
        let response = within(&*self.pause, patience, sent).await.unwrap_or(Err(WebError::Late))?;
        answered(response, |status| status.is_success()).map(drop)
    }

    /// Sends the credentials along where they may go, and tells apart that they are refused: 401, or
    /// 400 for a client that serves no API. Any other 400 is about what was sent.
    async fn send_authorized(
        &self,
        link: &Link,
        request: request::Builder,
        body: Bytes,
    ) -> Result<Response<Incoming>, WebError> {
        let Some(authorization) = self.authorization(link) else {
            return self.send(request, body).await;
        };
        let response = self.send(request.header(AUTHORIZATION, authorization), body).await?;
        let status = response.status();
        let refused = match status {
            StatusCode::UNAUTHORIZED => true,
            StatusCode::BAD_REQUEST => {
                let problem = self.read(response.into_body(), Bounds::SMALL).await?;
                let problem = serde_json::from_slice::<serde_json::Value>(&problem);
                problem.is_ok_and(|problem| problem["error"] == "unauthorized_client")
            }
            _ => return Ok(response),
        };
        let other = WebError::Status { status, retry_after: None };
        Err(if refused { WebError::Refused(status) } else { other })
    }

    /// The credentials, if a request to `link` carries them. The issuer may name any other host as
    /// well, and none of them learns the secret.
    pub(super) fn authorization(&self, link: &Link) -> Option<&HeaderValue> {
        let authorization = self.authorization.as_ref()?;
        if !link.has_origin_of(&self.issuer) {
            tracing::warn!(to = %link.uri(), "credentials are for the issuer's own host alone");
            return None;
        }
        Some(authorization)
    }

    async fn send(
        &self,
        request: request::Builder,
        body: Bytes,
    ) -> Result<Response<Incoming>, WebError> {
        let broken = |error: &dyn std::error::Error| WebError::Broken(causes(error));
        let request = request
            .header(USER_AGENT, concat!("chancery-verifier/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .map_err(|error| broken(&error))?;
        self.client.request(request).await.map_err(|error| broken(&error))
    }
}

/// The answer, if its status is `good`.
fn answered(
    response: Response<Incoming>,
    good: impl Fn(StatusCode) -> bool,
) -> Result<Response<Incoming>, WebError> {
    let status = response.status();
    if good(status) {
        return Ok(response);
    }
    Err(WebError::Status { status, retry_after: retry_after(response.headers()) })
}

/// A client's id and secret, by which a resource shows who it is.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) secret: Zeroizing<String>,
}

impl Credentials {
    /// HTTP Basic, both parts encoded as RFC 6749 §2.3.1 asks.
    fn header(&self) -> Option<HeaderValue> {
        let secret = Zeroizing::new(form_encoded(&self.secret));
        let pair = Zeroizing::new(format!("{}:{}", form_encoded(&self.id), *secret));
        let pair = Zeroizing::new(BASE64_STANDARD.encode(&*pair));
        let mut value = HeaderValue::try_from(format!("Basic {}", *pair)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// TLS with the roots of this machine. Without any no certificate is good, which the error says.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!("this machine names no certificate authorities: https cannot be used");
    }
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    #[expect(clippy::expect_used, reason = "the provider has the ciphers of both TLS versions")]
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the default provider knows the default versions");
    versions.with_root_certificates(roots).with_no_client_auth()
}

/// An error and what caused it: of hyper's own it is the cause that tells something.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// `Retry-After` in seconds; its form as a date is not read (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get(CACHE_CONTROL)?.to_str().ok()?;
    directives
        .split(',')
        .find_map(|directive| directive.trim().strip_prefix("max-age="))
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs)
}

const CONNECT: Duration = Duration::from_secs(5);
/// So many times the longest stall: what drips for ever is no answer.
const MOST_STALLS: u32 = 60;
const IDLE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_encoded_before_they_are_joined() {
        let credentials = Credentials { id: "a:b".into(), secret: String::from("s%/ é").into() };
        let header = credentials.header().unwrap();
        assert!(header.is_sensitive());
        let sent = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
        assert_eq!(BASE64_STANDARD.decode(sent).unwrap(), b"a%3Ab:s%25%2F%20%C3%A9");
    }

    #[test]
    fn headers_that_count_seconds_are_read() {
        let mut headers = HeaderMap::new();
        assert_eq!((retry_after(&headers), max_age(&headers)), (None, None));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        let seconds = |number| Some(Duration::from_secs(number));
        assert_eq!((retry_after(&headers), max_age(&headers)), (seconds(7), seconds(300)));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("Fri, 31 Dec 1999 23:59:59 GMT"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=x"));
        assert_eq!((retry_after(&headers), max_age(&headers)), (None, None));
    }
}
