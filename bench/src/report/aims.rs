//! The aims, and what came of them.

use super::lines::{FEW, MANY};
use crate::load::{Database, Figure, Filling, Row, Scenario};

/// An aim for one scenario.
struct Aim {
    scenario: Scenario,
    text: &'static str,
    figure: fn(&Row) -> Option<f64>,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// Where an aim holds, one column each.
const PLACES: [(&str, Database, usize); 4] = [
    ("SQLite, 8", Database::Sqlite, FEW),
    ("SQLite, 64", Database::Sqlite, MANY),
    ("PostgreSQL, 8", Database::Postgres, FEW),
    ("PostgreSQL, 64", Database::Postgres, MANY),
];

/// The table: each aim, and the figure in each place. `rows` are those of one algorithm.
pub(super) fn table(rows: &[&Row]) -> Vec<Vec<String>> {
    let mut head = vec![String::new(), "aim".to_owned()];
    head.extend(PLACES.map(|(name, ..)| name.to_owned()));
    let mut table = vec![head];
    for aim in &aims() {
        let mut cells = vec![aim.scenario.name(), aim.text.to_owned()];
        let cell = |(_, database, connections)| {
            let place = (Some(database), connections);
            let here = |row: &&Row| {
                row.line.scenario == aim.scenario
                    && (row.line.database, row.line.connections) == place
            };
            let figure = rows.iter().copied().filter(here).find_map(aim.figure)?;
            Some(aim.bound.judge(figure))
        };
        cells.extend(PLACES.map(|place| cell(place).unwrap_or_else(|| "–".to_owned())));
        table.push(cells);
    }
    table
}

fn aims() -> Vec<Aim> {
    let mut aims = of_costs();
    aims.extend(EVEN.map(|scenario| Aim {
        scenario,
        text: "64 connections: p99 under 10 × p50",
        figure: |row| among(row, MANY, ratio(row, Figure::P99, Figure::P50)),
        bound: Bound::AtMost(10.0),
    }));
    aims.extend(of_memory());
    aims
}

fn of_costs() -> Vec<Aim> {
    use Scenario::{
        ClientCredentials, Discovery, Introspect, Jwks, Login, Refresh, RefreshDuringLogins, Revoke,
    };
    let aim = |scenario, text, figure, bound| Aim { scenario, text, figure, bound };
    let cpu: fn(&Row) -> Option<f64> = |row| row.median(Figure::Cpu);
    let to_floor: fn(&Row) -> Option<f64> = |row| row.median(Figure::RatioToFloor);
    let statements: fn(&Row) -> Option<f64> = |row| row.median(Figure::Statements);
    let most = Bound::AtMost;
    vec![
        aim(ClientCredentials, "at most 1.6 × the floor", to_floor, most(1.6)),
        aim(ClientCredentials, "no statement", statements, most(BY_THE_CLOCK)),
        aim(
            Refresh,
            "SQLite: at most 150 µs",
            |row| on(row, Database::Sqlite, row.median(Figure::Cpu)),
            most(150.0),
        ),
        aim(
            Refresh,
            "SQLite: at least 5,000/s",
            |row| on(row, Database::Sqlite, row.median(Figure::PerSecond)),
            Bound::AtLeast(5_000.0),
        ),
        aim(
            Refresh,
            "PostgreSQL: at most 120 µs in the server",
            |row| on(row, Database::Postgres, row.median(Figure::ServerCpu)),
            most(120.0),
        ),
        aim(
            Refresh,
            "PostgreSQL: at most 250 µs with the database",
            |row| on(row, Database::Postgres, row.median(Figure::Cpu)),
            most(250.0),
        ),
        aim(Refresh, "at most 2 statements", statements, most(2.0 + BY_THE_CLOCK)),
        aim(
            Refresh,
            "at least 0.60 of pgbench",
            |row| row.median(Figure::ShareOfPgbench),
            Bound::AtLeast(0.6),
        ),
        aim(
            RefreshDuringLogins,
            "p99 at most 2 × that without logins",
            |row| row.median(Figure::RatioToCalm),
            most(2.0),
        ),
        aim(Introspect, "at most 60 µs", cpu, most(60.0)),
        aim(Introspect, "no statement", statements, most(BY_THE_CLOCK)),
        aim(Revoke, "at most 150 µs", cpu, most(150.0)),
        aim(Jwks, "at most 1.4 × the floor", to_floor, most(1.4)),
        aim(Discovery, "at most 1.4 × the floor", to_floor, most(1.4)),
        aim(Login, "at most 300 µs above 1.05 × the bare hash", above_the_hash, most(300.0)),
    ]
}

fn of_memory() -> Vec<Aim> {
    let aim = |scenario, text, figure, bound| Aim { scenario, text, figure, bound };
    let mut aims = vec![
        aim(
            Scenario::Idle,
            "ready in at most 100 ms",
            (|row| row.median(Figure::StartMilliseconds)) as fn(&Row) -> Option<f64>,
            Bound::AtMost(100.0),
        ),
        aim(
            Scenario::Idle,
            "idle: at most 15 MiB",
            |row| mebibytes(row, Figure::MemoryIdle),
            Bound::AtMost(15.0),
        ),
    ];
    // Hashes are cheap where nobody logs in.
    for (scenario, text, most) in [
        (Scenario::Refresh, "peak: at most 40 MiB", 40.0),
        (Scenario::Mixed, "peak: at most 40 MiB, and 19 MiB for the one hash at a time", 59.0),
    ] {
        let peak = |row: &Row| filled(row, Figure::MemoryPeak);
        aims.push(aim(scenario, text, peak, Bound::AtMost(most)));
        aims.push(aim(
            scenario,
            "25 s later: at most 15 MiB again",
            |row| filled(row, Figure::MemoryBack),
            Bound::AtMost(15.0),
        ));
    }
    aims
}

impl Bound {
    fn judge(self, figure: f64) -> String {
        let is_met = match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        };
        let digits = if figure >= 100.0 { 0 } else { 2 };
        if is_met { format!("{figure:.digits$}") } else { format!("**{figure:.digits$}**") }
    }
}

