//! The rows of the report.

use std::time::Duration;

use clap::ValueEnum;

use crate::load::{Database, Filling, Line, Manner, Scenario};

/// What few ask at once of a server that knows little: everything with ES256, and what signs most with
/// the other algorithms too.
pub(super) fn of_few() -> Vec<Line> {
    let mut lines = everything(FEW, Filling::default(), |_| true);
    for algorithm in &ALGORITHMS[1..] {
        let signing = |database| {
            let here = SIGNING.into_iter().filter(move |scenario| scenario.is_on(database));
            here.map(move |scenario| line(scenario, database, (algorithm, FEW)))
        };
        // Signing knows no database.
        lines.extend([None, Some(Database::Sqlite)].into_iter().flat_map(signing));
    }
    lines
}

/// What many ask at once of a server that knows much.
pub(super) fn of_many() -> Vec<Line> {
    everything(MANY, FULL, |scenario| scenario != Scenario::Idle)
}

/// About how long a row takes in the run of this number, from what rows took.
pub(super) fn cost(line: &Line, manner: &Manner, number: usize) -> Duration {
    let load: Duration = manner.time.iter().sum();
    let filling = if line.filling == Filling::default() { Duration::ZERO } else { FILLING_UP };
    match line.scenario {
        Scenario::Idle => START,
        scenario if scenario.is_floor() => load,
        Scenario::Pgbench => load + START,
        scenario => {
            let rests = if scenario.hashes() { 2 } else { 1 };
            load + START + filling + rests * manner.rest(scenario, number)
        }
    }
}

fn everything(
    connections: usize,
    filling: Filling,
    is_wanted: impl Fn(Scenario) -> bool,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for database in [None, Some(Database::Sqlite), Some(Database::Postgres)] {
        let here = Scenario::value_variants().iter().copied();
        let here = here.filter(|scenario| scenario.is_on(database) && is_wanted(*scenario));
        lines.extend(here.map(|scenario| {
            let filling = if scenario.is_server() { filling } else { Filling::default() };
            Line { filling, ..line(scenario, database, (ALGORITHMS[0], connections)) }
        }));
    }
    lines
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
const FULL: Filling = Filling { clients: 1_000, revocations: 10_000 };
const START: Duration = Duration::from_secs(4);
const FILLING_UP: Duration = Duration::from_secs(8);
