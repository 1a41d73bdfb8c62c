//! Virtual users who share many sessions: each refreshes one at random, then another.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::load::answer::Answer;
use crate::load::user::{Caller, Refresh, VirtualUser};

/// Sessions, each with the newest token of its chain, while nobody refreshes it.
pub(super) struct Pool {
    chains: RefCell<Vec<Refresh>>,
    dice: Cell<u64>,
}

/// One who takes a session, refreshes it and puts it back.
pub(super) struct Wanderer {
    pool: Rc<Pool>,
    held: Option<Refresh>,
}

impl Pool {
    pub(super) fn of(caller: &Rc<Caller>, tokens: Vec<String>) -> Rc<Self> {
        let chains = tokens.into_iter().map(|token| Refresh::new(caller, token)).collect();
        Rc::new(Self { chains: RefCell::new(chains), dice: Cell::new(1) })
    }

    pub(super) fn users(self: &Rc<Self>, count: usize) -> Vec<Box<dyn VirtualUser>> {
        let user =
            |_| Box::new(Wanderer { pool: self.clone(), held: None }) as Box<dyn VirtualUser>;
        (0..count).map(user).collect()
    }

    fn take(&self) -> Option<Refresh> {
        // The constants of Knuth's MMIX; its high bits are random enough to choose by.
        let dice = self.dice.get().wrapping_mul(6_364_136_223_846_793_005);
        self.dice.set(dice.wrapping_add(1_442_695_040_888_963_407));
        let mut chains = self.chains.borrow_mut();
        let count = u64::try_from(chains.len()).ok().filter(|count| *count > 0)?;
        let chosen = usize::try_from((self.dice.get() >> 33) % count).ok()?;
        Some(chains.swap_remove(chosen))
    }
}

impl VirtualUser for Wanderer {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        self.held = self.pool.take();
        self.held.as_mut().is_some_and(|chain| chain.request(out))
    }

    fn take(&mut self, answer: Answer<'_>) -> Result<(), String> {
        let Some(mut chain) = self.held.take() else { return Err("nothing was asked".to_owned()) };
        let taken = chain.take(answer);
        self.pool.chains.borrow_mut().push(chain);
        taken
    }
}

impl Drop for Wanderer {
    /// An answer that did not come leaves the session to the next, whose retry gets it.
    fn drop(&mut self) {
        self.pool.chains.borrow_mut().extend(self.held.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_has_its_turn_and_no_two_hold_the_same() {
        let caller = Rc::new(Caller::new("localhost:1", ("me", "secret")));
        let pool = Pool::of(&caller, (0..4).map(|number| format!("token-{number}.")).collect());
        let mut users = pool.users(5);
        let mut seen = std::collections::BTreeSet::new();
        for user in &mut users[..4] {
            let mut request = Vec::new();
            assert!(user.request(&mut request));
            assert!(seen.insert(request));
        }
        assert!(!users[4].request(&mut Vec::new()), "all are held");
        drop(users);
        assert_eq!(pool.chains.borrow().len(), 4);
    }
}
