//! The files of the installation, and who may read them.

use std::path::{Path, PathBuf};

use super::report::Report;
use crate::cli::connect::master_key_path;
use crate::cli::first_run;
use crate::cli::rights::{BEYOND_THE_OWNER, open_rights};
use crate::config::Config;
use crate::storage::DatabaseUrl;

pub(super) fn check(config: &Config, report: &mut Report) {
    let mut private = vec![master_key_path(config)];
    if let Ok(DatabaseUrl::Sqlite(path)) = DatabaseUrl::parse(config.database_url.expose()) {
        private.extend(["", "-wal", "-shm"].map(|companion| beside(&path, companion)));
    }
    let passwords = first_run::path(config);
    private.push(passwords.clone());
    let open: Vec<String> = std::iter::once((&config.data_dir, 0o700))
        .chain(private.iter().map(|path| (path, 0o600)))
        .filter_map(|(path, wanted)| Some((path, wanted, open_rights(path, BEYOND_THE_OWNER)?)))
        .map(|(path, wanted, is)| {
            let path = path.display();
            format!("{path} has the rights {is:o}: run `chmod {wanted:o} {path}`")
        })
        .collect();
    let folder = config.data_dir.display();
    if !open.is_empty() {
        report.fail("data_dir", open.join("\n"));
    } else if config.data_dir.exists() {
        report.ok("data_dir", format!("{folder} is its owner's alone"));
    } else {
        report.ok("data_dir", format!("{folder} does not exist, and is made when it is needed"));
    }
    if passwords.exists() {
        let path = passwords.display();
        report.warn("first_run", format!("{path} holds passwords: remove it once they are yours"));
    }
}

fn beside(path: &Path, companion: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(companion);
    name.into()
}
