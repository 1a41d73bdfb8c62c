//! Copying a whole database: every table, row by row, as it is stored.

use super::{Operation, Swap, operation};

/// Hands the list of tables to the macro `$with`: each with its key, by which it is walked, and
/// then its other columns. A test compares the list with the tables that there are.
macro_rules! tables {
    ($with:ident) => {
        $with! {
            /// Small facts, such as the check value of the master key.
            Settings = setting by name: Text { value: Bytes }
            /// Signing keys.
            SigningKeys = signing_key by kid: Text {
                algorithm: Text, usage: Text, state: Text, sealed: Bytes, public_jwk: Text,
                announced_at: Integer, activated_at: Integer, retired_at: Integer
            }
            /// The keys that tag refresh tokens.
            TokenKeys = token_key by number: Integer {
                state: Text, sealed: Bytes, announced_at: Integer, activated_at: Integer,
                retired_at: Integer
            }
            /// Resources.
            Resources = resource by id: Bytes {
                uri: Text, name: Text, scope: Text, role_scopes: Text, scope_texts: Text, algorithm: Text,
                access_token_ttl: Integer, enabled: Integer, managed: Integer, version: Integer,
                created_at: Integer, updated_at: Integer
            }
            /// Clients.
            Clients = client by key: Bytes {
                id: Text, name: Text, secret_hash: Bytes, previous_secret_hash: Bytes,
                previous_secret_until: Integer, first_party: Integer, grants: Text, scope: Text,
                resources: Text, serves: Text, origins: Text, rotates: Integer,
                rotate_after: Integer, redirect_uris: Text, post_logout_redirect_uris: Text,
                backchannel_logout_uri: Text, pkce_required: Integer, skips_consent: Integer,
                id_token_algorithm: Text, userinfo_algorithm: Text, client_uri: Text,
                policy_uri: Text, tos_uri: Text, logo: Bytes, status: Text, managed: Integer,
                not_before: Integer, ended_before: Integer, version: Integer, created_at: Integer, updated_at: Integer
            }
            /// The origins of clients.
            ClientOrigins = client_origin by key: Bytes { origin: Text }
            /// The pictures of clients.
            ClientLogos = client_logo by key: Bytes { hash: Bytes, bytes: Bytes }
            /// Users.
            Users = users by id: Bytes {
                name: Text, canonical_name: Text, password_hash: Text, roles: Text,
                profile: Text, status: Text, disabled_by_file: Integer, managed: Integer,
                version: Integer, not_before: Integer, created_at: Integer, updated_at: Integer
            }
            /// Sessions.
            Sessions = session by id: Bytes {
                user_id: Bytes, user_version: Integer, client_id: Text, browser_session_id: Bytes,
                offline: Integer, scope: Text, resources: Text, auth_time: Integer, acr: Text, amr: Text, cnf: Text, claims: Text,
                created_at: Integer, idle_expires_at: Integer, max_expires_at: Integer,
                ended_reason: Text, ended_at: Integer, generation: Integer, leaf_hashes: Bytes,
                parent_hash: Bytes, rotated_at: Integer, reissued_at: Integer,
                successor_sealed: Bytes, retry_generation: Integer, retry_streak: Integer,
                last_seen: Integer, user_agent: Text, ip: Text
            }
            /// Sign-ins in browsers.
            BrowserSessions = browser_session by id: Bytes {
                secret_hash: Bytes, user_id: Bytes, user_version: Integer, auth_time: Integer,
                acr: Text, amr: Text, created_at: Integer, last_seen: Integer,
                idle_expires_at: Integer, max_expires_at: Integer, user_agent: Text, ip: Text,
                ended_at: Integer, ended_reason: Text
            }
            /// Authorization codes.
            Codes = authorization_code by hash: Bytes {
                interaction: Bytes, client_id: Text, redirect_uri: Text,
                redirect_uri_given: Integer, challenge: Bytes, scope: Text, resources: Text,
                nonce: Text, user_id: Bytes, user_version: Integer, browser_session_id: Bytes,
                auth_time: Integer, acr: Text, amr: Text, claims: Text, created_at: Integer,
                expires_at: Integer, tries: Integer, session_id: Bytes
            }
            /// What users allow clients.
            Consents = consent by id: Bytes {
                user_id: Bytes, client_id: Text, allowed: Text, created_at: Integer,
                updated_at: Integer
            }
            /// Clients that are still to be told of the end of a session.
            LogoutNotices = logout_notice by id: Bytes {
                client_id: Text, user_id: Bytes, sid: Text, due_at: Integer, attempts: Integer,
                created_at: Integer
            }
            /// Failed logins.
            FailedLogins = failed_login by account: Bytes { clear_at: Integer, until: Integer }
            /// How long access tokens may live.
            TokenLives = token_life by life: Integer { last_issued_at: Integer }
            /// What subscribers of the feed have applied.
            Subscribers = feed_subscriber by key: Text {
                client_id: Text, name: Text, via: Text, epoch: Integer, seq: Integer,
                applied_at: Integer, reported_at: Integer, history: Bytes
            }
            /// The audit log.
            Audit = audit by id: Bytes {
                at: Integer, kind: Text, actor_kind: Text, actor: Text, target: Text,
                client_id: Text, ip: Text, user_agent: Text, request_id: Text, reason: Text,
                note: Text
            }
            /// The log of revocations.
            Revocations = revocation by seq: Integer {
                tip: Bytes, kind: Text, digest: Bytes, not_before: Integer, until: Integer
            }
            /// Where the log of revocations ends: one row, which every database has.
            FeedHead = feed_head by id: Integer {
                epoch: Integer, seq: Integer, tip: Bytes, changes: Integer, regressed_at: Integer,
                ended_before: Integer, whole_since: Integer
            }
        }
    };
}
pub(in crate::storage) use tables;

