//! Where a configuration comes from: the environment, files, and what this machine is like. Must
//! not know any key.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;
use std::{fs, thread};

use zeroize::Zeroizing;

/// The world that a configuration is read from, handed in so that tests can decide it.
pub struct Sources {
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) cores: usize,
    files: Box<dyn Files>,
}

/// What reads the text of a file.
trait Files {
    fn read(&self, path: &Path) -> io::Result<String>;
}

impl<F: Fn(&Path) -> io::Result<String>> Files for F {
    fn read(&self, path: &Path) -> io::Result<String> {
        self(path)
    }
}

impl Sources {
    /// These variables, these files, and a machine of so many `cores`. Paths are relative to the
    /// working directory.
    pub fn new<Name: Into<OsString>, Value: Into<OsString>>(
        environment: impl IntoIterator<Item = (Name, Value)>,
        read_file: impl Fn(&Path) -> io::Result<String> + 'static,
        cores: usize,
    ) -> Self {
        let variables = environment.into_iter();
        Self {
            environment: variables.map(|(name, value)| (name.into(), value.into())).collect(),
            cores,
            files: Box::new(read_file),
        }
    }

    /// The environment of this process, the files it sees, and the cores it may use.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::new(std::env::vars_os(), read_file, cores)
    }

    /// Nothing is given at all.
    pub(super) fn none() -> Self {
        let nothing: [(&str, &str); 0] = [];
        Self::new(nothing, |_| Err(io::ErrorKind::NotFound.into()), 1)
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        let found = self.environment.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_os_str())
    }

    /// The text of a file.
    pub(super) fn read(&self, path: &Path) -> Result<Zeroizing<String>, io::ErrorKind> {
        self.files.read(path).map(Zeroizing::new).map_err(|error| error.kind())
    }

    /// The secret in a file: its text without the line end that editors and `echo` add.
    pub(super) fn read_secret(&self, path: &Path) -> Result<Zeroizing<String>, io::ErrorKind> {
        let mut text = self.read(path)?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }
}

/// No configuration and no secret is longer; a device file would never end.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

fn read_file(path: &Path) -> io::Result<String> {
    let file = fs::File::open(path)?;
    let length = file.metadata()?.len().min(MAX_FILE_BYTES);
    // Room for the whole at once: growing would leave copies of a secret behind.
    let mut text = String::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    let read = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (bytes, is_read) in [(0, true), (1 << 20, true), ((1 << 20) + 1, false)] {
            fs::write(&path, "x".repeat(bytes)).unwrap();
            let read = read_file(&path).map(|text| text.len()).map_err(|error| error.kind());
            let expected = if is_read { Ok(bytes) } else { Err(io::ErrorKind::FileTooLarge) };
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn what_is_no_file_or_no_text_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_file(folder.path()).is_err());
        let path = folder.path().join("binary");
        fs::write(&path, [0xFF]).unwrap();
        assert_eq!(read_file(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
