//! The gate behind real proxies. Their configurations are the blocks of docs/gate.md, with other
//! ports: what stands there is what runs here.

mod site;

use std::net::SocketAddr;

use http::Method;
use site::{Failing, Site, check};
use tokio::net::TcpSocket;

use crate::support::{
    Api, Backend, GateProcess, Home, Proxy, ProxyProgram, ask, basic, block, until,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_lets_through_what_the_gate_lets_through() {
    let Some(program) = ProxyProgram::find("nginx") else { return };
    let start = |ports: Ports| nginx(&program, ports, "", "");
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
    let proxy = Proxy::start(|address| nginx(&program, ports(address), "", &more)).await;
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

/// What others set for the whole of nginx, as a page for when something fails, is not the gate's yes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_takes_nothing_else_for_the_gates_yes() {
    let Some(program) = ProxyProgram::find("nginx") else { return };
    let around = "
        error_page 401 500 502 503 504 =200 /sorry.html;
        proxy_intercept_errors on;
        proxy_cache_path cache keys_zone=answers:1m;
        proxy_cache answers;
        proxy_cache_valid any 10m;
        proxy_ignore_headers Cache-Control;
        ";
    let closed = "location /none/ { auth_request /gate/; include gate.conf; \
                  proxy_pass http://127.0.0.1:9000; }";
    let start = |ports: Ports| nginx(&program, ports, around, closed);
    let site = Site::start(start).await;
    site.refuses_who_has_no_token().await;
    let authorization = bearer(&site.wire.login().await.access);
    let with = [("Authorization", authorization.as_str())];
    assert_eq!(ask(site.proxy.address, "/x", &with).await.status, 200);
    assert_eq!(ask(site.proxy.address, "/x", &[]).await.status, 401);
    let reached = site.api.requests();
    assert_eq!(ask(site.proxy.address, "/none/", &with).await.status, 503);

    let nobody = silent();
    let gate = nobody.local_addr().unwrap();
    let ports = |proxy| Ports { proxy, gate, api: site.api.address };
    let proxy = Proxy::start(|address| start(ports(address))).await;
    for path in ["/x", "/admin/x"] {
        assert_eq!(ask(proxy.address, path, &[]).await.status, 503, "{path}");
        assert_eq!(ask(proxy.address, path, &with).await.status, 503, "{path}");
    }
    assert_eq!(site.api.requests(), reached);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_says_what_the_second_gate_said_where_the_first_is_away() {
    let Some(program) = ProxyProgram::find("nginx") else { return };
    let nobody = silent();
    let away = nobody.local_addr().unwrap();
    let start = |ports: Ports| {
        let one = format!("server {};", ports.gate);
        // It never counts as away, so every second request tries it first.
        let both = format!("server {away} max_fails=0;\n    {one}");
        let server = nginx_server(ports, "");
        assert!(server.contains(&one), "{server}");
        run_nginx(&program, ports, "", &server.replace(&one, &both))
    };
    let site = Site::start(start).await;
    let authorization = bearer(&site.wire.login().await.access);
    let twice = format!("{authorization}, {authorization}");
    // Three at a time, so that each comes to be tried there first.
    for _ in 0..4 {
        for (path, sent, status) in
            [("/x", &authorization, 200), ("/x", &twice, 400), ("/admin/x", &authorization, 403)]
        {
            let reply = ask(site.proxy.address, path, &[("Authorization", sent)]).await;
            assert_eq!(reply.status, status, "{path}: {reply:?}");
        }
    }
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

/// nginx with what the page shows, `around` its server, and `more` within that.
fn nginx(program: &ProxyProgram, ports: Ports, around: &str, more: &str) -> Proxy {
    run_nginx(program, ports, around, &nginx_server(ports, more))
}

fn nginx_server(ports: Ports, more: &str) -> String {
    let server = block("docs/gate.md", "nginx server");
    let (before, after) = server.split_once("    location ^~ /gate/").unwrap();
    ports.place(&format!("{before}{more}\n    location ^~ /gate/{after}"))
}

fn run_nginx(program: &ProxyProgram, ports: Ports, around: &str, server: &str) -> Proxy {
    let wrapped = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\nclient_body_temp_path t1;\nproxy_temp_path t2;\n\
         fastcgi_temp_path t3;\nuwsgi_temp_path t4;\nscgi_temp_path t5;\n{around}\n{server}\n}}\n",
    );
    let files = [("nginx.conf", wrapped), ("gate.conf", ports.block("nginx gate.conf"))];
    program.run(ports.proxy, &files, &["-p", "{folder}", "-c", "nginx.conf"])
}

/// An address that stays taken, and where nobody listens.
fn silent() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    socket
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

/// Of the clients whose scopes have a colon.
const ORDERS: &str = "https://orders.example";
