//! What a server may take of memory, and how long it may take to start.

use super::{Aim, Bound};
use crate::load::{Figure, Filling, Row, Scenario};

pub(super) fn aims() -> Vec<Aim> {
    let aim =
        |scenario, text, figure, most| Aim { scenario, text, figure, bound: Bound::AtMost(most) };
    let mut aims = vec![
        aim(Scenario::Idle, "ready in at most 100 ms", STARTED, 100.0),
        aim(Scenario::Idle, "idle: at most 15 MiB", |row| mebibytes(row, Figure::MemoryIdle), 15.0),
    ];
    for scenario in LOADS {
        // One hash at a time, of 19 MiB.
        let (text, most) = if scenario.hashes() {
            ("peak: at most 40 MiB, and 19 MiB for a hash", 59.0)
        } else {
            ("peak: at most 40 MiB", 40.0)
        };
        aims.push(aim(scenario, text, |row| filled(row, Figure::MemoryPeak), most));
    }
    for scenario in LOADS {
        let text = "back to at most 15 MiB";
        aims.push(aim(scenario, text, |row| filled(row, Figure::MemoryBack), 15.0));
    }
    aims
}

/// On a server that knows much.
fn filled(row: &Row, figure: Figure) -> Option<f64> {
    if row.line.filling == Filling::default() { None } else { mebibytes(row, figure) }
}

fn mebibytes(row: &Row, figure: Figure) -> Option<f64> {
    Some(row.median(figure)? / f64::from(1 << 20))
}

const STARTED: fn(&Row) -> Option<f64> = |row| row.median(Figure::StartMilliseconds);
const LOADS: [Scenario; 9] = [
    Scenario::ClientCredentials,
    Scenario::Refresh,
    Scenario::RefreshDuringLogins,
    Scenario::Introspect,
    Scenario::Revoke,
    Scenario::Login,
    Scenario::Jwks,
    Scenario::Discovery,
    Scenario::Mixed,
];
