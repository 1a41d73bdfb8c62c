//! What the parts of a request cost: measured by the benchmarks of this package, which print a table.

use std::process::Command;

use crate::figures::Failure;
use crate::stage::target_folder;

/// The table that they print, with its head. Not to be called once this program has given a processor
/// away: some of them need both.
pub(super) fn measure() -> Result<Vec<Vec<String>>, Failure> {
    let mut command = Command::new("cargo");
    command.args(["bench", "--package", "chancery-bench", "--target-dir"]).arg(target_folder()?);
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the components were not measured".into());
    }
    let table = rows(&String::from_utf8(output.stdout)?);
    if table.len() < 2 { Err("the components have no table".into()) } else { Ok(table) }
}

/// The rows of a table in Markdown, without the line below its head.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = |line: &str| line.split(" | ").map(str::to_owned).collect();
    lines.filter(|line| !line.starts_with("---")).map(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::markdown;

    #[test]
    fn a_table_is_found_as_it_was_printed() {
        let table = [["", "bare", ""], ["sign, ES256", "", "1.02"]];
        let table: Vec<_> = table.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        assert_eq!(rows(&format!("measured\n{}\n", markdown(&table))), table);
    }
}
