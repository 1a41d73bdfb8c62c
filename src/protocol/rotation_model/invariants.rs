//! What holds in every state, and across every step.

use std::sync::LazyLock;

use chancery_verifier::revocation::RevocationSet;

use super::state::{Age, End, Plan, Revocation, Row, Slot, State, Token};
use crate::protocol::revocation::{Entry, Kind};
use crate::protocol::rotation::{MAX_LEAVES, Verdict};

/// The first rule that a state breaks.
pub(super) fn broken(state: &State) -> Option<&'static str> {
    let row = &state.row;
    let rules = [
        ("a generation has one to four leaves, and one parent", shape(row)),
        ("of each generation one leaf is spent at most", one_is_spent(state)),
        ("a token is worth what its place says", places(state)),
        ("a client alone is never taken for a thief", benign(state)),
        ("only lost writes look like lost writes", only_a_loss_regresses(state)),
        ("a reuse is answered after the session has ended", ended_before_refused(state)),
        ("after poll and lease nothing is accepted", obeyed(state)),
        ("who is told of a revocation can rely on it", told(state)),
    ];
    rules.into_iter().find(|(_, holds)| !holds).map(|(rule, _)| rule)
}

/// The first rule that a step breaks.
pub(super) fn broken_by_step(before: &State, after: &State) -> Option<&'static str> {
    if before.row.ended.is_some() && (after.row != before.row || after.issued != before.issued) {
        return Some("once the session has ended no token is made and nothing is written");
    }
    let convicted = |slots: (&Slot, &Slot)| {
        matches!(slots, (Slot::Again { .. }, Slot::Read { plan: Plan::EndReused, .. }))
    };
    if before.slots.iter().zip(&after.slots).any(convicted) {
        return Some("only a first reading calls a token reused");
    }
    let forward = after.row.generation == before.row.generation
        || after.row.generation == before.row.generation + 1;
    (!forward).then_some("generations go one by one")
}

fn shape(row: &Row) -> bool {
    let of = |token: Token, generation: u8| token.generation() == generation;
    let leaves = (1..=MAX_LEAVES).contains(&row.leaves.count())
        && row.leaves.iter().all(|leaf| of(leaf, row.generation));
    let parent = match row.parent {
        None => row.generation == 0 && row.sealed.is_none(),
        Some(parent) => of(parent, row.generation - 1),
    };
    leaves && parent && row.sealed.is_none_or(|sealed| row.leaves.has(sealed))
}

fn one_is_spent(state: &State) -> bool {
    let generation = state.row.generation;
    (generation.saturating_sub(1)..=generation).all(|one| {
        let spent = state.spent.iter().filter(|token| token.generation() == one).count();
        spent == usize::from(one < generation)
    })
}

/// A leaf rotates; the parent gets the newest leaf, or another one while there is room and time;
/// everything else that was ever handed out is reuse, or after a loss newer than what is stored.
fn places(state: &State) -> bool {
    let row = &state.row;
    row.judge(state.issued.iter()).all(|(token, verdict)| match verdict {
        Verdict::Keep => false,
        Verdict::Rotate => row.leaves.has(token),
        Verdict::Echo(child, _) => {
            row.parent == Some(token) && row.sealed == Some(child) && row.leaves.has(child)
        }
        Verdict::Branch(_) => {
            row.parent == Some(token) && row.leaves.count() < MAX_LEAVES && row.rotated < Age::Over
        }
        Verdict::Reuse => !row.leaves.has(token) && token.generation() <= row.generation,
        Verdict::Regressed => state.lost && token.generation() > row.generation,
    })
}

/// The residuals that are documented: a holder who comes back with the parent after the retry window,
/// and a duplicate that is two generations late.
fn benign(state: &State) -> bool {
    let row = &state.row;
    if !state.is_benign() || row.ended.is_some() {
        return true;
    }
    row.judge(state.owner).all(|(token, verdict)| {
        let returns_late = row.parent == Some(token) && row.rotated == Age::Over;
        let two_late = token.generation() + 2 <= row.generation;
        verdict != Verdict::Reuse || returns_late || two_late
    })
}

fn only_a_loss_regresses(state: &State) -> bool {
    state.lost || state.row.ended != Some(End::Regressed)
}

fn ended_before_refused(state: &State) -> bool {
    !state.slots.contains(&Slot::Refused) || state.row.ended.is_some()
}

/// A node that answers from memory refuses the session's access tokens by the set of revocations.
fn obeyed(state: &State) -> bool {
    let accepts = state.nodes.iter().any(|node| {
        let set = if node.knows { &*KNOWING } else { &*EMPTY };
        node.lease && !set.refuses(Kind::Session.digest("s"), i64::MAX)
    });
    !(state.aged && accepts)
}

fn told(state: &State) -> bool {
    let [here, _] = state.nodes;
    state.revocation != Revocation::Told
        || (state.row.ended.is_some() && (here.knows || !here.lease))
}

static EMPTY: LazyLock<RevocationSet> = LazyLock::new(RevocationSet::default);
static KNOWING: LazyLock<RevocationSet> = LazyLock::new(|| {
    let mut set = RevocationSet::default();
    let digest = Kind::Session.digest("s");
    set.insert(Entry { digest, not_before: None, until: None });
    set
});
