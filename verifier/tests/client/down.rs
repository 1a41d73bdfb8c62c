//! An issuer that is down, restarts, or was never there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

use chancery_verifier::revocation::Kind;
use chancery_verifier::{Clock, Freshness, Requirement};

use super::support::{
    ClientSettings, RETURN, is_revoked, issuer, millis, reached, secs, start, streaming, until,
};

#[tokio::test]
async fn an_issuer_that_restarts_is_followed_on() {
    let (time, mut issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let token = issuer.token("s1");
    issuer.go_down().await;
    reached(&client, |client| client.counters().stream_failures == 1).await;
    issuer.log(|log| log.write(Kind::Session, "s1"));
    issuer.come_up().await;
    assert!(client.verify(&token).is_ok(), "nobody could know yet");
    time.skip(RETURN).await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
}

#[tokio::test]
async fn an_issuer_that_comes_back_with_a_new_log_is_followed_on() {
    let (time, mut issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let [before, after] = ["s1", "s2"].map(|sid| issuer.token(sid));
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &before)).await;
    issuer.go_down().await;
    issuer.log(|log| {
        log.epoch = 2;
        log.entries.clear();
        log.write(Kind::Session, "s2");
    });
    issuer.come_up().await;
    time.skip(RETURN).await;
    until(&client, |verifier| is_revoked(verifier, &after)).await;
    assert!(is_revoked(&client, &before));
}

#[tokio::test]
async fn while_the_issuer_is_down_each_route_is_answered_as_long_as_it_allows() {
    let (time, mut issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let strict = Requirement::new().freshness(Freshness::Strict(secs(15)));
    issuer.go_down().await;
    let token = issuer.token("s1");
    let status = |wanted: &Requirement| {
        client.verify_for(&token, wanted).map_or_else(|error| error.status(), |_| 200)
    };
    let at = |after: u64| {
        time.advance(secs(after));
        [status(&strict), status(&Requirement::new())]
    };
    assert_eq!(at(15), [200, 200]);
    assert_eq!(at(1), [503, 200]);
    // The token lives an hour, and so does what is known.
    assert_eq!(at(3600 - 17), [503, 200]);
    let fresh = issuer.token("s1");
    time.advance(secs(2));
    assert_eq!(client.verify(&fresh).unwrap_err().status(), 503);
}

#[tokio::test]
async fn an_api_that_starts_while_the_issuer_is_down_waits_for_it() {
    let (time, mut issuer) = issuer().await;
    issuer.go_down().await;
    let client = start(&time, &issuer, ClientSettings::new());
    reached(&client, |client| client.counters().fetch_failures == 1).await;
    let token = issuer.token("s1");
    assert!(!client.state().ready);
    assert_eq!(client.verify(&token).unwrap_err().status(), 503);
    issuer.come_up().await;
    time.skip(millis(150)).await;
    until(&client, |verifier| verifier.state().ready).await;
    assert!(client.verify(&token).is_ok());
}

#[tokio::test]
async fn with_a_state_file_an_api_starts_while_the_issuer_is_down() {
    let (time, mut issuer) = issuer().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let settings = || ClientSettings::new().state_file(&path);
    let client = start(&time, &issuer, settings());
    let [revoked, good] = ["s1", "s2"].map(|sid| issuer.token(sid));
    reached(&client, |client| client.counters().streaming).await;
    issuer.revoke("s1").await;
    until(&client, |verifier| is_revoked(verifier, &revoked)).await;
    client.stop().await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    issuer.go_down().await;
    time.advance(secs(60));
    let client = start(&time, &issuer, settings());
    assert!(client.state().ready);
    assert!(is_revoked(&client, &revoked));
    assert!(client.verify(&good).is_ok());
    assert_eq!(client.state().age, Some(secs(60)));
    let strict = Requirement::new().freshness(Freshness::Strict(secs(15)));
    assert_eq!(client.verify_for(&good, &strict).unwrap_err().status(), 503);

    reached(&client, |client| client.counters().fetch_failures == 1).await;
    issuer.come_up().await;
    time.skip(millis(150)).await;
    until(&client, |verifier| verifier.state().age == Some(secs(0))).await;
}

#[tokio::test]
async fn the_state_file_is_written_while_it_runs() {
    let (time, issuer) = issuer().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let client = start(&time, &issuer, ClientSettings::new().state_file(&path));
    reached(&client, |client| client.counters().streaming).await;
    time.skip(secs(30)).await;
    reached(&client, |_| path.exists()).await;
}

#[tokio::test]
async fn a_state_file_that_could_not_be_written_is_written_later() {
    let (time, issuer) = issuer().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not yet").join("state");
    let client = start(&time, &issuer, ClientSettings::new().state_file(&path));
    reached(&client, |client| client.counters().streaming).await;
    time.skip(secs(30)).await;
    // It waits again, so it has failed.
    time.awaited(secs(30)).await;
    fs::create_dir(path.parent().unwrap()).unwrap();
    time.advance(secs(30));
    reached(&client, |_| path.exists()).await;
}

#[tokio::test]
async fn what_killed_processes_left_beside_the_state_file_is_removed() {
    let (time, issuer) = issuer().await;
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::UNIX_EPOCH + millis(u64::try_from(time.now()).unwrap());
    let left = [
        ("state.0123456789abcdef.new", secs(301), false),
        ("state.0123456789abcdee.new", secs(299), true),
        ("state.0123456789abcde.new", secs(301), true),
        ("state.0123456789abcdeg.new", secs(301), true),
        ("other.0123456789abcdef.new", secs(301), true),
        ("state.new", secs(301), true),
    ];
    for (name, age, _) in left {
        let file = fs::File::create(folder.path().join(name)).unwrap();
        file.set_modified(now - age).unwrap();
    }
    let _client =
        start(&time, &issuer, ClientSettings::new().state_file(folder.path().join("state")));
    for (name, _, stays) in left {
        assert_eq!(folder.path().join(name).exists(), stays, "{name}");
    }
}

#[tokio::test]
async fn a_state_file_that_is_damaged_or_open_to_others_is_not_used() {
    let (time, mut issuer) = issuer().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let settings = || ClientSettings::new().state_file(&path);
    let client = start(&time, &issuer, settings());
    until(&client, |verifier| verifier.state().ready).await;
    client.stop().await;
    issuer.go_down().await;

    let whole = fs::read(&path).unwrap();
    for damaged in [&whole[..whole.len() / 2], &[whole.as_slice(), b"x"].concat(), b"", b"\n"] {
        fs::write(&path, damaged).unwrap();
        assert!(!start(&time, &issuer, settings()).state().ready);
    }
    fs::write(&path, &whole).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
    assert!(!start(&time, &issuer, settings()).state().ready);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(start(&time, &issuer, settings()).state().ready);
    // Only root can give it to somebody else.
    if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
        assert!(!start(&time, &issuer, settings()).state().ready);
    }
}
