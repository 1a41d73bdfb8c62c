//! The first run of `chancery serve`: what it writes, and when.

use std::fs;

use super::at_home;

#[test]
fn nothing_is_made_before_its_secrets_are_written_down() {
    at_home(|mut home| {
        let file = home.path("chancery-data/first-run.env");
        fs::create_dir_all(&file).unwrap();
        home.set_free_port();
        assert!(home.fail(&["serve"]).contains("first-run.env"));
        let users = home.run(&["user", "list", "--json"]).json();
        assert_eq!(users["items"], serde_json::json!([]));

        fs::remove_dir(&file).unwrap();
        drop(home.serve());
        let written = fs::read_to_string(&file).unwrap();
        for name in ["ISSUER", "USERNAME", "PASSWORD", "CLIENT_ID", "CLIENT_SECRET", "RESOURCE"] {
            assert!(written.lines().any(|line| line.starts_with(&format!("{name}='"))), "{name}");
        }
        // Nothing is left to do for the next start, whatever became of the file.
        fs::remove_file(&file).unwrap();
        drop(home.serve());
        assert!(!file.exists());
    });
}

#[test]
fn a_file_that_no_first_run_wrote_is_left_alone() {
    at_home(|mut home| {
        fs::create_dir(home.path("chancery-data")).unwrap();
        home.write("chancery-data/first-run.env", "mine");
        home.set_free_port();
        assert!(home.fail(&["serve"]).contains("is not what a first run writes"));
        let file = home.path("chancery-data/first-run.env");
        assert_eq!(fs::read_to_string(file).unwrap(), "mine");
    });
}

#[test]
fn secrets_are_kept_for_another_database_and_the_issuer_is_the_new_one() {
    at_home(|mut home| {
        fs::create_dir(home.path("chancery-data")).unwrap();
        let old = "ISSUER='http://localhost:1'\nPASSWORD='a password from before'\n";
        home.write("chancery-data/first-run.env", old);
        drop(home.serve());
        let written = fs::read_to_string(home.path("chancery-data/first-run.env")).unwrap();
        assert!(written.contains("PASSWORD='a password from before'\n"), "{written}");
        assert!(!written.contains("http://localhost:1'"), "{written}");
        assert!(written.contains("CLIENT_SECRET='chs_"), "{written}");
    });
}
