//! Which processor does what: the server has one to itself, and everything else the next.

use std::process::{Command, Stdio};

/// The server's own processor, once this program and everything that it starts from now on has been
/// moved to another. To be called before there are threads. Without two processors or `taskset`
/// (util-linux) nothing is moved, and the reason is the answer.
pub(super) fn divide() -> Result<usize, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let [servers, others] = first_two(allowed.unwrap_or_default().trim())
        .ok_or("there are no two processors to run on")?;
    let own = std::process::id().to_string();
    let moved = Command::new("taskset")
        .args(["--cpu-list", "--pid", &others.to_string(), &own])
        .stdout(Stdio::null())
        .status();
    match moved {
        Ok(status) if status.success() => Ok(servers),
        _ => Err("there is no taskset that could divide the processors".to_owned()),
    }
}

/// The first two of a list such as `0-3,8` (cpuset(7)).
fn first_two(allowed: &str) -> Option<[usize; 2]> {
    let mut numbers = allowed.split(',').flat_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) => first..last.saturating_add(1),
            _ => 0..0,
        }
    });
    Some([numbers.next()?, numbers.next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_processors_of_a_list_are_found() {
        assert_eq!(first_two("0-1"), Some([0, 1]));
        assert_eq!(first_two("3,5-7"), Some([3, 5]));
        assert_eq!(first_two("4-15"), Some([4, 5]));
        assert_eq!(first_two("0"), None);
        assert_eq!(first_two(""), None);
    }
}
