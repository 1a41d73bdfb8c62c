//! The state file: what is known, kept to start from while the issuer is down. Must not talk to
//! anybody.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::pause::Pause;
use crate::{ImportError, Position, Verifier};

/// Where the state is kept. Copies write it one after the other.
#[derive(Clone)]
pub(super) struct StateFile {
    path: PathBuf,
    writing: Arc<Mutex<()>>,
}

#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("others than its owner can write it")]
    Writable,
    #[error("it is another user's")]
    Foreign,
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl StateFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), writing: Arc::default() }
    }

    /// Takes up what the file holds. One that is not there, damaged, or open to others is left alone.
    pub(super) fn load(&self, verifier: &Verifier) {
        // What cannot be looked at is not removed.
        let _ = self.remove_litter(verifier.clock().now());
        match self.read().and_then(|state| Ok(verifier.import(&state)?)) {
            Ok(()) => {
                tracing::info!(path = %self.path.display(), "what was known before is taken up");
            }
            Err(LoadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the state file is not used");
            }
        }
    }

    /// Writes the file whenever something has changed, at most every [`INTERVAL`].
    pub(super) async fn keep(&self, verifier: &Verifier, pause: &dyn Pause) {
        let mut saved = Version::of(verifier);
        loop {
            pause.pause(INTERVAL).await;
            let current = Version::of(verifier);
            if current != saved && self.save(verifier).await {
                saved = current;
            }
        }
    }

    /// Writes the file, and answers whether it could be. What cannot be written is only not there after
    /// a restart.
    pub(super) async fn save(&self, verifier: &Verifier) -> bool {
        let (file, verifier) = (self.clone(), verifier.clone());
        let written = tokio::task::spawn_blocking(move || file.write(&verifier)).await;
        if let Ok(Err(error)) = &written {
            tracing::warn!(path = %self.path.display(), %error, "the state file cannot be written");
        }
        matches!(written, Ok(Ok(())))
    }

    fn write(&self, verifier: &Verifier) -> io::Result<()> {
        // What is exported later is newer.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        replace(&self.path, &verifier.export())
    }

    /// Removes what processes that were killed have left half written, by the time `now`.
    fn remove_litter(&self, now: i64) -> io::Result<()> {
        let Some((folder, name)) = self.path.parent().zip(self.path.file_name()) else {
            return Ok(());
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let before = Duration::from_millis(now.try_into().unwrap_or(0)).saturating_sub(LITTER);
        for file in fs::read_dir(folder)?.flatten() {
            let written = file.metadata().and_then(|metadata| metadata.modified());
            let old = written.is_ok_and(|written| written < SystemTime::UNIX_EPOCH + before);
            if old && is_beside(&file.file_name(), name) {
                fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }

    fn read(&self) -> Result<Vec<u8>, LoadError> {
        let mut file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        if is_open_to_others(&metadata) {
            return Err(LoadError::Writable);
        }
        if !is_own(&metadata) {
            return Err(LoadError::Foreign);
        }
        let mut state = Vec::new();
        file.read_to_end(&mut state)?;
        Ok(state)
    }
}

/// What tells one state from the next without writing it out. Time alone is news every five minutes,
/// also while nothing comes: the state has to be as old after a restart.
#[derive(Eq, PartialEq)]
struct Version {
    position: Option<Position>,
    entries: usize,
    jwks_hash: Option<String>,
    minutes: Option<i64>,
}

impl Version {
    fn of(verifier: &Verifier) -> Self {
        let state = verifier.state();
        Self {
            position: state.position,
            entries: state.entries,
            jwks_hash: state.jwks_hash,
            minutes: state.as_of.zip(state.age).map(|(as_of, age)| {
                as_of.saturating_add_unsigned(age.as_secs().saturating_mul(1000)) / 300_000
            }),
        }
    }
}

/// Writes a file beside and puts it in place, so that whoever reads finds the old one or the new one.
fn replace(path: &Path, state: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    // Another process may be writing one of its own.
    beside.push(format!(".{:016x}.new", RandomState::new().hash_one(0)));
    let written = write_new(Path::new(&beside), state).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Whether it is the name of a file that is written to take the place of `name`.
fn is_beside(beside: &OsStr, name: &OsStr) -> bool {
    let bytes = beside.as_encoded_bytes();
    let chance =
        bytes.strip_prefix(name.as_encoded_bytes()).and_then(|rest| rest.strip_prefix(b"."));
    let chance = chance.and_then(|rest| rest.strip_suffix(b".new"));
    chance.is_some_and(|chance| chance.len() == 16 && chance.iter().all(u8::is_ascii_hexdigit))
}

fn write_new(path: &Path, state: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(state)?;
    file.sync_all()
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o022 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

/// Whether the file is this process's user's, or root's. Where that user cannot be told it counts as
/// his.
#[cfg(unix)]
fn is_own(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = fs::metadata("/proc/self").map_or(metadata.uid(), |own| own.uid());
    [0, own].contains(&metadata.uid())
}

#[cfg(not(unix))]
fn is_own(_: &fs::Metadata) -> bool {
    true
}

const INTERVAL: Duration = Duration::from_secs(30);
/// What is half written for so long nobody is writing any more.
const LITTER: Duration = Duration::from_mins(5);
