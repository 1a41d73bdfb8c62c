//! `chancery doctor`: looks at an installation and explains what is wrong with it. Changes nothing.

mod database;
mod files;
mod keys;
mod reach;
mod report;

use report::Report;

use super::Failure;
use super::context::Context;
use super::output::Output;
use crate::config::{Config, ConfigError};
use crate::flows::administration::Administration;
use crate::storage::Store;

/// Checks everything, and fails if anything is wrong.
pub(super) async fn doctor(context: &Context<'_>) -> Result<(), Failure> {
    let config = context.config;
    let mut report = Report::default();
    report.ok("configuration", "it loads");
    reach::check_addresses(config, &mut report);
    files::check(config, &mut report);
    if let Some(store) = database::check(config, &mut report).await {
        keys::check(config, &store, &mut report).await;
        administration(config, &store, &mut report).await;
        store.close().await;
    }
    reach::probe(config, &mut report).await;
    report.finish(context.output)
}

async fn administration(config: &Config, store: &Store, report: &mut Report) {
    match Administration::look(store, &config.issuer).await {
        Ok(there) => {
            let complaints = there.complaints(&config.issuer);
            if complaints.is_empty() {
                report.ok("administration", "there is an administrator, and a client for him");
            }
            for complaint in complaints {
                report.warn("administration", complaint);
            }
        }
        Err(error) => report.fail("administration", error.to_string()),
    }
}

/// All there is to say without a configuration.
pub(super) fn without_configuration(error: &ConfigError, output: Output) -> Result<(), Failure> {
    let mut report = Report::default();
    report.fail("configuration", error.to_string());
    report.finish(output)
}
