//! Runs what is to be measured, and shows what belongs together side by side.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use criterion::{BenchmarkId, Criterion, SamplingMode};
use serde_json::Value;

use crate::clock::Clock;
use crate::figures::{print_table, show};

/// What criterion hands to whatever is measured.
pub(crate) type Bencher<'a> = criterion::Bencher<'a, Clock>;

/// One side of a component.
type Side<'a> = Box<dyn FnMut(&mut Bencher<'_>) + 'a>;

/// All components.
pub(crate) struct Suite {
    criterion: Criterion<Clock>,
    started: SystemTime,
    rows: Vec<Vec<String>>,
}

/// A component.
pub(crate) struct Component<'a> {
    suite: &'a mut Suite,
    name: String,
    /// How many of what is shown one run of it does.
    each: u32,
    bare: Option<(&'static str, Side<'a>)>,
}

impl Suite {
    /// Reads the arguments of criterion, such as a part of the names that are wanted.
    pub(crate) fn of_arguments() -> Self {
        let criterion = Criterion::default()
            .with_measurement(Clock::Processor)
            .output_directory(Path::new(RESULTS))
            .sample_size(10)
            .nresamples(2_000)
            .warm_up_time(Duration::from_millis(50))
            .measurement_time(Duration::from_millis(250))
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
            println!(
                "\nMedians of {ROUNDS} rounds; processor's time, where nothing else is said.\n"
            );
            let head = ["", "bare", "", "Chancery", "", "ratio", "least to most"];
            self.rows.insert(0, head.map(str::to_owned).to_vec());
            print_table(&self.rows);
        }
    }

    /// The median of one round of one side, if it is among those that are wanted.
    fn median(
        &mut self,
        name: &str,
        (side, round): (&str, usize),
        run: &mut Side<'_>,
    ) -> Option<f64> {
        let round = round.to_string();
        let mut group = self.criterion.benchmark_group(name);
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(BenchmarkId::new(side, &round), run);
        group.finish();
        let path = [RESULTS, name, side, &round, "new", "estimates.json"];
        let written: PathBuf = path.iter().collect();
        if fs::metadata(&written).ok()?.modified().ok()? < self.started {
            return None;
        }
        let estimates: Value = serde_json::from_slice(&fs::read(written).ok()?).ok()?;
        estimates["median"]["point_estimate"].as_f64()
    }
}

impl<'a> Component<'a> {
    /// One run does so many of it at once.
    pub(crate) fn each(self, each: u32) -> Self {
        Self { each, ..self }
    }

    /// What the component cannot do without.
    pub(crate) fn bare(self, what: &'static str, run: impl FnMut(&mut Bencher<'_>) + 'a) -> Self {
        Self { bare: Some((what, Box::new(run))), ..self }
    }

    /// Measures both, the server's own after the bare one, again and again: whatever else goes on on the
    /// machine meanwhile hits both.
    pub(crate) fn own(self, what: &'static str, run: impl FnMut(&mut Bencher<'_>) + 'a) {
        let Self { suite, name, each, bare } = self;
        let (bare_what, mut bare) = bare.unzip();
        let mut own: Side<'_> = Box::new(run);
        let (mut bares, mut owns, mut ratios) = (vec![], vec![], vec![]);
        for round in 1..=ROUNDS {
            let bare = bare.as_mut().and_then(|run| suite.median(&name, ("bare", round), run));
            let own = suite.median(&name, ("chancery", round), &mut own);
            bares.extend(bare);
            owns.extend(own);
            ratios.extend(own.zip(bare).map(|(own, bare)| own / bare));
        }
        let time = |nanos: f64| show(Duration::from_secs_f64(nanos / 1e9) / each);
        let (Some(own), bare) = (middle(&mut owns), middle(&mut bares)) else { return };
        let bare = bare.map(time).unwrap_or_default();
        let ratio = middle(&mut ratios).map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let spread = match (ratios.first(), ratios.last()) {
            (Some(least), Some(most)) => format!("{least:.2} to {most:.2}"),
            _ => String::new(),
        };
        let bare_what = bare_what.unwrap_or_default().to_owned();
        suite.rows.push(vec![name, bare_what, bare, what.to_owned(), time(own), ratio, spread]);
    }
}

/// Sorts them and gives the middle one.
fn middle(figures: &mut [f64]) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

const ROUNDS: usize = 5;

/// Where criterion keeps the figures of this run and of the one before.
const RESULTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/components");
