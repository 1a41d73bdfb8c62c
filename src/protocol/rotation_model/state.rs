//! One state of the model: the session's row, what two holders have, two nodes with a request each,
//! a revocation. Times are classes, secrets are small numbers.

use std::time::Duration;

use crate::protocol::rotation::{RetryStreak, Rotation, RotationPolicy, Verdict};
use crate::protocol::secret::SecretHash;
use crate::protocol::time::Timestamp;

/// A refresh token: its number says in which generation it was made, and as which leaf.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Token(pub(super) u8);

/// Tokens.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Tokens(u32);

/// How old something is, by the windows of the rules.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Age {
    /// Younger than every window.
    New,
    /// Old enough for a retry to count, and within the echo window.
    Counted,
    /// After the echo window, within the retry window.
    Late,
    /// After both.
    Over,
}

/// The session as stored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Row {
    pub(super) ended: Option<End>,
    pub(super) generation: u8,
    pub(super) leaves: Tokens,
    pub(super) parent: Option<Token>,
    pub(super) rotated: Age,
    pub(super) reissued: Age,
    /// The newest leaf, sealed for the parent; none before the first rotation.
    pub(super) sealed: Option<Token>,
    pub(super) retries: (u8, u8),
}

/// Why the session is over.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum End {
    Revoked,
    Reuse,
    Regressed,
}

/// Who presents a token.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Holder {
    Owner,
    Thief,
}

/// A request at a node.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Slot {
    Idle,
    /// It has lost a race, and reads again.
    Again {
        who: Holder,
        token: Token,
    },
    /// It has read the row, and this is what it will write.
    Read {
        who: Holder,
        token: Token,
        plan: Plan,
    },
    /// The owner is answered, if the answer arrives.
    Answer {
        token: Token,
        child: Token,
    },
    /// It is told that the session is over, which a reuse of its token has caused.
    Refused,
}

/// A conditional write, with what it is conditional on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Plan {
    Rotate { from: u8 },
    Branch { generation: u8, leaves: u32, retries: (u8, u8) },
    Count { child: Token, retries: (u8, u8) },
    EndReused,
    EndRegressed,
}

/// What a node remembers of the log of revocations.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Node {
    /// It has looked at the database within the lease.
    pub(super) lease: bool,
    /// It has seen that the session is over.
    pub(super) knows: bool,
}

/// What an administrator does.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Revocation {
    None,
    Committed,
    Told,
}

/// What may happen at all, so that what may happen together stays few.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) generations: u8,
    pub(super) ages: &'static [Age],
    /// How many generations in a row saw a late retry before.
    pub(super) streak: u8,
    pub(super) theft: bool,
    /// One crash of a node.
    pub(super) crash: bool,
    /// One write that was acknowledged, and is lost.
    pub(super) loss: bool,
}

/// Everything.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct State {
    pub(super) row: Row,
    /// Every token that was ever handed out.
    pub(super) issued: Tokens,
    /// Those of them in whose place the session has a next generation.
    pub(super) spent: Tokens,
    /// What the owner holds, and what he held before: a duplicate of his last request may be late.
    pub(super) owner: [Token; 2],
    pub(super) thief: [Option<Token>; 2],
    pub(super) slots: [Slot; 2],
    pub(super) nodes: [Node; 2],
    pub(super) revocation: Revocation,
    /// Poll and lease have passed since the session ended.
    pub(super) aged: bool,
    /// A node may still crash, or the database lose a write.
    pub(super) fault: bool,
    /// The database has lost a write.
    pub(super) lost: bool,
}

impl Token {
    /// The leaf with this number in a generation. What is made after a loss is made of other
    /// randomness.
    pub(super) fn new(generation: u8, leaf: u8, lost: bool) -> Self {
        Self(generation * 4 + leaf + if lost { 16 } else { 0 })
    }

    pub(super) fn generation(self) -> u8 {
        self.0 % 16 / 4
    }

    fn hash(self) -> SecretHash {
        SecretHash::from_bytes([self.0; 32])
    }
}

impl Tokens {
    pub(super) fn has(self, token: Token) -> bool {
        self.0 & (1 << token.0) != 0
    }

    pub(super) fn with(self, token: Token) -> Self {
        Self(self.0 | 1 << token.0)
    }

    fn without(self, gone: impl Fn(Token) -> bool) -> Self {
        Self(self.iter().filter(|token| !gone(*token)).fold(0, |all, token| all | 1 << token.0))
    }

    pub(super) fn bits(self) -> u32 {
        self.0
    }

    pub(super) fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Token> {
        (0..32).map(Token).filter(move |token| self.has(*token))
    }
}

impl Age {
    fn before(self, now: Timestamp) -> Timestamp {
        let seconds = match self {
            Self::New => 0,
            Self::Counted => 10,
            Self::Late => 60,
            Self::Over => 601,
        };
        Timestamp::from_seconds(now.seconds() - seconds)
    }
}

