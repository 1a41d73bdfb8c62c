//! What must hold between keys of several sections. Must not look at declared objects.

use std::collections::BTreeSet;

use super::input::Input;
use super::network::is_loopback;
use super::server::{Config, on_localhost};

impl Config {
    /// Refuses values that do not fit together.
    pub(super) fn check(&self, input: &mut Input<'_>) {
        self.check_reach(input);
        self.check_listeners(input);
        self.check_master_key(input);
        self.check_times(input);
        self.tokens.check(input);
        self.passwords.check(input);
        self.feed.check(input);
        self.gate.check(input);
        self.check_places(input);
    }

    /// Passwords and tokens must not leave this machine in the clear, and TLS is done by a proxy.
    fn check_reach(&self, input: &mut Input<'_>) {
        input.require(
            self.issuer.is_https() || self.issuer.is_loopback(),
            &["issuer"],
            "with http the issuer must be this machine: put a proxy that does TLS in front and \
             give its URL, as in CHANCERY_ISSUER=https://auth.example.com, or use \
             http://localhost:8080",
        );
        for (key, listeners) in [("listen", &self.listen), ("admin_listen", &self.admin_listen)] {
            input.require(
                !self.trusted_proxies.is_empty() || listeners.iter().all(is_loopback),
                &[key, "trusted_proxies"],
                "other machines reach this address, and TLS is done by a proxy: name the proxy, \
                 as in CHANCERY_TRUSTED_PROXIES=10.0.0.5, or listen on 127.0.0.1 and [::1] alone",
            );
        }
    }

    fn check_listeners(&self, input: &mut Input<'_>) {
        let fixed = self.listen.iter().chain(&self.admin_listen).filter(|one| one.port() != 0);
        let mut seen = BTreeSet::new();
        input.require(
            fixed.into_iter().all(|address| seen.insert(address)),
            &["listen", "admin_listen"],
            "an address stands twice among `listen` and `admin_listen`",
        );
        let any_port = self.listen.first().is_some_and(|first| first.port() == 0);
        input.require(
            !any_port || self.issuer != on_localhost(&self.listen),
            &["issuer", "listen"],
            "is needed where the port of the first `listen` address is 0",
        );
    }

    fn check_master_key(&self, input: &mut Input<'_>) {
        input.require(
            self.master_key.is_some() || self.issuer.is_loopback(),
            &["master_key", "issuer"],
            "is needed where the issuer is not this machine: make one by \
             `openssl rand -base64 32 > master.key`, keep it apart from the database, and give \
             CHANCERY_MASTER_KEY_FILE=master.key",
        );
        input.require(
            self.master_key.is_some() || self.master_key_previous.is_none(),
            &["master_key_previous", "master_key"],
            "is given without master_key, the key that took its place",
        );
    }

    /// Streams stay open, and requests need connections too.
    fn check_places(&self, input: &mut Input<'_>) {
        let streams = self.feed.streams.saturating_add(self.feed.anonymous_streams);
        input.require(
            streams <= self.http.connections / 2,
            &["feed.streams", "feed.anonymous_streams", "http.connections"],
            "with feed.anonymous_streams must be at most half of http.connections, or streams \
             leave no room for requests",
        );
    }

    /// Whatever may wait within a request must give up before the request does.
    fn check_times(&self, input: &mut Input<'_>) {
        let waits = [
            ("passwords.hash_deadline", self.passwords.hash_deadline),
            ("database.acquire_timeout", self.database.acquire_timeout),
        ];
        for (key, wait) in waits {
            input.require(
                wait <= self.http.request_timeout,
                &[key, "http.request_timeout"],
                "must be at most http.request_timeout",
            );
        }
    }
}
