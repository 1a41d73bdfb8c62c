//! The closed loop: every virtual user has a connection of his own and sends his next request when the
//! answer to the last has come. All of them share one thread.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio::time::timeout;

use super::connection::Connection;
use super::tally::Tally;
use super::user::VirtualUser;
use super::users::Users;
use super::watched::{Reading, Watched};
use crate::figures::{Failure, now};

/// When a measurement ends: at whichever comes first.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// For how long the load is on before it is measured, and for how long it is measured.
    pub(super) time: [Duration; 2],
    /// With how many answers the same ends.
    pub(super) answers: [u64; 2],
}

/// What was measured.
pub(super) struct Measured {
    pub(super) tally: Tally,
    /// Whether there were users beside those whose answers are measured.
    pub(super) is_disturbed: bool,
    /// How long it took.
    pub(super) time: Duration,
    /// What the operating system and the server counted at its beginning and its end.
    pub(super) readings: [Reading; 2],
}

impl Measured {
    /// Fails where the server has ended fewer sessions than so many `connections` were told. (Of the answers
    /// that the first requests of a measurement get, the server may have counted what was done before it.)
    pub(super) fn check_ended(&self, connections: usize) -> Result<(), Failure> {
        let [before, after] = &self.readings;
        let ended = before.ended.zip(after.ended).map_or(0, |(before, after)| after - before);
        let told = self.tally.answers - self.tally.errors.values().sum::<u64>();
        if ended + connections as u64 >= told {
            return Ok(());
        }
        Err(format!("{told} sessions were said to have ended, and {ended} have").into())
    }
}

/// What all virtual users of one measurement see.
struct Course {
    phase: Cell<Phase>,
    tally: RefCell<Tally>,
    /// How many answers the present phase has yet to wait for, and how many users still ask.
    left: Cell<u64>,
    users: Cell<usize>,
    /// Told whenever one of these has come to zero.
    is_over: Notify,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Phase {
    WarmUp,
    Measuring,
    Over,
}

/// Puts the users on, and measures once they are warm.
pub(super) async fn drive(
    address: SocketAddr,
    users: Users,
    bounds: Bounds,
    watched: &Watched<'_>,
) -> Result<Measured, Failure> {
    let course = Rc::new(Course {
        phase: Cell::new(Phase::WarmUp),
        tally: RefCell::new(Tally::new()?),
        left: Cell::new(bounds.answers[0]),
        users: Cell::new(users.counted.len()),
        is_over: Notify::new(),
    });
    let local = LocalSet::new();
    for user in users.counted {
        local.spawn_local(ask(user, Connection::new(address), course.clone()));
    }
    let is_disturbed = !users.beside.is_empty();
    for user in users.beside {
        local.spawn_local(disturb(user, Connection::new(address), course.clone()));
    }
    if !watched.is_shared {
        local.spawn_local(stay_awake(course.clone()));
    }
    let measuring = local.run_until(measure(&course, bounds, watched));
    let (time, readings) = measuring.await?;
    // Those who still wait for an answer get it.
    timeout(LAST_ANSWERS, local).await?;
    let tally = course.tally.replace(Tally::new()?);
    Ok(Measured { tally, is_disturbed, time, readings })
}

async fn measure(
    course: &Course,
    bounds: Bounds,
    watched: &Watched<'_>,
) -> Result<(Duration, [Reading; 2]), Failure> {
    let [warm_up, measured] = bounds.time;
    course.phase_ends(warm_up).await;
    let before = watched.read().await?;
    *course.tally.borrow_mut() = Tally::new()?;
    course.left.set(bounds.answers[1]);
    course.phase.set(Phase::Measuring);
    let start = now();
    course.phase_ends(measured).await;
    course.phase.set(Phase::Over);
    let time = start.elapsed();
    Ok((time, [before, watched.read().await?]))
}

/// Keeps this thread's processor from falling asleep between two answers: on a virtual machine, to wake
/// it costs whoever sends the answer more than the answer does. Not where a database has to run there.
async fn stay_awake(course: Rc<Course>) {
    while course.phase.get() != Phase::Over {
        tokio::task::yield_now().await;
    }
}

async fn ask(mut user: Box<dyn VirtualUser>, mut connection: Connection, course: Rc<Course>) {
    let mut request = Vec::new();
    while course.phase.get() != Phase::Over {
        request.clear();
        if !user.request(&mut request) {
            break;
        }
        let (phase, start) = (course.phase.get(), now());
        let answer = connection.exchange(&request).await;
        let latency = start.elapsed();
        let wrong = match answer {
            Ok(answer) => user.take(answer).err(),
            Err(error) => Some(error.to_string()),
        };
        course.count((phase == Phase::Measuring).then_some(latency), wrong.as_deref());
    }
    course.leave();
}

/// Somebody whose answers are not what is measured.
async fn disturb(mut user: Box<dyn VirtualUser>, mut connection: Connection, course: Rc<Course>) {
    let mut request = Vec::new();
    while course.phase.get() != Phase::Over && user.request(&mut request) {
        let answer = connection.exchange(&request).await;
        if course.phase.get() == Phase::Over {
            break;
        }
        let is_right = answer.is_ok_and(|answer| user.take(answer).is_ok());
        course.tally.borrow_mut().count_beside(is_right);
        request.clear();
    }
}

impl Course {
    /// Completes when the time is over, or there is nothing more to wait for.
    async fn phase_ends(&self, time: Duration) {
        let answered = async {
            // It may have been told of what was the end of the phase before.
            while self.left.get() > 0 && self.users.get() > 0 {
                self.is_over.notified().await;
            }
        };
        // The end of the time is one end like the other.
        let _ = timeout(time, answered).await;
    }

    fn count(&self, latency: Option<Duration>, wrong: Option<&str>) {
        if self.phase.get() == Phase::Over {
            return;
        }
        let mut tally = self.tally.borrow_mut();
        tally.count(latency);
        if let Some(wrong) = wrong {
            tally.note(wrong);
        }
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            self.is_over.notify_one();
        }
    }

    fn leave(&self) {
        self.users.set(self.users.get() - 1);
        if self.users.get() == 0 {
            self.is_over.notify_one();
        }
    }
}

const LAST_ANSWERS: Duration = Duration::from_mins(1);
