//! Debian's Chromium, driven through its chromedriver.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;
use url::{ParseError, Url};

use super::postgres::skip_or_fail;

/// A browser of one test.
pub(crate) struct Chromium {
    pub(crate) client: Client,
    driver: Child,
    /// Where the driver listens.
    port: u16,
    _profile: TempDir,
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RunsScripts {
    Yes,
    No,
}

impl Chromium {
    /// `None` if the browser or its driver is not to be had, which was said, or failed under CI.
    pub(crate) async fn start(scripts: RunsScripts) -> Option<Self> {
        let [driver, browser] = ["chromedriver", "chromium"].map(|program| {
            Command::new(program).arg("--version").output().is_ok_and(|ran| ran.status.success())
        });
        if !driver || !browser {
            let name = std::thread::current().name().unwrap_or("a test").to_owned();
            skip_or_fail(&name, "there is no chromium with its chromedriver on the path");
            return None;
        }
        let (driver, port) = start_driver();
        let profile = tempfile::tempdir().unwrap();
        let capabilities = capabilities(&profile);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        let it = Self { client, driver, port, _profile: profile };
        if scripts == RunsScripts::No {
            it.devtools("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
        }
        Some(it)
    }

    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn url(&self) -> Url {
        self.client.current_url().await.unwrap()
    }

    /// The one element of this selector, once it is there.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(found) => found,
            Err(error) => panic!("no {css}: {error}: {}", self.said().await),
        }
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        loop {
            match self.find(css).await.text().await {
                Ok(text) => return text,
                // Another page has come since it was found.
                Err(error) if error.is_stale_element_reference() => {}
                Err(error) => panic!("{css}: {error}"),
            }
        }
    }

    pub(crate) async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// Types into a field that is empty, or that is emptied.
    pub(crate) async fn fill(&self, name: &str, text: &str) {
        let field = self.find(&format!("[name={name}]")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys where the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Waits for a page whose title begins like this.
    pub(crate) async fn arrives(&self, title: &str) {
        let script = "return document.readyState === 'complete' && document.title";
        let arrived = async || {
            let shown = self.client.execute(script, vec![]).await.ok();
            shown.is_some_and(|shown| shown.as_str().unwrap_or_default().starts_with(title))
        };
        self.until(title, arrived).await;
    }

    /// Waits for something that happens beside.
    pub(crate) async fn until(&self, what: &str, happened: impl AsyncFn() -> bool) {
        let waiting = async {
            while !happened().await {
                tokio::task::yield_now().await;
            }
        };
        let late = timeout(PATIENCE, waiting).await.is_err();
        assert!(!late, "no {what}: {}", self.said().await);
    }

    /// The value of a script in the page.
    pub(crate) async fn eval(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// What the console says since this was asked last, refusals by a policy among it.
    pub(crate) async fn log(&self) -> Vec<String> {
        let command = Vendor { path: "se/log", body: json!({"type": "browser"}) };
        let lines = self.client.issue_cmd(command).await.unwrap();
        let lines = lines.as_array().unwrap().iter();
        lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    }

    /// A command of the DevTools protocol.
    pub(crate) async fn devtools(&self, command: &str, params: Value) -> Value {
        let body = json!({"cmd": command, "params": params});
        let command = Vendor { path: "goog/cdp/execute", body };
        self.client.issue_cmd(command).await.unwrap()
    }

    async fn said(&self) -> String {
        let (url, log) = (self.url().await, self.log().await);
        format!("{url}\n{log:?}\n{}", self.client.source().await.unwrap_or_default())
    }
}

impl Chromium {
    fn shut_down(&self) -> std::io::Result<()> {
        let mut driver = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        driver.set_read_timeout(Some(PATIENCE))?;
        driver.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        driver.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind; one that is asked ends it first.
        if self.shut_down().is_err() {
            let _ = self.driver.kill();
        }
        let _ = self.driver.wait();
    }
}

/// What chromedriver has beyond the standard.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// A driver on a port of its own choice, which another program may take before it does: then it ends.
fn start_driver() -> (Child, u16) {
    (0..5).find_map(|_| try_driver()).unwrap_or_else(|| panic!("chromedriver did not start"))
}

fn try_driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(driver.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("successfully on port ") {
        line.clear();
        if said.read_line(&mut line).unwrap() == 0 {
            driver.wait().unwrap();
            return None;
        }
    }
    let port = line.trim_end().trim_end_matches('.').rsplit(' ').next().unwrap();
    let port = port.parse().unwrap();
    // Nobody reads the pipe from here on, so it has to be emptied.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    Some((driver, port))
}

fn capabilities(profile: &TempDir) -> Value {
    let profile = format!("--user-data-dir={}", profile.path().display());
    let arguments = [
        "--headless",
        // Tests run as root, too.
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-lcd-text",
        "--hide-scrollbars",
        "--lang=en",
        "--window-size=1000,800",
        &profile,
    ];
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
    })
}

const PATIENCE: Duration = Duration::from_secs(30);
