//! Owns the page that asks whether an application may have what it wants.
//! Must not import another view.

use askama::Template;

use super::frame::{self, Frame};
use super::texts::Texts;
use super::{Application, Brand, words};

/// The page at `/consent`.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// The hidden field `csrf`.
    pub csrf: &'a str,
    /// The hidden field `i`, the interaction.
    pub i: &'a str,
    /// Who asks.
    pub application: Application<'a>,
    /// The name of the user who is signed in.
    pub username: &'a str,
    /// The path, below the issuer's own, at which somebody else signs in and then comes back.
    pub switch: &'a str,
    /// What the application asks for.
    pub scopes: &'a [Scope<'a>],
    /// Where the browser goes next.
    pub destination: Destination<'a>,
    /// The application's own page; shown if it is `https`, like the two below.
    pub website: Option<&'a str>,
    /// Its privacy policy.
    pub policy: Option<&'a str>,
    /// Its terms of service.
    pub terms: Option<&'a str>,
}

/// Something that an application asks for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The scope, shown as it is where nobody describes it; none for the resource as a whole.
    pub name: Option<&'a str>,
    /// What the resource says about it. For the scopes of OpenID Connect the catalogue speaks.
    pub description: Option<&'a str>,
    /// The name of the resource.
    pub resource: Option<&'a str>,
}

/// Where a redirect URI leads.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// To a web server, by its host name.
    Host(&'a str),
    /// To an installed application, by the scheme of its URI (RFC 8252 §7.1).
    App(&'a str),
    /// To a program that listens on this device (RFC 8252 §7.3).
    ThisDevice,
}

#[derive(Template)]
#[template(path = "consent.html", whitespace = "minimize")]
struct Page<'a> {
    frame: Frame<'a>,
    t: &'a Texts,
    view: &'a Consent<'a>,
}

impl Consent<'_> {
    /// The HTML document.
    pub fn render(&self, brand: &Brand, texts: &Texts) -> String {
        let frame = Frame::new(brand, texts, texts.consent.title, false);
        frame::text(&Page { frame, t: texts, view: self })
    }

    fn user(&self) -> String {
        words::shown(self.username)
    }

    /// Title and address of each link that there is.
    fn links(&self, texts: &Texts) -> Vec<(&'static str, &str)> {
        let texts = &texts.consent;
        [(texts.website, self.website), (texts.policy, self.policy), (texts.terms, self.terms)]
            .into_iter()
            .filter_map(|(title, uri)| Some((title, words::link(uri)?)))
            .collect()
    }
}

impl Scope<'_> {
    /// What it means. A resource cannot give the common scopes another meaning.
    pub(super) fn shown(&self, texts: &Texts) -> String {
        let Some(name) = self.name else {
            return texts.consent.uses.fill(&words::shown(self.resource.unwrap_or_default()));
        };
        let described = || words::told(self.description.unwrap_or_default());
        let text = texts.scope(name).map_or_else(described, str::to_owned);
        if text.is_empty() { words::shown(name) } else { text }
    }

    pub(super) fn place(&self) -> Option<String> {
        let place = self.resource.filter(|_| self.name.is_some());
        place.map(words::shown).filter(|name| !name.is_empty())
    }
}
