//! Keys that cannot be had, are no good, or that a token makes up (C004, C005, C027).

use serde_json::json;
use tokio::net::TcpListener;

use super::support::keys::Key;
use super::support::{
    ClientSettings, Issuer, Reason, Rejection, Served, is_revoked, issuer, millis, reached, secs,
    start, streaming, until,
};

#[tokio::test]
async fn c027_the_last_good_keys_stay_whatever_comes_instead() {
    let (time, issuer) = issuer().await;
    // However long nothing comes, this stream is not given up.
    let client = start(&time, &issuer, ClientSettings::new().silence(secs(86_400)));
    reached(&client, |client| client.counters().streaming).await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = format!("http://{}/jwks", elsewhere.local_addr().unwrap());
    let rsa_512 = json!({ "keys": [
        { "kty": "RSA", "alg": "RS256", "kid": "r", "e": "AQAB", "n": "0".repeat(86) } ] });
    let private = issuer.log(|log| {
        let mut jwk = log.token_key.jwk();
        jwk["d"] = "AAAA".into();
        json!({ "keys": [jwk] })
    });
    let twice =
        issuer.log(|log| json!({ "keys": [log.token_key.jwk(), Key::of_tokens("t1").jwk()] }));
    let faults = [
        Served::Status(500, 0, "oh"),
        Served::Status(404, 0, ""),
        // By whoever changed them on their way (RFC 9110 §15.3.4).
        Served::Status(203, 0, issuer.log(|log| log.key_set().to_string().leak())),
        Served::Text("<!doctype html><title>Sign in</title>".into()),
        Served::Redirect(other),
        Served::Bytes(50 << 20),
        Served::Text(r#"{"keys":[]}"#.into()),
        Served::Text(json!({ "keys": [{ "kty": "new", "kid": "x" }] }).to_string()),
        Served::Text(rsa_512.to_string()),
        Served::Text(private.to_string()),
        Served::Text(twice.to_string()),
    ];
    let token = issuer.token("s1");
    let waits = [150, 250, 450, 850, 1650, 3250, 5050, 5050, 5050, 5050];
    for (count, fault) in (1..).zip(faults) {
        issuer.log(|log| log.jwks = fault);
        match count {
            1 => say_other_keys(&issuer).await,
            _ => time.skip(millis(waits[count - 2])).await,
        }
        let count = count as u64;
        reached(&client, |client| client.counters().fetch_failures == count).await;
        assert!(client.verify(&token).is_ok(), "fault {count}");
    }
    let redirected = tokio::time::timeout(millis(0), elsewhere.accept()).await;
    assert!(redirected.is_err(), "a redirect was followed");
}

#[tokio::test]
async fn c027_keys_that_do_not_come_are_given_up() {
    let (time, issuer) = issuer().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let keys = format!("http://{}/jwks", silent.local_addr().unwrap());
    issuer.log(|log| log.jwks_uri = Some(keys));
    let client = start(&time, &issuer, ClientSettings::new());
    let _open = silent.accept().await.unwrap();
    assert_eq!(client.counters().fetch_failures, 0);
    time.skip(secs(10)).await;
    reached(&client, |client| client.counters().fetch_failures == 1).await;
    // It is tried again.
    time.skip(millis(150)).await;
    reached(&client, |client| client.counters().key_fetches == 2).await;
}

#[tokio::test]
async fn keys_that_are_elsewhere_now_are_fetched_there_at_once() {
    let (time, issuer) = issuer().await;
    let elsewhere = Issuer::start(&time).await;
    let keys = issuer.log(|log| log.key_set().to_string());
    elsewhere.log(|log| log.jwks = Served::Text(keys));
    issuer.log(|log| log.jwks = Served::Status(500, 0, ""));
    let client = start(&time, &issuer, ClientSettings::new());
    reached(&client, |client| client.counters().fetch_failures == 1).await;
    issuer.log(|log| log.jwks_uri = Some(format!("{}/jwks", elsewhere.url())));
    // The metadata is read again, and the keys once more where they were.
    time.skip(secs(900)).await;
    until(&client, |verifier| verifier.state().ready).await;
    assert_eq!([issuer.asked("/jwks"), elsewhere.asked("/jwks")], [2, 1]);
}

#[tokio::test]
async fn keys_that_the_feed_speaks_of_are_fetched_at_once() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    issuer.log(|log| log.token_key = Key::of_tokens("t2"));
    issuer.heartbeat().await;
    until(&client, |verifier| verifier.verify(&issuer.token("s1")).is_ok()).await;
    issuer.log(|log| log.token_key = Key::of_tokens("t3"));
    issuer.heartbeat().await;
    until(&client, |verifier| verifier.verify(&issuer.token("s1")).is_ok()).await;
    assert_eq!(issuer.asked("/jwks"), 3);
}

