//! Rows enough that a database would rather not read all of them.

use crate::support::{Raw, TestServer};

/// Fills the tables that grow.
pub(super) async fn fill(server: &TestServer) {
    let mut raw = server.raw().await;
    let now = server.clock.millis();
    for (table, columns, values) in ROWS {
        let values =
            values.replace("{now}", &now.to_string()).replace("{id}", &bytes(&raw, 16, "i"));
        let values = values.replace("{place}", &bytes(&raw, 24, "i"));
        let values = values.replace("{hash}", &bytes(&raw, 32, "i"));
        let values = values.replace("{user}", &bytes(&raw, 16, "i % 2000"));
        raw.run(&format!(
            "INSERT INTO {table} ({columns}) WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL \
             SELECT i + 1 FROM number WHERE i < 5000) SELECT {values} FROM number"
        ))
        .await;
    }
}

/// So many bytes, which sort as their number does.
fn bytes(raw: &Raw, length: u8, number: &str) -> String {
    match raw {
        Raw::Sqlite(_) => format!("CAST(printf('%0{length}d', {number}) AS BLOB)"),
        Raw::Postgres(_) => format!("convert_to(lpad(({number})::text, {length}, '0'), 'UTF8')"),
    }
}

const ROWS: &[(&str, &str, &str)] = &[
    (
        "users",
        "id, name, canonical_name, roles, profile, status, disabled_by_file, managed, version, \
         created_at, updated_at",
        "{id}, 'user-' || i, 'user-' || i, '', '{}', 'active', 0, 0, 1, {now}, {now}",
    ),
    (
        "client",
        "key, id, name, first_party, grants, scope, resources, origins, rotates, rotate_after, \
         redirect_uris, post_logout_redirect_uris, pkce_required, skips_consent, \
         id_token_algorithm, status, managed, version, created_at, updated_at",
        "{id}, 'client-' || i, '', 0, 'refresh_token', '', '', '', 1, 0, '', '', 1, 0, 'ES256', \
         'active', 0, 1, {now}, {now}",
    ),
    (
        "session",
        "id, user_id, user_version, client_id, browser_session_id, offline, scope, resources, \
         auth_time, amr, created_at, idle_expires_at, max_expires_at, generation, leaf_hashes, \
         rotated_at, reissued_at, retry_generation, retry_streak, last_seen",
        "{id}, {user}, 1, 'client-' || (i % 2000), {id}, 0, '', '', {now}, 'pwd', {now} + i, \
         {now} + 86400000, {now} + 86400000, 0, {hash}, {now}, {now}, 0, 0, {now}",
    ),
    (
        "browser_session",
        "id, secret_hash, user_id, user_version, auth_time, amr, created_at, last_seen, \
         idle_expires_at, max_expires_at",
        "{id}, {hash}, {user}, 1, {now}, 'pwd', {now}, {now}, {now} + 86400000, {now} + 86400000",
    ),
    (
        "authorization_code",
        "hash, interaction, client_id, redirect_uri, redirect_uri_given, scope, resources, \
         user_id, user_version, browser_session_id, auth_time, amr, created_at, expires_at, tries",
        "{hash}, {id}, 'client-' || i, '', 1, '', '', {user}, 1, {id}, {now}, 'pwd', {now}, \
         {now} + i, 0",
    ),
    (
        "consent",
        "id, user_id, client_id, allowed, created_at, updated_at",
        "{id}, {user}, 'client-' || i, '', {now}, {now}",
    ),
    (
        "logout_notice",
        "id, client_id, user_id, sid, due_at, attempts, created_at",
        "{id}, 'client-' || i, {user}, '', {now} + 86400000 + i, 0, {now}",
    ),
    ("failed_login", "account, clear_at, until", "{id}, {now} + 86400000 + i, 0"),
    (
        "feed_subscriber",
        "key, client_id, name, via, epoch, seq, applied_at, reported_at, history",
        "'client-' || i || ' a', 'client-' || i, 'a', 'poll', 0, 0, {now}, {now} + i, {place}",
    ),
    (
        "audit",
        "id, at, kind, actor_kind, actor, target",
        "{id}, {now} + i, 'login', 'user', 'user-' || (i % 2000), 'target-' || (i % 2000)",
    ),
    ("client_origin", "key, origin", "{id}, 'https://origin-' || i || '.example'"),
    ("client_logo", "key, hash, bytes", "{id}, {hash}, {hash}"),
    (
        "revocation",
        "seq, tip, kind, digest, until",
        "i + 1000000, {id}, 'sid', {id}, {now} + 86400000",
    ),
];
