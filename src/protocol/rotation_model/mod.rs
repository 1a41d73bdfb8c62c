//! Every state that rotation can come to, for a small number of everything: one session of a few
//! generations, its owner and a thief, two nodes with a request each whose answers may be lost, a
//! revocation, and one crash or one lost write. The rules are the real ones.

mod invariants;
mod state;
mod steps;

use std::collections::HashSet;

use state::{Age, Limits, State};

#[test]
fn c094_no_small_run_of_rotation_breaks_an_invariant() {
    let alone = Limits { theft: false, ..THEFT };
    let counted: &[Age] = &[Age::Counted, Age::Late, Age::Over];
    explore_all(&[
        ("a theft", THEFT),
        ("a theft, without delay", Limits { generations: 2, ages: &[], ..THEFT }),
        ("a theft after a streak of retries", Limits { ages: counted, streak: 3, ..THEFT }),
        ("a theft and a lost write", Limits { ages: &[Age::Late], loss: true, ..THEFT }),
        ("a client alone and a crash", Limits { generations: 3, crash: true, ..alone }),
    ]);
}

/// `.ci/long model` runs it.
#[test]
#[ignore = "takes minutes"]
fn c094_no_larger_run_of_rotation_breaks_an_invariant() {
    let counted: &[Age] = &[Age::Counted, Age::Late, Age::Over];
    let theft = Limits { generations: 2, ..THEFT };
    explore_all(&[
        ("a theft", theft),
        ("a theft after a streak of retries", Limits { ages: counted, streak: 3, ..theft }),
        ("a theft and a crash", Limits { ages: &[Age::Late], crash: true, ..theft }),
        ("a client alone and a lost write", Limits { theft: false, loss: true, ..theft }),
    ]);
}

const THEFT: Limits = Limits {
    generations: 1,
    ages: &[Age::Late, Age::Over],
    streak: 0,
    theft: true,
    crash: false,
    loss: false,
};

/// Prints how many states each run has.
fn explore_all(runs: &[(&str, Limits)]) {
    for (name, limits) in runs {
        let states = explore(limits).unwrap_or_else(|trace| panic!("{name}: {trace}"));
        println!("{name}: {states} states");
    }
}

/// How many states there are; or the shortest way to one that breaks a rule.
fn explore(limits: &Limits) -> Result<usize, String> {
    let start = State::begin(limits);
    let mut found = vec![(start, 0, "begin")];
    let mut known = HashSet::from([start]);
    let mut at = 0;
    while at < found.len() {
        let (state, ..) = found[at];
        for (what, next) in steps::next(&state, limits) {
            let canonical = next.canonical(limits);
            let is_new = known.insert(canonical);
            let broken = invariants::broken_by_step(&state, &next);
            let broken = broken.or_else(|| if is_new { invariants::broken(&next) } else { None });
            if is_new || broken.is_some() {
                found.push((canonical, at, what));
            }
            if let Some(rule) = broken {
                return Err(format!("{rule}:\n{}", trace(&found)));
            }
        }
        at += 1;
    }
    Ok(found.len())
}

/// The way to the last state.
fn trace(found: &[(State, usize, &'static str)]) -> String {
    let mut way = vec![found.len() - 1];
    while let Some(&last) = way.last().filter(|last| **last != 0) {
        way.push(found[last].1);
    }
    let lines = way.iter().rev().map(|at| format!("{}: {:?}", found[*at].2, found[*at].0));
    lines.collect::<Vec<_>>().join("\n")
}
