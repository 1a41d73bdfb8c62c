//! The loads that databases of all sizes have.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::drive::Bounds;
use super::super::user::{Login, Revoke, Unrevoked, VirtualUser};
use super::Growth;
use super::grown::{Taken, What};
use super::server::{Load, Server};
use crate::figures::Failure;

/// What the loads of one server have left for the next.
#[derive(Default)]
pub(super) struct Loads {
    /// How many users have been logged in.
    visitors: u32,
}

impl Loads {
    /// Puts one of them on a server.
    pub(super) async fn put(
        &mut self,
        growth: &Growth,
        server: &mut Server<'_>,
        (what, number): (What, usize),
    ) -> Result<Taken, Failure> {
        let bounds = |warm| Bounds { time: growth.time, answers: [warm, u64::MAX] };
        let count = growth.connections;
        let load: Load = match what {
            What::Login => (self.logins(server, count), bounds(u64::MAX)),
            What::Revoke => {
                let left = server.unrevoked.len();
                let share = server.unrevoked.split_off(left - left / (growth.runs - number));
                let warm = share.len() as u64 / 5;
                (revokes(server, share, count), bounds(warm))
            }
            _ => (server.pool.users(count), bounds(u64::MAX)),
        };
        server.load((what, number), load).await
    }

    /// Users of those who were filled in, at random: each logs in a few times at most.
    fn logins(&mut self, server: &Server<'_>, count: usize) -> Vec<Box<dyn VirtualUser>> {
        let caller = server.target.caller();
        let visitor = |number: u32| {
            // Has no divisor in common with any of the sizes, so it leads to others each time.
            let user = u64::from(number) * 7_368_787 % server.size.users + 1;
            server.target.visitor(&format!("grown-{user}"), FIRST_ADDRESS + number)
        };
        let first = self.visitors;
        self.visitors += VISITORS;
        let visitors: Vec<_> = (first..self.visitors).map(visitor).collect();
        let of_user = |user| visitors.iter().skip(user).step_by(count);
        (0..count).map(|user| Box::new(Login::new(&caller, of_user(user))) as _).collect()
    }
}

fn revokes(server: &Server<'_>, tokens: Vec<String>, count: usize) -> Vec<Box<dyn VirtualUser>> {
    let (caller, tokens): (_, Unrevoked) = (server.target.caller(), Rc::new(RefCell::new(tokens)));
    (0..count).map(|_| Box::new(Revoke::new(&caller, &tokens)) as _).collect()
}

const VISITORS: u32 = 4_000;
const FIRST_ADDRESS: u32 = 10_000;
