//! Whether a machine has room for it, and time.

use std::process::Command;

use super::fill::Size;
use crate::figures::Failure;

/// Says what the sizes take, and refuses what was not asked for twice or has no room.
pub(super) fn check(sizes: &[Size], yes: bool) -> Result<(), Failure> {
    let rows = |size: &Size| size.sessions + size.users + size.clients + size.revocations;
    let most = sizes.iter().map(rows).max().unwrap_or(0);
    // All sizes of a database are there at once.
    let all: u64 = sizes.iter().map(rows).sum();
    let (bytes, free) = (all * BYTES_OF_ROW + BYTES_BESIDE, free()?);
    eprintln!(
        "at most {} MiB of the {} MiB that are free in {}, and about {} min for each database, \
         beside the loads",
        bytes >> 20,
        free >> 20,
        std::env::temp_dir().display(),
        (all * MICROS_OF_ROW / 1_000_000).div_ceil(60),
    );
    if free.saturating_sub(bytes) < KEPT_FREE {
        return Err("there would be less than 15 GiB left".into());
    }
    if most > FREELY && !yes {
        return Err("that is much: --yes if it is meant".into());
    }
    Ok(())
}

/// How many bytes are free where databases are kept.
fn free() -> Result<u64, Failure> {
    let folder = std::env::temp_dir();
    let told =
        Command::new("df").args(["--output=avail", "--block-size=1"]).arg(folder).output()?;
    let told = String::from_utf8(told.stdout)?;
    Ok(told.lines().last().unwrap_or_default().trim().parse()?)
}

/// What a session takes with its indexes, on whichever database it takes more.
const BYTES_OF_ROW: u64 = 1_500;
/// Logs of a database, and whatever else there is.
const BYTES_BESIDE: u64 = 3 << 30;
const KEPT_FREE: u64 = 15 << 30;
const FREELY: u64 = 1_000_000;
const MICROS_OF_ROW: u64 = 100;
