//! A browser without a window, for servers that run as processes: cookies, forms, redirects.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use http::Method;
use url::Url;

use super::client::Reply;
use super::user_agent::encode;
use super::wire::exchange_with;

/// One browser. All servers are on this machine, so they share its cookies, as ports do.
#[derive(Default)]
pub(crate) struct Visitor {
    cookies: BTreeMap<String, String>,
}

/// What it shows.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) url: Url,
    pub(crate) reply: Reply,
}

impl Visitor {
    /// Opens a page, wherever that leads.
    pub(crate) async fn open(&mut self, url: &str) -> Shown {
        self.go(Method::GET, Url::parse(url).unwrap(), "").await
    }

    /// Sends the form of a page with what is filled in.
    pub(crate) async fn submit(&mut self, page: &Shown, filled: &[(&str, &str)]) -> Shown {
        self.submit_to("", page, filled).await
    }

    /// The same for the first form of a page whose address begins so.
    pub(crate) async fn submit_to(
        &mut self,
        path: &str,
        page: &Shown,
        filled: &[(&str, &str)],
    ) -> Shown {
        let start = "<form method=\"post\" action=\"";
        let begins = format!("{start}{path}");
        let at = page.reply.body.find(&begins).unwrap() + start.len();
        let form = &page.reply.body[at..];
        let url = page.url.join(&form[..form.find('"').unwrap()]).unwrap();
        let hidden = ["csrf", "i"].map(|name| (name, page.reply.body.contains(&named(name))));
        let hidden = hidden.into_iter().filter(|(_, there)| *there);
        let hidden: Vec<_> = hidden.map(|(name, _)| (name, page.reply.field(name))).collect();
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let form = encode(hidden.chain(filled.iter().copied()));
        self.go(Method::POST, url, &form).await
    }

    /// Its cookies.
    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.clone()
    }

    async fn go(&mut self, mut method: Method, mut url: Url, form: &str) -> Shown {
        let mut form = form.to_owned();
        for _ in 0..10 {
            let reply = self.send(&method, &url, &form).await;
            let next = reply.goes_to().map(|next| url.join(&next).unwrap());
            // Elsewhere than on this machine nobody is: there it ends.
            let Some(next) = next.filter(|next| next.port().is_some()) else {
                return Shown { url, reply };
            };
            url = next;
            (method, form) = (Method::GET, String::new());
        }
        panic!("redirects without an end: {url}");
    }

    async fn send(&mut self, method: &Method, url: &Url, form: &str) -> Reply {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let host = url.authority().to_owned();
        let mut headers =
            vec![("Host", host.as_str()), ("Cookie", &cookies), ("User-Agent", FIREFOX)];
        let origin = url.origin().ascii_serialization();
        if *method == Method::POST {
            headers.push(("Origin", &origin));
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, url.port().unwrap()));
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let reply = exchange_with(address, (method, target), &headers, form).await.unwrap();
        for cookie in reply.headers.get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            // Browsers leave a larger one, and keep what was there (RFC 6265bis §5.6).
            if name.len() + value.len() <= 4096 {
                self.cookies.insert(name.to_owned(), value);
            }
        }
        reply
    }
}

const FIREFOX: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn named(name: &str) -> String {
    format!("name=\"{name}\"")
}
