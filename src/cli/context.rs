//! What every command works with. Must not know any command.

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
    pub(super) async fn with_server<T>(
        &self,
        keys: Keys,
        work: impl AsyncFnOnce(&Server) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let missing = self.missing_database()?;
        let server = connect(self.config).await?;
        if let Some(database) = missing {
            self.output.note(&format!("there was no database: {database} is new, and empty"));
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

    /// The embedded database, where it is yet to be made: a server that runs in another folder has its own.
    pub(super) fn missing_database(&self) -> Result<Option<String>, Failure> {
        let url = DatabaseUrl::parse(self.config.database_url.expose())?;
        let missing = matches!(&url, DatabaseUrl::Sqlite(path) if !path.exists());
        Ok(missing.then(|| url.describe()))
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
