//! Time tells nobody what answers do not: who has an account, which clients there are, and what became of
//! a token. A binary of its own, since cargo runs one after the other, so that nothing else runs beside it.
//!
//! What is compared is asked in random order, so that whatever else the machine does falls on all alike.
//! `CHANCERY_TIMING_SAMPLES` says how many samples each class has; `.ci/long timing` has many. A finding is a
//! difference that chance does not explain, that is there three times between the same two, and that exceeds a
//! bound: for logins a tenth of a hash that takes a fifth of the time of one of the default cost, so 2 % of
//! that.

#![expect(clippy::unwrap_used, reason = "in a test the panic is the report")]

#[expect(dead_code, reason = "what starts other programs is not used here")]
#[path = "../it/support/postgres/cluster.rs"]
mod cluster;
mod dice;
#[path = "../it/support/port.rs"]
mod port;
mod site;
mod statistics;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dice::Dice;
use serde_json::json;
use site::{Answered, Asked, PASSWORD, Site, time_of_a_hash};
use statistics::{Comparison, median};

/// Why there is no PostgreSQL.
#[derive(Debug)]
struct Skip {
    reason: String,
}

/// Whoever measures is alone, as are the tests of what it is measured with.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn c060_time_does_not_tell_who_has_an_account() {
    let _alone = alone();
    let hash = time_of_a_hash();
    println!("a hash takes {hash:?}");
    for site in Site::each() {
        no_difference_between_accounts(site, hash);
    }
}

fn no_difference_between_accounts(mut site: Site, hash: Duration) {
    let client = (site.secret("CLIENT_ID"), site.secret("CLIENT_SECRET"));
    let refused = |answered: &Answered| {
        assert_eq!(answered.status, 400, "{}", answered.body);
        answered.took
    };
    populate(&mut site, "login");
    assert_alike("a login", hash / 10, &USERS, |class, number| {
        let login = json!({
            "username": name("login", class, number), "password": typed(class),
            "client_id": client.0, "client_secret": client.1,
        });
        refused(&site.ask(&Asked::json("/login", "", &login)))
    });
    populate(&mut site, "page");
    assert_alike("the page to sign in", hash / 10, &USERS, |class, number| {
        let page = site.ask(&Asked::sent("GET", "/signin", ("", "text/plain"), String::new()));
        let fields = [("username", &*name("page", class, number)), ("password", typed(class))];
        refused(&site.ask(&fill(&page, site.address.port(), &fields)))
    });
}

#[test]
fn c071_time_does_not_tell_which_clients_there_are() {
    let _alone = alone();
    for site in Site::each() {
        no_difference_between_clients(site);
    }
}

fn no_difference_between_clients(mut site: Site) {
    let known = site.secret("CLIENT_ID");
    assert_alike("the secret of a client", MEMORY, &["unknown", "wrong"], |class, number| {
        // A name of the same length.
        let unknown = format!("{number:0>width$}", width = known.len());
        let id = if class == "unknown" { &unknown } else { &known };
        let secret = format!("chs_{number:0>43}");
        let form = [("grant_type", "client_credentials")];
        let answered = site.ask(&Asked::form("/oauth/token", &basic(id, &secret), &form));
        assert_eq!(answered.status, 401, "{}", answered.body);
        answered.took
    });
}

#[test]
fn c111_time_does_not_tell_what_became_of_a_token() {
    let _alone = alone();
    for site in Site::each() {
        no_difference_between_tokens(site);
    }
}

fn no_difference_between_tokens(mut site: Site) {
    let one_statement = if site.is_on_postgres() { ONE_QUESTION } else { ONE_STATEMENT };
    let basic = basic(&site.secret("CLIENT_ID"), &site.secret("CLIENT_SECRET"));
    let secret = site.secret("CLIENT_SECRET");
    let mut tokens = BTreeMap::<_, Vec<_>>::new();
    for _ in 0..TOKENS {
        let revoked = log_in(&mut site, &secret);
        let answered = site.ask(&Asked::form("/oauth/revoke", &basic, &[("token", &revoked.1)]));
        assert_eq!(answered.status, 200);
        let unknown = (forged(&revoked.0), forged(&revoked.1));
        let another = log_in(&mut site, "");
        for (class, token) in CLASSES.iter().zip([another, revoked, unknown]) {
            tokens.entry(*class).or_default().push(token);
        }
    }
    for kind in ["access token", "refresh token"] {
        let mut ask = |class, number: usize| {
            let (access, refresh) = &tokens[class][number % TOKENS];
            let token = if kind == "access token" { access } else { refresh };
            let answered = site.ask(&Asked::form("/oauth/introspect", &basic, &[("token", token)]));
            assert_eq!(answered.json(), json!({"active": false}), "{class}");
            answered.took
        };
        assert_alike(kind, MEMORY, &CLASSES[..2], &mut ask);
        // A forged signature is not remembered, and a forged refresh token ends before the database: who
        // asks has the token, and may know that it was one.
        assert_alike(kind, one_statement, &CLASSES[1..], &mut ask);
    }
}

/// The name of one user of a class.
fn name(kind: &str, class: &str, number: usize) -> String {
    format!("{kind}-{class}-{number:06}")
}