impl Row {
    /// What the rule says of each token of `presented`.
    pub(super) fn judge(
        &self,
        presented: impl IntoIterator<Item = Token>,
    ) -> impl Iterator<Item = (Token, Verdict<Token>)> {
        let now = Timestamp::from_seconds(10_000);
        let rotation = Rotation {
            generation: self.generation.into(),
            leaves: self.leaves.iter().map(Token::hash).collect(),
            parent: self.parent.map(Token::hash),
            rotated_at: self.rotated.before(now),
            reissued_at: self.reissued.before(now),
            successor_sealed: self.sealed.map(|token| vec![token.0]),
            retries: RetryStreak {
                generation: self.retries.0.into(),
                length: self.retries.1.into(),
            },
        };
        presented.into_iter().map(move |token| {
            let shown = (u32::from(token.generation()), &token.hash());
            let open = |sealed: &[u8]| sealed.first().copied().map(Token);
            (token, rotation.judge(shown, &POLICY, now, open))
        })
    }

    pub(super) fn verdict(&self, token: Token) -> Verdict<Token> {
        self.judge([token]).next().expect("one token").1
    }
}

impl State {
    /// A session that has just begun.
    pub(super) fn begin(limits: &Limits) -> Self {
        let token = Token::new(0, 0, false);
        Self {
            row: Row {
                ended: None,
                generation: 0,
                leaves: Tokens::default().with(token),
                parent: None,
                rotated: Age::New,
                reissued: Age::New,
                sealed: None,
                retries: (0, limits.streak),
            },
            issued: Tokens::default().with(token),
            spent: Tokens::default(),
            owner: [token; 2],
            thief: [None; 2],
            slots: [Slot::Idle; 2],
            nodes: [Node { lease: true, knows: false }; 2],
            revocation: Revocation::None,
            aged: false,
            fault: limits.crash || limits.loss,
            lost: false,
        }
    }

    /// Whether nobody but the owner has ever had a token, and the database kept what it was given.
    pub(super) fn is_benign(&self) -> bool {
        self.thief[0].is_none() && !self.lost
    }

    /// The same with nothing in it that makes no difference: two nodes that know the same may change
    /// places, tokens that nothing brings back are all alike, a write that comes too late is one that has
    /// lost, and who had what no longer matters once the session has ended.
    pub(super) fn canonical(mut self, limits: &Limits) -> Self {
        if limits.streak == 0 {
            self.row.retries = (0, 0);
        }
        let (ended, generation) = (self.row.ended.is_some(), self.row.generation);
        let dead = |token: Token| token.generation() + 2 <= generation;
        let alike = |token: Token| if ended || dead(token) { Token(0) } else { token };
        self.owner = self.owner.map(alike);
        self.thief = if ended { [None; 2] } else { self.thief.map(|one| one.map(alike)) };
        self.issued = self.issued.without(dead);
        self.spent = self.spent.without(dead);
        for slot in &mut self.slots {
            *slot = match *slot {
                Slot::Read { who, token, plan } if !plan.stands(&self.row) => {
                    Slot::Again { who, token: alike(token) }
                }
                Slot::Read { who, token, plan } => Slot::Read { who, token: alike(token), plan },
                Slot::Again { who, token } => Slot::Again { who, token: alike(token) },
                Slot::Answer { token, .. } if ended || token != self.owner[0] => Slot::Idle,
                other => other,
            };
        }
        let ends = |slot: &Slot| match slot {
            Slot::Read { plan, .. } => matches!(plan, Plan::EndReused | Plan::EndRegressed),
            _ => true,
        };
        if ended && self.slots.iter().all(ends) {
            let State { row, issued, spent, .. } = Self::begin(limits);
            self.row = Row { ended: self.row.ended, ..row };
            (self.issued, self.spent) = (issued, spent);
        }
        if self.nodes[0] == self.nodes[1] && self.slots[1] < self.slots[0] {
            self.slots.swap(0, 1);
        }
        self
    }
}

impl Plan {
    /// Whether what was read still stands, as the conditions of the statements have it.
    pub(super) fn stands(self, row: &Row) -> bool {
        let alive = row.ended.is_none();
        match self {
            Self::Rotate { from } => alive && row.generation == from,
            Self::Branch { generation, leaves, .. } => {
                alive && (row.generation, row.leaves.bits()) == (generation, leaves)
            }
            Self::Count { retries, .. } => {
                let counted = row.retries.0 == retries.0 && row.retries.1 != 0;
                alive && row.generation == retries.0 && !counted
            }
            Self::EndReused | Self::EndRegressed => true,
        }
    }
}

const POLICY: RotationPolicy = RotationPolicy {
    rotates: true,
    rotate_after: Duration::ZERO,
    retry_echo: Duration::from_secs(30),
    retry_window: Duration::from_mins(10),
};