#[tokio::test]
async fn c004_unknown_kids_cause_one_fetch_per_cool_down() {
    let (time, issuer) = issuer().await;
    // However long nothing comes, this stream is not given up.
    let client = start(&time, &issuer, ClientSettings::new().silence(secs(86_400)));
    reached(&client, |client| client.counters().streaming).await;
    let flood = || {
        for number in 0..50 {
            let stranger = Key::of_tokens(&format!("k{number}"));
            let token = stranger.sign("at+jwt", &issuer.log(|log| log.claims("s1", 0)));
            let refused = client.verify(&token).unwrap_err();
            assert_eq!(refused, Rejection::Invalid(Reason::UnknownKey));
        }
    };
    // The start itself began a cool-down.
    for fetches in 2..5 {
        flood();
        time.skip(secs(30)).await;
        issuer
            .until(|log| log.requests.iter().filter(|uri| *uri == "/jwks").count() == fetches)
            .await;
        flood();
        issuer.heartbeat().await;
        until(&client, |verifier| verifier.state().age == Some(secs(0))).await;
        assert_eq!(issuer.asked("/jwks"), fetches);
    }
}

#[tokio::test]
async fn c005_urls_and_keys_in_a_header_cause_no_request() {
    let (time, issuer) = issuer().await;
    let client = streaming(&time, &issuer).await;
    let before = issuer.log(|log| log.requests.len());
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", trap.local_addr().unwrap());
    let attacker = Key::of_tokens("t1");
    let claims = issuer.log(|log| log.claims("s1", 1_800_000_000_000));
    for (member, value) in [
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("jwk", attacker.jwk()),
        ("x5c", json!(["MIIB"])),
        ("kid", json!(url)),
    ] {
        let mut header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "t1" });
        header[member] = value;
        let refused = client.verify(&attacker.sign_with(&header, &claims)).unwrap_err();
        assert_eq!(refused.status(), 401, "{member}");
    }
    // Had one of them caused a request, it would have gone out before what comes now.
    let token = issuer.token("s2");
    issuer.revoke("s2").await;
    until(&client, |verifier| is_revoked(verifier, &token)).await;
    assert!(tokio::time::timeout(millis(0), trap.accept()).await.is_err(), "a request went out");
    assert_eq!(issuer.log(|log| log.requests.len()), before);
}

#[tokio::test]
async fn without_keys_they_are_asked_for_until_they_come() {
    let (time, issuer) = issuer().await;
    issuer.log(|log| log.jwks = Served::Status(500, 0, ""));
    let client = start(&time, &issuer, ClientSettings::new());
    reached(&client, |client| client.counters().fetch_failures == 1).await;
    time.skip(millis(150)).await;
    reached(&client, |client| client.counters().fetch_failures == 2).await;
    issuer.log(|log| log.jwks = Served::Well);
    time.skip(millis(250)).await;
    until(&client, |verifier| verifier.state().ready).await;
}

/// Sends a heartbeat that speaks of other keys, so that they are fetched.
async fn say_other_keys(issuer: &Issuer) {
    issuer.log(|log| log.other_hash = Some("other".into()));
    issuer.heartbeat().await;
}
