//! The list of passwords that nobody is to choose.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use super::Failure;
use crate::config::Config;
use crate::protocol::password::{CommonPassword, CommonPasswords, PasswordPolicy};

/// What a password must satisfy when it is set, with the configured list.
pub(super) fn password_policy(config: &Config) -> Result<PasswordPolicy, Failure> {
    let policy = config.passwords.policy();
    let Some(path) = &config.passwords.blocklist else { return Ok(policy) };
    let common = read(path).map_err(|error| {
        Failure::new(format!("passwords.blocklist {}: {error}", path.display()))
    })?;
    Ok(PasswordPolicy { common, ..policy })
}

fn read(path: &Path) -> io::Result<CommonPasswords> {
    let mut lines = BufReader::new(File::open(path)?).take(MAX_BYTES + 1);
    let (mut entries, mut line) = (Vec::new(), Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 {
        entries.extend(CommonPassword::parse(&line));
        line.clear();
        if entries.len() > MAX_ENTRIES || lines.limit() == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
    if entries.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no password in it"));
    }
    Ok(entries.into_iter().collect())
}

/// Eight bytes of memory for each.
const MAX_ENTRIES: usize = 10_000_000;
const MAX_BYTES: u64 = 1024 * 1024 * 1024;
