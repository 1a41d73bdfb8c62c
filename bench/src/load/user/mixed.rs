//! Somebody who does everything, as often as [`WEIGHTS`] says.

use super::{
    ClientCredentials, Document, Introspect, Login, Refresh, Revoke, Unrevoked, VirtualUser,
};
use crate::load::answer::Answer;

/// How often each request is made, of [`WHOLE`] requests. Each login is followed by the revocation of
/// what it gave, sooner or later.
const WEIGHTS: [(Part, u32); 7] = [
    (Part::Refresh, 500),
    (Part::ClientCredentials, 200),
    (Part::Introspect, 200),
    (Part::Jwks, 50),
    (Part::Discovery, 40),
    (Part::Login, 5),
    (Part::Revoke, 5),
];
const WHOLE: u32 = 1_000;
/// Has no divisor in common with the whole, so its multiples come by everything, well mixed.
const STEP: u32 = 619;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Refresh,
    ClientCredentials,
    Introspect,
    Jwks,
    Discovery,
    Login,
    Revoke,
}

/// One of each.
pub(crate) struct Mixed {
    pub(crate) refresh: Refresh,
    pub(crate) client_credentials: ClientCredentials,
    pub(crate) introspect: Introspect,
    pub(crate) documents: [Document; 2],
    pub(crate) login: Login,
    pub(crate) revoke: Revoke,
    /// What logins have given, which is what `revoke` takes.
    pub(crate) unrevoked: Unrevoked,
    pub(crate) turn: Turn,
}

/// Whose turn it is.
pub(crate) struct Turn {
    number: u32,
    part: Part,
}

impl Turn {
    /// Those of different users begin at different places.
    pub(crate) fn of_user(user: usize) -> Self {
        let number = u32::try_from(user).unwrap_or(0).wrapping_mul(37) % WHOLE;
        Self { number, part: Part::Refresh }
    }

    fn next(&mut self) -> Part {
        self.number = (self.number + STEP) % WHOLE;
        let mut left = self.number;
        for (part, weight) in WEIGHTS {
            if left < weight {
                self.part = part;
                break;
            }
            left -= weight;
        }
        self.part
    }
}

impl Mixed {
    fn part(&mut self) -> &mut dyn VirtualUser {
        match self.turn.part {
            Part::Refresh => &mut self.refresh,
            Part::ClientCredentials => &mut self.client_credentials,
            Part::Introspect => &mut self.introspect,
            Part::Jwks => &mut self.documents[0],
            Part::Discovery => &mut self.documents[1],
            Part::Login => &mut self.login,
            Part::Revoke => &mut self.revoke,
        }
    }
}

impl VirtualUser for Mixed {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        // A part that has nothing to ask now, as there is nothing to revoke yet, is left out.
        (0..WHOLE).any(|_| {
            self.turn.next();
            self.part().request(out)
        })
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        let taken = self.part().take(answer);
        self.unrevoked.borrow_mut().extend(self.login.begun.take());
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_turn_as_often_as_its_weight_says() {
        let mut turn = Turn::of_user(3);
        let turns: Vec<Part> = (0..WHOLE).map(|_| turn.next()).collect();
        for (part, weight) in WEIGHTS {
            let times = turns.iter().filter(|turn| **turn == part).count();
            assert_eq!(u32::try_from(times).unwrap(), weight, "{part:?}");
        }
    }
}
