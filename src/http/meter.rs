//! What is counted of the requests to one path.

use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Counter, Histogram};

/// The counters of a path. Each is looked up among all metrics once, at its first use.
pub(super) struct Meter {
    route: String,
    seconds: OnceLock<Histogram>,
    /// A path has few of them.
    requests: RwLock<Vec<(Kind, Counter)>>,
}

type Kind = (&'static str, StatusCode);

impl Meter {
    pub(super) fn new(route: String) -> Self {
        Self { route, seconds: OnceLock::new(), requests: RwLock::default() }
    }

    /// The path, as it stands in the table of routes.
    pub(super) fn route(&self) -> &str {
        &self.route
    }

    /// Counts a request.
    pub(super) fn count(&self, method: &'static str, status: StatusCode, took: Duration) {
        self.counter((method, status)).increment(1);
        let seconds = self.seconds.get_or_init(
            || metrics::histogram!("chancery_http_request_seconds", "route" => self.route.clone()),
        );
        seconds.record(took.as_secs_f64());
    }

    fn counter(&self, kind: Kind) -> Counter {
        let find = |all: &Vec<(Kind, Counter)>| {
            all.iter().find(|(one, _)| *one == kind).map(|(_, counter)| counter.clone())
        };
        let known = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = find(&known) {
            return counter;
        }
        drop(known);
        let mut known = self.requests.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = find(&known) {
            return counter;
        }
        let labels = [
            ("route", self.route.clone()),
            ("method", kind.0.to_owned()),
            ("status", kind.1.as_str().to_owned()),
        ];
        let counter = metrics::counter!("chancery_http_requests_total", &labels);
        known.push((kind, counter.clone()));
        counter
    }
}

/// The name of a method. Any token is one, so those that no route takes share a name: a label with a
/// value for each would grow without bound (C102).
pub(super) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
