//! The paths of one listener, and what is known of each.

use http::Method;
use percent_encoding::percent_decode_str;

use super::cors::Sharing;
use super::meter::Meter;
use super::routes::{Listener, Place, ROUTES, Route};
use crate::protocol::uri::Issuer;

/// All of them.
pub(super) struct Paths(matchit::Router<Path>);

/// One path.
pub(super) struct Path {
    routes: Vec<&'static Route>,
    /// The methods that it takes, as `Allow` lists them.
    pub(super) allowed: String,
    /// Who may read its answers from a script.
    pub(super) sharing: Sharing,
    /// Whether what it answers is the same for everybody.
    pub(super) is_document: bool,
    /// What is counted of it.
    pub(super) meter: Meter,
}

/// The path of a request.
pub(super) struct Found<'a> {
    pub(super) path: &'a Path,
    /// The variable part, decoded; none where there is none or it is not text.
    pub(super) parameter: Option<String>,
}

impl Paths {
    pub(super) fn of(listener: Listener, issuer: &Issuer) -> Self {
        let served: Vec<&'static Route> =
            ROUTES.iter().filter(|route| listener.serves(route.place)).collect();
        let mut paths = matchit::Router::new();
        for routes in served.chunk_by(|one, next| one.path == next.path) {
            let full = full_path(issuer, routes[0]);
            let inserted = paths.insert(full.clone(), Path::new(full, routes));
            debug_assert!(inserted.is_ok(), "two paths of the table are one");
        }
        Self(paths)
    }

    /// The path that `path` is.
    pub(super) fn find(&self, path: &str) -> Option<Found<'_>> {
        let found = self.0.at(path).ok()?;
        let parameter = found.params.iter().next().and_then(|(_, text)| {
            percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
        });
        Some(Found { path: found.value, parameter })
    }
}

impl Path {
    fn new(full: String, routes: &[&'static Route]) -> Self {
        let Route { sharing, place, .. } = *routes[0];
        let mut allowed = Vec::new();
        for route in routes {
            allowed.push(route.method.as_str());
            if route.method == Method::GET {
                allowed.push("HEAD");
            }
        }
        Self {
            routes: routes.to_vec(),
            allowed: allowed.join(","),
            sharing,
            is_document: sharing == Sharing::Everybody || place == Place::Root,
            meter: Meter::new(full),
        }
    }

    /// The route of `method`. GET answers HEAD too.
    pub(super) fn route(&self, method: &Method) -> Option<&'static Route> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.routes.iter().copied().find(|route| route.method == *method)
    }
}

fn full_path(issuer: &Issuer, route: &Route) -> String {
    let own = issuer.path();
    match route.place {
        Place::Issuer | Place::Admin => format!("{own}{}", route.path),
        Place::WellKnown => format!("{}{own}", route.path),
        Place::Root => route.path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_below_the_issuer_by_its_method_and_no_other() {
        let issuer = Issuer::parse("https://as.example/tenant").unwrap();
        let paths = Paths::of(Listener::Only, &issuer);
        for route in ROUTES {
            let path = full_path(&issuer, route).replace(['{', '}'], "");
            let found = paths.find(&path).unwrap();
            let is_same =
                |other: &Route| (other.path, &other.method) == (route.path, &route.method);
            assert!(found.path.route(&route.method).is_some_and(is_same), "{path}");
            assert!(found.path.route(&Method::TRACE).is_none(), "{path}");
            assert_eq!(found.path.allowed.contains("HEAD"), found.path.allowed.contains("GET"));
        }
    }

    #[test]
    fn a_variable_part_is_decoded_and_ends_at_the_slash() {
        let issuer = Issuer::parse("https://as.example").unwrap();
        let paths = Paths::of(Listener::Only, &issuer);
        let parameter = |path: &str| paths.find(path).map(|found| found.parameter);
        assert_eq!(parameter("/sessions/a%2Fb"), Some(Some("a/b".to_owned())));
        assert_eq!(parameter("/sessions/%ff"), Some(None));
        assert_eq!(parameter("/sessions"), Some(None));
        for nothing in ["/sessions/", "/sessions/a/b", "/Sessions", "//sessions", "*", ""] {
            assert_eq!(parameter(nothing), None, "{nothing}");
        }
    }
}
