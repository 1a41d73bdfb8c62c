//! Owns what every page has around its own part, and how a template becomes text.
//! Must not import a view.

use askama::Template;

use super::assets::{SCRIPT, STYLE};
use super::texts::Texts;
use super::{Application, Brand, words};

/// What `templates/page.html` shows around a page.
pub(super) struct Frame<'a> {
    pub(super) brand: &'a Brand,
    pub(super) texts: &'a Texts,
    /// What the window is called, with an error said first: it is the first thing read out.
    pub(super) title: String,
    pub(super) wide: bool,
    pub(super) script: bool,
}

impl<'a> Frame<'a> {
    pub(super) fn new(brand: &'a Brand, texts: &'a Texts, title: &str, failed: bool) -> Self {
        let prefix = if failed { format!("{}: ", texts.common.error) } else { String::new() };
        let title = format!("{prefix}{title} – {}", brand.name);
        Self { brand, texts, title, wide: false, script: false }
    }

    /// A path of this server in a page: it stands behind the issuer's own.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.brand.base)
    }

    pub(super) fn style(&self) -> String {
        self.path(&STYLE.path)
    }

    pub(super) fn brand_style(&self) -> String {
        self.path(&self.brand.style.path)
    }

    pub(super) fn script(&self) -> Option<String> {
        self.script.then(|| self.path(&SCRIPT.path))
    }

    pub(super) fn icon(&self) -> String {
        self.path(&self.brand.logo.as_ref().unwrap_or(&self.brand.icon).path)
    }

    pub(super) fn logo(&self) -> Option<String> {
        self.brand.logo.as_ref().map(|logo| self.path(&logo.path))
    }

    /// The picture of an application, if it has one.
    pub(super) fn picture(&self, application: &Application<'_>) -> Option<String> {
        application.logo.map(|logo| self.path(&logo.path()))
    }

    /// A path that was handed in, if it is one of this server's.
    pub(super) fn own(&self, path: &str) -> Option<String> {
        words::local(path).map(|path| self.path(path))
    }
}

/// The text of a page.
#[expect(clippy::expect_used, reason = "writing to a String cannot fail, and no filter here does")]
pub(super) fn text(page: &impl Template) -> String {
    page.render().expect("a template renders")
}
