//! Owns the rows of the account page: a detail, a session, a consent.
//! Must not import another view than the parts of a consent.

use super::texts::Texts;
use super::when;
use super::words;
use super::{Application, Device, Scope, device};

/// Something that is known about a user.
#[derive(Clone, Copy, Debug)]
pub struct Detail<'a> {
    /// The standard claim (OpenID Connect Core §5.1), such as `email`.
    pub claim: &'a str,
    /// Its value, as people read it.
    pub value: &'a str,
    /// Whether it was verified.
    pub verified: bool,
}

/// A browser in which the user is signed in.
#[derive(Clone, Copy, Debug)]
pub struct BrowserSession<'a> {
    /// What the field `session` sends.
    pub id: &'a str,
    /// The `User-Agent` with which it began.
    pub user_agent: Option<&'a str>,
    /// The address from which it was last seen.
    pub address: Option<&'a str>,
    /// When it began, in seconds since 1970.
    pub first_seen: i64,
    /// When it was last seen, likewise.
    pub last_seen: i64,
    /// Whether it is the one that looks at the page.
    pub current: bool,
}

/// An application that is signed in.
#[derive(Clone, Copy, Debug)]
pub struct ApplicationSession<'a> {
    /// What the field `session` sends.
    pub id: &'a str,
    /// The application.
    pub application: Application<'a>,
    /// The address from which it was last used.
    pub address: Option<&'a str>,
    /// When it began, in seconds since 1970.
    pub first_seen: i64,
    /// When it was last used, likewise.
    pub last_seen: i64,
    /// Whether it outlives the browser session.
    pub offline: bool,
}

/// A consent that the user has given.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// What the field `client` sends.
    pub client: &'a str,
    /// The application.
    pub application: Application<'a>,
    /// What it may do.
    pub scopes: &'a [Scope<'a>],
    /// When it was given, in seconds since 1970.
    pub since: i64,
}

impl Detail<'_> {
    pub(super) fn label(&self, texts: &Texts) -> String {
        texts.claim(self.claim).map_or_else(|| words::shown(self.claim), str::to_owned)
    }

    pub(super) fn shown(&self) -> String {
        words::told(self.value)
    }
}

impl BrowserSession<'_> {
    /// Such as "Firefox on Linux".
    pub(super) fn device(&self, texts: &Texts) -> String {
        match device(self.user_agent.unwrap_or_default()) {
            Device { browser: Some(browser), system: Some(system) } => {
                format!("{browser}{}", texts.account.device.fill(system))
            }
            Device { browser: Some(name), .. } | Device { system: Some(name), .. } => {
                name.to_owned()
            }
            Device { .. } => texts.account.unknown_device.to_owned(),
        }
    }

    pub(super) fn facts(&self, texts: &Texts, now: i64) -> Vec<Fact> {
        facts(texts, self.address, self.first_seen, (self.last_seen, now))
    }
}

impl ApplicationSession<'_> {
    pub(super) fn facts(&self, texts: &Texts, now: i64) -> Vec<Fact> {
        facts(texts, self.address, self.first_seen, (self.last_seen, now))
    }
}

impl Granted<'_> {
    pub(super) fn facts(&self, texts: &Texts) -> Vec<Fact> {
        vec![Fact::day(texts.account.since, self.since, texts)]
    }
}

/// A sentence with a time or an address in it.
pub(super) struct Fact {
    pub(super) before: &'static str,
    pub(super) text: String,
    /// The time for machines.
    pub(super) time: Option<String>,
    pub(super) after: &'static str,
}

impl Fact {
    fn day(around: super::texts::Around, at: i64, texts: &Texts) -> Self {
        let super::texts::Around { before, after } = around;
        Self { before, text: when::day(at, texts), time: when::iso(at), after }
    }
}

fn facts(texts: &Texts, address: Option<&str>, first: i64, (last, now): (i64, i64)) -> Vec<Fact> {
    let account = &texts.account;
    let seen =
        Fact { text: when::ago(last, now, texts), ..Fact::day(account.last_seen, last, texts) };
    let address = address.map(|address| Fact {
        before: account.address.before,
        text: words::shown(address),
        time: None,
        after: account.address.after,
    });
    let began = Fact::day(account.first_seen, first, texts);
    [Some(seen), address, Some(began)].into_iter().flatten().collect()
}
