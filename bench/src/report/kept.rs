//! The runs of a report in a file, so that one that was cut off can go on. A line of JSON each.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::Terms;
use crate::figures::Failure;
use crate::load::{Plan, Run};

/// The file, and what it held before.
pub(super) struct Kept {
    file: File,
    runs: Vec<Run>,
}

impl Kept {
    /// Begins anew, or else goes on where the terms are the same.
    pub(super) fn open(terms: &Terms, resume: bool) -> Result<Self, Failure> {
        let path = path()?;
        let text = if resume { fs::read_to_string(&path)? } else { String::new() };
        let runs = if resume { read(&text, terms)? } else { Vec::new() };
        // Written anew, since its last line may have been cut off.
        fs::write(&path, "")?;
        let mut kept = Self { file: OpenOptions::new().append(true).open(&path)?, runs };
        eprintln!("kept in {}", path.display());
        kept.put(terms)?;
        for run in kept.runs.clone() {
            kept.put(&run)?;
        }
        Ok(kept)
    }

    /// What there is already of a plan.
    pub(super) fn of(&self, plan: &Plan) -> Vec<Run> {
        let is_of = |run: &&Run| run.number < plan.runs && plan.lines.contains(&run.line);
        self.runs.iter().filter(is_of).cloned().collect()
    }

    pub(super) fn add(&mut self, run: &Run) -> Result<(), Failure> {
        self.put(run)
    }

    fn put(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        Ok(writeln!(self.file, "{}", serde_json::to_string(value)?)?)
    }
}

fn read(text: &str, terms: &Terms) -> Result<Vec<Run>, Failure> {
    let (first, rest) = text.split_once('\n').ok_or("there is nothing to go on with")?;
    let before: Terms = serde_json::from_str(first)?;
    if before != *terms {
        return Err(format!("what was measured before is not alike: {before:?}").into());
    }
    Ok(rest.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// In the folder of what was built with this program.
fn path() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).ok_or("this program was not built by cargo")?;
    Ok(target.join("chancery-load.jsonl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(seconds: u64) -> Terms {
        Terms { commit: "0".to_owned(), warm_up: 1, seconds, is_divided: true }
    }

    #[test]
    fn what_was_cut_off_is_left_out() {
        let run = r#"{"line":{"scenario":"refresh-during-logins","database":"sqlite",
            "algorithm":"ES256","connections":8,"filling":{"clients":0,"revocations":0}},
            "number":1,"figures":{"p99_9":2.5},"errors":{"503":1}}"#
            .replace('\n', "");
        let first = serde_json::to_string(&terms(4)).unwrap();
        let text = format!("{first}\n{run}\n{}", &run[..50]);
        let runs = read(&text, &terms(4)).unwrap();
        assert_eq!(runs.iter().map(|run| run.number).collect::<Vec<_>>(), [1]);
        assert!(read(&text, &terms(5)).is_err());
        assert!(read("", &terms(4)).is_err());
    }
}
