//! The part of docs/performance.md that is written by this program.

use std::fs;
use std::path::Path;

use super::lines::ALGORITHMS;
use super::machine::Machine;
use super::{Measured, aims};
use crate::figures::{Failure, markdown};
use crate::load::table::{COST, Column, LATENCY, MEMORY, PLACE, table};
use crate::load::{Figure, Row, Scenario, grow};

/// Puts the figures into the page, in the place of those that it had.
pub(super) fn write(machine: &Machine, command: &str, measured: &Measured) -> Result<(), Failure> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    let page = replaced(&fs::read_to_string(&path)?, &figures(machine, command, measured))?;
    fs::write(&path, page)?;
    eprintln!("written to {}", path.display());
    Ok(())
}

fn figures(machine: &Machine, command: &str, measured: &Measured) -> String {
    let Measured { components, loads, growth, is_divided } = measured;
    let of_first = |row: &&Row| {
        let algorithm = row.line.algorithm.as_deref();
        algorithm.is_none_or(|algorithm| algorithm == ALGORITHMS[0])
    };
    let (first, others): (Vec<_>, Vec<_>) = loads.iter().flatten().partition(of_first);
    let remembered: Vec<_> = first.iter().copied().filter(|row| is_of_memory(row)).collect();
    let tables = [
        ("Aims", markdown(&aims::table(&first))),
        ("Aims for signing and growth", markdown(&aims::beside(components, growth))),
        ("Time of the processor", of([&PLACE, &COST], &costly(&first))),
        ("Rates and latencies", of([&PLACE, &LATENCY], &first)),
        ("Other algorithms", of([&PLACE, &COST], &others)),
        ("Memory and start", of([&PLACE, &MEMORY], &remembered)),
        ("Growth", markdown(&grow::all(growth))),
        ("Components", markdown(components)),
    ];
    let tables = tables.map(|(title, table)| format!("\n### {title}\n\n{table}")).concat();
    let all: Vec<_> = first.into_iter().chain(others).collect();
    let runs = all.iter().map(|row| row.runs).min().unwrap_or(0);
    let (facts, heavy, division) = (facts(machine), heavy(&all), division(*is_divided));
    format!(
        "```sh\n{command}\n```\n\n{facts}\nRuns of each row: {runs}. {division} {heavy}\n{tables}"
    )
}

/// What is idle, and what knows much.
fn is_of_memory(row: &Row) -> bool {
    row.line.scenario == Scenario::Idle || row.median(Figure::MemoryBack).is_some()
}

fn division(is_divided: bool) -> &'static str {
    if is_divided {
        "The server had one processor to itself, the generator and PostgreSQL the other."
    } else {
        "**Everything shared the processors**, so that rates and latencies say little."
    }
}

fn of(columns: [&[Column]; 2], rows: &[&Row]) -> String {
    markdown(&table(&columns.concat(), rows))
}

/// Those of which each answer has a cost.
fn costly<'a>(rows: &[&'a Row]) -> Vec<&'a Row> {
    rows.iter().copied().filter(|row| row.median(Figure::Cpu).is_some()).collect()
}

fn facts(machine: &Machine) -> String {
    let head = [String::new(), "here".to_owned()].to_vec();
    let facts = machine.facts.iter().map(|fact| fact.to_vec());
    markdown(&std::iter::once(head).chain(facts).collect::<Vec<_>>())
}

/// Where the generator may have been what was measured.
fn heavy(rows: &[&Row]) -> String {
    let is_heavy = |row: &&&Row| row.median(Figure::GeneratorCpu) >= row.median(Figure::ServerCpu);
    let is_known = |row: &&&Row| {
        row.median(Figure::ServerCpu).is_some() && row.median(Figure::GeneratorCpu).is_some()
    };
    let of_load = rows.iter().filter(is_known);
    let heavy = of_load.filter(is_heavy).map(|row| {
        let database = row.line.database.map_or("", |database| database.label());
        format!("{} {database} {}", row.line.scenario.name(), row.line.connections)
    });
    let heavy = heavy.collect::<Vec<_>>().join(", ");
    if heavy.is_empty() {
        "In each of those with PostgreSQL the generator took less than the server.".to_owned()
    } else {
        format!("The generator took as much as the server, or more, in: {heavy}.")
    }
}

fn replaced(page: &str, text: &str) -> Result<String, Failure> {
    let (before, rest) = page.split_once(BEGIN).ok_or("the page has no place for figures")?;
    let (_, after) = rest.split_once(END).ok_or("the place for figures has no end")?;
    Ok(format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))
}

const BEGIN: &str = "<!-- figures: load -->";
const END: &str = "<!-- end of figures: load -->";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let page = format!("one\n{BEGIN}\nold\n{END}\ntwo\n");
        let page = replaced(&page, "new\n").unwrap();
        assert_eq!(page, format!("one\n{BEGIN}\n\nnew\n\n{END}\ntwo\n"));
        assert_eq!(replaced(&page, "new\n").unwrap(), page);
        assert!(replaced("one", "new").is_err());
    }

    #[test]
    fn the_page_has_its_marks() {
        assert!(replaced(include_str!("../../../docs/performance.md"), "").is_ok());
    }
}
