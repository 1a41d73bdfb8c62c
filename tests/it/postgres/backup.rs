//! Backups are the database's own business.

use super::BACKEND;
use crate::support::Home;

#[test]
fn a_backup_names_the_ways_that_the_database_has() {
    let Some(home) = Home::new(BACKEND) else { return };
    let told = home.fail(&["backup", home.path("copy.db").to_str().unwrap()]);
    assert!(told.contains("pg_dump") && told.contains("chancery restored"), "{told}");
    assert!(!home.path("copy.db").exists());
}
