//! The measurements, one after the other, and all of them again as often as there are runs: so what
//! the machine does meanwhile comes upon all rows alike.

use super::line::{Database, Line};
use super::measure::{Manner, Stage};
use super::row::Row;
use super::run::{Run, compare};
use super::table::{COST, LATENCY, PLACE, cells};
use crate::figures::Failure;
use crate::stage::Cluster;

/// What is to be measured.
pub(crate) struct Plan {
    pub(crate) lines: Vec<Line>,
    pub(crate) runs: usize,
    pub(crate) manner: Manner,
}

impl Plan {
    /// Measures what is not `done`, and hands each run to `keep`. The rows come in the order of the
    /// lines.
    pub(crate) async fn carry_out(
        &self,
        done: Vec<Run>,
        mut keep: impl FnMut(&Run) -> Result<(), Failure>,
    ) -> Result<Vec<Row>, Failure> {
        let mut runs = done;
        for number in 0..self.runs {
            // The bare programs in the middle, so that they are near to everything held against them.
            for database in [Some(Database::Postgres), None, Some(Database::Sqlite)] {
                let missing = self.missing(&runs, (number, database));
                let is_needed = database == Some(Database::Postgres) && !missing.is_empty();
                let cluster = is_needed.then(Cluster::start).transpose()?;
                let stage = Stage { manner: &self.manner, cluster: cluster.as_ref() };
                for line in missing {
                    let run = stage.measure(line, number).await?;
                    keep(&run)?;
                    runs.push(run);
                    self.tell(&runs);
                }
            }
        }
        compare(&mut runs);
        Ok(self.lines.iter().filter_map(|line| Row::of(line, &runs)).collect())
    }

    fn missing(&self, runs: &[Run], (number, database): (usize, Option<Database>)) -> Vec<&Line> {
        let is_missing =
            |line: &&Line| !runs.iter().any(|run| run.number == number && run.line == **line);
        let lines = self.lines.iter().filter(|line| line.database == database);
        lines.filter(is_missing).collect()
    }

    /// Says what has just been measured.
    fn tell(&self, runs: &[Run]) {
        let Some(last) = runs.last() else { return };
        let columns = [PLACE.as_slice(), &LATENCY, &COST].concat();
        let row = Row::of(&last.line, &runs[runs.len() - 1..]);
        let cells = row.map(|row| cells(&columns, &row)).unwrap_or_default();
        eprintln!("[{}/{}] {}", runs.len(), self.runs * self.lines.len(), cells.join(" "));
    }
}
