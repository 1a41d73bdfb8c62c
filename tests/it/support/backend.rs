//! A database for each test, copied from a template that was set up once.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chancery::storage::DatabaseUrl;
use sqlx::Connection;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::postgres::{self, Skip, TestDatabase};
use super::server::{FirstSecrets, make_template};

/// The databases that the suite runs on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A database of one test, which goes with it.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres(TestDatabase),
    /// A PostgreSQL database that the test keeps itself.
    Kept(String),
    /// A PostgreSQL database, and the URL of the pooler in front of it.
    Pooled(TestDatabase, String),
}

impl Backend {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Sqlite => Self::Postgres,
            Self::Postgres => Self::Sqlite,
        }
    }

    /// A database as the first run leaves it, and the secrets of that run. `None` if this machine
    /// does not have the server, which was said, or failed under CI.
    pub(crate) async fn place(self) -> Option<(Place, &'static FirstSecrets)> {
        match self {
            Self::Sqlite => Some(sqlite().await),
            Self::Postgres => {
                let migrate = async |url: &str| {
                    let url = DatabaseUrl::parse(url).unwrap();
                    let secrets = make_template(&url).await;
                    POSTGRES_SECRETS.set(secrets).map_err(|_| "the template was made twice")
                };
                let database = found(postgres::database(migrate).await)?;
                Some((Place::Postgres(database), POSTGRES_SECRETS.get().unwrap()))
            }
        }
    }

    /// A database without any table. `None` as for [`Backend::place`].
    pub(crate) fn empty(self) -> Option<Place> {
        match self {
            Self::Sqlite => Some(Place::Sqlite(tempfile::tempdir().unwrap())),
            Self::Postgres => found(postgres::empty_database()).map(Place::Postgres),
        }
    }
}

/// What was found, or a word on why the test does not run.
fn found<T>(database: Result<T, Skip>) -> Option<T> {
    match database {
        Ok(database) => Some(database),
        Err(skip) => {
            let name = std::thread::current().name().unwrap_or("a test").to_owned();
            postgres::skip_or_fail(&name, &skip.reason);
            None
        }
    }
}

impl Place {
    pub(crate) fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite(folder) => DatabaseUrl::sqlite(&folder.path().join("chancery.db")),
            Self::Postgres(database) => DatabaseUrl::parse(database.url()).unwrap(),
            Self::Kept(url) | Self::Pooled(_, url) => DatabaseUrl::parse(url).unwrap(),
        }
    }

    /// The same, as text.
    pub(crate) fn url_text(&self) -> String {
        match self {
            Self::Sqlite(folder) => {
                format!("sqlite://{}", folder.path().join("chancery.db").display())
            }
            Self::Postgres(database) => database.url().to_owned(),
            Self::Kept(url) | Self::Pooled(_, url) => url.clone(),
        }
    }

    /// Where the database itself is, without any pooler.
    pub(crate) fn direct(&self) -> DatabaseUrl {
        match self {
            Self::Pooled(database, _) => DatabaseUrl::parse(database.url()).unwrap(),
            place => place.url(),
        }
    }

    /// Every table and its columns, as the database itself tells.
    pub(crate) async fn columns(&self) -> BTreeSet<(String, String)> {
        let rows: Vec<(String, String)> = match self {
            Self::Sqlite(_) => {
                let url = self.url_text();
                let mut conn = sqlx::SqliteConnection::connect(&url).await.unwrap();
                let sql = "SELECT one.name, of.name FROM sqlite_master AS one \
                           JOIN pragma_table_info(one.name) AS of WHERE one.type = 'table'";
                sqlx::query_as(sql).fetch_all(&mut conn).await.unwrap()
            }
            Self::Postgres(_) | Self::Kept(_) | Self::Pooled(..) => {
                let mut conn = sqlx::PgConnection::connect(&self.url_text()).await.unwrap();
                let sql = "SELECT table_name::text, column_name::text \
                           FROM information_schema.columns WHERE table_schema = 'public'";
                sqlx::query_as(sql).fetch_all(&mut conn).await.unwrap()
            }
        };
        rows.into_iter().filter(|(table, _)| table != "_sqlx_migrations").collect()
    }
}

async fn sqlite() -> (Place, &'static FirstSecrets) {
    let (template, secrets) = SQLITE.get_or_init(sqlite_template).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(template, folder.path().join("chancery.db")).unwrap();
    (Place::Sqlite(folder), secrets)
}

async fn sqlite_template() -> (PathBuf, FirstSecrets) {
    // It stays for the other tests of this process; the system's cleaning removes it.
    let folder = tempfile::Builder::new().prefix("chancery-template-").tempdir().unwrap();
    let path = folder.keep().join("chancery.db");
    let secrets = make_template(&DatabaseUrl::sqlite(&path)).await;
    (path, secrets)
}

static SQLITE: OnceCell<(PathBuf, FirstSecrets)> = OnceCell::const_new();
static POSTGRES_SECRETS: OnceCell<FirstSecrets> = OnceCell::const_new();
