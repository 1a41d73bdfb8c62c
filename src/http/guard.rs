//! What guards a page against other sites: the headers of its answer, and what a browser says of who
//! sends a form (WEB-02, C043).

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, ORIGIN};
use http::{HeaderMap, HeaderValue};

use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::uri::Issuer;

/// Where a form may lead in the end. Chromium applies the policy to every redirect behind a form, so that
/// a client could not even send the browser on to another of its own hosts (WEB-02).
pub(super) enum LeadsTo<'a> {
    /// To pages of ours.
    Here,
    /// To an application, by the scheme of its own.
    App(&'a RedirectUri),
    /// Anywhere: it is sent to a client, which sends the browser on as it likes.
    Anywhere,
}

impl<'a> LeadsTo<'a> {
    /// Where an answer to `uri` leads: to a site of the web by a page, not by the form.
    pub(super) fn answer_at(uri: &'a RedirectUri) -> Self {
        if uri.is_web() { Self::Here } else { Self::App(uri) }
    }
}

/// Adds what a page is guarded by to its answer.
pub(super) fn guard(headers: &mut HeaderMap, leads_to: &LeadsTo<'_>, script: bool) {
    let same_origin = HeaderValue::from_static("same-origin");
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(OPENER_POLICY, same_origin.clone());
    headers.insert(RESOURCE_POLICY, same_origin);
    if let Ok(policy) = HeaderValue::from_str(&policy(leads_to, script)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

fn policy(leads_to: &LeadsTo<'_>, script: bool) -> String {
    let form_action = match leads_to {
        LeadsTo::Here => "'self'".to_owned(),
        LeadsTo::App(uri) => format!("'self' {}:", uri.scheme()),
        LeadsTo::Anywhere => "*".to_owned(),
    };
    let script = if script { " script-src 'self';" } else { "" };
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self';{script} \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Whether a browser says that another site sends a form.
pub(super) fn is_foreign(headers: &HeaderMap, issuer: &Issuer) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin") {
        return true;
    }
    match text(ORIGIN) {
        // A page that is to send no referrer sends no origin either.
        None | Some("null") => false,
        Some(origin) => origin != issuer.origin(),
    }
}

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(headers: &[(&str, &str)]) -> bool {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = headers.iter().map(pair).collect();
        is_foreign(&headers, &Issuer::parse("https://as.example/tenant").unwrap())
    }

    #[test]
    fn c043_a_form_of_another_site_is_told_by_its_browser() {
        for own in [
            &[][..],
            &[("origin", "https://as.example")],
            &[("origin", "https://as.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(!foreign(own), "{own:?}");
        }
        for other in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "https://as.example.evil.example")],
            &[("origin", "http://as.example")],
            &[("origin", "https://as.example:8443")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://as.example"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(foreign(other), "{other:?}");
        }
    }

    #[test]
    fn the_policy_names_where_the_form_ends_and_nothing_more() {
        let policy_of = |uri: &str| {
            let uri = RedirectUri::parse(uri).unwrap();
            policy(&LeadsTo::answer_at(&uri), false)
        };
        let web = policy_of("https://app.example:8443/cb?x=1");
        assert!(web.contains("form-action 'self'; ") && !web.contains("script-src"), "{web}");
        for app in ["com.example.app:/cb", "com.example.app://cb", "com.example.app://cb;x,y/z"] {
            let policy = policy_of(app);
            assert!(policy.contains("form-action 'self' com.example.app:; base-uri"), "{policy}");
        }
        let form_post = policy(&LeadsTo::Anywhere, true);
        assert!(form_post.contains("script-src 'self'; form-action *; "), "{form_post}");
    }
}
