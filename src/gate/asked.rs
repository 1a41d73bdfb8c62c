//! What a proxy asks of a token: by the query of `/verify`, by headers, or by both. Must not know
//! HTTP's answers.
//!
//! What both ask adds up, so that nobody can ask for less by asking again: a proxy may pass on the
//! headers of its client.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::request::Parts;
use url::form_urlencoded;

use crate::config::Fresh;

/// What a token must be good for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Asked {
    /// For whom it must be meant.
    pub(super) audience: String,
    /// All of these it must have.
    pub(super) scopes: BTreeSet<String>,
    /// How fresh the knowledge of revocations must be.
    pub(super) fresh: Fresh,
}

/// What is wrong with how the proxy asks. Such a request never passes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Misconfigured {
    #[error("the query has a parameter that the gate does not know")]
    Unknown,
    #[error("the query has a parameter twice that may be there once")]
    Repeated,
    #[error("an audience, scope or freshness is asked for, and its value is empty")]
    Empty,
    #[error("an audience, scope or freshness is asked for that none can be")]
    Malformed,
    #[error("an audience is asked for that is not among gate.audiences")]
    ForeignAudience,
    #[error("more than one audience is asked for")]
    SeveralAudiences,
    #[error("no audience is asked for, and gate.audiences has more than one")]
    NoAudience,
}

/// Reads what is asked. `audiences` are those that may be asked for, `fresh` is the least.
pub(super) fn read(
    parts: &Parts,
    audiences: &[String],
    fresh: Fresh,
) -> Result<Asked, Misconfigured> {
    let mut asking = Asking::default();
    // Below it, path and query are those of the end client: Envoy appends them to its prefix.
    if parts.uri.path() == VERIFY {
        asking.read_query(parts.uri.query().unwrap_or_default())?;
    }
    for (name, what) in [(AUDIENCE, What::Audience), (SCOPE, What::Scope), (FRESHNESS, What::Fresh)]
    {
        for value in parts.headers.get_all(name) {
            asking.add(what, value.to_str().map_err(|_| Misconfigured::Malformed)?)?;
        }
    }
    Ok(Asked {
        audience: choose(asking.audiences, audiences)?,
        scopes: asking.scopes,
        fresh: asking.fresh.max(Some(fresh)).unwrap_or(fresh),
    })
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum What {
    Audience,
    Scope,
    Fresh,
}

#[derive(Default)]
struct Asking {
    audiences: BTreeSet<String>,
    scopes: BTreeSet<String>,
    fresh: Option<Fresh>,
}

impl Asking {
    fn read_query(&mut self, query: &str) -> Result<(), Misconfigured> {
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let what = match &*name {
                "audience" => What::Audience,
                "scope" => What::Scope,
                "freshness" => What::Fresh,
                _ => return Err(Misconfigured::Unknown),
            };
            if what != What::Scope && seen.contains(&name) {
                return Err(Misconfigured::Repeated);
            }
            seen.push(name);
            self.add(what, &value)?;
        }
        Ok(())
    }

    /// A value that is there and empty is what a proxy makes of a variable without a value: without
    /// this rule it would ask for nothing.
    fn add(&mut self, what: What, value: &str) -> Result<(), Misconfigured> {
        let value = value.trim_matches(' ');
        if value.is_empty() {
            return Err(Misconfigured::Empty);
        }
        match what {
            What::Audience => {
                self.audiences.insert(value.to_owned());
            }
            What::Scope => {
                for scope in value.split(' ') {
                    if !is_scope(scope) {
                        return Err(Misconfigured::Malformed);
                    }
                    self.scopes.insert(scope.to_owned());
                }
            }
            What::Fresh => {
                let asked = match value {
                    "standard" => Fresh::Standard,
                    "strict" => Fresh::Strict,
                    _ => return Err(Misconfigured::Malformed),
                };
                self.fresh = self.fresh.max(Some(asked));
            }
        }
        Ok(())
    }
}

fn choose(asked: BTreeSet<String>, allowed: &[String]) -> Result<String, Misconfigured> {
    let mut asked = asked.into_iter();
    match (asked.next(), asked.next(), allowed) {
        (Some(one), None, _) if allowed.contains(&one) => Ok(one),
        (Some(_), None, _) => Err(Misconfigured::ForeignAudience),
        (Some(_), Some(_), _) => Err(Misconfigured::SeveralAudiences),
        (None, _, [only]) => Ok(only.clone()),
        (None, ..) => Err(Misconfigured::NoAudience),
    }
}

