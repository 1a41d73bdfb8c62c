//! The rows of the report.

use std::time::Duration;

use clap::ValueEnum;

use crate::load::{Database, Filling, Line, Manner, Scenario};

/// What loads cost: everything with ES256, and what signs most with the other algorithms too.
pub(super) fn of_speed() -> Vec<Line> {
    let places = [None, Some(Database::Sqlite), Some(Database::Postgres)];
    let mut lines = Vec::new();
    for connections in [FEW, MANY] {
        for database in places {
            let all = Scenario::value_variants().iter().copied();
            let here = all.filter(|one| one.is_on(database) && *one != Scenario::Idle);
            lines.extend(
                here.map(|scenario| line(scenario, database, (ALGORITHMS[0], connections))),
            );
        }
    }
    for algorithm in &ALGORITHMS[1..] {
        for database in places {
            let here = SIGNING.into_iter().filter(|scenario| scenario.is_on(database));
            lines.extend(here.map(|scenario| line(scenario, database, (algorithm, FEW))));
        }
    }
    lines
}

/// What loads leave in memory, on a server that knows much.
pub(super) fn of_memory() -> Vec<Line> {
    let mut lines = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        for scenario in REMEMBERED {
            let filling = if scenario == Scenario::Idle { Filling::default() } else { FULL };
            let line = line(scenario, Some(database), (ALGORITHMS[0], MANY));
            lines.push(Line { filling, ..line });
        }
    }
    lines
}

/// About how long a row takes, from what rows took.
pub(super) fn cost(line: &Line, manner: &Manner) -> Duration {
    let load: Duration = manner.time.iter().sum();
    let is_filled = line.filling != Filling::default();
    match line.scenario {
        Scenario::Idle => START,
        scenario if scenario.is_floor() => load,
        Scenario::Pgbench => load + START + START,
        _ if is_filled => load + START + START + FILLING_UP + manner.rest,
        _ => load + START + START,
    }
}

fn line(scenario: Scenario, database: Option<Database>, with: (&str, usize)) -> Line {
    let (algorithm, connections) = with;
    let algorithm = scenario.signs().then(|| algorithm.to_owned());
    Line { scenario, database, algorithm, connections, filling: Filling::default() }
}

pub(super) const ALGORITHMS: [&str; 4] = ["ES256", "RS256", "EdDSA", "PS256"];
/// The numbers of connections.
pub(super) const FEW: usize = 8;
pub(super) const MANY: usize = 64;
/// Where signing is most of the cost.
const SIGNING: [Scenario; 3] = [Scenario::Floor, Scenario::ClientCredentials, Scenario::Refresh];
/// A server that knows much takes long to make, so only what is asked most, and all of it together.
const REMEMBERED: [Scenario; 3] = [Scenario::Idle, Scenario::Refresh, Scenario::Mixed];
const FULL: Filling = Filling { clients: 1_000, revocations: 10_000 };
const START: Duration = Duration::from_secs(2);
const FILLING_UP: Duration = Duration::from_secs(30);
