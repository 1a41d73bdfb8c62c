//! What every command works with. Must not know any command.

use std::path::PathBuf;

use super::Failure;
use super::connect::connect;
use super::output::Output;
use crate::config::Config;
use crate::flows::error::FlowError;
use crate::flows::server::Server;
use crate::storage::DatabaseUrl;

/// What every command works with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) config: &'a Config,
    /// From where the place of the database is known.
    pub(super) origin: &'a str,
    pub(super) output: Output,
}

/// Whether a command opens the keys: whatever revokes, changes clients or makes keys does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keys {
    /// It makes sure of the master key first.
    Opened,
    /// It gets by without.
    Sealed,
}

impl Context<'_> {
    /// Works with a server on the configured database, which may serve elsewhere meanwhile. It is
    /// never started: a command neither issues tokens nor waits for them.
    ///
    /// An embedded database that is not there is an error: what revokes or lists in an empty one, made by
    /// the way, would look like success to whoever is in the wrong folder or without his configuration.
    pub(super) async fn with_server<T>(
        &self,
        keys: Keys,
        work: impl AsyncFnOnce(&Server) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.require_database()?;
        self.with_new_server(keys, work).await
    }

    /// The same for what creates things, and with the first of them the database.
    pub(super) async fn with_new_server<T>(
        &self,
        keys: Keys,
        work: impl AsyncFnOnce(&Server) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let missing = self.missing_database()?;
        let server = connect(self.config).await?;
        if let Some(database) = missing {
            let database = database.display();
            self.output
                .note(&format!("there was no database: sqlite://{database} is new, and empty"));
        }
        let done = async {
            if keys == Keys::Opened {
                server.memory.keeper().check_master_key().await?;
            }
            work(&server).await
        };
        let done = done.await;
        server.store.close().await;
        done
    }

    /// Refuses an embedded database that is not there, and says who named it.
    pub(super) fn require_database(&self) -> Result<(), Failure> {
        let Some(path) = self.missing_database()? else { return Ok(()) };
        let path = std::path::absolute(&path).unwrap_or(path);
        Err(Failure::new(format!(
            "there is no database: {} does not exist. The configuration was read {}. Commands need the \
             configuration of the server; `chancery migrate` makes a new database",
            path.display(),
            self.origin
        )))
    }

    /// The embedded database, where it is yet to be made: a server that runs in another folder has its own.
    fn missing_database(&self) -> Result<Option<PathBuf>, Failure> {
        match DatabaseUrl::parse(self.config.database_url.expose())? {
            DatabaseUrl::Sqlite(path) => match path.try_exists() {
                Ok(is_there) => Ok((!is_there).then_some(path)),
                Err(error) => Err(Failure::new(format!("{}: {error}", path.display()))),
            },
            DatabaseUrl::Postgres(_) => Ok(None),
        }
    }
}

/// Every page of a list.
pub(super) async fn every<T, Id>(
    page: impl AsyncFn(Option<Id>, u32) -> Result<Vec<T>, FlowError>,
    id: impl Fn(&T) -> Id,
) -> Result<Vec<T>, Failure> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let part = page(after, PAGE).await?;
        after = part.last().map(&id);
        let is_full = part.len() == PAGE as usize;
        found.extend(part);
        if !is_full {
            return Ok(found);
        }
    }
}

const PAGE: u32 = 200;
