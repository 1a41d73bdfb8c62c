//! Operations of one kind that are asked for in the same moment go to the database together: to wait
//! for it, to wake, to begin and to commit costs more than what they are about. Nobody waits for others
//! who may come: what has come while the last ones were on their way goes next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::error::StorageError;
use super::operation::{Operation, Together};

/// Where operations of one kind come together.
pub(super) struct Group<O: Operation>(Arc<Shared<O>>);

/// How an operation fared that came to a group.
pub(super) enum Turn<O: Operation> {
    /// It went with others.
    Over(Result<O::Output, StorageError>),
    /// Nothing was done. It has to go alone.
    Alone(O),
}

/// Brings some operations to the database, if it finds a way there until then, and gives them back with
/// what it answered.
type Carry<O> = Box<dyn Fn(Together<O>, Instant) -> BoxFuture<'static, Carried<O>> + Send + Sync>;
pub(super) type Carried<O> =
    (Together<O>, Result<<Together<O> as Operation>::Output, StorageError>);

type Answer<O> = oneshot::Sender<Turn<O>>;

struct Shared<O: Operation> {
    queue: Mutex<Queue<O>>,
    carry: Carry<O>,
    /// How many groups may be on their way at a time.
    lines: usize,
}

struct Queue<O: Operation> {
    waiting: VecDeque<Waiting<O>>,
    under_way: usize,
    next: u64,
}

struct Waiting<O: Operation> {
    number: u64,
    operation: O,
    deadline: Instant,
    answer: Answer<O>,
}

impl<O: Operation> Group<O> {
    pub(super) fn new(
        lines: usize,
        carry: impl Fn(Together<O>, Instant) -> BoxFuture<'static, Carried<O>> + Send + Sync + 'static,
    ) -> Self {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), under_way: 0, next: 0 });
        Self(Arc::new(Shared { queue, carry: Box::new(carry), lines }))
    }

    /// Goes with whoever else is here when the next group leaves. An operation whose caller has gone
    /// away before stays behind, and so does one whose deadline has come.
    pub(super) async fn join(&self, operation: O, deadline: Instant) -> Turn<O> {
        let shared = &self.0;
        let (answer, mut turn) = oneshot::channel();
        let (number, line) = shared.enter(operation, deadline, answer);
        if let Some(line) = line {
            tokio::spawn(line.serve());
        }
        let answered = match timeout_at(deadline, &mut turn).await {
            Ok(answered) => answered,
            Err(_) if shared.leave(number) => return Turn::Over(Err(unavailable())),
            Err(_) => turn.await,
        };
        // Whoever carried it has fallen.
        answered.unwrap_or_else(|_| Turn::Over(Err(lost())))
    }
}

impl<O: Operation> Shared<O> {
    /// Puts an operation behind the others; and a line to serve them, if one is free.
    fn enter(
        self: &Arc<Self>,
        operation: O,
        deadline: Instant,
        answer: Answer<O>,
    ) -> (u64, Option<Line<O>>) {
        let mut queue = self.queue();
        let number = queue.next;
        queue.next += 1;
        queue.waiting.push_back(Waiting { number, operation, deadline, answer });
        let free = queue.under_way < self.lines;
        queue.under_way += usize::from(free);
        (number, free.then(|| Line::of(self.clone())))
    }

    /// Takes an operation back that nobody has taken yet.
    fn leave(&self, number: u64) -> bool {
        let mut queue = self.queue();
        let place = queue.waiting.iter().position(|one| one.number == number);
        place.and_then(|place| queue.waiting.remove(place)).is_some()
    }

    fn queue(&self) -> MutexGuard<'_, Queue<O>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of those that serve a group.
struct Line<O: Operation> {
    shared: Arc<Shared<O>>,
    state: State,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    New,
    Serving,
    Closed,
}

impl<O: Operation> Line<O> {
    fn of(shared: Arc<Shared<O>>) -> Self {
        Self { shared, state: State::New }
    }

    async fn serve(mut self) {
        self.state = State::Serving;
        // Whoever is about to come has the processor first.
        tokio::task::yield_now().await;
        while let Some((deadline, operations, answers)) = self.take() {
            let (operations, result) = (self.shared.carry)(Together(operations), deadline).await;
            answer(operations.0, answers, result);
            tokio::task::yield_now().await;
        }
    }

    /// Those who wait, in the order in which they came, and the deadline of the last: nobody is refused
    /// because another has waited for longer. Nobody, and then this line is closed.
    fn take(&mut self) -> Option<(Instant, Vec<O>, Vec<Answer<O>>)> {
        let mut queue = self.shared.queue();
        queue.waiting.retain(|one| !one.answer.is_closed());
        let number = queue.waiting.len().min(MOST);
        let Some(Waiting { deadline, .. }) = queue.waiting.get(number.wrapping_sub(1)) else {
            queue.under_way -= 1;
            self.state = State::Closed;
            return None;
        };
        let deadline = *deadline;
        let taken = queue.waiting.drain(..number).map(|one| (one.operation, one.answer));
        let (operations, answers) = taken.unzip();
        Some((deadline, operations, answers))
    }
}

impl<O: Operation> Drop for Line<O> {
    /// Where it has fallen, another serves those who wait already; but none that could not even begin,
    /// since the runtime is about to end.
    fn drop(&mut self) {
        match (self.state, tokio::runtime::Handle::try_current()) {
            (State::Closed, _) => {}
            (State::Serving, Ok(runtime)) => {
                drop(runtime.spawn(Self::of(self.shared.clone()).serve()));
            }
            _ => self.shared.queue().under_way -= 1,
        }
    }
}

/// Tells each how it fared. What is wrong with one of them alone is no fault of the others.
fn answer<O: Operation>(
    operations: Vec<O>,
    answers: Vec<Answer<O>>,
    result: Result<Vec<Option<O::Output>>, StorageError>,
) {
    let mut outputs = result.map(Vec::into_iter);
    for (operation, answer) in operations.into_iter().zip(answers) {
        let turn = match &mut outputs {
            Ok(outputs) => match outputs.next().flatten() {
                Some(output) => Turn::Over(Ok(output)),
                None => Turn::Alone(operation),
            },
            Err(StorageError::Unavailable(why)) => {
                Turn::Over(Err(StorageError::Unavailable(why.clone())))
            }
            Err(StorageError::OutcomeUnknown(why)) => {
                Turn::Over(Err(StorageError::OutcomeUnknown(why.clone())))
            }
            Err(StorageError::Late) => Turn::Over(Err(StorageError::Late)),
            Err(_) => Turn::Alone(operation),
        };
        // Nobody may be there to hear it any more.
        let _ = answer.send(turn);
    }
}

fn unavailable() -> StorageError {
    StorageError::Unavailable("the database is too busy".to_owned())
}

fn lost() -> StorageError {
    StorageError::OutcomeUnknown("whoever carried the change has fallen".to_owned())
}

/// How many go together at most: whoever comes then waits no longer for the answer of all of them.
const MOST: usize = 64;

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
