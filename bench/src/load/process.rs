//! What the operating system tells of processes: the time that they ran, and their memory (proc(5)).

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use crate::figures::Failure;

/// For how long each thread of some processes has run.
pub(super) struct Ran(HashMap<u32, Duration>);

impl Ran {
    /// Of one process.
    pub(super) fn of(process: u32) -> Result<Self, Failure> {
        let mut ran = Self(HashMap::new());
        ran.add(process)?;
        Ok(ran)
    }

    /// Of one process and its children.
    pub(super) fn of_family(parent: u32) -> Result<Self, Failure> {
        let mut ran = Self::of(parent)?;
        for process in numbers("/proc")? {
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            if parent_in(&stat) == Some(parent) {
                // It may have ended just now.
                let _ = ran.add(process);
            }
        }
        Ok(ran)
    }

    /// How much has been added since `before`. What threads did that are gone since is lost.
    pub(super) fn since(&self, before: &Self) -> Duration {
        let added = |(thread, ran): (&u32, &Duration)| {
            ran.saturating_sub(before.0.get(thread).copied().unwrap_or_default())
        };
        self.0.iter().map(added).sum()
    }

    fn add(&mut self, process: u32) -> Result<(), Failure> {
        for thread in numbers(&format!("/proc/{process}/task"))? {
            let path = format!("/proc/{process}/task/{thread}/schedstat");
            // A thread may have ended just now.
            if let Some(ran) = fs::read_to_string(path).ok().as_deref().and_then(ran_in) {
                self.0.insert(thread, ran);
            }
        }
        Ok(())
    }
}

/// What memory a process takes, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    /// Its share of what it has in memory (PSS).
    pub(super) share: u64,
    /// What of this is no file's.
    pub(super) anonymous: u64,
    /// The most that it ever had in memory.
    pub(super) peak: u64,
    /// What it may address, be it in memory or not.
    pub(super) mapped: u64,
}

impl Memory {
    pub(super) fn of(process: u32) -> Result<Self, Failure> {
        let read = |file: &str, name: &str| -> Result<u64, Failure> {
            let text = fs::read_to_string(format!("/proc/{process}/{file}"))?;
            Ok(bytes_in(&text, name).ok_or_else(|| format!("{file} has no {name}"))?)
        };
        Ok(Self {
            share: read("smaps_rollup", "Pss:")?,
            anonymous: read("smaps_rollup", "Pss_Anon:")?,
            peak: read("status", "VmHWM:")?,
            mapped: read("status", "VmSize:")?,
        })
    }
}

/// The files of a folder whose names are numbers.
fn numbers(folder: &str) -> Result<Vec<u32>, Failure> {
    let files = fs::read_dir(folder)?.flatten();
    Ok(files.filter_map(|file| file.file_name().to_str()?.parse().ok()).collect())
}

/// The time on a processor is the first number of a `schedstat`, in nanoseconds.
fn ran_in(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// The parent is the second field after the name, which may hold spaces and parentheses.
fn parent_in(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

fn bytes_in(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = value.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran<const N: usize>(threads: [(u32, u64); N]) -> Ran {
        Ran(threads.map(|(thread, nanos)| (thread, Duration::from_nanos(nanos))).into())
    }

    #[test]
    fn the_time_is_the_first_number_of_schedstat() {
        assert_eq!(ran_in("1271893 8979880 7\n"), Some(Duration::from_nanos(1_271_893)));
        assert_eq!(ran_in(""), None);
    }

    #[test]
    fn threads_that_began_or_ended_in_between_do_no_harm() {
        let (before, after) = (ran([(1, 100), (2, 900)]), ran([(1, 150), (3, 30)]));
        assert_eq!(after.since(&before), Duration::from_nanos(80));
    }

    #[test]
    fn a_name_with_spaces_and_parentheses_hides_no_parent() {
        assert_eq!(parent_in("71 (a) S b (c) S 70 71 71 0"), Some(70));
        assert_eq!(parent_in("71"), None);
    }

    #[test]
    fn memory_is_found_by_its_name() {
        let text = "Rss:    200 kB\nPss_Dirty:   7 kB\nPss:      123 kB\n";
        assert_eq!(bytes_in(text, "Pss:"), Some(123 * 1024));
        assert_eq!(bytes_in(text, "VmHWM:"), None);
    }

    #[test]
    fn this_process_has_run_and_takes_memory() {
        let own = std::process::id();
        assert!(Ran::of(own).unwrap().since(&ran([])) > Duration::ZERO);
        assert!(Memory::of(own).unwrap().share > 0);
    }
}
