//! What may happen next, as the use cases do it: a request reads, decides by the rule, writes if what it
//! read still stands, and is answered.

use super::state::{
    Age, End, Holder, Limits, Node, Plan, Revocation, Row, Slot, State, Token, Tokens,
};
use crate::protocol::rotation::{Retry, RetryStreak, Verdict};

/// Every state that may come next, with what happens.
pub(super) fn next(state: &State, limits: &Limits) -> Vec<(&'static str, State)> {
    let mut steps = Vec::new();
    for at in [0, 1] {
        request(state, (at, limits), &mut steps);
        node(state, (at, limits), &mut steps);
    }
    if state.row.ended.is_none() {
        time(state, limits, &mut steps);
        if limits.theft && state.thief[0].is_none() {
            steps.push((
                "the thief steals",
                State { thief: [Some(state.owner[0]), None], ..*state },
            ));
        }
    } else if !state.aged {
        let nodes = state.nodes.map(|node| Node { lease: false, ..node });
        steps.push(("poll and lease pass", State { nodes, aged: true, ..*state }));
    }
    revocation(state, &mut steps);
    steps
}

type Steps = Vec<(&'static str, State)>;

/// The request at a node goes on, or is lost.
fn request(state: &State, (at, limits): (usize, &Limits), steps: &mut Steps) {
    let mut slots = Slots { state, at, limits, steps };
    match state.slots[at] {
        Slot::Idle if state.row.ended.is_none() => {
            let owner = state.owner.map(|token| (Holder::Owner, token));
            let thief = state.thief.iter().flatten().map(|token| (Holder::Thief, *token));
            for sent in owner.into_iter().chain(thief) {
                slots.read(sent, true);
            }
        }
        Slot::Idle => {}
        Slot::Again { who, token } => slots.read((who, token), false),
        Slot::Read { who, token, plan } => slots.write((who, token), plan),
        Slot::Answer { token, child } => {
            slots.push("the answer is lost", Slot::Idle, state.row);
            // A client puts an answer in the place of what it has presented, and of nothing else.
            let [held, before] = state.owner;
            let owner = if held == token { [child, held] } else { [held, before] };
            let mut after = State { owner, ..*state };
            after.slots[at] = Slot::Idle;
            steps.push(("the answer arrives", after));
        }
        Slot::Refused => slots.push("is refused", Slot::Idle, state.row),
    }
}

/// What a node does by itself.
fn node(state: &State, (at, limits): (usize, &Limits), steps: &mut Steps) {
    let node = state.nodes[at];
    let seen = Node { lease: true, knows: node.knows || state.row.ended.is_some() };
    if node != seen {
        let mut after = *state;
        after.nodes[at] = seen;
        steps.push(("a node looks", after));
    }
    if state.fault && limits.crash {
        let mut after = State { fault: false, ..*state };
        // While there is nothing to know, one that comes back knows as much as before.
        after.nodes[at] = Node { lease: state.row.ended.is_none(), knows: false };
        after.slots[at] = Slot::Idle;
        steps.push(("a node crashes", after));
    }
}

fn time(state: &State, limits: &Limits, steps: &mut Steps) {
    for &age in limits.ages {
        let (rotated, reissued) = (state.row.rotated.max(age), state.row.reissued.max(age));
        let row = Row { rotated, reissued, ..state.row };
        if row != state.row {
            steps.push(("time passes", State { row, ..*state }));
        }
    }
}

/// An administrator revokes at the first node, which obeys before it answers, or answers nothing more
/// from memory.
fn revocation(state: &State, steps: &mut Steps) {
    match state.revocation {
        Revocation::None if state.row.ended.is_none() => {
            let row = Row { ended: Some(End::Revoked), ..state.row };
            let revocation = Revocation::Committed;
            steps.push(("a revocation is committed", State { row, revocation, ..*state }));
        }
        Revocation::Committed => {
            for node in OBEYING {
                let mut after = State { revocation: Revocation::Told, ..*state };
                after.nodes[0] = node;
                steps.push(("a revocation is told", after));
            }
        }
        Revocation::None | Revocation::Told => {}
    }
}

/// A node that has stored a revocation: it has read it back, or its lease is over.
const OBEYING: [Node; 2] = [Node { lease: true, knows: true }, Node { lease: false, knows: false }];

fn small(streak: RetryStreak) -> (u8, u8) {
    let byte = |number: u32| u8::try_from(number).expect("few generations");
    (byte(streak.generation), byte(streak.length))
}

/// An answer is on its way to the owner. One to the thief arrives: he could not do with its loss what
/// the owner does not do.
fn answered(state: &State, at: usize, (who, token): (Holder, Token), child: Token) -> State {
    let mut after = *state;
    after.slots[at] = Slot::Idle;
    match who {
        Holder::Owner => after.slots[at] = Slot::Answer { token, child },
        Holder::Thief if state.thief.contains(&Some(child)) => {}
        Holder::Thief => after.thief = [state.thief[1].or(state.thief[0]), Some(child)],
    }
    after
}

/// Where the steps of one request go.
struct Slots<'a, 'b> {
    state: &'a State,
    at: usize,
    limits: &'a Limits,
    steps: &'b mut Steps,
}

impl Slots<'_, '_> {
    /// What the request does after it has read the row. Only a first reading may call a token reused.
    fn read(&mut self, (who, token): (Holder, Token), first: bool) {
        let row = self.state.row;
        if row.ended.is_some() {
            return self.push("finds it ended", Slot::Idle, row);
        }
        let plan = match row.verdict(token) {
            Verdict::Rotate if row.generation == self.limits.generations => return,
            Verdict::Rotate => Plan::Rotate { from: row.generation },
            Verdict::Echo(child, Retry::Uncounted) => {
                let echoed = answered(self.state, self.at, (who, token), child);
                return self.steps.push(("reads, and is answered", echoed));
            }
            Verdict::Echo(child, Retry::Counted(streak) | Retry::Suspicious(streak)) => {
                Plan::Count { child, retries: small(streak) }
            }
            Verdict::Branch(retry) => {
                let retries = match retry {
                    Retry::Uncounted => row.retries,
                    Retry::Counted(streak) | Retry::Suspicious(streak) => small(streak),
                };
                Plan::Branch { generation: row.generation, leaves: row.leaves.bits(), retries }
            }
            Verdict::Reuse if first => Plan::EndReused,
            Verdict::Regressed if first => Plan::EndRegressed,
            Verdict::Reuse | Verdict::Regressed => {
                return self.push("is told to come again", Slot::Idle, row);
            }
            Verdict::Keep => unreachable!("the client rotates"),
        };
        self.push("reads", Slot::Read { who, token, plan }, row);
    }

    /// Writes if what was read still stands; else reads again.
    fn write(&mut self, (who, token): (Holder, Token), plan: Plan) {
        let row = self.state.row;
        if !plan.stands(&row) {
            return self.push("loses the race", Slot::Again { who, token }, row);
        }
        match plan {
            Plan::Rotate { from } => {
                let child = Token::new(from + 1, 0, self.state.lost);
                let rotated = Row {
                    generation: from + 1,
                    leaves: Tokens::default().with(child),
                    parent: Some(token),
                    rotated: Age::New,
                    reissued: Age::New,
                    sealed: Some(child),
                    ..row
                };
                self.commit((who, token), child, rotated);
            }
            Plan::Branch { generation, retries, .. } => {
                let leaf = u8::try_from(row.leaves.count()).expect("few");
                let child = Token::new(generation, leaf, self.state.lost);
                let leaves = row.leaves.with(child);
                let sealed = Some(child);
                let branched = Row { leaves, reissued: Age::New, sealed, retries, ..row };
                self.commit((who, token), child, branched);
            }
            Plan::Count { child, retries } => {
                let row = Row { retries, ..row };
                let counted = State { row, ..answered(self.state, self.at, (who, token), child) };
                self.steps.push(("counts, and is answered", counted));
            }
            Plan::EndReused => self.end(End::Reuse),
            Plan::EndRegressed => self.end(End::Regressed),
        }
    }

    fn push(&mut self, what: &'static str, slot: Slot, row: Row) {
        let mut after = State { row, ..*self.state };
        after.slots[self.at] = slot;
        self.steps.push((what, after));
    }

    /// The row with a new token, which is answered; or it was answered, and then the database lost it.
    fn commit(&mut self, (who, token): (Holder, Token), child: Token, row: Row) {
        let mut after = answered(self.state, self.at, (who, token), child);
        after.issued = after.issued.with(child);
        if self.state.fault && self.limits.loss {
            let lost = State { fault: false, lost: true, ..after };
            self.steps.push(("writes, and the write is lost", lost));
        }
        if row.generation != after.row.generation {
            after.spent = after.spent.with(token);
        }
        self.steps.push(("writes", State { row, ..after }));
    }

    /// The session ends, unless it has; then the node obeys, and only then it refuses.
    fn end(&mut self, reason: End) {
        let mut after = *self.state;
        after.row.ended = after.row.ended.or(Some(reason));
        after.slots[self.at] = Slot::Refused;
        for node in OBEYING {
            after.nodes[self.at] = node;
            self.steps.push(("ends the session", after));
        }
    }
}
