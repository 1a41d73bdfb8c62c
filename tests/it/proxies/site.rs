//! Owns what is promised of every proxy in front of the gate, whichever it is.
//! Must not import what is of one alone.

use super::{Ports, bearer, silent};
use crate::support::{Api, Backend, GateProcess, Home, Proxy, Serving, Wire, ask, until};

/// What a proxy says where the gate does not let a request through for reasons of its own.
pub(super) struct Failing {
    /// The gate does not run.
    pub(super) absent: u16,
    /// The gate is asked for what it must not guess at.
    pub(super) misconfigured: u16,
    /// Whether the client is told when the gate wants to be asked again.
    pub(super) tells_wait: bool,
}

/// Everything that is promised of a proxy.
pub(super) async fn check(start: impl Fn(Ports) -> Proxy, failing: &Failing) {
    let site = Site::start(&start).await;
    site.refuses_who_has_no_token().await;
    site.lets_a_good_token_through().await;
    site.keeps_forged_headers_from_the_api().await;
    site.holds_each_path_to_its_scope().await;
    let ended = site.hears_of_a_revocation().await;
    site.fails_closed(&ended, start, failing).await;
}

/// An issuer, a gate, an API, and a proxy between them.
pub(super) struct Site {
    gate: GateProcess,
    pub(super) api: Api,
    pub(super) proxy: Proxy,
    pub(super) wire: Wire,
    _serving: Serving,
    _home: Home,
}

impl Site {
    pub(super) async fn start(start: impl Fn(Ports) -> Proxy) -> Self {
        let mut home = Home::new(Backend::Sqlite).unwrap();
        let serving = home.serve();
        let wire = home.wire(&serving);
        let gate = GateProcess::start(&[
            ("CHANCERY_GATE__ISSUER", &wire.issuer()),
            ("CHANCERY_GATE__AUDIENCES", AUDIENCE),
        ]);
        gate.ready().await;
        let api = Api::start().await;
        let ports = |proxy| Ports { proxy, gate: gate.address, api: api.address };
        let proxy = Proxy::start(|address| start(ports(address))).await;
        let site = Self { gate, api, proxy, wire, _serving: serving, _home: home };
        // Traefik listens before it has read which routes there are.
        until(401, async || ask(site.proxy.address, "/", &[]).await).await;
        site
    }

