//! `chancery copy`.

use super::at_home;
use crate::support::Backend;
use crate::support::Home;

#[test]
fn an_installation_moves_with_its_master_key() {
    at_home(|mut home| {
        let there =
            if home.url().starts_with("sqlite") { Backend::Postgres } else { Backend::Sqlite };
        let Some(target) = there.empty() else { return };
        home.succeed(&["init"]);
        let (from, to) = (home.url(), target.url_text());
        let copied = home.succeed(&["copy", "--from", &from, "--to", &to]);
        for line in ["users        1", "client       1", "feed_head    1", "session      0"] {
            assert!(copied.contains(line), "{copied}");
        }
        let again = home.fail(&["copy", "--from", &from, "--to", &to]);
        assert!(again.contains("not empty"), "{again}");
        home.set("CHANCERY_DATABASE_URL", &to);
        assert!(home.succeed(&["doctor"]).contains("it is the one of this database"));
        assert!(home.fail(&["init"]).contains("there is an administrator already"));
    });
}

#[test]
fn what_is_not_there_is_not_copied() {
    at_home(|home| {
        let missing = home.path("missing.db");
        let from = format!("sqlite://{}", missing.display());
        let said = home.fail(&["copy", "--from", &from, "--to", &home.url()]);
        assert!(said.contains("no such file"), "{said}");
        assert!(!missing.exists());
        assert_eq!(home.run(&["copy", "--from", "mysql://x", "--to", &home.url()]).code, Some(2));
    });
}

#[test]
fn the_counts_can_be_had_as_json() {
    let Some(home) = Home::new(Backend::Sqlite) else { return };
    home.succeed(&["init"]);
    let to = format!("sqlite://{}", home.path("copy.db").display());
    let counts = home.run(&["--json", "copy", "--from", &home.url(), "--to", &to]).json();
    assert_eq!(counts["copied"]["users"], 1, "{counts}");
}
