//! `[log]`: what is logged, and in which form. Must not import other sections.

use tracing_subscriber::EnvFilter;

use super::given::Raw;
use super::kind::{Choice, Kind, Parsed, Refused};
use super::section::section;

section! {
    /// `[log]`: what is logged, and in which form.
    #[derive(Clone, Debug, Eq, PartialEq)]
    pub struct Log, from input {
        /// The form of the lines; `auto` is `pretty` on a terminal and `json` elsewhere.
        format: LogFormat = LogFormat::Auto, takes Choice(&FORMATS);
        /// What is logged: a level, or levels by module. Where it is not given, the server and the
        /// gate log from `info` on, and any other command from `warn` on.
        level: Option<String> = None, takes Level;
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// [`LogFormat::Pretty`] on a terminal, [`LogFormat::Json`] elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

const FORMATS: [(&str, LogFormat); 3] =
    [("auto", LogFormat::Auto), ("json", LogFormat::Json), ("pretty", LogFormat::Pretty)];

/// [`LEVEL`], of which it matters whether it was given: the default is not that of every command.
struct Level;

impl Kind for Level {
    type Value = Option<String>;

    fn takes(&self) -> String {
        LEVEL.takes()
    }

    fn parse(&self, raw: &Raw) -> Result<Self::Value, Refused> {
        LEVEL.parse(raw).map(Some)
    }

    fn show(&self, value: &Self::Value) -> String {
        value.as_deref().unwrap_or("info").to_owned()
    }
}

const LEVEL: Parsed<String> = Parsed {
    takes: "`error`, `warn`, `info`, `debug`, `trace`, `off`, or levels by module such as \
            `info,chancery=debug`",
    parse: |text| {
        let parts = text.split(',').map(str::trim);
        let filter = EnvFilter::builder().parse(text);
        // A word that is no level would be the name of a module, of which everything is told.
        if filter.is_err() || !parts.into_iter().all(|part| part.contains('=') || is_level(part)) {
            return Err(Refused::FORM);
        }
        Ok(text.to_owned())
    },
    show: String::clone,
};

fn is_level(word: &str) -> bool {
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    levels.iter().any(|level| word.eq_ignore_ascii_case(level))
}
