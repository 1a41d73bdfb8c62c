//! What a server says to its database, word for word.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::level_filters::STATIC_MAX_LEVEL;
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::postgres::skip_or_fail;

/// Keeps the text of every statement that this thread asks for from now on, wherever it is executed.
pub(crate) struct Sent {
    texts: Arc<Mutex<BTreeSet<String>>>,
    _listening: DefaultGuard,
    _second: Dispatch,
}

impl Sent {
    /// `None` in a build that leaves out the level at which statements are told, which was said.
    pub(crate) fn listen() -> Option<Self> {
        if STATIC_MAX_LEVEL < Level::TRACE {
            skip_or_fail("a test of statements", "this build does not tell them");
            return None;
        }
        // `tracing` takes the only subscriber of a process for that of every thread: another test, on a
        // thread where nobody listens, would switch off for good what it comes to first.
        let second = Dispatch::new(tracing_subscriber::registry());
        let texts = Arc::<Mutex<BTreeSet<String>>>::default();
        let layer = Listener(texts.clone());
        let listening =
            tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        Some(Self { texts, _listening: listening, _second: second })
    }

    /// The texts, each once.
    pub(crate) fn texts(&self) -> BTreeSet<String> {
        self.texts.lock().unwrap().clone()
    }
}

struct Listener(Arc<Mutex<BTreeSet<String>>>);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "chancery::statement" {
            event.record(&mut Text(&self.0));
        }
    }
}

struct Text<'a>(&'a Mutex<BTreeSet<String>>);

impl Visit for Text<'_> {
    fn record_str(&mut self, _: &Field, value: &str) {
        self.0.lock().unwrap().insert(value.to_owned());
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
