//! Pictures that are read from files. Must not know any command.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Failure;
use crate::config::Config;
use crate::pages::Brand;

/// The brand of the pages, with its picture.
pub(super) fn brand(config: &Config) -> Result<Brand, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        Failure::usage("invalid_configuration", format!("pages.logo: {why}"))
    };
    let logo = config.pages.logo.as_deref().map(|path| read(path, MAX_LOGO)).transpose();
    let logo = logo.map_err(|error| failed(&error))?;
    config.pages.brand(logo, &config.issuer).map_err(|error| failed(&error))
}

/// Reads a file of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    read.map_err(|error| failed(&error))?;
    if bytes.len() as u64 > limit {
        return Err(failed(&format_args!("the picture is larger than {} KiB", limit / 1024)));
    }
    Ok(bytes)
}

/// The largest picture of the brand, in bytes.
const MAX_LOGO: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logo.png");
        std::fs::write(&path, [7; 1024]).unwrap();
        assert_eq!(read(&path, 1024).unwrap(), [7; 1024]);
        let larger = read(&path, 1023).unwrap_err().to_string();
        assert!(larger.ends_with("logo.png: the picture is larger than 0 KiB"), "{larger}");
        assert!(read(folder.path(), 1024).is_err());
    }
}
