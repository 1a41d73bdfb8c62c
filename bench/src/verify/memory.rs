//! What the set of revocations takes of memory: by how much the resident memory of a process grows
//! that does nothing but fill one. Each size has a process of its own.

use std::hint::black_box;
use std::process::Command;

use chancery_verifier::revocation::RevocationSet;

use super::issuer::random_entries;
use super::row;
use crate::figures::{Failure, print_table};

/// One process for each size.
pub(super) fn measure(sizes: &[usize]) -> Result<(), Failure> {
    let mut table = vec![row(["revocations", "memory"])];
    for size in sizes {
        let fill = size.to_string();
        let child =
            Command::new(std::env::current_exe()?).args(["verify", "--fill", &fill]).output()?;
        if !child.status.success() {
            return Err("the process that fills a set failed".into());
        }
        table.push(row([&fill, String::from_utf8(child.stdout)?.trim()]));
    }
    print_table(&table);
    Ok(())
}

/// Fills a set with `entries` and prints what that took.
pub(super) fn fill(entries: usize) -> Result<(), Failure> {
    let empty = RevocationSet::default();
    let before = resident()?;
    let mut set = empty.clone();
    let mut left = entries;
    while left > 0 {
        // Little at a time, so that what is only passing through does not count.
        let batch = left.min(1_000);
        set.merge(random_entries(batch)?);
        left -= batch;
    }
    let grown = resident()?.saturating_sub(before);
    black_box((&empty, &set));
    println!("{:.1} MB", f64::from(u32::try_from(grown / 1000)?) / 1000.0);
    Ok(())
}

/// The resident memory of this process, in bytes (proc(5)).
fn resident() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no VmRSS")?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}
