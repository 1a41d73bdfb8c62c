//! The pool in which passwords are hashed: a bounded number at once, and a bounded, fair queue.
//! Must not import any part of the crate but the protocol, [`crate::env`] and [`crate::worker`].

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::hasher::{Hasher, Verified};
use super::priority::give_way;
use super::queue::{Id, Queue, Waiter};
use super::source::Source;
use crate::env::{Clock, World};
use crate::protocol::password::argon2id::Argon2Params;
use crate::protocol::password::{HashMemory, Password};
use crate::protocol::user::StoredHash;
use crate::worker::Worker;

/// How much may be hashed.
#[derive(Clone, Copy, Debug)]
pub struct PoolSettings {
    /// How many hashes are computed at once, at least 1. Fewer than there are cores leave the
    /// others to refresh and introspection during a flood of logins.
    pub permits: usize,
    /// How many callers wait at most.
    pub queue: usize,
    /// How long a caller waits at most for his hash to begin.
    pub deadline: Duration,
    /// The costs of new hashes.
    pub params: Argon2Params,
}

/// Hashes passwords on threads that give way to all others. Every permit keeps its thread, and the
/// memory that it hashes in, while there is something to hash, so the memory is permits × parameters
/// however many ask (C064). Clones are the same pool.
#[derive(Clone)]
pub struct HashPool {
    shared: Arc<Shared>,
    hasher: Arc<Hasher>,
    deadline: Duration,
}

/// The password was not looked at, since too many wait: 503 or 429 with `Retry-After`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many passwords wait to be checked")]
pub struct Busy {
    /// When to try again: by then, whoever waits now is served or has given up.
    pub retry_after: Duration,
}

impl HashPool {
    /// An idle pool. Takes the time of one hash, which makes the decoy for unknown users.
    pub fn new(settings: PoolSettings, world: World) -> Self {
        let clock = Arc::clone(&world.clock);
        let hasher = Hasher::new(settings.params, world, &mut HashMemory::new());
        let mut idle = Vec::new();
        idle.resize_with(settings.permits.max(1), Permit::default);
        let state = State { idle, used: false, waiting: Queue::new(settings.queue) };
        let state = Mutex::new(state);
        let shared = Shared { state, clock, kept_kib: hasher.memory_kib() };
        let (shared, hasher) = (Arc::new(shared), Arc::new(hasher));
        Self { shared, hasher, deadline: settings.deadline }
    }

    /// Compares `password` with a stored hash. `None` is a user who does not exist or has no
    /// password: that, and a text which is no hash within the budget, takes one hash of the current
    /// parameters and never matches.
    ///
    /// # Errors
    /// [`Busy`] at once where the queue has no place for `from`, or when the deadline has passed.
    pub async fn verify(
        &self,
        from: &Source,
        hash: Option<StoredHash>,
        password: Password,
    ) -> Result<Verified, Busy> {
        self.run(from, move |hasher, memory| hasher.verify(hash.as_ref(), &password, memory)).await
    }

    /// Hashes a password that is being set.
    ///
    /// # Errors
    /// As those of [`HashPool::verify`].
    pub async fn hash(&self, from: &Source, password: Password) -> Result<StoredHash, Busy> {
        self.run(from, move |hasher, memory| hasher.hash(&password, memory)).await
    }

    /// How long a caller waits at most for his hash to begin.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Gives memory and threads back if nothing was hashed since this was called last.
    pub fn rest(&self) {
        let unused = self.shared.with(|state| {
            let rests = !std::mem::take(&mut state.used);
            rests.then(|| state.idle.iter_mut().map(std::mem::take).collect::<Vec<_>>())
        });
        // Behind the lock.
        drop(unused);
    }

