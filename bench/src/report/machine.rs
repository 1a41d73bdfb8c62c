//! The machine on which a report was made.

use std::fs;
use std::io::Write;
use std::process::Command;

use crate::figures::{Failure, Samples, now, show};

/// What is said of it, and the version that was measured.
pub(super) struct Machine {
    pub(super) commit: String,
    /// What, and which.
    pub(super) facts: Vec<[String; 2]>,
}

impl Machine {
    pub(super) fn here() -> Result<Self, Failure> {
        let commit = said_by("git", &["describe", "--always", "--dirty", "--exclude=*"])?;
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let number = processors.lines().filter(|line| line.starts_with("processor")).count();
        let model = value_in(&processors, "model name").unwrap_or("unknown");
        let memory = fs::read_to_string("/proc/meminfo")?;
        let kib =
            value_in(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok());
        let gibibytes = kib.unwrap_or(0_u64) >> 20;
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let folder = std::env::temp_dir();
        let file_system = said_by("stat", &["-f", "-c", "%T", &folder.to_string_lossy()])?;
        let version = env!("CARGO_PKG_VERSION");
        let facts = [
            ("processor", format!("{number} × {model}")),
            ("memory", format!("{gibibytes} GiB")),
            ("disk", format!("{file_system}, a durable write of 4 KiB takes {}", durable_write()?)),
            ("kernel", format!("Linux {}", kernel.trim())),
            ("PostgreSQL", crate::stage::postgres_version()?),
            ("compiler", said_by("rustc", &["--version"])?),
            ("Chancery", format!("{version}, commit {commit}")),
            ("date", said_by("date", &["-u", "+%F"])?),
        ];
        let facts = facts.map(|(what, which)| [what.to_owned(), which]).to_vec();
        Ok(Self { commit, facts })
    }
}

/// The median of some, each written where the one before ended.
fn durable_write() -> Result<String, Failure> {
    let mut file = tempfile::tempfile()?;
    let mut write = || -> Result<_, Failure> {
        let start = now();
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        Ok(start.elapsed())
    };
    let samples = (0..200).map(|_| write()).collect::<Result<_, _>>()?;
    Ok(show(Samples::of(samples)?.median()))
}

fn said_by(program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output()?;
    if !output.status.success() {
        return Err(format!("{program} failed").into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The value behind a name and a colon.
fn value_in<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}
