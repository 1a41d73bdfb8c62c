//! What looking up one name in the set costs.

use std::hint::black_box;
use std::time::Duration;

use chancery_verifier::revocation::{Entry, RevocationSet};

use super::issuer::random_entries;
use super::row;
use crate::figures::{Failure, Samples, now, print_table, show};

/// A name that is there and one that is not, each another one every time, so that none is in the
/// caches of the processor already.
pub(super) fn lookups(sizes: &[usize]) -> Result<(), Failure> {
    let mut table = vec![row(["revocations", "a name that is revoked", "a name that is not"])];
    for size in sizes {
        let entries = random_entries(*size)?;
        let mut set = RevocationSet::default();
        set.merge(entries.iter().copied());
        let hit = match entries.as_slice() {
            [] => "–".to_owned(),
            entries => show(each(&set, entries, true)?),
        };
        let miss = show(each(&set, &random_entries(100_000)?, false)?);
        table.push(row([&size.to_string(), &hit, &miss]));
    }
    print_table(&table);
    Ok(())
}

/// The median over blocks of the time of one lookup.
fn each(set: &RevocationSet, names: &[Entry], expected: bool) -> Result<Duration, Failure> {
    let mut blocks = Vec::new();
    for block in names.chunks(1000).take(100) {
        let start = now();
        if block.iter().any(|name| black_box(set.refuses(name.digest, 0)) != expected) {
            return Err("a lookup was wrong".into());
        }
        blocks.push(start.elapsed() / u32::try_from(block.len())?);
    }
    Ok(Samples::of(blocks)?.median())
}
