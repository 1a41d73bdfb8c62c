//! The gate behind real proxies. Their configurations are the blocks of docs/gate.md, with other
//! ports: what stands there is what runs here.

use std::net::SocketAddr;

use http::Method;

use crate::support::{
    Api, Backend, GateProcess, Home, Proxy, ProxyProgram, Serving, Wire, ask, basic, block, until,
};

/// What a proxy says where the gate does not let a request through for reasons of its own.
struct Failing {
    /// The gate does not run.
    absent: u16,
    /// The gate is asked for what it must not guess at.
    misconfigured: u16,
    /// Whether the client is told when the gate wants to be asked again.
    tells_wait: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_lets_through_what_the_gate_lets_through() {
    let Some(program) = ProxyProgram::find("nginx") else { return };
    let start = |ports: Ports| nginx(&program, ports, "");
    check(start, &Failing { absent: 503, misconfigured: 503, tells_wait: true }).await;
}

/// nginx takes whatever answers an `auth_request` with 2xx for a yes, and this API does so always.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_closes_what_the_gate_cannot_be_asked() {
    let Some(program) = ProxyProgram::find("nginx") else { return };
    let mut home = Home::new(Backend::Sqlite).unwrap();
    let serving = home.serve();
    let wire = home.wire(&serving);
    home.succeed(&["resource", "create", ORDERS, "--scope", "orders:read"]);
    let secret = "0123456789abcdef0123456789abcdef";
    let create = "client create orders --secret-stdin --scope orders:read --resource";
    let arguments: Vec<&str> = create.split(' ').chain([ORDERS]).collect();
    assert_eq!(home.run_with_input(&arguments, secret).code, Some(0));
    let form = "grant_type=client_credentials&scope=orders:read";
    let token = until(200, async || {
        let content = ("application/x-www-form-urlencoded", form);
        let basic = basic("orders", secret);
        wire.send(Method::POST, "/oauth/token", &basic, content).await.unwrap()
    });
    let authorization = bearer(&token.await.tokens().access);
    let gate = GateProcess::start(&[
        ("CHANCERY_GATE__ISSUER", &wire.issuer()),
        ("CHANCERY_GATE__AUDIENCES", ORDERS),
    ]);
    gate.ready().await;
    let api = Api::start().await;
    let ports = |proxy| Ports { proxy, gate: gate.address, api: api.address };
    let more = "
        location /orders/ { auth_request /gate/orders:read; include gate.conf; API }
        location /more/ { auth_request /gate/orders:read+v1.readAll; include gate.conf; API }
        location /none/ { auth_request /gate/; include gate.conf; API }
        location /and/ { auth_request /gate/orders:read&x; include gate.conf; API }
        location /percent/ { auth_request /gate/orders%3Aread; include gate.conf; API }
        location /silent/ { include gate.conf; API }
        location /bare/ { API }
        location ~ rea { API }
        ";
    let more = more.replace("API", "proxy_pass http://127.0.0.1:9000;");
    let proxy = Proxy::start(|address| nginx(&program, ports(address), &more)).await;
    let with = [("Authorization", authorization.as_str())];
    for (path, without, with_token) in [
        ("/more/", 401, 403),
        ("/none/", 503, 503),
        ("/and/", 503, 503),
        ("/percent/", 503, 503),
        ("/silent/", 503, 503),
        ("/bare/", 500, 500),
        ("/gate/orders:read", 404, 404),
    ] {
        assert_eq!(ask(proxy.address, path, &[]).await.status, without, "{path}");
        assert_eq!(ask(proxy.address, path, &with).await.status, with_token, "{path}");
    }
    assert_eq!(ask(proxy.address, "/orders/", &[]).await.status, 401);
    assert_eq!(api.requests(), 0);
    let reply = ask(proxy.address, "/orders/", &with).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(Api::received(&reply, "x-auth-scope"), ["orders:read"], "{reply:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_lets_through_what_the_gate_lets_through() {
    let Some(program) = ProxyProgram::find("envoy") else { return };
    let start = |ports: Ports| {
        let files = [("envoy.yaml", ports.block("yaml envoy.yaml"))];
        let arguments = ["-c", "envoy.yaml", "--disable-hot-restart", "-l", "warn"];
        program.run(ports.proxy, &files, &arguments)
    };
    check(start, &Failing { absent: 503, misconfigured: 503, tells_wait: false }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_lets_through_what_the_gate_lets_through() {
    let Some(program) = ProxyProgram::find("traefik") else { return };
    let start = |ports: Ports| {
        let files = [
            ("traefik.yml", ports.block("yaml traefik.yml")),
            ("dynamic.yml", ports.block("yaml dynamic.yml")),
        ];
        let arguments = [
            "--configFile=traefik.yml",
            "--global.checkNewVersion=false",
            "--global.sendAnonymousUsage=false",
        ];
        program.run(ports.proxy, &files, &arguments)
    };
    check(start, &Failing { absent: 500, misconfigured: 500, tells_wait: true }).await;
}

/// nginx with what the page shows, and `more` within its server.
fn nginx(program: &ProxyProgram, ports: Ports, more: &str) -> Proxy {
    let server = block("docs/gate.md", "nginx server");
    let (before, after) = server.split_once("    location ^~ /gate/").unwrap();
    let server = ports.place(&format!("{before}{more}\n    location ^~ /gate/{after}"));
    let wrapped = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\nclient_body_temp_path t1;\nproxy_temp_path t2;\n\
         fastcgi_temp_path t3;\nuwsgi_temp_path t4;\nscgi_temp_path t5;\n{server}\n}}\n",
    );
    let files = [("nginx.conf", wrapped), ("gate.conf", ports.block("nginx gate.conf"))];
    program.run(ports.proxy, &files, &["-p", "{folder}", "-c", "nginx.conf"])
}