    async fn run<T: Send + 'static>(
        &self,
        from: &Source,
        work: impl FnOnce(&Hasher, &mut HashMemory) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (reply, answer) = oneshot::channel();
        let hasher = Arc::clone(&self.hasher);
        let job: Job = Box::new(move |memory| {
            let result = (!reply.is_closed()).then(|| work(&hasher, memory));
            Box::new(move || drop(result.map(|result| reply.send(result))))
        });
        match self.enter(from, job)? {
            None => answer.await.map_err(|_| self.busy()),
            Some(place) => self.wait(place, answer).await,
        }
    }

    /// Starts the job where a permit is free; gives the place in the queue where none is.
    fn enter(&self, from: &Source, job: Job) -> Result<Option<Place<'_>>, Busy> {
        let since = self.shared.clock.monotonic();
        let until = since.saturating_add(self.deadline);
        let entered = self.shared.with(|state| {
            state.used = true;
            match state.idle.pop() {
                Some(permit) => Ok(Entered::Free(permit, job)),
                None => state.waiting.admit(from, (since, until), job).map(Entered::Queued),
            }
        });
        match entered {
            Ok(Entered::Free(permit, job)) => {
                record_wait(Duration::ZERO);
                self.begin(permit, job)?;
                Ok(None)
            }
            Ok(Entered::Queued(id)) => Ok(Some(Place { shared: &self.shared, id })),
            Err(_) => Err(self.busy()),
        }
    }

    fn begin(&self, mut permit: Permit, job: Job) -> Result<(), Busy> {
        let start = || Worker::start("hash", give_way);
        let worker = match permit.worker.take().map_or_else(start, Ok) {
            Ok(worker) => worker,
            Err(error) => {
                tracing::error!(%error, "there is no thread to hash a password");
                self.shared.lay_down(permit);
                return Err(self.busy());
            }
        };
        permit.worker = Some(worker.clone());
        let shared = Arc::clone(&self.shared);
        worker.run(move || shared.work(permit, job));
        Ok(())
    }

    async fn wait<T>(&self, place: Place<'_>, mut answer: oneshot::Receiver<T>) -> Result<T, Busy> {
        let clock = &self.shared.clock;
        tokio::select! {
            biased;
            answer = &mut answer => return answer.map_err(|_| self.busy()),
            () = clock.sleep(self.deadline) => {}
        }
        if place.leave() {
            return Err(self.busy());
        }
        // The hash has begun in time.
        answer.await.map_err(|_| self.busy())
    }

    fn busy(&self) -> Busy {
        metrics::counter!("chancery_hash_refused_total").increment(1);
        Busy { retry_after: self.deadline.max(MIN_RETRY_AFTER) }
    }
}

/// Hashes, and gives what is left to do then: telling the caller.
type Job = Box<dyn FnOnce(&mut HashMemory) -> Box<dyn FnOnce() + Send> + Send>;

/// What it takes to hash one password at a time.
#[derive(Default)]
struct Permit {
    memory: HashMemory,
    /// None before it is used first.
    worker: Option<Worker>,
}

enum Entered {
    Free(Permit, Job),
    Queued(Id),
}

struct Shared {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    kept_kib: usize,
}

struct State {
    /// The permits that nobody uses. While there is one, nobody waits.
    idle: Vec<Permit>,
    /// Whether something was hashed since the pool was asked to rest.
    used: bool,
    waiting: Queue<Job>,
}

impl Shared {
    /// The one way to the state. `act` must neither hash nor wait.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut state);
        let waiting = u32::try_from(state.waiting.len()).unwrap_or(u32::MAX);
        // Threads that give way hold it too: for as short a time as can be.
        drop(state);
        metrics::gauge!("chancery_hash_queue_waiting").set(waiting);
        result
    }

    /// Uses one permit for `job`, and then for those who wait, until nobody does.
    fn work(&self, permit: Permit, job: Job) {
        let mut next = Some((permit, job));
        while let Some((mut permit, job)) = next {
            // A panic is the end of one hash, and not of the permit.
            let answer = catch_unwind(AssertUnwindSafe(|| job(&mut permit.memory)));
            // A hash that was imported may have needed more than the permit is to keep.
            if answer.is_err() || permit.memory.kib() > self.kept_kib {
                permit.memory = HashMemory::new();
            }
            // Before the caller hears of it: his next hash must not wait for the permit of his last.
            next = self.next(permit);
            if let Ok(tell) = answer {
                tell();
            }
        }
    }

    /// Lays down a permit for which there is no thread. Those who have come to wait for it are refused at once.
    fn lay_down(&self, permit: Permit) {
        let now = self.clock.monotonic();
        let refused: Vec<_> = self.with(|state| {
            state.idle.push(permit);
            iter::from_fn(|| state.waiting.take(now)).collect()
        });
        // Behind the lock.
        drop(refused);
    }

    /// The next job for `permit`; without one the permit is idle, and nothing is left in its memory.
    fn next(&self, mut permit: Permit) -> Option<(Permit, Job)> {
        let now = self.clock.monotonic();
        let begin = |permit, waiter: Waiter<Job>| {
            record_wait(now.saturating_sub(waiter.since));
            (permit, waiter.job)
        };
        if let Some(waiter) = self.with(|state| state.waiting.take(now)) {
            return Some(begin(permit, waiter));
        }
        permit.memory.wipe();
        self.with(|state| {
            if let Some(waiter) = state.waiting.take(now) {
                Some(begin(permit, waiter))
            } else {
                state.idle.push(permit);
                None
            }
        })
    }
}

/// A place in the queue, given up when the caller leaves.
struct Place<'a> {
    shared: &'a Shared,
    id: Id,
}

impl Place<'_> {
    /// Gives the place up, and answers whether it was still waited in.
    fn leave(&self) -> bool {
        self.shared.with(|state| state.waiting.withdraw(self.id))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

fn record_wait(waited: Duration) {
    metrics::histogram!("chancery_hash_wait_seconds").record(waited);
}

const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
