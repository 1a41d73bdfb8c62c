//! What the first run writes down and says. Its secrets are in a file before anything is made, so
//! that a run that was cut short can be done again. May import the flow of the first run.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::connect::create_private;
use super::{Failure, output};
use crate::config::Config;
use crate::flows::first_run::{FirstRun, Planned};
use crate::flows::server::Server;
use crate::protocol::secret::ClientSecret;

/// Fills an empty database, with secrets in a file that its owner alone may read, and shows how to
/// use them.
pub(super) async fn first_run(config: &Config, server: &Server) -> Result<(), Failure> {
    if !FirstRun::is_due(server).await? {
        return Ok(());
    }
    let path = path(config);
    let planned = read(&path)?;
    let is_new = planned.is_none();
    let run = FirstRun::plan(server, planned).await?;
    if !write(&path, &environment(config, &run), is_new)? {
        tracing::info!("another first run is under way");
        return Ok(());
    }
    if run.carry_out(server).await? {
        output::write(report(&path, &run).as_bytes())?;
    } else if is_new {
        // Another run was faster: these secrets open nothing.
        fs::remove_file(&path)?;
    }
    Ok(())
}

/// Where the secrets are written down.
pub(super) fn path(config: &Config) -> PathBuf {
    config.data_dir.join("first-run.env")
}

/// The secrets that an earlier run wrote down, before it was cut short or for another database.
fn read(path: &Path) -> Result<Option<Planned>, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::new(format!("{}: {error}", path.display()))),
    };
    let value = |name: &str| {
        let of = |line| str::strip_prefix(line, name)?.strip_prefix("='")?.strip_suffix('\'');
        text.lines().find_map(of)
    };
    let Some(password) = value("PASSWORD") else {
        let text = "is not what a first run writes: remove it, and start again";
        return Err(Failure::new(format!("{} {text}", path.display())));
    };
    let client_secret = value("CLIENT_SECRET").map(|text| ClientSecret::presented(text.to_owned()));
    Ok(Some(Planned { password: Zeroizing::new(password.to_owned()), client_secret }))
}

/// Answers whether it was written; if not, another run has done so this moment.
fn write(path: &Path, text: &str, is_new: bool) -> Result<bool, Failure> {
    let named = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
    if !is_new {
        if fs::read_to_string(path).map(Zeroizing::new).map_err(named)?.as_str() == text {
            return Ok(true);
        }
        // The same secrets, for another issuer.
        fs::remove_file(path).map_err(named)?;
    }
    match create_private(path, text) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        written => written.map(|()| true).map_err(named),
    }
}

fn environment(config: &Config, run: &FirstRun) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    let mut line = |name: &str, value: &str| {
        // Every value is of unreserved characters, or a URL that was checked.
        let _ = writeln!(text, "{name}='{value}'");
    };
    line("ISSUER", config.issuer.as_str());
    line("USERNAME", run.username);
    line("PASSWORD", &run.password);
    if let Some(demo) = &run.demo {
        line("CLIENT_ID", demo.client_id);
        line("CLIENT_SECRET", demo.client_secret.expose());
        line("RESOURCE", demo.resource);
    }
    text
}

fn report(path: &Path, run: &FirstRun) -> String {
    let file = path.display();
    if run.demo.is_none() {
        return format!(
            "\nAn administrator was made. His password is in {file}; it is not shown again, and you\n\
             should remove the file once it is yours. There is no demo client: its name or that of\n\
             its resource is taken.\n"
        );
    }
    let tour = TOUR.replace(USUAL, &quoted(&file.to_string()));
    format!(
        "\nAn administrator, a demo client and a demo resource were made. Their secrets are in\n\
         {file}; they are not shown again, and you should remove the file once they are yours.\n\n\
         In another terminal, in the same folder:\n\n{tour}\n"
    )
}

/// A path as a shell reads it as one word.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// The first blocks of README.md, which a test compares and runs.
const TOUR: &str = include_str!("tour.sh");
/// Where the tour has its secrets from.
const USUAL: &str = "chancery-data/first-run.env";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_the_shell() {
        assert_eq!(quoted("chancery-data/first-run.env"), "chancery-data/first-run.env");
        assert_eq!(quoted("/a b/it's"), r"'/a b/it'\''s'");
    }
}
