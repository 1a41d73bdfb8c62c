//! A connection that breaks around a commit: whether it took place, only the database knows.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use url::Url;

use super::BACKEND;
use crate::support::postgres::skip_or_fail;
use crate::support::{Asking, Browser, PASSWORD, TestServer, VERIFIER, basic, encode};

/// When the connection of the next commit breaks.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Cut {
    Never,
    /// Before the database hears of it.
    Before,
    /// After it has answered, before anybody hears that.
    After,
}

/// What stands between a node and the database.
struct Between {
    url: String,
    cut: Arc<AtomicU8>,
    _folder: TempDir,
}

impl Between {
    /// In front of the socket that `url` names. `None` if it names none, which was said.
    fn start(url: &str) -> Option<Self> {
        let mut url = Url::parse(url).unwrap();
        let socket = url.query_pairs().find(|(name, _)| name == "host").map(|(_, dir)| dir);
        let Some(socket) = socket.map(|dir| PathBuf::from(&*dir)) else {
            let name = std::thread::current().name().unwrap_or("a test").to_owned();
            skip_or_fail(&name, "the server of TEST_POSTGRES_URL has no socket");
            return None;
        };
        let file = format!(".s.PGSQL.{}", url.port().unwrap_or(5432));
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(&file)).unwrap();
        let cut = Arc::new(AtomicU8::new(Cut::Never as u8));
        let (server, armed) = (socket.join(file), cut.clone());
        tokio::spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                let database = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(carry(node, database, armed.clone()));
            }
        });
        url.set_query(Some(&format!("host={}&sslmode=disable", folder.path().display())));
        Some(Self { url: url.into(), cut, _folder: folder })
    }

    fn cut_next(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }
}

/// Carries bytes to and fro until one side is gone, or a commit is cut.
async fn carry(mut node: UnixStream, mut database: UnixStream, cut: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = node.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let commits = up[..count].windows(7).any(|bytes| bytes == b"COMMIT\0");
                let never = Cut::Never as u8;
                let now = if commits { cut.swap(never, Ordering::SeqCst) } else { never };
                if now == Cut::Before as u8 {
                    return;
                }
                database.write_all(&up[..count]).await.unwrap();
                if now == Cut::After as u8 {
                    assert_ne!(database.read(&mut down).await.unwrap(), 0);
                    return;
                }
            }
            read = database.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if node.write_all(&down[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

const CALLBACK: &str = "https://shop.example/cb";

#[tokio::test]
async fn an_exchange_whose_commit_nobody_heard_of_is_looked_up() {
    // C130
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let Some(between) = Between::start(&server.url_text()) else { return };
    let node = server.through(between.url.clone()).await;
    let settings = json!({
        "client_id": "shop",
        "grants": ["authorization_code", "refresh_token"],
        "scopes": ["openid"],
        "redirect_uris": [CALLBACK],
    });
    let secret = server.create_client(&settings).await["client_secret"].clone();
    let shop = basic("shop", secret.as_str().unwrap());
    server.create_user("anna", &[]).await;
    node.server.memory.refresh().await.unwrap();
    let mut browser = Browser::at(&node);
    let page = browser.ask(&Asking::of("shop", CALLBACK, "openid")).await;
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    let answer = browser.decide(&page, "allow").await.answer_at(CALLBACK);
    let form = encode([
        ("grant_type", "authorization_code"),
        ("code", &answer["code"]),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]);
    let sessions = "SELECT COUNT(*) FROM session WHERE client_id = 'shop'";
    let mut raw = server.raw().await;
    // It did not take place: nothing is used up, and the code is as good as before.
    between.cut_next(Cut::Before);
    let lost = node.form("/oauth/token", &shop, &form).await;
    lost.assert_error(503, "temporarily_unavailable");
    assert_eq!(raw.number(sessions).await, 0);
    // It took place: the tokens are those of the session that is there.
    between.cut_next(Cut::After);
    let tokens = node.form("/oauth/token", &shop, &form).await.tokens();
    assert_eq!(raw.number(sessions).await, 1);
    assert_eq!(between.cut.load(Ordering::SeqCst), Cut::Never as u8, "both were cut");
    let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    assert_eq!(node.form("/oauth/token", &shop, &refresh).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_whose_commit_nobody_heard_of_is_looked_up() {
    // C130
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let Some(between) = Between::start(&server.url_text()) else { return };
    let node = server.through(between.url.clone()).await;
    server.create_user("anna", &[]).await;
    let mut browser = Browser::at(&node);
    let page = browser.get("/signin").await;
    let browsers = "SELECT COUNT(*) FROM browser_session";
    let mut raw = server.raw().await;
    // It did not take place, and nobody is signed in.
    between.cut_next(Cut::Before);
    browser.submit_sign_in(&page, "anna", PASSWORD).await.assert_page(503);
    assert_eq!(raw.number(browsers).await, 0);
    // It took place, and the cookie is of the browser session that is there.
    between.cut_next(Cut::After);
    let page = browser.sign_in(&page, "anna", PASSWORD).await;
    assert_eq!(raw.number(browsers).await, 1);
    assert_eq!(between.cut.load(Ordering::SeqCst), Cut::Never as u8, "both were cut");
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("action=\"/account/password\""), "{page:?}");
}
