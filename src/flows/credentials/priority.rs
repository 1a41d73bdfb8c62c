//! The priority of threads that hash: a hash takes many milliseconds of a processor at a time, and each other
//! request has to get to one several times.

/// Lowers the priority of this thread. Everybody may, unless a filter of system calls forbids it.
#[cfg(target_os = "linux")]
pub(super) fn give_way() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "threads that hash have the priority of all others");
    }
}

/// Elsewhere it would be that of the whole process.
#[cfg(not(target_os = "linux"))]
pub(super) fn give_way() {}

/// A twentieth of the weight of each other thread, where all want the same processor. With a tenth it comes so
/// often before the thread that writes that whoever refreshes waits for it; with the least there is, logins
/// hardly get a turn while refreshes use up all processors (docs/performance.md).
#[cfg(target_os = "linux")]
const NICENESS: i32 = 13;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_gives_way_and_others_do_not() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let before = priority();
        let lowered = std::thread::spawn(move || {
            give_way();
            priority()
        });
        assert_eq!(lowered.join().unwrap(), (before + NICENESS).min(19));
        assert_eq!(priority(), before);
    }
}
