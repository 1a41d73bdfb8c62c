//! A copy of the file as of one moment, while servers go on.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::super::error::StorageError;
use super::open::BUSY_TIMEOUT;
use crate::protocol::revocation::FeedPosition;

/// A backup that was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BackedUp {
    /// The size of its file.
    pub bytes: u64,
    /// Where its log of revocations ends: what was revoked after that is not in it.
    pub position: FeedPosition,
}

/// Copies the database at `from` to a new file: whole, checked, durable, and for its owner's eyes only. Until
/// it is all of that, it has a name with `part` in it, which is to be random.
///
/// # Errors
/// If `to` exists, or what SQLite and the file system say. Then nothing is left behind at `to`.
pub async fn back_up(from: &Path, to: &Path, part: u64) -> Result<BackedUp, StorageError> {
    let unavailable =
        |error: io::Error| StorageError::Unavailable(format!("{}: {error}", to.display()));
    if to.try_exists().map_err(unavailable)? {
        return Err(unavailable(io::ErrorKind::AlreadyExists.into()));
    }
    // One that is made at the same time has another name, and so has what a killed one left behind. The
    // number of the process is the same each time in a container.
    let part = beside(to, &format!(".{part:016x}.part"));
    // SQLite fills an empty file, and would make one that the group may read.
    create_private(&part)
        .map_err(|error| StorageError::Unavailable(format!("{}: {error}", part.display())))?;
    let made = async {
        copy(from, &part).await?;
        let position = check(&part).await?;
        let bytes = publish(&part, to).map_err(unavailable)?;
        Ok(BackedUp { bytes, position })
    };
    let made = made.await;
    // By another name it is there already, or it is not to be.
    let _ = fs::remove_file(&part);
    made
}

/// `VACUUM INTO` reads in one transaction: writers do not wait for it, nor it for them.
async fn copy(from: &Path, to: &Path) -> Result<(), StorageError> {
    let mut conn = read_only(from).await?;
    let to = to.to_str().ok_or_else(|| {
        StorageError::Unavailable(format!("{}: a path must be text", to.display()))
    })?;
    let copied = sqlx::query("VACUUM INTO $1").bind(to).execute(&mut conn).await;
    let closed = conn.close().await;
    copied?;
    Ok(closed?)
}

/// Reads the copy from end to end.
async fn check(copy: &Path) -> Result<FeedPosition, StorageError> {
    let mut conn = read_only(copy).await?;
    let (verdict,): (String,) =
        sqlx::query_as("PRAGMA integrity_check(1)").fetch_one(&mut conn).await?;
    if verdict != "ok" {
        return Err(StorageError::Unavailable(format!("the copy is not whole: {verdict}")));
    }
    let (epoch, seq): (i64, i64) = sqlx::query_as("SELECT epoch, seq FROM feed_head WHERE id = 1")
        .fetch_one(&mut conn)
        .await?;
    conn.close().await?;
    Ok(FeedPosition { epoch, seq })
}

async fn read_only(path: &Path) -> Result<SqliteConnection, StorageError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    Ok(options.busy_timeout(BUSY_TIMEOUT).disable_statement_logging().connect().await?)
}

/// Makes the copy durable, and gives it its name if nobody has that; answers its size.
fn publish(part: &Path, to: &Path) -> io::Result<u64> {
    let file = File::open(part)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    fs::hard_link(part, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let synced = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
    if synced.is_err() {
        // The error that counts is the one before.
        let _ = fs::remove_file(to);
    }
    synced.map(|()| bytes)
}

/// Makes a file that its owner alone may read, where there is none, nor a link to one.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
