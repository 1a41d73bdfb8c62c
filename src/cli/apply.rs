//! `chancery apply`, and what `serve` does of it at its start.

use serde_json::{Value, json};

use super::Failure;
use super::connect::connect_to_serve;
use super::context::Context;
use super::declared::{declared, refuse_known_to_be_set};
use crate::config::{Config, Migrate};
use crate::flows::reconcile::{self, Action, Change};
use crate::flows::server::Server;

/// Make users, clients and resources what the configuration file declares.
///
/// What is declared is created or changed. What was declared once and is no longer is disabled,
/// never deleted. A user who was disabled by hand stays disabled.
#[derive(clap::Args)]
pub(super) struct Apply {
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn apply(arguments: &Apply, context: &Context<'_>) -> Result<(), Failure> {
    let config = context.config;
    let declared = declared(config);
    let (changes, unchanged) = if arguments.dry_run {
        // Not even a database is made.
        context.require_database()?;
        let server = connect_to_serve(config, Migrate::Check).await?;
        refuse_known_to_be_set(config, &server, &declared).await?;
        let plan = reconcile::plan(&server, &declared).await?;
        let found = (plan.changes().cloned().collect(), plan.unchanged);
        server.store.close().await;
        found
    } else {
        let server = connect_to_serve(config, config.migrate).await?;
        server.start().await?;
        refuse_known_to_be_set(config, &server, &declared).await?;
        let applied = reconcile::apply(&server, &declared).await;
        server.store.close().await;
        let applied = applied?;
        (applied.changes, applied.unchanged)
    };
    let document = document(arguments.dry_run, &changes, unchanged);
    context.output.document(&document, &lines(&changes, unchanged))
}

/// Applies what is declared before the server answers anybody.
pub(super) async fn at_start(config: &Config, server: &Server) -> Result<(), Failure> {
    let declared = declared(config);
    refuse_known_to_be_set(config, server, &declared).await?;
    if declared.is_empty() {
        // More likely a file that was not found than the wish to disable everything.
        let plan = reconcile::plan(server, &declared).await?;
        let left = plan.changes().count();
        if left > 0 {
            tracing::warn!(
                left,
                "nothing is declared, but some objects were once: `chancery apply` disables them"
            );
        }
        return Ok(());
    }
    for change in reconcile::apply(server, &declared).await?.changes {
        tracing::info!(change = line(&change), "applied the configuration");
    }
    Ok(())
}

fn lines(changes: &[Change], unchanged: usize) -> String {
    if changes.is_empty() {
        return format!("nothing to do: {unchanged} as declared\n");
    }
    changes.iter().map(|change| line(change) + "\n").collect()
}

/// A change in one line, as in `~ client web: scopes, origins`.
fn line(Change { object, name, action }: &Change) -> String {
    match action {
        Action::Create => format!("+ {object} {name}"),
        Action::Change(differences) => format!("~ {object} {name}: {}", differences.join(", ")),
        Action::Disable => format!("- {object} {name} (disabled)"),
    }
}

fn document(dry_run: bool, changes: &[Change], unchanged: usize) -> Value {
    let changes = changes.iter().map(|Change { object, name, action }| {
        let (action, differences) = match action {
            Action::Create => ("create", &[][..]),
            Action::Change(differences) => ("change", differences.as_slice()),
            Action::Disable => ("disable", &[][..]),
        };
        json!({"object": object, "name": name, "action": action, "differences": differences})
    });
    let changes: Vec<Value> = changes.collect();
    json!({"dry_run": dry_run, "changes": changes, "unchanged": unchanged})
}
