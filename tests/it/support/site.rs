//! A web site that is not the server's: pages of a test, and what the site was asked.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use tokio::net::TcpListener;

/// A site that answers until the test ends. Where it has no page, it says that somebody has arrived.
pub(crate) struct Site {
    pub(crate) origin: String,
    inner: Arc<Inner>,
}

/// A request that it got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) body: String,
}

#[derive(Default)]
struct Inner {
    pages: Mutex<BTreeMap<String, Page>>,
    got: Mutex<Vec<Got>>,
}

#[derive(Clone)]
enum Page {
    Text(&'static str, String),
    Redirect(String),
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let app = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { origin, inner }
    }

    pub(crate) fn serves(&self, path: &str, content_type: &'static str, text: String) {
        self.inner.pages.lock().unwrap().insert(path.to_owned(), Page::Text(content_type, text));
    }

    pub(crate) fn redirects(&self, path: &str, to: String) {
        self.inner.pages.lock().unwrap().insert(path.to_owned(), Page::Redirect(to));
    }

    /// A URL here.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What it was asked at this path, oldest first.
    pub(crate) fn got(&self, path: &str) -> Vec<Got> {
        let got = self.inner.got.lock().unwrap();
        got.iter().filter(|got| got.uri.path() == path).cloned().collect()
    }
}

impl Got {
    /// The parameters, of the query or of the form.
    pub(crate) fn params(&self) -> BTreeMap<String, String> {
        let text = if self.method == Method::POST { self.body.as_str() } else { "" };
        let query = self.uri.query().unwrap_or_default();
        let text = if text.is_empty() { query } else { text };
        url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    body: String,
) -> Response {
    let page = inner.pages.lock().unwrap().get(uri.path()).cloned();
    inner.got.lock().unwrap().push(Got { method, uri, body });
    let mut headers = HeaderMap::new();
    let (status, text) = match page {
        Some(Page::Redirect(to)) => {
            headers.insert(header::LOCATION, to.parse().unwrap());
            (StatusCode::FOUND, String::new())
        }
        Some(Page::Text(content_type, text)) => {
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            (StatusCode::OK, text)
        }
        None => {
            headers.insert(header::CONTENT_TYPE, "text/html".parse().unwrap());
            (StatusCode::OK, "<!doctype html><title>arrived</title>".to_owned())
        }
    };
    (status, headers, text).into_response()
}