/// What a login takes beyond 1.05 times the hash.
fn above_the_hash(row: &Row) -> Option<f64> {
    let cpu = row.median(Figure::Cpu)?;
    Some(cpu - 1.05 * cpu / row.median(Figure::RatioToFloor)?)
}

fn filled(row: &Row, figure: Figure) -> Option<f64> {
    if row.line.filling == Filling::default() { None } else { mebibytes(row, figure) }
}

fn mebibytes(row: &Row, figure: Figure) -> Option<f64> {
    Some(row.median(figure)? / f64::from(1 << 20))
}

fn ratio(row: &Row, figure: Figure, other: Figure) -> Option<f64> {
    Some(row.median(figure)? / row.median(other)?)
}

fn on(row: &Row, database: Database, figure: Option<f64>) -> Option<f64> {
    figure.filter(|_| row.line.database == Some(database))
}

fn among(row: &Row, connections: usize, figure: Option<f64>) -> Option<f64> {
    figure.filter(|_| row.line.connections == connections)
}

const EVEN: [Scenario; 8] = [
    Scenario::ClientCredentials,
    Scenario::Refresh,
    Scenario::Introspect,
    Scenario::Revoke,
    Scenario::Login,
    Scenario::Jwks,
    Scenario::Discovery,
    Scenario::Mixed,
];
/// What a server asks its database without being asked itself, for each answer.
const BY_THE_CLOCK: f64 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_that_is_not_met_stands_out() {
        assert_eq!(Bound::AtMost(1.6).judge(1.6), "1.60");
        assert_eq!(Bound::AtMost(1.6).judge(1.61), "**1.61**");
        assert_eq!(Bound::AtLeast(5_000.0).judge(4_999.0), "**4999**");
    }
}
