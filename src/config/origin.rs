//! Where the configuration was looked for, for whoever wonders why it is not his. Must not read any value.

use std::path::{Path, PathBuf};

use super::DEFAULT_FILE;
use super::environment::{FILE, variable};
use super::sources::Sources;

/// From where the place of the database is known, as in `from the file /etc/chancery.toml (CHANCERY_CONFIG)`.
pub(super) fn of_database(sources: &Sources) -> String {
    let given = |key: &str| {
        let name = variable(key);
        [format!("{name}_FILE"), name].into_iter().find(|name| sources.variable(name).is_some())
    };
    if let Some(name) = given("database_url") {
        return format!("from the variable {name}");
    }
    let folder = given("data_dir").map_or(String::new(), |name| format!(", with {name}"));
    if let Some(file) = sources.variable(FILE).map(PathBuf::from) {
        return format!("from the file {} ({FILE}){folder}", file.display());
    }
    if sources.read(Path::new(DEFAULT_FILE)).is_ok() {
        return format!("from {DEFAULT_FILE} of this folder{folder}");
    }
    format!("without a file ({FILE} is not set, this folder has no {DEFAULT_FILE}){folder}")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_decides_about_the_place_is_named_and_no_value() {
        let of = |variables: &[(&'static str, &'static str)], has_file: bool| {
            let read = move |_: &Path| {
                if has_file { Ok(String::new()) } else { Err(io::ErrorKind::NotFound.into()) }
            };
            of_database(&Sources::new(variables.iter().copied(), read, 1))
        };
        let url = ("CHANCERY_DATABASE_URL_FILE", "/a");
        let (file, folder) = (("CHANCERY_CONFIG", "/etc/x.toml"), ("CHANCERY_DATA_DIR", "/d"));
        assert_eq!(of(&[url, file, folder], true), "from the variable CHANCERY_DATABASE_URL_FILE");
        assert_eq!(
            of(&[file, folder], true),
            "from the file /etc/x.toml (CHANCERY_CONFIG), with CHANCERY_DATA_DIR"
        );
        assert_eq!(of(&[], true), "from chancery.toml of this folder");
        assert!(of(&[], false).starts_with("without a file (CHANCERY_CONFIG is not set"));
    }
}
