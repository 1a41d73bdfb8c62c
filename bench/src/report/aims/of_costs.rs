//! What a request may cost, and how long it may take.

use super::super::lines::MANY;
use super::{Aim, Bound, Holds};
use crate::load::{Database, Figure, Scenario};

pub(super) fn aims() -> Vec<Aim> {
    let even = EVEN.map(|scenario| Aim {
        holds: Holds::With(MANY),
        ..Aim::at_most(scenario, "p99 under 10 × p50", (Figure::P99ToP50, 10.0))
    });
    [of_refreshes(), of_the_others(), even.into()].concat()
}

fn of_refreshes() -> Vec<Aim> {
    use Scenario::{Refresh, RefreshDuringLogins};
    let aim = |text, figure, most| Aim::at_most(Refresh, text, (figure, most));
    let on = |database, aim| Aim { holds: Holds::On(database), ..aim };
    let at_least = |text, figure, least| {
        let bound = Bound::AtLeast(least);
        Aim { bound, ..aim(text, figure, least) }
    };
    let calm = "p99 at most 2 × that without logins";
    vec![
        on(Database::Sqlite, aim("at most 150 µs", Figure::Cpu, 150.0)),
        on(Database::Sqlite, at_least("at least 5,000/s", Figure::PerSecond, 5_000.0)),
        on(Database::Postgres, aim("at most 120 µs in the server", Figure::ServerCpu, 120.0)),
        on(Database::Postgres, aim("at most 250 µs with the database", Figure::Cpu, 250.0)),
        aim("at most 2 statements", Figure::Statements, 2.0 + BY_THE_CLOCK),
        at_least("at least 0.60 of pgbench", Figure::ShareOfPgbench, 0.6),
        Aim::at_most(RefreshDuringLogins, calm, (Figure::RatioToCalm, 2.0)),
    ]
}

fn of_the_others() -> Vec<Aim> {
    use Scenario::{
        ClientCredentials, Discovery, Introspect, IntrospectUnseen, Jwks, Login, Revoke,
    };
    let hash = "at most 300 µs above 1.05 × the bare hash";
    vec![
        Aim::at_most(ClientCredentials, "at most 1.6 × the floor", (Figure::RatioToFloor, 1.6)),
        Aim::at_most(ClientCredentials, "no statement", (Figure::Statements, BY_THE_CLOCK)),
        Aim::at_most(Introspect, "at most 60 µs", (Figure::Cpu, 60.0)),
        Aim::at_most(Introspect, "no statement", (Figure::Statements, BY_THE_CLOCK)),
        Aim::at_most(IntrospectUnseen, "at most 60 µs", (Figure::Cpu, 60.0)),
        Aim::at_most(IntrospectUnseen, "no statement", (Figure::Statements, BY_THE_CLOCK)),
        Aim::at_most(Revoke, "at most 150 µs", (Figure::Cpu, 150.0)),
        Aim::at_most(Jwks, "at most 1.4 × the floor", (Figure::RatioToFloor, 1.4)),
        Aim::at_most(Discovery, "at most 1.4 × the floor", (Figure::RatioToFloor, 1.4)),
        Aim::at_most(Login, hash, (Figure::AboveHash, 300.0)),
    ]
}

/// What a server asks its database without being asked itself, for each answer.
const BY_THE_CLOCK: f64 = 0.005;
/// All in which each answer is counted.
pub(super) const EVEN: [Scenario; 9] = [
    Scenario::ClientCredentials,
    Scenario::Refresh,
    Scenario::Introspect,
    Scenario::IntrospectUnseen,
    Scenario::Revoke,
    Scenario::Login,
    Scenario::Jwks,
    Scenario::Discovery,
    Scenario::Mixed,
];
