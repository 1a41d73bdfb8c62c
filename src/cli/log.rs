//! The process log of a command. Must not know any command.

use std::io::IsTerminal;

use crate::config::{Config, LogFormat};
use crate::telemetry::{Format, log_panics, log_to_stderr};

/// Begins to log to standard error, from `level` on where no level is configured.
pub(super) fn start(config: &Config, level: &str) {
    let format = match config.log.format {
        LogFormat::Pretty => Format::Pretty,
        LogFormat::Auto if std::io::stderr().is_terminal() => Format::Pretty,
        LogFormat::Auto | LogFormat::Json => Format::Json,
    };
    log_to_stderr(format, config.log.level.as_deref().unwrap_or(level));
    log_panics();
}
