//! What was found. Must not know how.

use serde_json::json;

use crate::cli::Failure;
use crate::cli::output::Output;

/// The findings, in the order of the checks.
#[derive(Default)]
pub(super) struct Report(Vec<Finding>);

struct Finding {
    status: Status,
    check: &'static str,
    text: String,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Status {
    /// As it should be.
    Ok,
    /// It works, and should be looked at.
    Warn,
    /// It does not work, or is not safe.
    Fail,
}

impl Report {
    pub(super) fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(Status::Ok, check, text.into());
    }

    pub(super) fn warn(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(Status::Warn, check, text.into());
    }

    pub(super) fn fail(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(Status::Fail, check, text.into());
    }

    fn add(&mut self, status: Status, check: &'static str, text: String) {
        self.0.push(Finding { status, check, text });
    }

    /// Prints everything, and fails if anything failed.
    pub(super) fn finish(self, output: Output) -> Result<(), Failure> {
        let failed = self.0.iter().filter(|one| one.status == Status::Fail).count();
        let checks: Vec<_> = self.0.iter().map(Finding::document).collect();
        let lines: String = self.0.iter().map(Finding::line).collect();
        output.document(&json!({"ok": failed == 0, "checks": checks}), &lines)?;
        match failed {
            0 => Ok(()),
            1 => Err(Failure::new("one check failed")),
            failed => Err(Failure::new(format!("{failed} checks failed"))),
        }
    }
}

impl Finding {
    fn line(&self) -> String {
        // What goes over several lines stands under its beginning.
        let text = self.text.trim_end().replace('\n', "\n                     ");
        format!("{:<5} {:<14} {text}\n", self.status.as_str(), self.check)
    }

    fn document(&self) -> serde_json::Value {
        json!({"status": self.status.as_str(), "check": self.check, "message": self.text})
    }
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}
