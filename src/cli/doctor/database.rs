//! The database: whether it answers, whether it is of this version, and what its commits are worth.

use super::report::Report;
use crate::cli::connect::store_options;
use crate::config::{Config, Migrate};
use crate::env::World;
use crate::flows::clock::ClockOffset;
use crate::storage::ops::database::ReadDurability;
use crate::storage::{DatabaseUrl, StorageError, Store};

/// The open database, if it is there.
pub(super) async fn check(config: &Config, report: &mut Report) -> Option<Store> {
    let url = match DatabaseUrl::parse(config.database_url.expose()) {
        Ok(url) => url,
        Err(error) => {
            report.fail("database", format!("database_url {error}"));
            return None;
        }
    };
    if let DatabaseUrl::Sqlite(path) = &url
        && !path.exists()
    {
        let text = "is not there yet: `chancery` or `chancery init` makes it";
        report.warn("database", format!("{} {text}", path.display()));
        return None;
    }
    let world = World::system();
    let store = match open(config, &url, &world).await {
        Ok(store) => store,
        Err(error) => {
            report.fail("database", format!("{}: {error}", url.describe()));
            return None;
        }
    };
    report.ok("database", format!("{} answers and is of this version", url.describe()));
    durability(&store, report).await;
    if matches!(url, DatabaseUrl::Postgres(_)) {
        clock(&store, &world, (&url, report)).await;
    }
    Some(store)
}

async fn open(config: &Config, url: &DatabaseUrl, world: &World) -> Result<Store, StorageError> {
    let clock = world.clock.clone();
    Store::open(url, store_options(config, Migrate::Check), move || clock.now().into()).await
}

async fn durability(store: &Store, report: &mut Report) {
    let settings = match store.read(ReadDurability).await {
        Ok(settings) => settings,
        Err(error) => return report.fail("durability", error.to_string()),
    };
    for (name, value) in settings {
        let says = format!("{name} is {}", if value.is_empty() { "empty" } else { &value });
        match Worth::of(name, &value) {
            Worth::Safe => report.ok("durability", says),
            Worth::Risk(why) => report.warn("durability", format!("{says}: {why}")),
            Worth::Unsafe(why) => report.fail("durability", format!("{says}: {why}")),
        }
    }
}

/// What a setting makes of a commit.
#[derive(Debug, Eq, PartialEq)]
enum Worth {
    Safe,
    Risk(&'static str),
    Unsafe(&'static str),
}

impl Worth {
    fn of(name: &str, value: &str) -> Self {
        match (name, value) {
            ("fsync", "off") => Self::Unsafe("a crash may destroy the database; set it to on"),
            ("synchronous_commit", "off") => Self::Unsafe(
                "a crash may lose revocations that were acknowledged; set it to on for this database",
            ),
            ("synchronous_commit", "local" | "remote_write") => {
                Self::Risk("a standby that takes over may not have the last commits; set it to on")
            }
            ("synchronous_standby_names", "") => Self::Risk(
                "no standby has every commit, so a failover may lose revocations that were \
                 acknowledged. Fine on one server without failover",
            ),
            ("journal_mode", value) if value != "wal" => {
                Self::Risk("the file system may not support write-ahead logs; use a local disk")
            }
            ("synchronous", "0" | "1") => {
                Self::Unsafe("a power cut may lose revocations that were acknowledged")
            }
            _ => Self::Safe,
        }
    }
}

async fn clock(store: &Store, world: &World, (url, report): (&DatabaseUrl, &mut Report)) {
    let limit = url.clock_offset_limit().unwrap_or_default();
    match ClockOffset::measure(store, world).await {
        Ok(offset) if offset.exceeds(limit) => report.fail(
            "clock",
            format!(
                "this machine is {:.1} s ahead of the database: let both follow one time server; \
                 a node is not ready above {} s",
                offset.seconds(),
                limit.as_secs()
            ),
        ),
        Ok(offset) => report.ok(
            "clock",
            format!("this machine is {:.3} s ahead of the database", offset.seconds()),
        ),
        Err(error) => report.fail("clock", error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_lose_acknowledged_commits_are_told_from_those_that_may() {
        for (name, value) in [("fsync", "off"), ("synchronous_commit", "off"), ("synchronous", "1")]
        {
            assert!(matches!(Worth::of(name, value), Worth::Unsafe(_)), "{name} {value}");
        }
        for (name, value) in [
            ("synchronous_commit", "local"),
            ("synchronous_standby_names", ""),
            ("journal_mode", "delete"),
        ] {
            assert!(matches!(Worth::of(name, value), Worth::Risk(_)), "{name} {value}");
        }
        for (name, value) in [
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("synchronous_commit", "remote_apply"),
            ("synchronous_standby_names", "ANY 1 (a, b)"),
            ("journal_mode", "wal"),
            ("synchronous", "2"),
        ] {
            assert_eq!(Worth::of(name, value), Worth::Safe, "{name} {value}");
        }
    }
}
