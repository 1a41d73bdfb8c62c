//! Owns the comparison of README.md's tables with the configuration's own description of itself.

use std::fs;

use chancery::config::{markdown_table, markdown_table_declared};

use super::{readme, root};

#[test]
fn the_tables_are_what_the_code_says() {
    let page = readme();
    assert!(
        page == with_tables(&page),
        "the tables of README.md are out of date; this writes them anew:\n\
         cargo test --test it readme::tables::write_the_tables -- --ignored"
    );
}

#[test]
#[ignore = "writes README.md"]
fn write_the_tables() {
    fs::write(root().join("README.md"), with_tables(&readme())).unwrap();
}

fn with_tables(page: &str) -> String {
    let page = replace(page, "configuration", &markdown_table());
    replace(&page, "declared", &markdown_table_declared())
}

/// The page with `table` between the markers of `name`.
fn replace(page: &str, name: &str, table: &str) -> String {
    let begin = format!("<!-- {name}: generated, see tests/it/readme.rs -->\n");
    let end = format!("<!-- end of {name} -->");
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}{table}{end}{after}")
}
