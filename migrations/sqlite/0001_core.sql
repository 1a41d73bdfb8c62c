-- Times are unix milliseconds, ids 16 bytes, lists words separated by spaces, profiles JSON.

CREATE TABLE users (
    id              BLOB    PRIMARY KEY,
    name            TEXT    NOT NULL,
    canonical_name  TEXT    NOT NULL UNIQUE,
    password_hash   TEXT,
    roles           TEXT    NOT NULL,
    profile         TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    disabled_by_file INTEGER NOT NULL,
    managed         INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    not_before      INTEGER,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX users_managed ON users (id) WHERE managed = 1;

-- The sessions of a client begun before its `ended_before` are over.
CREATE TABLE client (
    key                       BLOB    PRIMARY KEY,
    id                        TEXT    NOT NULL UNIQUE,
    name                      TEXT    NOT NULL,
    secret_hash               BLOB,
    previous_secret_hash      BLOB,
    previous_secret_until     INTEGER,
    first_party               INTEGER NOT NULL,
    grants                    TEXT    NOT NULL,
    scope                     TEXT    NOT NULL,
    resources                 TEXT    NOT NULL,
    serves                    TEXT,
    origins                   TEXT    NOT NULL,
    rotates                   INTEGER NOT NULL,
    rotate_after              INTEGER NOT NULL,
    redirect_uris             TEXT    NOT NULL,
    post_logout_redirect_uris TEXT    NOT NULL,
    backchannel_logout_uri    TEXT,
    pkce_required             INTEGER NOT NULL,
    skips_consent             INTEGER NOT NULL,
    id_token_algorithm        TEXT    NOT NULL,
    userinfo_algorithm        TEXT,
    client_uri                TEXT,
    policy_uri                TEXT,
    tos_uri                   TEXT,
    logo                      BLOB,
    status                    TEXT    NOT NULL,
    managed                   INTEGER NOT NULL,
    not_before                INTEGER,
    ended_before              INTEGER,
    version                   INTEGER NOT NULL,
    created_at                INTEGER NOT NULL,
    updated_at                INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX client_by_id_token_algorithm ON client (id_token_algorithm) WHERE status <> 'disabled';
CREATE INDEX client_by_userinfo_algorithm ON client (userinfo_algorithm) WHERE status <> 'disabled';

-- The origins of clients that are not disabled; the key is that of the client, and the origin.
CREATE TABLE client_origin (
    key    BLOB PRIMARY KEY,
    origin TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX client_origin_by_origin ON client_origin (origin);

-- The pictures of clients, which `client.logo` names by their hash.
CREATE TABLE client_logo (
    key   BLOB PRIMARY KEY,
    hash  BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE INDEX client_logo_hash ON client_logo (hash);

CREATE TABLE resource (
    id               BLOB    PRIMARY KEY,
    uri              TEXT    NOT NULL UNIQUE,
    name             TEXT    NOT NULL,
    scope            TEXT    NOT NULL,
    role_scopes      TEXT    NOT NULL,
    scope_texts      TEXT    NOT NULL,
    algorithm        TEXT    NOT NULL,
    access_token_ttl INTEGER NOT NULL,
    enabled          INTEGER NOT NULL,
    managed          INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per session, whatever the number of its refresh tokens. No foreign keys: a session is
-- ended before its user or client goes, and the janitor removes it later.
CREATE TABLE session (
    id                 BLOB    PRIMARY KEY,
    user_id            BLOB    NOT NULL,
    user_version       INTEGER NOT NULL,
    client_id          TEXT    NOT NULL,
    browser_session_id BLOB,
    offline            INTEGER NOT NULL,
    scope              TEXT    NOT NULL,
    resources          TEXT    NOT NULL,
    auth_time          INTEGER NOT NULL,
    acr                TEXT,
    amr                TEXT    NOT NULL,
    cnf                TEXT,
    claims             TEXT,
    created_at         INTEGER NOT NULL,
    idle_expires_at    INTEGER NOT NULL,
    max_expires_at     INTEGER NOT NULL,
    ended_reason       TEXT,
    ended_at           INTEGER,
    generation         INTEGER NOT NULL,
    leaf_hashes        BLOB    NOT NULL,
    parent_hash        BLOB,
    rotated_at         INTEGER NOT NULL,
    reissued_at        INTEGER NOT NULL,
    successor_sealed   BLOB,
    retry_generation   INTEGER NOT NULL,
    retry_streak       INTEGER NOT NULL,
    last_seen          INTEGER NOT NULL,
    user_agent         TEXT,
    ip                 TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX session_by_user ON session (user_id, id);
CREATE INDEX session_by_client ON session (client_id, id);
CREATE INDEX session_by_begin ON session (created_at);
CREATE INDEX session_by_browser ON session (browser_session_id) WHERE browser_session_id IS NOT NULL;

-- One sign-in in one browser; its cookie holds the secret. No index has the columns that every use changes.
CREATE TABLE browser_session (
    id              BLOB    PRIMARY KEY,
    secret_hash     BLOB    NOT NULL UNIQUE,
    user_id         BLOB    NOT NULL,
    user_version    INTEGER NOT NULL,
    auth_time       INTEGER NOT NULL,
    acr             TEXT,
    amr             TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    last_seen       INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    max_expires_at  INTEGER NOT NULL,
    user_agent      TEXT,
    ip              TEXT,
    ended_at        INTEGER,
    ended_reason    TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX browser_session_by_user ON browser_session (user_id, id) WHERE ended_reason IS NULL;

-- One code for each interaction. One that was exchanged names its session until it is removed.
CREATE TABLE authorization_code (
    hash               BLOB    PRIMARY KEY,
    interaction        BLOB    NOT NULL UNIQUE,
    client_id          TEXT    NOT NULL,
    redirect_uri       TEXT    NOT NULL,
    redirect_uri_given INTEGER NOT NULL,
    challenge          BLOB,
    scope              TEXT    NOT NULL,
    resources          TEXT    NOT NULL,
    nonce              TEXT,
    user_id            BLOB    NOT NULL,
    user_version       INTEGER NOT NULL,
    browser_session_id BLOB    NOT NULL,
    auth_time          INTEGER NOT NULL,
    acr                TEXT,
    amr                TEXT    NOT NULL,
    claims             TEXT,
    created_at         INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    tries              INTEGER NOT NULL,
    session_id         BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX authorization_code_by_expiry ON authorization_code (expires_at);

-- Few of one browser session lie unused for one client.
CREATE INDEX authorization_code_unused
    ON authorization_code (browser_session_id, client_id, expires_at) WHERE session_id IS NULL;

-- What users allow clients.
CREATE TABLE consent (
    id         BLOB    PRIMARY KEY,
    user_id    BLOB    NOT NULL,
    client_id  TEXT    NOT NULL,
    allowed    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (user_id, client_id)
) STRICT, WITHOUT ROWID;

-- Clients that are still to be told of the end of a session. Ids sort by time.
CREATE TABLE logout_notice (
    id         BLOB    PRIMARY KEY,
    client_id  TEXT    NOT NULL,
    user_id    BLOB    NOT NULL,
    sid        TEXT    NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX logout_notice_by_due ON logout_notice (due_at);

CREATE TABLE signing_key (
    kid          TEXT    PRIMARY KEY,
    algorithm    TEXT    NOT NULL,
    usage        TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    public_jwk   TEXT    NOT NULL,
    announced_at INTEGER NOT NULL,
    activated_at INTEGER,
    retired_at   INTEGER
) STRICT, WITHOUT ROWID;

-- Two nodes that rotate at once cannot leave two keys signing, or two waiting.
CREATE UNIQUE INDEX signing_key_active ON signing_key (usage, algorithm) WHERE state = 'active';
CREATE UNIQUE INDEX signing_key_announced ON signing_key (usage, algorithm) WHERE state = 'announced';

-- The keys that tag refresh tokens.
CREATE TABLE token_key (
    number       INTEGER PRIMARY KEY,
    state        TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,
    announced_at INTEGER NOT NULL,
    activated_at INTEGER,
    retired_at   INTEGER
) STRICT;

CREATE UNIQUE INDEX token_key_active ON token_key (state) WHERE state = 'active';
CREATE UNIQUE INDEX token_key_announced ON token_key (state) WHERE state = 'announced';

-- The log of revocations. `seq` is handed out by feed_head inside the transaction, so that the order
-- of the numbers is the order of the commits.
CREATE TABLE revocation (
    seq        INTEGER PRIMARY KEY,
    tip        BLOB    NOT NULL,
    kind       TEXT    NOT NULL,
    digest     BLOB    NOT NULL,
    not_before INTEGER,
    until      INTEGER
) STRICT;

CREATE INDEX revocation_by_end ON revocation (until) WHERE until IS NOT NULL;

-- From the epoch `whole_since` on the log has lost nothing that anybody knows of: its numbers and marks
-- go on through all epochs since. `changes` rises with each change of clients, resources and keys; sessions
-- begun before `ended_before` are over.
CREATE TABLE feed_head (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    epoch        INTEGER NOT NULL,
    whole_since  INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    tip          BLOB    NOT NULL,
    changes      INTEGER NOT NULL,
    regressed_at INTEGER,
    ended_before INTEGER
) STRICT;

INSERT INTO feed_head (id, epoch, whole_since, seq, tip, changes) VALUES (1, 0, 0, 0, zeroblob(16), 0);

-- How long access tokens may live, and until when a token of that life may have been issued: a
-- revocation has to outlast them, also after the setting was lowered.
CREATE TABLE token_life (
    life           INTEGER PRIMARY KEY,
    last_issued_at INTEGER NOT NULL
) STRICT;

-- What subscribers of the feed say that they have applied; `history` holds their last places.
CREATE TABLE feed_subscriber (
    key         TEXT PRIMARY KEY,
    client_id   TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    via         TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    applied_at  INTEGER NOT NULL,
    reported_at INTEGER NOT NULL,
    history     BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_subscriber_client ON feed_subscriber (client_id);

CREATE TABLE audit (
    id         BLOB    PRIMARY KEY,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    actor_kind TEXT    NOT NULL,
    actor      TEXT,
    target     TEXT,
    client_id  TEXT,
    ip         TEXT,
    user_agent TEXT,
    request_id TEXT,
    reason     TEXT,
    note       TEXT
) STRICT, WITHOUT ROWID;

-- Ids sort by time, so each gives the newest first.
CREATE INDEX audit_by_target ON audit (target, id);
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_kind ON audit (kind, id);

-- Small facts of the installation, such as the check value of the master key.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
