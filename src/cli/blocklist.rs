//! The list of passwords that nobody is to choose.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use super::Failure;
use crate::config::Config;
use crate::protocol::password::{CommonPassword, CommonPasswords, PasswordPolicy};

/// What a password must satisfy when it is set, with the configured list.
pub(super) fn password_policy(config: &Config) -> Result<PasswordPolicy, Failure> {
    let policy = config.passwords.policy();
    let Some(path) = &config.passwords.blocklist else { return Ok(policy) };
    let name = path.display();
    let read = File::open(path).and_then(|file| read(BufReader::new(file)));
    let (common, unusable) = read.map_err(|error| {
        let said = format!("passwords.blocklist {name}: {error}");
        Failure::usage("invalid_configuration", said)
    })?;
    if unusable > 0 {
        // Not what they say: one may be somebody's password.
        tracing::warn!(
            file = %name,
            lines = unusable,
            "lines of passwords.blocklist are not used: they are no UTF-8, or no password equals them"
        );
    }
    Ok(PasswordPolicy { common, ..policy })
}

/// The entries of a list, and how many lines stand for none.
fn read(list: impl BufRead) -> io::Result<(CommonPasswords, usize)> {
    let mut lines = list.take(MAX_BYTES + 1);
    let (mut entries, mut unusable, mut line) = (Vec::new(), 0, Vec::new());
    let mut start = BYTE_ORDER_MARK;
    while lines.read_until(b'\n', &mut line)? > 0 {
        match CommonPassword::parse(line.strip_prefix(start).unwrap_or(&line)) {
            Ok(entry) => entries.extend(entry),
            Err(_) => unusable += 1,
        }
        start = b"";
        line.clear();
        if entries.len() > MAX_ENTRIES || lines.limit() == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
    if entries.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no password in it"));
    }
    Ok((entries.into_iter().collect(), unusable))
}

/// Eight bytes of memory for each.
const MAX_ENTRIES: usize = 10_000_000;
const MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// What some editors begin a file of UTF-8 with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
