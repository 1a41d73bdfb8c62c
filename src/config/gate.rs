//! `[gate]`: the verifier as a forward-auth service. Must not import other sections.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use super::bounded::seconds;
use super::input::Input;
use super::kind::{Choice, FILE, List, Parsed, Refused, list};
use super::network::sockets;
use super::secret::{self, SecretText};
use super::section::section;
use super::span::{DAY, HOUR, MINUTE, SECOND};
use super::wrapped::Optional;

section! {
    /// `[gate]`: the verifier as a forward-auth service, which `chancery gate` is. It needs nothing
    /// of the other sections but `[log]` and `[http]`.
    #[derive(Clone)]
    pub struct Gate, from input {
        /// Whose access tokens the gate accepts: any issuer of RFC 9068 tokens that publishes its
        /// metadata.
        issuer: Option<String> = None, shown "the `issuer` above", takes Optional(ISSUER);
        /// Where the gate listens for proxies.
        listen: Vec<SocketAddr> = vec![([127, 0, 0, 1], 8081).into()], takes sockets(1);
        /// The audiences that a proxy may ask for. Where there is one alone, it need not ask.
        audiences: Vec<String> = Vec::new(), takes audiences();
        /// The client as which the gate has a reserved place on the issuer's stream of revocations:
        /// one with `serves`.
        client_id: Option<String> = None, takes Optional(CLIENT_ID);
        /// The secret of that client.
        client_secret: Option<SecretText> = None,
            takes Optional(secret::any("the secret of a client"));
        /// The name under which the issuer lists the gate among its subscribers.
        subscriber: Option<String> = None, takes Optional(SUBSCRIBER);
        /// Where the gate keeps keys and revocations, to begin with them while the issuer is down.
        state: Option<PathBuf> = None, takes Optional(FILE);
        /// After how long without news the stream of revocations is taken for dead: three times
        /// `feed.heartbeat` of the issuer.
        silence: Duration = 15 * SECOND, takes seconds(SECOND, HOUR);
        /// How fresh the gate's knowledge of revocations must be where a proxy does not ask for more.
        freshness: Fresh = Fresh::Standard, takes Choice(&FRESHNESS);
        /// How old the knowledge of revocations may be; then the gate answers 503.
        max_stale: Duration = HOUR, takes seconds(SECOND, DAY);
        /// How old it may be where the freshness is `strict`.
        strict_max_stale: Duration = 15 * SECOND, takes seconds(SECOND, HOUR);
        /// How much longer than its `exp` a token counts, since clocks differ.
        leeway: Duration = 5 * SECOND, takes seconds(Duration::ZERO, MINUTE);
        /// The longest life of an access token; one that claims more is refused.
        max_token_life: Duration = HOUR, takes seconds(SECOND, DAY);
        /// The `realm` of the challenges.
        realm: String = "api".to_owned(), takes REALM;
    }
}

/// How fresh the knowledge of revocations must be.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fresh {
    /// Younger than `max_stale`.
    Standard,
    /// Younger than `strict_max_stale`.
    Strict,
}

impl Gate {
    /// What must hold between the keys.
    pub(super) fn check(&self, input: &mut Input<'_>) {
        input.require(
            self.client_id.is_some() == self.client_secret.is_some(),
            &["gate.client_id", "gate.client_secret"],
            "and gate.client_secret are given together or not at all",
        );
        input.require(
            self.strict_max_stale <= self.max_stale,
            &["gate.strict_max_stale", "gate.max_stale"],
            "must be at most gate.max_stale",
        );
    }

    /// Reads an issuer as the key does.
    pub fn parse_issuer(text: &str) -> Result<String, &'static str> {
        (ISSUER.parse)(text).map_err(|_| ISSUER.takes)
    }

    /// Reads an audience as the key does.
    pub fn parse_audience(text: &str) -> Result<String, &'static str> {
        (AUDIENCE.parse)(text).map_err(|_| AUDIENCE.takes)
    }
}

const FRESHNESS: [(&str, Fresh); 2] = [("standard", Fresh::Standard), ("strict", Fresh::Strict)];

// Not `Issuer`, which is stricter than other servers are: it refuses a trailing slash.
const ISSUER: Parsed<String> = Parsed {
    takes: "an https URL, or an http URL of this machine, exactly as it stands in the `iss` of tokens",
    parse: |text| if is_issuer(text) { Ok(text.to_owned()) } else { Err(Refused::FORM) },
    show: String::clone,
};

const AUDIENCE: Parsed<String> = Parsed {
    takes: "printable ASCII without spaces, commas and quotes, such as `https://api.example`",
    parse: |text| {
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"\",\\".contains(&byte);
        printable(text, 512, fits).ok_or(Refused::FORM)
    },
    show: String::clone,
};

const CLIENT_ID: Parsed<String> = Parsed {
    takes: "the id of a client",
    parse: |text| printable(text, 128, |byte| byte.is_ascii_graphic()).ok_or(Refused::FORM),
    show: String::clone,
};

const SUBSCRIBER: Parsed<String> = Parsed {
    takes: "1 to 64 of the characters `A` to `Z`, `a` to `z`, `0` to `9`, `.`, `_` and `-`",
    parse: |text| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        printable(text, 64, fits).ok_or(Refused::FORM)
    },
    show: String::clone,
};

const REALM: Parsed<String> = Parsed {
    takes: "1 to 64 printable ASCII characters without quote and backslash",
    parse: |text| {
        let fits = |byte: u8| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte);
        printable(text, 64, fits).ok_or(Refused::FORM)
    },
    show: String::clone,
};

fn audiences() -> List<Parsed<String>> {
    list(AUDIENCE)
}

fn printable(text: &str, longest: usize, fits: impl Fn(u8) -> bool) -> Option<String> {
    let fits = (1..=longest).contains(&text.len()) && text.bytes().all(fits);
    fits.then(|| text.to_owned())
}

fn is_issuer(text: &str) -> bool {
    let plain =
        |url: &Url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let Some(url) = Url::parse(text).ok().filter(plain) else { return false };
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    text.bytes().all(|byte| byte.is_ascii_graphic())
        && (url.scheme() == "https" || url.scheme() == "http" && local)
}
