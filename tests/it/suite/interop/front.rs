//! What lies between a client and its server: it passes requests on, or does what networks do.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A listener before a server.
pub(super) struct Front {
    pub(super) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    sent: Vec<String>,
}

/// What becomes of one request.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// It is not passed on, and the connection ends.
    Cut,
    /// It is not passed on, and this is answered.
    Answer(&'static str),
    /// It is passed on, and the answer is lost.
    Lose,
    /// It is passed on, and half of the answer arrives.
    Halve,
}

impl Front {
    /// Listens, on a thread that ends with the process.
    pub(super) fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), server, &shared);
            }
        });
        Self { address, state }
    }

    /// Does this to the next request that nothing is held for yet.
    pub(super) fn holds(&self, act: Act) {
        self.state.lock().unwrap().acts.push_back(act);
    }

    /// The refresh tokens of all requests that have come.
    pub(super) fn sent(&self) -> Vec<String> {
        self.state.lock().unwrap().sent.clone()
    }
}

fn serve(mut stream: TcpStream, server: SocketAddr, state: &Mutex<State>) {
    let Some((head, body)) = read_request(&stream) else { return };
    let act = {
        let mut state = state.lock().unwrap();
        let token = body.split('&').find_map(|member| member.strip_prefix("refresh_token="));
        state.sent.push(token.unwrap().to_owned());
        state.acts.pop_front()
    };
    let answer = match act {
        Some(Act::Cut) => Vec::new(),
        Some(Act::Answer(text)) => text.into(),
        Some(Act::Lose) => {
            forward(server, &head, &body);
            Vec::new()
        }
        Some(Act::Halve) => {
            let mut answer = forward(server, &head, &body);
            answer.truncate(answer.len() - 20);
            answer
        }
        None => forward(server, &head, &body),
    };
    // The client may have given up.
    let _ = stream.write_all(&answer);
}

/// The head and the body of a request, unless the connection brings none.
fn read_request(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        // One request for each connection, so that the end of the answer is that of the connection.
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((format!("{head}Connection: close\r\n\r\n"), String::from_utf8(body).unwrap()))
}

/// The server's answer, empty if there is none.
fn forward(server: SocketAddr, head: &str, body: &str) -> Vec<u8> {
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(server) {
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        stream.read_to_end(&mut answer).unwrap();
    }
    answer
}
