//! What a server may take of memory, and how long it may take to start.

use super::super::lines::MANY;
use super::of_costs::EVEN;
use super::{Aim, Bound, Holds};
use crate::load::{Figure, Scenario};

pub(super) fn aims() -> Vec<Aim> {
    let start = (Figure::StartMilliseconds, 100.0);
    let mut aims = vec![
        Aim::at_most(Scenario::Idle, "ready in at most 100 ms", start),
        never_above(Scenario::Idle, "idle: at most 15 MiB", (Figure::MemoryIdle, 15.0)),
    ];
    let loads = || EVEN.into_iter().chain([Scenario::RefreshDuringLogins]);
    let under = loads().map(|scenario| {
        // One hash at a time, of 19 MiB.
        let (text, most) = if scenario.hashes() {
            ("peak: at most 40 MiB, and 19 MiB for a hash", 59.0)
        } else {
            ("peak: at most 40 MiB", 40.0)
        };
        never_above(scenario, text, (Figure::MemoryPeak, most))
    });
    let after = loads().map(|scenario| {
        never_above(scenario, "back to at most 2 MiB more than before", (Figure::MemoryKept, 2.0))
    });
    let filled = |aim| Aim { holds: Holds::With(MANY), ..aim };
    aims.extend(under.chain(after).map(filled));
    aims
}

fn never_above(scenario: Scenario, text: &'static str, (figure, most): (Figure, f64)) -> Aim {
    let bound = Bound::NeverAbove(most);
    Aim { unit: MEBIBYTE, bound, ..Aim::at_most(scenario, text, (figure, most)) }
}

const MEBIBYTE: f64 = 1_048_576.0;
