//! `chancery init`.

use super::{KEYS, at_home};
use crate::support::Home;

/// An installation that others than this machine reach.
fn public(home: &mut Home) {
    home.set("CHANCERY_ISSUER", "https://auth.example.com");
    home.set("CHANCERY_MASTER_KEY", KEYS[0]);
}

#[test]
fn an_administrator_is_made_once_and_nothing_to_try_out() {
    at_home(|mut home| {
        public(&mut home);
        let made = home.run(&["init", "--username", "root", "--json"]).json();
        assert_eq!(made["issuer"], "https://auth.example.com");
        assert_eq!(made["username"], "root");
        assert_eq!(made["client_id"], "chancery-admin");
        assert!(made["password"].as_str().unwrap().len() >= 20, "{made}");
        assert!(home.fail(&["init"]).contains("there is an administrator already"));
        // Neither demo client nor demo resource: nothing but the file's own would be new.
        home.write("chancery.toml", "[[resources]]\nuri = \"https://demo-api.example\"\n");
        assert_eq!(home.succeed(&["apply", "--dry-run"]), "+ resource https://demo-api.example\n");
    });
}

#[test]
fn a_client_that_another_issuer_has_made_useless_is_mended() {
    at_home(|mut home| {
        public(&mut home);
        home.succeed(&["init"]);
        home.set("CHANCERY_ISSUER", "https://login.example.com");
        assert!(home.succeed(&["doctor"]).contains("https://login.example.com/admin"));
        let refused = home.run_with_input(&["init", "--password-stdin"], "a password of my own\n");
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("whose password stays"), "{refused:?}");
        let mended = home.run(&["init", "--json"]).json();
        assert_eq!(mended["client_id"], "chancery-admin");
        assert!(mended["password"].is_null() && mended["username"].is_null(), "{mended}");
        assert!(home.fail(&["init"]).contains("there is an administrator already"));
        let client = home.run(&["--json", "client", "show", "chancery-admin"]).json();
        let resources = client["resources"].as_array().unwrap();
        assert!(resources.contains(&"https://login.example.com/admin".into()), "{client}");
    });
}

#[test]
fn a_given_password_is_checked_and_not_repeated() {
    at_home(|home| {
        let refused = home.run_with_input(&["init", "--password-stdin"], "short\n");
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("too short"), "{refused:?}");
        let password = "a password of my own choice";
        let made = home.run_with_input(&["init", "--password-stdin"], &format!("{password}\n"));
        assert_eq!(made.code, Some(0), "{made:?}");
        assert!(!made.out.contains(password), "{made:?}");
        // It is the one: declaring it takes him over, and finds no password to change.
        home.write("admin.password", password);
        home.write(
            "chancery.toml",
            "[[users]]\nname = \"admin\"\npassword_file = \"admin.password\"\nroles = [\"admin\"]\n",
        );
        assert_eq!(home.succeed(&["apply", "--dry-run"]), "~ user admin: managed\n");
    });
}

#[test]
fn a_name_that_cannot_be_one_is_wrong_usage() {
    at_home(|home| assert_eq!(home.run(&["init", "--username", "a b"]).code, Some(2)));
}
