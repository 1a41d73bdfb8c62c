//! The way between an API and its node, which can be cut.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::figures::Failure;
use crate::stage::{Launch, Node, free_url};

/// A node whose name leads to it over a relay.
pub(super) async fn node_behind_a_relay() -> Result<(Node, Relay), Failure> {
    let url = free_url()?;
    let relay = Relay::start(url.trim_start_matches("http://").to_owned()).await?;
    let launch = Launch { url, issuer: Some(relay.url.clone()), ..Launch::default() };
    Ok((Node::start(launch).await?, relay))
}

/// Passes bytes on while the way is open. Cutting it ends every connection and refuses new ones.
pub(super) struct Relay {
    open: watch::Sender<bool>,
    /// Where an API finds it.
    pub(super) url: String,
}

impl Relay {
    /// A relay to a node at `address`, which may begin to listen later.
    pub(super) async fn start(address: String) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let open = watch::Sender::new(true);
        tokio::spawn(accept(listener, address.into(), open.subscribe()));
        Ok(Self { open, url })
    }

    pub(super) fn cut(&self) {
        self.open.send_replace(false);
    }

    pub(super) fn mend(&self) {
        self.open.send_replace(true);
    }
}

async fn accept(listener: TcpListener, address: Arc<str>, open: watch::Receiver<bool>) {
    while let Ok((stream, _)) = listener.accept().await {
        if *open.borrow() {
            tokio::spawn(pass_on(stream, address.clone(), open.clone()));
        }
    }
}

async fn pass_on(mut near: TcpStream, address: Arc<str>, mut open: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(&*address).await else { return };
    let delays = [near.set_nodelay(true), far.set_nodelay(true)];
    debug_assert!(delays.iter().all(Result::is_ok), "a relay that delays is no fair one");
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}
