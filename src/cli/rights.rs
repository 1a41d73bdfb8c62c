//! Who may touch a file.

use std::path::Path;

/// What only the owner may have: nothing for his group, nor for others.
pub(super) const BEYOND_THE_OWNER: u32 = 0o077;

/// What nobody may have but the owner and his group, by which container platforms hand secrets out.
pub(super) const OF_OTHERS: u32 = 0o007;

/// The rights of a file, if it has any of those in `mask`.
#[cfg(unix)]
pub(super) fn open_rights(path: &Path, mask: u32) -> Option<u32> {
    let metadata = std::fs::metadata(path).ok()?;
    let rights = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    (rights & mask != 0).then_some(rights)
}

#[cfg(not(unix))]
pub(super) fn open_rights(_: &Path, _: u32) -> Option<u32> {
    None
}