macro_rules! table_type {
    ($(
        $(#[$doc:meta])*
        $variant:ident = $table:ident by $key:ident: $kind:ident
            { $($column:ident: $of:ident),* }
    )*) => {
        /// A table.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Table {
            $($(#[$doc])* $variant,)*
        }

        impl Table {
            /// Every table, in the order in which they are copied.
            pub const EVERY: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the database.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($table),)*
                }
            }

            /// Its columns, the key first.
            pub const fn columns(self) -> &'static [(&'static str, CellType)] {
                match self {
                    $(Self::$variant => &[
                        (stringify!($key), CellType::$kind)
                        $(, (stringify!($column), CellType::$of))*
                    ],)*
                }
            }
        }
    };
}
tables!(table_type);

/// The type of a column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CellType {
    /// 64 bits.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A stored value; `None` is NULL. Without `Debug`: it may be a hash or a sealed key.
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Cell {
    /// Of an integer column.
    Integer(Option<i64>),
    /// Of a text column.
    Text(Option<String>),
    /// Of a column of bytes.
    Bytes(Option<Vec<u8>>),
}

/// The cells of a row, in the order of [`Table::columns`].
pub type Row = Vec<Cell>;

/// Reads the next rows of a table in the order of its key.
pub struct ExportRows {
    /// Which table.
    pub table: Table,
    /// Only keys after this one.
    pub after: Option<Cell>,
    /// At most so many.
    pub limit: u32,
}
operation!(ExportRows => Vec<Row>, SINGLE_STATEMENT);

/// Stores rows as they are; [`Swap::Lost`] where one does not have the cells of the table. The row
/// of [`Table::FeedHead`] takes the place of the one that is there, in an epoch of its own if that
/// one has handed out numbers: readers must never find the log behind what they have read.
pub struct ImportRows {
    /// Which table.
    pub table: Table,
    /// The rows.
    pub rows: Vec<Row>,
}
operation!(ImportRows => Swap);
