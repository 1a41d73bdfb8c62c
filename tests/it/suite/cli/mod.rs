//! The command line.

mod apply;
mod clients;
mod copy;
mod doctor;
mod first_run;
mod init;
mod keys;
mod migrations;
mod reseal;
mod revocation;
mod usage;
mod users;

use super::BACKEND;
use crate::support::{Home, Installation, TestServer};

/// Makes what a login needs: the resource `urn:api`, its own client `api`, of which the secret is
/// answered, and the public client `app`.
fn set_up(installation: &Installation) -> String {
    installation.run("resource create urn:api --scope read").ok();
    let app = "client create app --public --first-party --scope read --resource urn:api";
    installation.run(app).ok();
    let api = installation.run("--json client create api --serves urn:api").json();
    api["client_secret"].as_str().unwrap().to_owned()
}

/// Lets the lease of a server run out, so that it looks at the database next, and leaves its wall
/// clock at the time of this machine, which the command line has.
fn look(server: &TestServer) {
    server.advance(2);
    server.clock.step_wall(-2000);
}

/// A test of an installation made from nothing, unless the database is not to be had.
fn at_home(test: impl Fn(Home)) {
    if let Some(home) = Home::new(BACKEND) {
        test(home);
    }
}

/// A master key, and another one.
const KEYS: [&str; 2] = [
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
    "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
];
