//! The state file: what is known, kept to start from while the issuer is down. Must not talk to
//! anybody.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::pause::Pause;
use crate::{ImportError, Position, Verifier};

/// Where the state is kept.
#[derive(Clone)]
pub(super) struct StateFile(PathBuf);

#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("others than its owner can write it")]
    Writable,
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl StateFile {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Takes up what the file holds. One that is not there, damaged, or open to others is left alone.
    pub(super) fn load(&self, verifier: &Verifier) {
        match self.read().and_then(|state| Ok(verifier.import(&state)?)) {
            Ok(()) => tracing::info!(path = %self.0.display(), "what was known before is taken up"),
            Err(LoadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(path = %self.0.display(), %error, "the state file is not used");
            }
        }
    }

    /// Writes the file whenever something has changed, at most every [`INTERVAL`].
    pub(super) async fn keep(&self, verifier: &Verifier, pause: &dyn Pause) {
        let mut saved = Version::of(verifier);
        loop {
            pause.pause(INTERVAL).await;
            let current = Version::of(verifier);
            if current != saved {
                self.save(verifier).await;
                saved = current;
            }
        }
    }

    /// Writes the file. What cannot be written is only not there after a restart.
    pub(super) async fn save(&self, verifier: &Verifier) {
        let (path, verifier) = (self.0.clone(), verifier.clone());
        let written = tokio::task::spawn_blocking(move || replace(&path, &verifier.export())).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(path = %self.0.display(), %error, "the state file cannot be written");
        }
    }

    fn read(&self) -> Result<Vec<u8>, LoadError> {
        let mut file = File::open(&self.0)?;
        if is_open_to_others(&file.metadata()?) {
            return Err(LoadError::Writable);
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
    beside.push(".new");
    // One that an end in the midst of writing has left.
    let _ = fs::remove_file(&beside);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(state)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o022 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

const INTERVAL: Duration = Duration::from_secs(30);
