//! `chancery migrate`.

use serde::Serialize;

use super::Failure;
use super::connect::migrate;
use super::context::Context;

#[derive(Serialize)]
struct Migrated {
    database: String,
    up_to_date: bool,
}

pub(super) async fn run(context: &Context<'_>) -> Result<(), Failure> {
    let database = migrate(context.config).await?;
    context.output.record(&Migrated { database, up_to_date: true })
}
