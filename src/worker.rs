//! Threads of our own for what would hold up others: what takes long, and what waits for the disk. Those of
//! tokio change from task to task and become more in a burst, and each keeps memory of what it did last.
//! Must not know what is done on them.

use std::io;
use std::sync::mpsc;
use std::thread;

/// A thread. It ends with the last copy of this value, once it has done what it was given, or with a task that
/// panics.
#[derive(Clone)]
pub struct Worker(mpsc::Sender<Task>);

type Task = Box<dyn FnOnce() + Send>;

impl Worker {
    /// Starts a thread of this name, which does `first` before anything else.
    ///
    /// # Errors
    /// Where the operating system has none to give.
    pub fn start(name: &str, first: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (tasks, given) = mpsc::channel::<Task>();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            first();
            for task in given {
                task();
            }
        })?;
        Ok(Self(tasks))
    }

    /// Has a task done, behind those before it. Where the thread has ended, the task is dropped.
    pub fn run(&self, task: impl FnOnce() + Send + 'static) {
        let _ = self.0.send(Box::new(task));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_done_in_their_order_also_when_nobody_can_give_any_more() {
        let (done, told) = mpsc::channel();
        let first = done.clone();
        let worker = Worker::start("a", move || first.send(0).unwrap()).unwrap();
        for number in 1..4 {
            let done = done.clone();
            worker.run(move || done.send(number).unwrap());
        }
        drop((worker, done));
        assert_eq!(told.iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_given_to_a_thread_that_has_fallen_is_dropped() {
        let worker = Worker::start("b", || ()).unwrap();
        worker.run(|| panic!("it falls"));
        let (done, told) = mpsc::channel::<()>();
        worker.run(move || done.send(()).unwrap());
        assert!(told.recv().is_err());
    }
}
