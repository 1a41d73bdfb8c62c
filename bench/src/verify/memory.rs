//! What revocations take of memory: by how much the resident memory of a process grows that does
//! nothing but fill a set, and by how much at most of one that takes up the snapshot as an API does.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use chancery_verifier::revocation::RevocationSet;
use chancery_verifier::{Settings, Verifier};
use clap::Subcommand;

use super::issuer::{AUDIENCE, ISSUER, TestIssuer, random_entries};
use super::row;
use crate::figures::{Failure, print_table};

#[derive(Subcommand)]
pub(super) enum Alone {
    /// Fill a set.
    Fill {
        /// With so many revocations.
        entries: usize,
    },
    /// Take up a snapshot.
    Absorb {
        /// The folder with the snapshot and the keys.
        folder: PathBuf,
    },
}

pub(super) fn run(alone: &Alone) -> Result<(), Failure> {
    match alone {
        Alone::Fill { entries } => fill(*entries),
        Alone::Absorb { folder } => absorb(folder),
    }
}

/// One process for each figure.
pub(super) fn measure(sizes: &[usize]) -> Result<(), Failure> {
    let mut table = vec![row([
        "revocations",
        "the set",
        "at most, while a snapshot is taken up",
        "the snapshot",
    ])];
    let issuer = TestIssuer::every()?.remove(0);
    for size in sizes {
        let folder = tempfile::tempdir()?;
        let snapshot = issuer.snapshot(*size)?;
        std::fs::write(folder.path().join(SNAPSHOT), &snapshot)?;
        std::fs::write(folder.path().join(KEYS), issuer.jwks())?;
        let fill = alone(&["fill", &size.to_string()])?;
        let absorb = alone(&["absorb", &folder.path().to_string_lossy()])?;
        table.push(row([&size.to_string(), &fill, &absorb, &megabytes(snapshot.len())?]));
    }
    print_table(&table);
    Ok(())
}

fn alone(arguments: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.arg("verify").args(arguments).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn fill(entries: usize) -> Result<(), Failure> {
    let empty = RevocationSet::default();
    let before = memory("VmRSS:")?;
    let mut set = empty.clone();
    let mut left = entries;
    while left > 0 {
        // Little at a time, so that what is only passing through does not count.
        let batch = left.min(1_000);
        set.merge(random_entries(batch)?);
        left -= batch;
    }
    println!("{}", megabytes(memory("VmRSS:")?.saturating_sub(before))?);
    black_box((&empty, &set));
    Ok(())
}

/// With everything that is only passing through: the text, what it is read into, the old set and the
/// new one.
fn absorb(folder: &Path) -> Result<(), Failure> {
    let verifier = Verifier::new(Settings::new(ISSUER, AUDIENCE));
    verifier.install_keys(&std::fs::read(folder.join(KEYS))?)?;
    let before = memory("VmRSS:")?;
    let snapshot = std::fs::read_to_string(folder.join(SNAPSHOT))?;
    verifier.absorb(&snapshot)?;
    println!("{}", megabytes(memory("VmHWM:")?.saturating_sub(before))?);
    Ok(())
}

/// The resident memory of this process, now or at most so far, in bytes (proc(5)).
fn memory(name: &str) -> Result<usize, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no such figure")?;
    Ok(kib.trim().parse::<usize>()? * 1024)
}

fn megabytes(bytes: usize) -> Result<String, Failure> {
    Ok(format!("{:.1} MB", f64::from(u32::try_from(bytes / 1000)?) / 1000.0))
}

const SNAPSHOT: &str = "snapshot";
const KEYS: &str = "keys";
