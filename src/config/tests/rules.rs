//! What must hold between keys.

use super::*;

/// Loads with these variables, where the message about `key` is expected to hold `text`.
#[track_caller]
fn refuses(environment: &[(&str, &str)], key: &str, text: &str) {
    let refused = refusal(environment, "");
    let at = format!("\n- `{key}` ({}): ", environment::variable(key));
    assert!(refused.contains(&at), "misses {at}: {refused}");
    assert!(refused.contains(text), "misses {text}: {refused}");
    assert_eq!(refused.matches("\n- ").count(), 1, "{refused}");
}

const MASTER: (&str, &str) = ("CHANCERY_MASTER_KEY", MASTER_KEY);

#[test]
fn c145_an_http_issuer_of_another_machine_is_refused_with_both_ways_out() {
    let http = [("CHANCERY_ISSUER", "http://as.example"), MASTER];
    refuses(&http, "issuer", "CHANCERY_ISSUER=https://");
    refuses(&http, "issuer", "http://localhost:8080");
    load(&[("CHANCERY_ISSUER", "https://as.example"), MASTER], "");
    load(&[("CHANCERY_ISSUER", "http://127.0.0.1:9")], "");
}

#[test]
fn a_listener_for_other_machines_needs_a_proxy() {
    for (variable, key) in
        [("CHANCERY_LISTEN", "listen"), ("CHANCERY_ADMIN_LISTEN", "admin_listen")]
    {
        for address in ["0.0.0.0:80", "[::]:80", "192.0.2.1:80", "127.0.0.1:80,10.0.0.1:80"] {
            refuses(&[(variable, address)], key, "CHANCERY_TRUSTED_PROXIES=");
            refuses(&[(variable, address)], key, "listen on 127.0.0.1 and [::1]");
            load(&[(variable, address), ("CHANCERY_TRUSTED_PROXIES", "10.0.0.5")], "");
        }
        load(&[(variable, "127.0.0.2:80,[::1]:80,[::ffff:127.0.0.1]:81")], "");
    }
}

#[test]
fn an_address_is_listened_on_once() {
    refuses(&[("CHANCERY_LISTEN", "127.0.0.1:1,127.0.0.1:1")], "listen", "stands twice");
    refuses(&[("CHANCERY_ADMIN_LISTEN", "127.0.0.1:8080")], "listen", "stands twice");
    let any =
        [("CHANCERY_LISTEN", "127.0.0.1:0,127.0.0.1:0"), ("CHANCERY_ISSUER", "http://localhost")];
    load(&any, "");
}

#[test]
fn a_port_that_the_system_chooses_makes_no_issuer() {
    refuses(&[("CHANCERY_LISTEN", "127.0.0.1:0")], "issuer", "is needed where the port");
}

#[test]
fn an_issuer_for_other_machines_needs_a_master_key() {
    let issuer = ("CHANCERY_ISSUER", "https://as.example");
    refuses(&[issuer], "master_key", "CHANCERY_MASTER_KEY_FILE");
    refuses(&[issuer], "master_key", "openssl rand -base64 32");
    load(&[issuer, MASTER], "");
}

#[test]
fn a_previous_master_key_needs_the_present_one() {
    let previous = ("CHANCERY_MASTER_KEY_PREVIOUS", OTHER_KEY);
    refuses(&[previous], "master_key_previous", "without master_key");
    let config = load(&[previous, MASTER], "");
    assert_eq!(config.master_key_previous.unwrap().expose(), OTHER_KEY);
}

#[test]
fn spans_that_lie_within_others_are_not_longer() {
    let life = ("CHANCERY_TOKENS__SESSION_MAX_TTL", "10d");
    refuses(&[life], "tokens.refresh_idle_ttl", "at most tokens.session_max_ttl");
    load(&[life, ("CHANCERY_TOKENS__REFRESH_IDLE_TTL", "10d")], "");

    let browser = ("CHANCERY_TOKENS__BROWSER_MAX_TTL", "11h");
    refuses(&[browser], "tokens.browser_idle_ttl", "at most tokens.browser_max_ttl");
    load(&[browser, ("CHANCERY_TOKENS__BROWSER_IDLE_TTL", "11h")], "");

    let window = ("CHANCERY_TOKENS__RETRY_WINDOW", "29s");
    refuses(&[window], "tokens.retry_window", "at least tokens.retry_echo");
    load(&[window, ("CHANCERY_TOKENS__RETRY_ECHO", "29s")], "");

    let lease = ("CHANCERY_FEED__LEASE", "499ms");
    refuses(&[lease], "feed.lease", "twice feed.poll");
    load(&[("CHANCERY_FEED__LEASE", "500ms")], "");

    let request = ("CHANCERY_HTTP__REQUEST_TIMEOUT", "4s");
    refuses(&[request], "passwords.hash_deadline", "at most http.request_timeout");
    load(&[request, ("CHANCERY_PASSWORDS__HASH_DEADLINE", "4s")], "");
    let acquire = ("CHANCERY_DATABASE__ACQUIRE_TIMEOUT", "31s");
    refuses(&[acquire], "database.acquire_timeout", "at most http.request_timeout");
}