    pub(super) async fn refuses_who_has_no_token(&self) {
        let token = self.wire.login().await.access;
        for target in
            ["/", "/x", "/admin/x", &format!("/?access_token={token}"), "/verify", "/healthz"]
        {
            let reply = ask(self.proxy.address, target, &[]).await;
            assert_eq!(reply.status, 401, "{target}: {reply:?}");
            assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"api\"", "{reply:?}");
        }
        // C024
        for (status, headers) in [
            (401, vec![("Authorization", "Basic YTpi".to_owned())]),
            (401, vec![("Cookie", format!("access_token={token}"))]),
            (401, vec![("Authorization", format!("Bearer {token}a"))]),
            (400, vec![("Authorization", format!("Bearer {token}, Bearer {token}"))]),
            (400, vec![("Authorization", format!("Bearer {token}")); 2]),
        ] {
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let reply = ask(self.proxy.address, "/", &headers).await;
            assert_eq!(reply.status, status, "{headers:?}: {reply:?}");
        }
        assert_eq!(self.api.requests(), 0);
    }

    async fn lets_a_good_token_through(&self) {
        let token = self.wire.login().await.access;
        let claims = crate::support::claims(&token);
        let reply = ask(self.proxy.address, "/x?y=1", &[("Authorization", &bearer(&token))]).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.body.starts_with("GET /x?y=1 HTTP/1."), "{reply:?}");
        for (header, claim) in
            [("subject", "sub"), ("client", "client_id"), ("scope", "scope"), ("session", "sid")]
        {
            let received = Api::received(&reply, &format!("x-auth-{header}"));
            assert_eq!(received, [claims[claim].as_str().unwrap()], "{header}: {reply:?}");
        }
    }

    /// Also where the token says nothing that could take the place of what the client sent.
    async fn keeps_forged_headers_from_the_api(&self) {
        let of_user = self.wire.login().await.access;
        let form = "grant_type=client_credentials&scope=read";
        let of_client = self.wire.form("/oauth/token", form).await.unwrap().tokens().access;
        assert!(crate::support::claims(&of_client)["sid"].is_null());
        let names = ["X-Auth-Subject", "X-Auth-Client", "X-Auth-Scope", "X-Auth-Session"];
        for token in [&of_user, &of_client] {
            let authorization = bearer(token);
            let mut headers = vec![("Authorization", authorization.as_str())];
            let spelt: Vec<String> = names
                .iter()
                .flat_map(|name| {
                    let (start, end) = name.rsplit_once('-').unwrap();
                    [
                        (*name).to_owned(),
                        name.to_ascii_uppercase(),
                        name.replace('-', "_"),
                        format!("{start}_{end}"),
                        format!("{}-{end}", start.replace('-', "_")),
                    ]
                })
                .collect();
            headers.extend(spelt.iter().map(|name| (name.as_str(), "forged")));
            // A header that `Connection` names is for the next hop alone (RFC 9110 §7.6.1).
            let hop = ("Connection", "close, X-Auth-Subject, X-Auth-Client");
            for headers in [headers.clone(), [headers, vec![hop]].concat()] {
                let reply = ask(self.proxy.address, "/", &headers).await;
                assert_eq!(reply.status, 200, "{reply:?}");
                assert!(!reply.body.contains("forged"), "{reply:?}");
                let claims = crate::support::claims(token);
                let subject = claims["sub"].as_str().unwrap();
                assert_eq!(Api::received(&reply, "x-auth-subject"), [subject], "{reply:?}");
            }
        }
    }

    async fn holds_each_path_to_its_scope(&self) {
        let token = self.wire.login().await.access;
        let authorization = bearer(&token);
        let reached = self.api.requests();
        let reply = ask(self.proxy.address, "/admin/x", &[("Authorization", &authorization)]).await;
        assert_eq!(reply.status, 403, "{reply:?}");
        let challenge = reply.header("www-authenticate");
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.contains("admin") && challenge.contains("read"), "{challenge}");
        // C124
        for target in ["//admin/x", "/%61dmin/x", "/x/../admin/x", "/./admin/x", "/admin//x"] {
            let reply = ask(self.proxy.address, target, &[("Authorization", &authorization)]).await;
            assert!(reply.status.is_client_error(), "{target}: {reply:?}");
        }
        assert_eq!(self.api.requests(), reached);
        // What leads out of `/admin/` does not reach the API as something within.
        for target in ["/admin/../x", "/admin/%2e%2e/x", "/admin/y/../../x", "/admin/y/..%2f..%2fx"]
        {
            let reply = ask(self.proxy.address, target, &[("Authorization", &authorization)]).await;
            let normal = reply.body.starts_with("GET /x HTTP/1.");
            assert!(normal || reply.status.is_client_error(), "{target}: {reply:?}");
        }
        // Who asks the gate for less is asked for as much as before.
        let less = [
            ("Authorization", authorization.as_str()),
            ("X-Gate-Scope", "read"),
            ("X-Gate-Audience", "https://other.example"),
        ];
        let reply = ask(self.proxy.address, "/admin/x?scope=read", &less).await;
        assert_eq!(reply.status, 403, "{reply:?}");
        // Other paths than `/admin/…`, which no proxy turns into one.
        for target in [
            "/admin",
            "/admin%2fx",
            "/admin%2Fx",
            "/admin;x",
            "/admin;/x",
            "/;/admin/x",
            "/x/..;/admin/x",
            "/ADMIN/x",
            "/admin\\x",
        ] {
            let without = ask(self.proxy.address, target, &[]).await;
            assert!(!without.status.is_success(), "{target}: {without:?}");
            let reply = ask(self.proxy.address, target, &[("Authorization", &authorization)]).await;
            let unchanged = reply.body.starts_with(&format!("GET {target} HTTP/1."));
            assert_eq!(reply.status.is_success(), unchanged, "{target}: {reply:?}");
            assert!(!unchanged || !target.contains('%'), "{target}: {reply:?}");
        }
    }

    /// A token that was good, and is not any more; the session's end reached the gate by itself.
    async fn hears_of_a_revocation(&self) -> String {
        let tokens = self.wire.login().await;
        let authorization = bearer(&tokens.access);
        let asking =
            async || ask(self.proxy.address, "/", &[("Authorization", &authorization)]).await;
        assert_eq!(asking().await.status, 200);
        self.wire.revoke(&tokens.refresh).await.unwrap();
        let reply = until(401, asking).await;
        let challenge = "Bearer realm=\"api\", error=\"invalid_token\", \
                     error_description=\"The access token is not accepted\"";
        assert_eq!(reply.header("www-authenticate"), challenge, "{reply:?}");
        let reached = self.api.requests();
        assert_eq!(asking().await.status, 401);
        assert_eq!(self.api.requests(), reached);
        tokens.access
    }

    /// Whatever the gate does or does not do, nothing reaches the API that it has not let through.
    async fn fails_closed(self, ended: &str, start: impl Fn(Ports) -> Proxy, failing: &Failing) {
        let (api, issuer) = (self.api.address, self.wire.issuer());
        // Each with a proxy of its own: the address of a gate that has ended is anybody's.
        let behind = async |gate| Proxy::start(|proxy| start(Ports { proxy, gate, api })).await;
        let token = self.wire.login().await.access;
        let authorization = bearer(&token);
        let asking = async |proxy: &Proxy| {
            ask(proxy.address, "/", &[("Authorization", &authorization)]).await
        };
        assert_eq!(asking(&self.proxy).await.status, 200);
        let reached = self.api.requests();

        let (code, log) = self.gate.end();
        assert_eq!(code, Some(0), "{log}");
        for secret in [token.as_str(), ended, "forged"] {
            assert!(!log.contains(secret), "{log}");
        }

        let nobody = silent();
        let proxy = behind(nobody.local_addr().unwrap()).await;
        until(failing.absent, async || asking(&proxy).await).await;

        let other = GateProcess::start(&[
            ("CHANCERY_GATE__ISSUER", &issuer),
            ("CHANCERY_GATE__AUDIENCES", "https://demo-api.example,https://other.example"),
        ]);
        other.ready().await;
        let proxy = behind(other.address).await;
        until(failing.misconfigured, async || asking(&proxy).await).await;
        let (_, log) = other.end();
        assert!(log.contains("no audience is asked for"), "{log}");

        let nowhere = GateProcess::start(&[
            ("CHANCERY_GATE__ISSUER", "http://127.0.0.1:1"),
            ("CHANCERY_GATE__AUDIENCES", AUDIENCE),
        ]);
        let proxy = behind(nowhere.address).await;
        let reply = until(503, async || asking(&proxy).await).await;
        assert_eq!(!reply.header("retry-after").is_empty(), failing.tells_wait, "{reply:?}");
        assert_eq!(self.api.requests(), reached);
    }
}

/// Of the demo client's tokens.
const AUDIENCE: &str = "https://demo-api.example";
