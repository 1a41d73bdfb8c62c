//! What stands between a node and the database, and breaks their connection around a commit, or holds back
//! what the database says.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use url::Url;

use crate::support::postgres::skip_or_fail;

/// When the connection of the next commit breaks.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Cut {
    Never,
    /// Before the database hears of it.
    Before,
    /// After it has answered, before anybody hears that.
    After,
}

/// What stands between a node and the database.
pub(super) struct Between {
    url: String,
    cut: Arc<AtomicU8>,
    held: watch::Sender<bool>,
    _folder: TempDir,
}

impl Between {
    /// In front of the socket that `url` names. `None` if it names none, which was said.
    pub(super) fn start(url: &str) -> Option<Self> {
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
        let (held, holding) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                let database = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(carry((node, database), armed.clone(), holding.clone()));
            }
        });
        url.set_query(Some(&format!("host={}&sslmode=disable", folder.path().display())));
        Some(Self { url: url.into(), cut, held, _folder: folder })
    }

    /// The URL of the same database, through this.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn cut_next(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// Holds back all that the database says from now on, or lets it through.
    pub(super) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// Whether what was to be cut has been.
    pub(super) fn has_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst) == Cut::Never as u8
    }
}

/// Carries bytes to and fro until one side is gone, or a commit is cut.
async fn carry(
    (mut node, mut database): (UnixStream, UnixStream),
    cut: Arc<AtomicU8>,
    mut held: watch::Receiver<bool>,
) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut commits = Commits::default();
    loop {
        tokio::select! {
            read = node.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let never = Cut::Never as u8;
                let is_one = commits.is_in(&up[..count]);
                let now = if is_one { cut.swap(never, Ordering::SeqCst) } else { never };
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
                if held.wait_for(|held| !held).await.is_err() {
                    return;
                }
                if node.write_all(&down[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// What a connection commits by: the word, or a rotation, which is one statement and so a transaction by
/// itself.
#[derive(Default)]
struct Commits {
    /// The name under which the rotation was prepared.
    rotation: Option<Vec<u8>>,
}

impl Commits {
    /// Whether a node that sends these bytes commits something.
    fn is_in(&mut self, sent: &[u8]) -> bool {
        if let Some(text) = place(sent, ROTATES) {
            // The name is before the text, and both end in a NUL.
            self.rotation = place(&sent[..text], NAMED).map(|name| sent[name..text].to_owned());
            return false;
        }
        let executes = |name: &Vec<u8>| place(sent, name).is_some();
        place(sent, b"COMMIT\0").is_some() || self.rotation.as_ref().is_some_and(executes)
    }
}

fn place(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).rposition(|window| window == part)
}

const ROTATES: &[u8] = b"UPDATE session SET generation = ";
/// How the driver begins the names of statements.
const NAMED: &[u8] = b"sqlx_s_";
