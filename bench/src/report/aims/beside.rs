//! The aims that are of no load alone: signing, and databases that have grown.

use super::{Bound, judge};
use crate::load::grow::{Grown, What};
use crate::load::{Database, Figure};

/// The table: each of them, and its figure with the least and the most of its runs.
pub(in crate::report) fn table(components: &[Vec<String>], growth: &[Grown]) -> Vec<Vec<String>> {
    let head = ["", "aim", ""].map(str::to_owned).to_vec();
    let signing = components.iter().filter_map(|row| signing(row));
    let refreshes = growth.iter().filter(|row| row.what == What::Refresh);
    let grown = refreshes.flat_map(|row| grown(row, is_smallest(row, growth)));
    std::iter::once(head).chain(signing).chain(grown).collect()
}

/// From a row of the components: its name, both sides, their ratio, and the least and the most of it.
fn signing(row: &[String]) -> Option<Vec<String>> {
    let [name, _, _, _, _, ratio, spread] = row else { return None };
    let ratio: f64 = ratio.parse().ok().filter(|_| name.starts_with("sign, "))?;
    let ratio = if ratio <= SIGNING { format!("{ratio:.2}") } else { format!("**{ratio:.2}**") };
    let aim = format!("at most {SIGNING:.2} × the bare signature");
    Some(vec![name.clone(), aim, format!("{ratio} ({spread})")])
}

fn is_smallest(row: &Grown, growth: &[Grown]) -> bool {
    let alike = growth.iter().filter(|one| one.row.line.database == row.row.line.database);
    alike.map(|one| one.sessions).min() == Some(row.sessions)
}

/// What refreshes cost on a database of some size, and how long the server took to be ready there.
fn grown(grown: &Grown, is_smallest: bool) -> Vec<Vec<String>> {
    let on_postgres = grown.is_on(Database::Postgres);
    let (label, cost) = if on_postgres { ("PostgreSQL", 250.0) } else { ("SQLite", 150.0) };
    let name = |what: &str| format!("{what} on {label}, {} sessions", grown.sessions);
    let aim = |name: String, aim: String, figure, bound| {
        let cell = judge(&grown.row, (figure, 1.0), Bound::AtMost(bound))?;
        Some(vec![name, aim, cell])
    };
    let ratio = aim(
        name("refresh"),
        "at most 1.30 × that of the smallest".to_owned(),
        Figure::RatioToFirst,
        1.3,
    );
    [
        aim(name("refresh"), format!("at most {cost} µs"), Figure::Cpu, cost),
        ratio.filter(|_| !is_smallest),
        aim(name("start"), "ready in at most 100 ms".to_owned(), Figure::StartMilliseconds, 100.0),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Against the bare signature.
const SIGNING: f64 = 1.1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signs_is_found_among_the_components() {
        let row = |name: &str, ratio: &str| {
            let row = [name, "aws-lc", "16 µs", "`sign`", "17 µs", ratio, "1.01 to 1.20"];
            row.map(str::to_owned).to_vec()
        };
        let components =
            [row("", "ratio"), row("sign, ES256", "1.12"), row("verify, ES256", "1.50")];
        let table = table(&components, &[]);
        assert_eq!(table.len(), 2);
        assert_eq!(table[1][2..], ["**1.12** (1.01 to 1.20)"]);
    }
}
