//! What a report has measured in a file, so that one that was cut off can go on. A line of JSON each.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Terms;
use crate::figures::Failure;
use crate::load::grow::Grown;
use crate::load::{Database, Plan, Run};
use crate::stage::target_folder;

/// The file, and what is in it.
pub(super) struct Kept {
    file: File,
    pieces: Vec<Piece>,
}

/// What was measured at once.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Piece {
    Components(Vec<Vec<String>>),
    Run(Run),
    Growth(Database, Vec<Grown>),
}

impl Kept {
    /// Begins anew, or else goes on where the terms are the same.
    pub(super) fn open(terms: &Terms, resume: bool) -> Result<Self, Failure> {
        let path = path()?;
        let text = if resume { fs::read_to_string(&path)? } else { String::new() };
        let pieces = if resume { read(&text, terms)? } else { Vec::new() };
        // Written anew, since its last line may have been cut off.
        fs::write(&path, "")?;
        let file = OpenOptions::new().append(true).open(&path)?;
        let mut kept = Self { file, pieces: Vec::new() };
        eprintln!("kept in {}", path.display());
        kept.put(terms)?;
        for piece in pieces {
            kept.add(piece)?;
        }
        Ok(kept)
    }

    /// What there is already of a plan.
    pub(super) fn of(&self, plan: &Plan) -> Vec<Run> {
        let of_plan = |piece: &Piece| match piece {
            Piece::Run(run) if run.number < plan.runs && plan.lines.contains(&run.line) => {
                Some(run.clone())
            }
            _ => None,
        };
        self.pieces.iter().filter_map(of_plan).collect()
    }

    /// What the components cost, if that was measured.
    pub(super) fn components(&self) -> Option<Vec<Vec<String>>> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Components(table) => Some(table.clone()),
            _ => None,
        })
    }

    /// What growth costs on a database, if that was measured.
    pub(super) fn growth(&self, database: Database) -> Option<Vec<Grown>> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Growth(of, rows) if *of == database => Some(rows.clone()),
            _ => None,
        })
    }

    pub(super) fn add(&mut self, piece: Piece) -> Result<(), Failure> {
        self.put(&piece)?;
        self.pieces.push(piece);
        Ok(())
    }

    fn put(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        Ok(writeln!(self.file, "{}", serde_json::to_string(value)?)?)
    }
}

fn read(text: &str, terms: &Terms) -> Result<Vec<Piece>, Failure> {
    let (first, rest) = text.split_once('\n').ok_or("there is nothing to go on with")?;
    let before: Terms = serde_json::from_str(first)?;
    if before != *terms {
        return Err(format!("what was measured before is not alike: {before:?}").into());
    }
    Ok(rest.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// In the folder of what was built with this program.
fn path() -> Result<PathBuf, Failure> {
    Ok(target_folder()?.join("chancery-load.jsonl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(seconds: u64) -> Terms {
        let (commit, sizes) = ("0".to_owned(), "--sessions 10".to_owned());
        Terms { commit, sizes, warm_up: 1, seconds }
    }

    #[test]
    fn what_was_cut_off_is_left_out() {
        let run = r#"{"run":{"line":{"scenario":"refresh-during-logins","database":"sqlite",
            "algorithm":"ES256","connections":8,"filling":{"clients":0,"revocations":0}},
            "number":1,"figures":{"p99_9":2.5},"errors":{"503":1}}}"#
            .replace('\n', "");
        let first = serde_json::to_string(&terms(4)).unwrap();
        let text = format!("{first}\n{run}\n{}", &run[..50]);
        let pieces = read(&text, &terms(4)).unwrap();
        assert!(matches!(pieces.as_slice(), [Piece::Run(run)] if run.number == 1));
        assert!(read(&text, &terms(5)).is_err());
        assert!(read("", &terms(4)).is_err());
    }

    #[test]
    fn growth_comes_back_as_it_was() {
        let grown = r#"{"growth":["postgres",[{"what":"beside-the-janitor","sessions":10,
            "line":{"scenario":"refresh","database":"postgres","algorithm":"ES256","connections":8,
            "filling":{"clients":1,"revocations":1}},"runs":5,
            "figures":{"ratio_to_first":{"median":1.2,"least":1.1,"most":1.3}},"errors":{}}]]}"#;
        let grown = grown.replace('\n', "");
        let Ok(Piece::Growth(Database::Postgres, rows)) = serde_json::from_str(&grown) else {
            panic!("no growth");
        };
        let again = serde_json::to_value(Piece::Growth(Database::Postgres, rows)).unwrap();
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(&grown).unwrap());
    }
}
