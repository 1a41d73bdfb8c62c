//! `chancery copy`.

use super::connect::open_store;
use super::context::Context;
use super::{Failure, output};
use crate::config::Migrate;
use crate::env::World;
use crate::flows;
use crate::storage::DatabaseUrl;

/// Copy everything from one database to another, such as from SQLite to PostgreSQL.
///
/// Stop every server on either first. The target gets its tables here and must have no rows. With
/// the same master key everything goes on as it was: sessions, refresh tokens, keys. A password of
/// PostgreSQL need not stand in the URL: `PGPASSWORD` and `PGPASSFILE` are read too.
#[derive(clap::Args)]
pub(super) struct Copy {
    /// The database to read, `sqlite://PATH` or `postgres://USER@HOST/NAME`.
    #[arg(long, value_name = "URL", value_parser = parse)]
    from: DatabaseUrl,
    /// The database to fill.
    #[arg(long, value_name = "URL", value_parser = parse)]
    to: DatabaseUrl,
}

fn parse(text: &str) -> Result<DatabaseUrl, crate::storage::InvalidDatabaseUrl> {
    DatabaseUrl::parse(text)
}

pub(super) async fn copy(arguments: &Copy, context: &Context<'_>) -> Result<(), Failure> {
    let (config, json) = (context.config, context.output.json);
    let world = World::system();
    refuse_missing(&arguments.from)?;
    let from = open_store(config, (&arguments.from, Migrate::Check), &world).await?;
    let to = open_store(config, (&arguments.to, Migrate::Auto), &world).await?;
    let mut counts = Vec::new();
    let result = flows::copy::copy(&from, &to, |table, rows| {
        if !json {
            // Only a sign of life: a copy goes on when nobody looks any more.
            let _ = output::write(format!("{:<12} {rows}\n", table.name()).as_bytes());
        }
        counts.push((table.name(), rows));
    });
    let result = result.await;
    to.close().await;
    from.close().await;
    result.map_err(|error| Failure::new(error.to_string()))?;
    let rows: serde_json::Map<String, serde_json::Value> =
        counts.into_iter().map(|(table, rows)| (table.to_owned(), rows.into())).collect();
    let (from, to) = (arguments.from.describe(), arguments.to.describe());
    let text = format!("copied {from} to {to}: set CHANCERY_DATABASE_URL to the new database\n");
    context.output.document(&serde_json::json!({"copied": rows}), &text)
}

/// Opening would make a new file of a mistyped path.
fn refuse_missing(from: &DatabaseUrl) -> Result<(), Failure> {
    match from {
        DatabaseUrl::Sqlite(path) if !path.exists() => {
            Err(Failure::new(format!("{}: there is no such file", path.display())))
        }
        _ => Ok(()),
    }
}
