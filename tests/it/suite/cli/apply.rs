//! `chancery apply`, and what `serve` does of it.

use serde_json::json;

use super::at_home;
use crate::support::Home;

const SECRET: &str = "a-client-secret-of-more-than-32-characters";

fn declare(home: &Home, clients: &str) {
    home.write("orders.secret", SECRET);
    home.write("alice.password", "the declared password of alice\n");
    let text = format!(
        r#"
[[users]]
name = "alice"
password_file = "alice.password"
roles = ["editor"]

[[resources]]
uri = "https://orders.example"
scopes = ["read", "write"]
{clients}
"#
    );
    home.write("chancery.toml", &text);
}

const ORDERS: &str = r#"
[[clients]]
id = "orders"
secret_file = "orders.secret"
first_party = true
grants = ["refresh_token"]
scopes = ["read"]
resources = ["https://orders.example"]
"#;

#[test]
fn a_dry_run_says_what_is_done_then_once() {
    at_home(|home| {
        declare(&home, ORDERS);
        let nothing = home.fail(&["apply", "--dry-run"]);
        assert!(["no tables yet", "there is no database"].iter().any(|no| nothing.contains(no)));
        home.succeed(&["init"]);
        let changes = "+ resource https://orders.example\n+ client orders\n+ user alice\n";
        assert_eq!(home.succeed(&["apply", "--dry-run"]), changes);
        assert_eq!(home.succeed(&["apply", "--dry-run"]), changes);
        assert_eq!(home.succeed(&["apply"]), changes);
        assert_eq!(home.succeed(&["apply"]), "nothing to do: 3 as declared\n");
        declare(&home, &ORDERS.replace(r#"["read"]"#, r#"["read", "write"]"#));
        assert_eq!(home.succeed(&["apply"]), "~ client orders: scopes\n");
        declare(&home, "");
        assert_eq!(home.succeed(&["apply"]), "- client orders (disabled)\n");
        assert_eq!(home.succeed(&["apply"]), "nothing to do: 2 as declared\n");
    });
}

#[test]
fn the_difference_can_be_had_as_json() {
    at_home(|home| {
        declare(&home, "");
        home.succeed(&["init"]);
        let outcome = home.run(&["apply", "--dry-run", "--json"]);
        let change = |object: &str, name: &str| json!({"object": object, "name": name, "action": "create", "differences": []});
        let expected = json!({
            "dry_run": true,
            "changes": [change("resource", "https://orders.example"), change("user", "alice")],
            "unchanged": 0,
        });
        assert_eq!(outcome.json(), expected);
    });
}

#[test]
fn a_server_applies_when_it_starts_but_disables_nothing_for_want_of_a_file() {
    at_home(|mut home| {
        declare(&home, ORDERS);
        drop(home.serve());
        assert_eq!(home.succeed(&["apply"]), "nothing to do: 3 as declared\n");
        std::fs::remove_file(home.path("chancery.toml")).unwrap();
        drop(home.serve());
        let gone = "- resource https://orders.example (disabled)\n- client orders (disabled)\n\
                    - user alice (disabled)\n";
        assert_eq!(home.succeed(&["apply", "--dry-run"]), gone);
    });
}
