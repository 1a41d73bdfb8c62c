//! Threads that hash, and give way to everything else: a hash takes twenty milliseconds of a processor
//! at a time, and each request has to get to one several times. Must not know what is hashed.

use std::io;
use std::sync::mpsc;
use std::thread;

/// A thread of its own. It ends with the last copy of this value, once it has done what it was given.
#[derive(Clone)]
pub(super) struct Worker(mpsc::Sender<Task>);

type Task = Box<dyn FnOnce() + Send>;

impl Worker {
    /// Starts a thread.
    ///
    /// # Errors
    /// Where the operating system has none to give.
    pub(super) fn start() -> io::Result<Self> {
        let (tasks, given) = mpsc::channel::<Task>();
        thread::Builder::new().name("hash".to_owned()).spawn(move || {
            give_way();
            for task in given {
                task();
            }
        })?;
        Ok(Self(tasks))
    }

    /// Has a task done, behind those before it. A task must not panic.
    pub(super) fn run(&self, task: impl FnOnce() + Send + 'static) {
        // The thread waits for tasks as long as there is anybody to give one.
        let _ = self.0.send(Box::new(task));
    }
}

/// Lowers the priority of this thread. Everybody may, unless a filter of system calls forbids it.
#[cfg(target_os = "linux")]
fn give_way() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "threads that hash have the priority of all others");
    }
}

/// Elsewhere it would be that of the whole process.
#[cfg(not(target_os = "linux"))]
fn give_way() {}

/// A tenth of the weight of each other thread, where all want the same processor.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_done_in_their_order_also_when_nobody_can_give_any_more() {
        let worker = Worker::start().unwrap();
        let (done, told) = mpsc::channel();
        for number in 0..3 {
            let done = done.clone();
            worker.run(move || done.send(number).unwrap());
        }
        drop((worker, done));
        assert_eq!(told.iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_hashes_gives_way_and_others_do_not() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let before = priority();
        let (done, told) = mpsc::channel();
        Worker::start().unwrap().run(move || done.send(priority()).unwrap());
        assert_eq!(told.recv().unwrap(), (before + NICENESS).min(19));
        assert_eq!(priority(), before);
    }
}