#[test]
fn c135_no_access_token_outlives_the_idle_session_it_belongs_to() {
    let life = ("CHANCERY_TOKENS__MAX_TOKEN_LIFE", "20m");
    let idle = |value| ("CHANCERY_TOKENS__REFRESH_IDLE_TTL", value);
    refuses(&[life, idle("1829s")], "tokens.refresh_idle_ttl", "at least 630s longer");
    load(&[life, idle("1830s")], "");
    // A refresh token that is not replaced yet moves no time on either.
    let none = ("CHANCERY_TOKENS__RETRY_WINDOW", "0");
    let echo = ("CHANCERY_TOKENS__RETRY_ECHO", "0");
    refuses(&[life, none, echo, idle("1499s")], "tokens.refresh_idle_ttl", "at least 5m longer");
    load(&[life, none, echo, idle("1500s")], "");
    let browser = |value| ("CHANCERY_TOKENS__BROWSER_IDLE_TTL", value);
    refuses(
        &[life, browser("1599s")],
        "tokens.browser_idle_ttl",
        "longer than tokens.max_token_life",
    );
    load(&[life, browser("1600s")], "");
    let short = ("CHANCERY_TOKENS__MAX_TOKEN_LIFE", "3m");
    refuses(&[short, browser("299s")], "tokens.browser_idle_ttl", "at least 2m longer");
    load(&[short, browser("5m")], "");
}

#[test]
fn streams_leave_half_of_the_connections_to_requests() {
    let connections = ("CHANCERY_HTTP__CONNECTIONS", "4199");
    refuses(&[connections], "feed.streams", "at most half of http.connections");
    let streams = ("CHANCERY_FEED__STREAMS", "1999");
    let config = load(&[connections, streams], "");
    assert_eq!((config.feed.streams, config.feed.anonymous_streams), (1999, 100));
    let anonymous = ("CHANCERY_FEED__ANONYMOUS_STREAMS", "101");
    refuses(&[connections, streams, anonymous], "feed.streams", "half");
}

#[test]
fn hashing_fits_argon2_and_leaves_a_core_free() {
    let memory = ("CHANCERY_PASSWORDS__ARGON2_MEMORY_KIB", "15");
    load(&[memory], "");
    let lanes = ("CHANCERY_PASSWORDS__ARGON2_PARALLELISM", "2");
    refuses(&[memory, lanes], "passwords.argon2_memory_kib", "8 times");
    refuses(&[("CHANCERY_PASSWORDS__HASH_PERMITS", "4")], "passwords.hash_permits", "at most 3");
    load(&[("CHANCERY_PASSWORDS__HASH_PERMITS", "3")], "");
}

#[test]
fn a_rule_is_silent_about_a_key_that_has_a_problem_of_its_own() {
    let refused = refusal(
        &[("CHANCERY_TOKENS__REFRESH_IDLE_TTL", "100d"), ("CHANCERY_TOKENS__SESSION_MAX_TTL", "x")],
        "",
    );
    assert_eq!(refused.matches("\n- ").count(), 1, "{refused}");
}

#[test]
fn the_gate_has_both_parts_of_its_credentials_and_is_strict_below_its_limit() {
    let id = ("CHANCERY_GATE__CLIENT_ID", "orders-gate");
    refuses(&[id], "gate.client_id", "together or not at all");
    load(&[id, ("CHANCERY_GATE__CLIENT_SECRET", "a secret")], "");
    refuses(&[("CHANCERY_GATE__MAX_STALE", "10s")], "gate.strict_max_stale", "gate.max_stale");
}
