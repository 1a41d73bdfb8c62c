//! A client that is told of the end of sessions, and answers as a test says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::server::TestServer;

/// A client that listens until this is dropped.
pub(crate) struct RelyingParty {
    pub(crate) address: SocketAddr,
    said: Arc<Said>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Said {
    /// The bodies of the requests, in their order.
    heard: Mutex<Vec<String>>,
    /// What it answers next; then it answers 200.
    answers: Mutex<VecDeque<Answer>>,
    changed: Notify,
    released: Notify,
}

/// What it answers.
#[derive(Clone)]
pub(crate) enum Answer {
    Status(u16),
    /// A redirect to where another one listens.
    Redirect(SocketAddr),
    /// Nothing: the connection ends.
    HangUp,
    /// Nothing until it is released, and then 200.
    Wait,
}

impl RelyingParty {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let said = Arc::new(Said::default());
        let hearing = said.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, hearing.clone()));
            }
        });
        Self { address, said, task }
    }

    /// From now on the client `id` is told here.
    pub(crate) async fn listen_as(&self, server: &TestServer, id: &str) {
        let uri = format!("http://{}/backchannel?tenant=1", self.address);
        let path = format!("/clients/{}", server.client_key(id).await);
        let change = json!({"backchannel_logout_uri": uri});
        let reply = server.admin(Method::PATCH, &path, &change).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// It answers so next, one after the other.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.said.answers.lock().unwrap().extend(answers);
    }

    /// Lets one answer that waits be given.
    pub(crate) fn release(&self) {
        self.said.released.notify_one();
    }

    /// The logout tokens that it was sent.
    pub(crate) fn heard(&self) -> Vec<String> {
        let heard = self.said.heard.lock().unwrap();
        let token = |form: &String| form.strip_prefix("logout_token=").unwrap().to_owned();
        heard.iter().map(token).collect()
    }

    /// Waits until it was sent so many.
    pub(crate) async fn until_heard(&self, count: usize) {
        loop {
            let changed = self.said.changed.notified();
            if self.heard().len() >= count {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for RelyingParty {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, said: Arc<Said>) {
    let form = read_form(&mut stream).await;
    said.heard.lock().unwrap().push(form);
    said.changed.notify_waiters();
    let next = said.answers.lock().unwrap().pop_front();
    let head = match next.unwrap_or(Answer::Status(200)) {
        Answer::Status(status) => format!("{status} Answered\r\n"),
        Answer::Redirect(to) => format!("307 Elsewhere\r\nLocation: http://{to}/\r\n"),
        Answer::HangUp => return,
        Answer::Wait => {
            said.released.notified().await;
            "200 OK\r\n".to_owned()
        }
    };
    let answer = format!("HTTP/1.1 {head}Content-Length: 0\r\nConnection: close\r\n\r\n");
    // Whoever asked may have left.
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// The body of a request of the one form that there is.
async fn read_form(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post /backchannel?tenant=1 http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"), "{head}");
    let (_, length) = head.split_once("\r\ncontent-length: ").unwrap();
    let length = length.split("\r\n").next().unwrap().parse().unwrap();
    let mut form = vec![0; length];
    stream.read_exact(&mut form).await.unwrap();
    String::from_utf8(form).unwrap()
}
