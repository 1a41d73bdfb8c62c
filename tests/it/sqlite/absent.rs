//! A database that is not where the configuration says.

use super::BACKEND;
use crate::support::Home;

/// What creates nothing.
const COMMANDS: [&str; 32] = [
    "user list",
    "user show a",
    "user disable a",
    "user enable a",
    "user roles a --none",
    "user claims a --claim name=A",
    "user password a --password-stdin",
    "client list",
    "client show a",
    "client update a --name b",
    "client disable a",
    "client enable a",
    "client pause a",
    "client rotate-secret a --compromised",
    "client logo a --remove",
    "client delete a",
    "resource list",
    "resource delete urn:a",
    "session list",
    "session list --browser --user a",
    "session end 0199a7a0-1111-7222-8333-444455556666",
    "apply --dry-run",
    "key list",
    "key rotate",
    "key reseal",
    "key compromise k",
    "revoke --all",
    "revoke --user a",
    "feed",
    "restored",
    "backup a.db",
    "--json key list",
];

#[test]
fn what_creates_nothing_makes_no_database_in_the_wrong_folder() {
    let Some(mut home) = Home::new(BACKEND) else { return };
    // As root at night, without the configuration of the server.
    home.unset("CHANCERY_DATABASE_URL");
    let nowhere = "chancery-data/chancery.db does not exist. The configuration was read without a file \
                   (CHANCERY_CONFIG is not set";
    for command in COMMANDS {
        let arguments: Vec<&str> = command.split(' ').collect();
        let ran = home.run_with_input(&arguments, "a password for nobody");
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{command}: {ran:?}");
        assert!(ran.err.contains(nowhere) && ran.err.contains(": /"), "{command}: {ran:?}");
        assert!(!home.path("chancery-data").exists(), "{command}");
    }
    home.write("chancery.toml", "data_dir = 'elsewhere'\n");
    let told = home.fail(&["key", "list"]);
    assert!(
        told.contains(
            "elsewhere/chancery.db does not exist. The configuration was read from chancery.toml"
        ),
        "{told}"
    );
    // What creates something may be the first.
    home.succeed(&["user", "create", "alice"]);
    home.succeed(&["key", "list"]);
}
