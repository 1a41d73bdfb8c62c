//! Runs what is to be measured, and shows what belongs together side by side.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use criterion::{Criterion, SamplingMode};
use serde_json::Value;

use crate::clock::Clock;
use crate::figures::{print_table, show};

/// What criterion hands to whatever is measured.
pub(crate) type Bencher<'a> = criterion::Bencher<'a, Clock>;

/// All components.
pub(crate) struct Suite {
    criterion: Criterion<Clock>,
    started: SystemTime,
    rows: Vec<Vec<String>>,
}

/// A component, its bare operation first.
pub(crate) struct Component<'a> {
    suite: &'a mut Suite,
    name: String,
    /// How many of what is shown one run of it does.
    each: u32,
    bare: Option<(&'static str, Option<Duration>)>,
}

impl Suite {
    /// Reads the arguments of criterion, such as a part of the names that are wanted.
    pub(crate) fn of_arguments() -> Self {
        let criterion = Criterion::default()
            .with_measurement(Clock::Processor)
            .output_directory(Path::new(RESULTS))
            .sample_size(30)
            .nresamples(10_000)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_millis(1500))
            .configure_from_args();
        Self { criterion, started: SystemTime::now(), rows: vec![] }
    }

    /// The component of this name.
    pub(crate) fn of(&mut self, name: impl Into<String>) -> Component<'_> {
        Component { suite: self, name: name.into(), each: 1, bare: None }
    }

    /// Prints what was measured.
    pub(crate) fn finish(mut self) {
        self.criterion.final_summary();
        if !self.rows.is_empty() {
            println!("\nMedians; processor's time, where nothing else is said.\n");
            let head = ["", "bare", "", "Chancery", "", "ratio"].map(str::to_owned).to_vec();
            self.rows.insert(0, head);
            print_table(&self.rows);
        }
    }

    /// The median of one side, if it was among those that were wanted.
    fn median(
        &mut self,
        (name, side, each): (&str, &str, u32),
        run: impl FnMut(&mut Bencher<'_>),
    ) -> Option<Duration> {
        let mut group = self.criterion.benchmark_group(name);
        group.sampling_mode(SamplingMode::Flat).bench_function(side, run);
        group.finish();
        let written: PathBuf = [RESULTS, name, side, "new", "estimates.json"].iter().collect();
        if fs::metadata(&written).ok()?.modified().ok()? < self.started {
            return None;
        }
        let estimates: Value = serde_json::from_slice(&fs::read(written).ok()?).ok()?;
        let nanos = estimates["median"]["point_estimate"].as_f64()?;
        Some(Duration::from_secs_f64(nanos / 1e9) / each)
    }
}

impl Component<'_> {
    /// One run does so many of it at once.
    pub(crate) fn each(self, each: u32) -> Self {
        Self { each, ..self }
    }

    /// Measures what the component cannot do without.
    pub(crate) fn bare(mut self, what: &'static str, run: impl FnMut(&mut Bencher<'_>)) -> Self {
        let median = self.suite.median((&self.name, "bare", self.each), run);
        self.bare = Some((what, median));
        self
    }

    /// Measures the server's own.
    pub(crate) fn own(self, what: &'static str, run: impl FnMut(&mut Bencher<'_>)) {
        let own = self.suite.median((&self.name, "chancery", self.each), run);
        let (bare_what, bare) = self.bare.unwrap_or_default();
        if own.or(bare).is_none() {
            return;
        }
        let time = |median: Option<Duration>| median.map_or_else(|| "–".to_owned(), show);
        let ratio = own.zip(bare).map(|(own, bare)| own.div_duration_f64(bare));
        let ratio = ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        let (bare_what, what) = (bare_what.to_owned(), what.to_owned());
        self.suite.rows.push(vec![self.name, bare_what, time(bare), what, time(own), ratio]);
    }
}

/// Where criterion keeps the figures of this run and of the one before.
const RESULTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/components");
