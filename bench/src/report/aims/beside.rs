//! The aims that are of no load: signing, and growth.

use super::Bound;
use crate::load::grow::{Grown, What};
use crate::load::{Database, Figure};

/// The table: each of them, and its figure with the least and the most of its runs.
pub(in crate::report) fn table(components: &[Vec<String>], growth: &[Grown]) -> Vec<Vec<String>> {
    let head = ["", "aim", "", "least to most"].map(str::to_owned).to_vec();
    let signing = components.iter().filter_map(|row| signing(row));
    let grown = DATABASES.into_iter().filter_map(|database| grown(growth, database));
    std::iter::once(head).chain(signing).chain(grown).collect()
}

/// From a row of the components: its name, both sides, their ratio, and the least and the most of it.
fn signing(row: &[String]) -> Option<Vec<String>> {
    let [name, _, _, _, _, ratio, spread] = row else { return None };
    let ratio = ratio.parse().ok().filter(|_| name.starts_with("sign, "))?;
    let aim = "at most 1.10 × the bare signature".to_owned();
    Some(vec![name.clone(), aim, Bound::AtMost(1.1).judge(ratio), spread.clone()])
}

/// The largest database against the smallest.
fn grown(growth: &[Grown], database: Database) -> Option<Vec<String>> {
    let refreshes = growth.iter().filter(|row| row.what == What::Refresh && row.is_on(database));
    let largest = refreshes.max_by_key(|row| row.sessions)?;
    let ratio = largest.row.figures.get(&Figure::RatioToFirst)?;
    let name = format!("refresh on {}, {} sessions", database.label(), largest.sessions);
    let aim = "at most 1.30 × that of the smallest".to_owned();
    let spread = format!("{:.2} to {:.2}", ratio.least, ratio.most);
    Some(vec![name, aim, Bound::AtMost(1.3).judge(ratio.median), spread])
}

const DATABASES: [Database; 2] = [Database::Sqlite, Database::Postgres];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signs_is_found_among_the_components() {
        let row = |name: &str, ratio: &str| {
            [name, "aws-lc", "16 µs", "`sign`", "17 µs", ratio, "1.01 to 1.20"]
                .map(str::to_owned)
                .to_vec()
        };
        let components =
            [row("", "ratio"), row("sign, ES256", "1.12"), row("verify, ES256", "1.50")];
        let table = table(&components, &[]);
        assert_eq!(table.len(), 2);
        assert_eq!(table[1][2..], ["**1.12**", "1.01 to 1.20"]);
    }
}
