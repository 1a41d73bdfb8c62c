//! What a request may cost, and how long it may take.

use super::super::lines::MANY;
use super::{Aim, Bound};
use crate::load::{Database, Figure, Row, Scenario};

pub(super) fn aims() -> Vec<Aim> {
    let even = EVEN.map(|scenario| Aim {
        scenario,
        text: "64 connections: p99 under 10 × p50",
        figure: |row| among(row, MANY, ratio(row, Figure::P99, Figure::P50)),
        bound: Bound::AtMost(10.0),
    });
    [of_refreshes(), of_the_others(), even.into()].concat()
}

fn of_refreshes() -> Vec<Aim> {
    use Scenario::{Refresh, RefreshDuringLogins};
    let aim = |text, figure, bound| Aim { scenario: Refresh, text, figure, bound };
    vec![
        aim(
            "SQLite: at most 150 µs",
            |row| on(row, Database::Sqlite, Figure::Cpu),
            Bound::AtMost(150.0),
        ),
        aim(
            "SQLite: at least 5,000/s",
            |row| on(row, Database::Sqlite, Figure::PerSecond),
            Bound::AtLeast(5_000.0),
        ),
        aim(
            "PostgreSQL: at most 120 µs in the server",
            |row| on(row, Database::Postgres, Figure::ServerCpu),
            Bound::AtMost(120.0),
        ),
        aim(
            "PostgreSQL: at most 250 µs with the database",
            |row| on(row, Database::Postgres, Figure::Cpu),
            Bound::AtMost(250.0),
        ),
        aim("at most 2 statements", STATEMENTS, Bound::AtMost(2.0 + BY_THE_CLOCK)),
        aim(
            "at least 0.60 of pgbench",
            |row| row.median(Figure::ShareOfPgbench),
            Bound::AtLeast(0.6),
        ),
        Aim {
            scenario: RefreshDuringLogins,
            text: "p99 at most 2 × that without logins",
            figure: |row| row.median(Figure::RatioToCalm),
            bound: Bound::AtMost(2.0),
        },
    ]
}

fn of_the_others() -> Vec<Aim> {
    use Scenario::{
        ClientCredentials, Discovery, Introspect, IntrospectUnseen, Jwks, Login, Revoke,
    };
    let aim =
        |scenario, text, figure, most| Aim { scenario, text, figure, bound: Bound::AtMost(most) };
    vec![
        aim(ClientCredentials, "at most 1.6 × the floor", TO_FLOOR, 1.6),
        aim(ClientCredentials, "no statement", STATEMENTS, BY_THE_CLOCK),
        aim(Introspect, "at most 60 µs", CPU, 60.0),
        aim(IntrospectUnseen, "at most 60 µs", CPU, 60.0),
        aim(Introspect, "no statement", STATEMENTS, BY_THE_CLOCK),
        aim(Revoke, "at most 150 µs", CPU, 150.0),
        aim(Jwks, "at most 1.4 × the floor", TO_FLOOR, 1.4),
        aim(Discovery, "at most 1.4 × the floor", TO_FLOOR, 1.4),
        aim(Login, "at most 300 µs above 1.05 × the bare hash", above_the_hash, 300.0),
    ]
}

/// What a login takes beyond 1.05 times the hash.
fn above_the_hash(row: &Row) -> Option<f64> {
    let cpu = row.median(Figure::Cpu)?;
    Some(cpu - 1.05 * cpu / row.median(Figure::RatioToFloor)?)
}

fn ratio(row: &Row, figure: Figure, other: Figure) -> Option<f64> {
    Some(row.median(figure)? / row.median(other)?)
}

fn on(row: &Row, database: Database, figure: Figure) -> Option<f64> {
    row.median(figure).filter(|_| row.line.database == Some(database))
}

fn among(row: &Row, connections: usize, figure: Option<f64>) -> Option<f64> {
    figure.filter(|_| row.line.connections == connections)
}

const CPU: fn(&Row) -> Option<f64> = |row| row.median(Figure::Cpu);
const TO_FLOOR: fn(&Row) -> Option<f64> = |row| row.median(Figure::RatioToFloor);
const STATEMENTS: fn(&Row) -> Option<f64> = |row| row.median(Figure::Statements);
/// What a server asks its database without being asked itself, for each answer.
const BY_THE_CLOCK: f64 = 0.05;
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
