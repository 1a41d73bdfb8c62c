//! Owns the comparison of README.md's tables with the configuration's own description of itself.

use std::{env, fs};

use chancery::config::{markdown_table, markdown_table_declared};

use super::{readme, root};

/// The variable that makes the test write the tables anew instead.
const WRITE: &str = "CHANCERY_WRITE_TABLES";

#[test]
#[expect(clippy::disallowed_methods, reason = "whether to write is the caller's to say")]
fn the_tables_are_what_the_code_says() {
    let page = readme();
    let right = with_tables(&page);
    if env::var_os(WRITE).is_some() {
        fs::write(root().join("README.md"), right).unwrap();
        return;
    }
    assert!(
        page == right,
        "the tables of README.md are out of date; this writes them anew:\n\
         {WRITE}=1 cargo test --test it readme::tables"
    );
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