/// Everything that is promised of a proxy.
async fn check(start: impl Fn(Ports) -> Proxy, failing: &Failing) {
    let site = Site::start(start).await;
    site.refuses_who_has_no_token().await;
    site.lets_a_good_token_through().await;
    site.keeps_forged_headers_from_the_api().await;
    site.holds_each_path_to_its_scope().await;
    let ended = site.hears_of_a_revocation().await;
    site.fails_closed(&ended, failing).await;
}

/// An issuer, a gate, an API, and a proxy between them.
struct Site {
    gate: GateProcess,
    api: Api,
    proxy: Proxy,
    wire: Wire,
    _serving: Serving,
    _home: Home,
}

impl Site {
    async fn start(start: impl Fn(Ports) -> Proxy) -> Self {
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

    async fn refuses_who_has_no_token(&self) {
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
        // Who asks the gate for less is asked for as much as before.
        let less = [
            ("Authorization", authorization.as_str()),
            ("X-Gate-Scope", "read"),
            ("X-Gate-Audience", "https://other.example"),
        ];
        let reply = ask(self.proxy.address, "/admin/x?scope=read", &less).await;
        assert_eq!(reply.status, 403, "{reply:?}");
        // Other paths than `/admin/…`, which no proxy turns into one.
        for target in ["/admin", "/admin%2fx", "/admin%2Fx", "/admin;x", "/admin;/x", "/ADMIN/x"] {
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
    async fn fails_closed(self, ended: &str, failing: &Failing) {
        let token = self.wire.login().await.access;
        let asking = async |token: &str| {
            let authorization = bearer(token);
            ask(self.proxy.address, "/", &[("Authorization", &authorization)]).await
        };
        assert_eq!(asking(&token).await.status, 200);
        let reached = self.api.requests();

        let (address, issuer) = (self.gate.address.to_string(), self.wire.issuer());
        let (code, log) = self.gate.end();
        assert_eq!(code, Some(0), "{log}");
        for secret in [token.as_str(), ended, "forged"] {
            assert!(!log.contains(secret), "{log}");
        }
        assert_eq!(asking(&token).await.status, failing.absent);

        let other = GateProcess::start(&[
            ("CHANCERY_GATE__LISTEN", &address),
            ("CHANCERY_GATE__ISSUER", &issuer),
            ("CHANCERY_GATE__AUDIENCES", "https://demo-api.example,https://other.example"),
        ]);
        other.ready().await;
        let reply = until(failing.misconfigured, async || asking(&token).await).await;
        assert!(!reply.status.is_success(), "{reply:?}");
        let (_, log) = other.end();
        assert!(log.contains("no audience is asked for"), "{log}");

        let nowhere = GateProcess::start(&[
            ("CHANCERY_GATE__LISTEN", &address),
            ("CHANCERY_GATE__ISSUER", "http://127.0.0.1:1"),
            ("CHANCERY_GATE__AUDIENCES", AUDIENCE),
        ]);
        let reply = until(503, async || asking(&token).await).await;
        assert_eq!(!reply.header("retry-after").is_empty(), failing.tells_wait, "{reply:?}");
        drop(nowhere);
        assert_eq!(self.api.requests(), reached);
    }
}

/// Where everything listens, in the place of the ports on the page.
#[derive(Clone, Copy)]
struct Ports {
    proxy: SocketAddr,
    gate: SocketAddr,
    api: SocketAddr,
}

impl Ports {
    /// The block of docs/gate.md with this fence.
    fn block(self, fence: &str) -> String {
        self.place(&block("docs/gate.md", fence))
    }

    fn place(self, text: &str) -> String {
        let ports = [("8000", self.proxy), ("8081", self.gate), ("9000", self.api)];
        // By way of names: a port may contain another.
        let named =
            |text: String, (port, _): &(&str, SocketAddr)| text.replace(port, &format!("<{port}>"));
        let placed = |text: String, (port, address): &(&str, SocketAddr)| {
            text.replace(&format!("<{port}>"), &address.port().to_string())
        };
        let text = ports.iter().fold(text.to_owned(), named);
        ports.iter().fold(text, placed)
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Of the demo client's tokens.
const AUDIENCE: &str = "https://demo-api.example";
/// Of the clients whose scopes have a colon.
const ORDERS: &str = "https://orders.example";