/// Makes users of each class but those that do not exist.
fn populate(site: &mut Site, kind: &str) {
    let numbers = 0..samples() + WARMING;
    let names = |class| numbers.clone().map(|number| name(kind, class, number)).collect::<Vec<_>>();
    site.import(&names("wrong-"), true);
    site.import(&names("empty-"), false);
    let admin = format!("Bearer {}", log_in(site, "").0);
    for id in site.import(&names("closed"), true) {
        let mut disable =
            Asked::json(&format!("/admin/v1/users/{id}"), &admin, &json!({"status": "disabled"}));
        disable.method = "PATCH";
        assert_eq!(site.ask(&disable).status, 200);
    }
}

/// What is typed as the password: of those who are disabled the right one.
fn typed(class: &str) -> &'static str {
    if class == "closed" { PASSWORD } else { "correct horse battery stable" }
}

/// An access token and a refresh token of the administrator: of the demo client, or without a secret of the
/// client for administration.
fn log_in(site: &mut Site, secret: &str) -> (String, String) {
    let mut login = json!({
        "username": site.secret("USERNAME"), "password": site.secret("PASSWORD"),
        "client_id": "chancery-admin",
    });
    if !secret.is_empty() {
        login["client_id"] = json!(site.secret("CLIENT_ID"));
        login["client_secret"] = json!(secret);
    }
    let tokens = site.ask(&Asked::json("/login", "", &login)).json();
    let token = |member: &str| tokens[member].as_str().unwrap().to_owned();
    (token("access_token"), token("refresh_token"))
}

/// The form of a page, filled in.
fn fill(page: &Answered, port: u16, fields: &[(&str, &str)]) -> Asked {
    assert_eq!(page.status, 200, "{}", page.body);
    let between = |text: &str, from: &str, to: &str| {
        let rest = text.split_once(from).unwrap().1;
        rest.split_once(to).unwrap().0.to_owned()
    };
    let csrf = between(between(&page.body, "name=\"csrf\"", ">").as_str(), "value=\"", "\"");
    let cookie = between(&page.head, "et-cookie: ", ";");
    let mut form = Asked::form("/signin", "", &[&[("csrf", &*csrf)], fields].concat());
    let origin = format!("http://localhost:{port}");
    let _ = write!(form.headers, "Origin: {origin}\r\nCookie: {cookie}\r\n");
    form
}

/// The same token but for a character of what proves it.
fn forged(token: &str) -> String {
    let at = token.len() - 10;
    let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// Asks for samples of each class, in random order, and finds a difference only if it is there each time.
#[track_caller]
fn assert_alike(
    what: &str,
    bound: Duration,
    classes: &[&'static str],
    mut ask: impl FnMut(&'static str, usize) -> Duration,
) {
    // One dice for all, so that no two times have one order.
    let mut dice = Dice::new(60);
    let mut each_time: Option<BTreeSet<_>> = None;
    for _ in 0..ATTEMPTS {
        let each = |numbers: Range<usize>| {
            let of_class = move |class| numbers.clone().map(move |number| (class, number));
            classes.iter().copied().flat_map(of_class).collect::<Vec<_>>()
        };
        // The first ones find nothing warm.
        for (class, number) in each(0..WARMING) {
            ask(class, number);
        }
        let mut plan = each(WARMING..WARMING + samples());
        dice.shuffle(&mut plan);
        let mut times = BTreeMap::<_, Vec<_>>::new();
        for (class, number) in plan {
            times.entry(class).or_default().push(ask(class, number));
        }
        let found = compare(what, &times, bound);
        let again = each_time.map_or(found.clone(), |before| &before & &found);
        if again.is_empty() {
            return;
        }
        each_time = Some(again);
    }
    panic!("{what}: time tells one from the other: {each_time:?}");
}

/// The pairs of classes that differ.
fn compare(
    what: &str,
    times: &BTreeMap<&'static str, Vec<Duration>>,
    bound: Duration,
) -> BTreeSet<(&'static str, &'static str)> {
    let medians: Vec<_> = times.iter().map(|(class, times)| (class, median(times))).collect();
    println!("{what}: {} samples of each, medians {medians:?}, bound {bound:?}", samples());
    let classes: Vec<_> = times.keys().copied().collect();
    let pairs = classes.iter().enumerate();
    let pairs = pairs.flat_map(|(at, one)| classes[at + 1..].iter().map(|other| (*one, *other)));
    pairs
        .map(|(one, other)| (one, other, Comparison::of(&times[one], &times[other])))
        .inspect(|(one, other, comparison)| println!("  {one}, {other}: {comparison:?}"))
        .filter(|(_, _, comparison)| comparison.is_finding(bound))
        .map(|(one, other, _)| (one, other))
        .collect()
}

/// How many samples of each class are compared.
#[expect(clippy::disallowed_methods, reason = "there is no configuration here")]
fn samples() -> usize {
    std::env::var("CHANCERY_TIMING_SAMPLES").map_or(60, |count| count.parse().unwrap())
}

/// Users: there is none, the password is wrong, he is disabled, he has no password. The words are of one
/// length.
const USERS: [&str; 4] = ["nobody", "wrong-", "closed", "empty-"];
/// Tokens: it is another client's, it was revoked, we made none such.
const CLASSES: [&str; 3] = ["another", "revoked", "unknown"];
const TOKENS: usize = 8;
/// Less than one statement of the embedded database takes in a build for tests.
const MEMORY: Duration = Duration::from_micros(30);
/// More than one takes.
const ONE_STATEMENT: Duration = Duration::from_micros(500);
/// More than the answer of a database server takes.
const ONE_QUESTION: Duration = Duration::from_millis(2);
const ATTEMPTS: usize = 3;
const WARMING: usize = 5;
