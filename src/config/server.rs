//! The keys outside of sections, and with the sections the whole configuration. Must not read any
//! source itself.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use crate::protocol::uri::Issuer;

use super::audit::Audit;
use super::database::Database;
use super::declared::{Context, Declared};
use super::feed::Feed;
use super::gate::Gate;
use super::http::Http;
use super::keys::Keys;
use super::kind::{Choice, Parsed, Refused};
use super::log::Log;
use super::logout::Logout;
use super::network::{networks, sockets};
use super::pages::Pages;
use super::passwords::Passwords;
use super::secret::{DATABASE_URL, MASTER_KEY, SecretText};
use super::section::section;
use super::tokens::Tokens;
use super::wrapped::Optional;

section! {
    /// Everything that can be configured, checked. Without `Debug`: it holds secrets.
    pub struct Config, from input {
        /// Where the server listens. It speaks HTTP; TLS is done by a proxy in front.
        listen: Vec<SocketAddr> = on_loopback(8080), takes sockets(1);
        /// The server's name in every token, and the URL by which clients reach it.
        issuer: Issuer = on_localhost(&listen),
            shown "http://localhost:8080, with the port of the first `listen` address",
            takes ISSUER;
        /// The folder of the embedded database, and of what the first run writes.
        data_dir: PathBuf = PathBuf::from("./chancery-data"), takes PATH;
        /// The database: an SQLite file, or PostgreSQL for several nodes.
        database_url: SecretText = sqlite_in(&data_dir), shown "sqlite://{data_dir}/chancery.db",
            takes DATABASE_URL;
        /// The key under which every key in the database is sealed. Where the issuer is this
        /// machine, it need not be given: one is made in `data_dir`.
        master_key: Option<SecretText> = None, takes Optional(MASTER_KEY);
        /// The master key before the present one, until everything is sealed anew.
        master_key_previous: Option<SecretText> = None, takes Optional(MASTER_KEY);
        /// The proxies whose forwarded headers, such as `X-Forwarded-For`, are believed.
        trusted_proxies: Vec<IpNet> = Vec::new(), takes networks();
        /// Where the admin API and the metrics are served instead of on `listen`.
        admin_listen: Vec<SocketAddr> = Vec::new(), takes sockets(0);
        /// Whether the server brings the tables of the database up to date when it starts, or
        /// refuses to start on older ones.
        migrate: Migrate = Migrate::Auto, takes Choice(&MIGRATE);
    } with {
        /// `[tokens]`.
        tokens: Tokens = input.section("tokens", Tokens::read);
        /// `[keys]`.
        keys: Keys = input.section("keys", Keys::read);
        /// `[passwords]`.
        passwords: Passwords = input.section("passwords", Passwords::read);
        /// `[pages]`.
        pages: Pages = input.section("pages", Pages::read);
        /// `[feed]`.
        feed: Feed = input.section("feed", Feed::read);
        /// `[http]`.
        http: Http = input.section("http", Http::read);
        /// `[database]`.
        database: Database = input.section("database", Database::read);
        /// `[log]`.
        log: Log = input.section("log", Log::read);
        /// `[audit]`.
        audit: Audit = input.section("audit", Audit::read);
        /// `[logout]`.
        logout: Logout = input.section("logout", Logout::read);
        /// `[gate]`.
        gate: Gate = input.section("gate", Gate::read);
        /// `[[users]]`, `[[clients]]` and `[[resources]]`.
        declared: Declared = Declared::read(input, &Context {
            issuer: &issuer,
            passwords: &passwords,
            max_token_life: (!input.is_refused("tokens.max_token_life"))
                .then_some(tokens.max_token_life),
        });
    }
}

/// What the server does about tables of an older version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Migrate {
    /// It brings them up to date.
    Auto,
    /// It refuses to start.
    Check,
}

const MIGRATE: [(&str, Migrate); 2] = [("auto", Migrate::Auto), ("check", Migrate::Check)];

const ISSUER: Parsed<Issuer> = Parsed {
    takes: "an https URL, or an http URL of this machine, without query and trailing slash",
    parse: |text| Issuer::parse(text).map_err(Refused::because),
    show: Issuer::to_string,
};

const PATH: Parsed<PathBuf> = Parsed {
    takes: "the path of a folder",
    parse: |text| if text.is_empty() { Err(Refused::FORM) } else { Ok(text.into()) },
    show: |path| path.display().to_string(),
};

fn on_loopback(port: u16) -> Vec<SocketAddr> {
    vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
}

/// The issuer of a server that only this machine reaches.
pub(super) fn on_localhost(listen: &[SocketAddr]) -> Issuer {
    let port = listen.first().map_or(0, SocketAddr::port);
    #[expect(clippy::expect_used, reason = "a number from 0 to 65535 makes no URL malformed")]
    Issuer::parse(&format!("http://localhost:{port}")).expect("the URL of a port")
}

fn sqlite_in(data_dir: &Path) -> SecretText {
    SecretText::new(format!("sqlite://{}", data_dir.join("chancery.db").display()))
}
