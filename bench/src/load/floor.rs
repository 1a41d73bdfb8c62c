//! The floor in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use crate::figures::Failure;
use crate::stage::on;

/// A floor that runs. It ends with this value.
pub(super) struct Floor {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Floor {
    pub(super) fn start(
        algorithm: Option<&str>,
        processor: Option<usize>,
    ) -> Result<Self, Failure> {
        // Not by its path: cargo may have built this program anew meanwhile.
        let own = format!("/proc/{}/exe", std::process::id());
        let mut command = on(processor, own.into());
        command
            .args(["floor", algorithm.unwrap_or("ES256")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("the floor has no output")?;
        BufReader::new(output).read_line(&mut line)?;
        let Ok(address) = line.trim().parse() else {
            process.kill()?;
            process.wait()?;
            return Err("the floor did not start".into());
        };
        Ok(Self { process, address })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
