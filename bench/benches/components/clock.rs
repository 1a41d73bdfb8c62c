//! The two clocks that components are measured by.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use rustix::time::{ClockId, clock_gettime};

/// By which clock.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// The time that passes.
    Time,
    /// The processor's time of all threads of this process: others on the machine do not count.
    Processor,
}

impl Clock {
    /// What it shows.
    pub(crate) fn now(self) -> Duration {
        let clock = match self {
            Self::Time => ClockId::Monotonic,
            Self::Processor => ClockId::ProcessCPUTime,
        };
        clock_gettime(clock).try_into().unwrap()
    }

    /// How much it has gone on since it showed `start`.
    pub(crate) fn since(self, start: Duration) -> Duration {
        self.now().saturating_sub(start)
    }
}

impl Measurement for Clock {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        self.now()
    }

    fn end(&self, start: Duration) -> Duration {
        self.since(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}