/// RFC 6749 §3.3
fn is_scope(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// The path whose query is the proxy's own.
const VERIFY: &str = "/verify";
const AUDIENCE: &str = "x-gate-audience";
const SCOPE: &str = "x-gate-scope";
const FRESHNESS: &str = "x-gate-freshness";

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[&str] = &["https://api.example"];
    const TWO: &[&str] = &["https://api.example", "https://other.example"];

    fn ask(
        allowed: &[&str],
        uri: &str,
        headers: &[(&str, &'static str)],
    ) -> Result<Asked, Misconfigured> {
        let mut request = http::Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let allowed: Vec<String> = allowed.iter().map(|&one| one.to_owned()).collect();
        read(&parts, &allowed, Fresh::Standard)
    }

    fn scopes(asked: &Asked) -> Vec<&str> {
        asked.scopes.iter().map(String::as_str).collect()
    }

    #[test]
    fn what_query_and_headers_ask_adds_up() {
        let uri = "/verify?scope=b&scope=a+c&freshness=standard";
        let headers =
            [("X-Gate-Scope", "d a"), ("X-Gate-Scope", "e"), ("x-gate-freshness", "strict")];
        let asked = ask(ONE, uri, &headers).unwrap();
        assert_eq!(scopes(&asked), ["a", "b", "c", "d", "e"]);
        assert_eq!((asked.audience.as_str(), asked.fresh), (ONE[0], Fresh::Strict));
        let asked =
            ask(ONE, "/verify?freshness=strict", &[("x-gate-freshness", "standard")]).unwrap();
        assert_eq!(asked.fresh, Fresh::Strict);
    }

    #[test]
    fn what_is_asked_is_never_less_than_what_is_configured() {
        let (parts, ()) =
            http::Request::get("/verify?freshness=standard").body(()).unwrap().into_parts();
        let asked = read(&parts, &[ONE[0].to_owned()], Fresh::Strict).unwrap();
        assert_eq!(asked.fresh, Fresh::Strict);
    }

    #[test]
    fn below_the_path_the_query_is_the_end_clients() {
        for uri in ["/verify/?scope=a", "/verify/verify?audience=x&nonsense", "/verify/a/b?scope="]
        {
            let asked = ask(ONE, uri, &[("x-gate-scope", "read")]).unwrap();
            assert_eq!(scopes(&asked), ["read"], "{uri}");
        }
    }

    #[test]
    fn one_audience_need_not_be_asked_for_and_several_must() {
        assert_eq!(ask(ONE, "/verify", &[]).unwrap().audience, ONE[0]);
        assert_eq!(ask(TWO, "/verify", &[]), Err(Misconfigured::NoAudience));
        assert_eq!(ask(&[], "/verify", &[]), Err(Misconfigured::NoAudience));
        let other = "/verify?audience=https%3A%2F%2Fother.example";
        assert_eq!(ask(TWO, other, &[]).unwrap().audience, TWO[1]);
        assert_eq!(ask(TWO, other, &[("x-gate-audience", TWO[1])]).unwrap().audience, TWO[1]);
    }

    #[test]
    fn an_audience_is_one_of_those_configured_and_one_alone() {
        let other = [("x-gate-audience", TWO[1])];
        assert_eq!(ask(ONE, "/verify", &other), Err(Misconfigured::ForeignAudience));
        assert_eq!(ask(&[], "/verify", &other), Err(Misconfigured::ForeignAudience));
        let uri = "/verify?audience=https://api.example";
        assert_eq!(ask(TWO, uri, &other), Err(Misconfigured::SeveralAudiences));
        let both = [("x-gate-audience", TWO[0]), ("x-gate-audience", TWO[1])];
        assert_eq!(ask(TWO, "/verify", &both), Err(Misconfigured::SeveralAudiences));
        let prefix = "/verify?audience=https://api.example.evil";
        assert_eq!(ask(ONE, prefix, &[]), Err(Misconfigured::ForeignAudience));
    }

    #[test]
    fn what_is_no_question_of_the_gate_is_refused() {
        for (uri, expected) in [
            ("/verify?acess_token=x", Misconfigured::Unknown),
            ("/verify?access_token=x", Misconfigured::Unknown),
            ("/verify?Scope=read", Misconfigured::Unknown),
            ("/verify?scope=read&=", Misconfigured::Unknown),
            (
                "/verify?audience=https://api.example&audience=https://api.example",
                Misconfigured::Repeated,
            ),
            ("/verify?freshness=strict&freshness=strict", Misconfigured::Repeated),
            ("/verify?scope=", Misconfigured::Empty),
            ("/verify?scope", Misconfigured::Empty),
            ("/verify?scope=a&scope=+", Misconfigured::Empty),
            ("/verify?audience=", Misconfigured::Empty),
            ("/verify?freshness=", Misconfigured::Empty),
            ("/verify?scope=a++b", Misconfigured::Malformed),
            ("/verify?scope=%22", Misconfigured::Malformed),
            ("/verify?scope=a%0d%0aX:%20b", Misconfigured::Malformed),
            ("/verify?scope=%ff", Misconfigured::Malformed),
            ("/verify?freshness=none", Misconfigured::Malformed),
        ] {
            assert_eq!(ask(ONE, uri, &[]), Err(expected), "{uri}");
        }
        for (header, expected) in [
            (("x-gate-scope", ""), Misconfigured::Empty),
            (("x-gate-audience", " "), Misconfigured::Empty),
            (("x-gate-scope", "a\tb"), Misconfigured::Malformed),
            (("x-gate-scope", "r\u{e9}ad"), Misconfigured::Malformed),
            (("x-gate-freshness", "Strict"), Misconfigured::Malformed),
        ] {
            assert_eq!(ask(ONE, "/verify", &[header]), Err(expected), "{header:?}");
        }
    }
}
