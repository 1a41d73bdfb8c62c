//! Clients.

use super::audit::append;
use super::feed::{Publication, note_change, publish, refuse_if_late};
use super::{DbError, Engine, Execute, Swap, Tx, corrupt, millis, parse_words, unsigned, words};
use crate::protocol::client::{
    Client, ClientCredentials, ClientId, ClientSettings, ClientStatus, GrantType,
};
use crate::protocol::ids::ClientKey;
use crate::protocol::revocation::Kind;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::SecretHash;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::{ResourceUri, WebOrigin};
use crate::storage::ops::clients::{
    ChangeClient, ChangedClient, CreateClient, DeleteClient, FindClient, ListClients, LoadClients,
    LoadManagedClients,
};
use crate::storage::ops::{FeedPosition, Revoking};
use std::time::Duration;

macro_rules! columns {
    () => {
        "key, id, name, secret_hash, previous_secret_hash, previous_secret_until, first_party, \
         grants, scope, resources, serves, origins, rotates, rotate_after, status, managed, \
         not_before, version, created_at, updated_at"
    };
}

impl Execute<Engine> for CreateClient {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let client = &self.client;
        let inserted = tx
            .query(
                "INSERT INTO client (key, id, name, first_party, grants, scope, resources, \
                 origins, rotates, rotate_after, status, managed, version, created_at, \
                 updated_at) VALUES ($1, $2, '', 0, '', '', '', '', 1, 0, $3, $4, $5, $6, $6) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(client.key.as_bytes().as_slice())
            .bind(client.id.as_str())
            .bind(client.status.as_str())
            .bind(i64::from(client.managed))
            .bind(client.version)
            .bind(client.created_at.millis())
            .execute(&mut *tx.conn)
            .await?;
        if inserted.rows_affected() == 0 {
            return Ok(Swap::Lost);
        }
        store(tx, client, client.version).await?;
        append(tx, &self.audit).await?;
        note_change(tx).await?;
        Ok(Swap::Won)
    }
}

impl Execute<Engine> for LoadClients {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Client>, DbError> {
        let sql = concat!("SELECT ", columns!(), " FROM client ORDER BY key");
        let rows = tx.query_as::<ClientRow>(sql).fetch_all(&mut *tx.conn).await?;
        rows.into_iter().map(Client::try_from).collect()
    }
}

impl Execute<Engine> for FindClient {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<Client>, DbError> {
        let row = match self {
            Self::Named(id) => {
                let sql = concat!("SELECT ", columns!(), " FROM client WHERE id = $1");
                let query = tx.query_as::<ClientRow>(sql).bind(id.as_str());
                query.fetch_optional(&mut *tx.conn).await?
            }
            Self::Key(key) => {
                let sql = concat!("SELECT ", columns!(), " FROM client WHERE key = $1");
                let query = tx.query_as::<ClientRow>(sql).bind(key.as_bytes().as_slice());
                query.fetch_optional(&mut *tx.conn).await?
            }
        };
        row.map(Client::try_from).transpose()
    }
}

impl Execute<Engine> for LoadManagedClients {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Client>, DbError> {
        let sql = concat!("SELECT ", columns!(), " FROM client WHERE managed = 1 ORDER BY key");
        let rows = tx.query_as::<ClientRow>(sql).fetch_all(&mut *tx.conn).await?;
        rows.into_iter().map(Client::try_from).collect()
    }
}

impl Execute<Engine> for ListClients {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Client>, DbError> {
        let sql =
            concat!("SELECT ", columns!(), " FROM client WHERE key > $1 ORDER BY key LIMIT $2");
        tx.query_as::<ClientRow>(sql)
            .bind(self.after.as_ref().map_or(&[][..], |key| key.as_bytes().as_slice()))
            .bind(i64::from(self.limit))
            .fetch_all(&mut *tx.conn)
            .await?
            .into_iter()
            .map(Client::try_from)
            .collect()
    }
}

impl Execute<Engine> for ChangeClient {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<ChangedClient>, DbError> {
        let read = self.client.version;
        let mut client = Client { version: read + 1, ..self.client.clone() };
        // The first statement locks the row, so the time is read after nobody reads it as it was.
        if store(tx, &client, read).await? == 0 {
            return Ok(None);
        }
        let now = (tx.now)();
        client.updated_at = now;
        if let Some(revoking) = &self.revoke {
            client.not_before = client.not_before.max(Some(revoking.not_before(now)));
        }
        // The sessions of a disabled client are over from here on, however many there are.
        let disabled = client.status == ClientStatus::Disabled;
        let ended_before = client.not_before.max(Some(now)).filter(|_| disabled);
        tx.query(
            "UPDATE client SET not_before = $1, updated_at = $2, ended_before = \
             CASE WHEN CAST($3 AS BIGINT) IS NULL OR ended_before > $3 THEN ended_before \
             ELSE $3 END WHERE key = $4",
        )
        .bind(client.not_before.map(Timestamp::millis))
        .bind(now.millis())
        .bind(ended_before.map(Timestamp::millis))
        .bind(client.key.as_bytes().as_slice())
        .execute(&mut *tx.conn)
        .await?;
        append(tx, &self.audit).await?;
        note_change(tx).await?;
        let mut feed = None;
        if let Some(revoking) = &self.revoke {
            feed = Some(refuse_tokens(tx, &client.id, revoking, now).await?);
            refuse_if_late(tx, now)?;
        }
        Ok(Some(ChangedClient { client, feed }))
    }
}

impl Execute<Engine> for DeleteClient {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<FeedPosition>, DbError> {
        let deleted: Option<(String,)> = tx
            .query_as(
                "DELETE FROM client WHERE key = $1 AND version = $2 AND status = 'disabled' \
                 RETURNING id",
            )
            .bind(self.key.as_bytes().as_slice())
            .bind(self.version)
            .fetch_optional(&mut *tx.conn)
            .await?;
        let Some((id,)) = deleted else {
            return Ok(None);
        };
        let now = (tx.now)();
        let id = ClientId::parse(&id).map_err(|_| corrupt(TABLE, "id"))?;
        append(tx, &self.audit).await?;
        note_change(tx).await?;
        let feed = refuse_tokens(tx, &id, &self.revoking, now).await?;
        refuse_if_late(tx, now)?;
        Ok(Some(feed))
    }
}

async fn refuse_tokens(
    tx: &mut Tx<'_>,
    id: &ClientId,
    revoking: &Revoking,
    now: Timestamp,
) -> Result<FeedPosition, DbError> {
    let publication = Publication {
        kind: Kind::Client,
        digest: Kind::Client.digest(id.as_str()),
        not_before: Some(revoking.not_before(now)),
        until: Some(revoking.until(now)),
    };
    publish(tx, &[publication], revoking).await
}

/// Writes everything of a client but its id, if it still is of version `read`.
async fn store(tx: &mut Tx<'_>, client: &Client, read: i64) -> Result<u64, DbError> {
    let settings = &client.settings;
    let (secret, previous) = match &client.credentials {
        ClientCredentials::Public => (None, None),
        ClientCredentials::Secret { current, previous } => (Some(current), previous.as_ref()),
    };
    let stored = tx
        .query(
            "UPDATE client SET name = $1, secret_hash = $2, previous_secret_hash = $3, \
             previous_secret_until = $4, first_party = $5, grants = $6, scope = $7, \
             resources = $8, serves = $9, origins = $10, rotates = $11, rotate_after = $12, \
             status = $13, managed = $14, version = $15 WHERE key = $16 AND version = $17",
        )
        .bind(settings.name.as_str())
        .bind(secret.map(|hash| hash.as_bytes().to_vec()))
        .bind(previous.map(|(hash, _)| hash.as_bytes().to_vec()))
        .bind(previous.map(|(_, until)| until.millis()))
        .bind(i64::from(settings.first_party))
        .bind(words(settings.grants.iter().map(|grant| grant.as_str())))
        .bind(settings.scope.to_string())
        .bind(words(settings.resources.iter().map(ResourceUri::as_str)))
        .bind(settings.serves.as_ref().map(ResourceUri::as_str))
        .bind(words(settings.origins.iter().map(WebOrigin::as_str)))
        .bind(i64::from(settings.rotates))
        .bind(millis(settings.rotate_after))
        .bind(client.status.as_str())
        .bind(i64::from(client.managed))
        .bind(client.version)
        .bind(client.key.as_bytes().as_slice())
        .bind(read)
        .execute(&mut *tx.conn)
        .await?;
    Ok(stored.rows_affected())
}

#[derive(sqlx::FromRow)]
struct ClientRow {
    key: Vec<u8>,
    id: String,
    name: String,
    secret_hash: Option<Vec<u8>>,
    previous_secret_hash: Option<Vec<u8>>,
    previous_secret_until: Option<i64>,
    first_party: i64,
    grants: String,
    scope: String,
    resources: String,
    serves: Option<String>,
    origins: String,
    rotates: i64,
    rotate_after: i64,
    status: String,
    managed: i64,
    not_before: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ClientRow> for Client {
    type Error = DbError;

    fn try_from(row: ClientRow) -> Result<Self, DbError> {
        let bad = |column| move || corrupt(TABLE, column);
        let uri = |text: &str| ResourceUri::parse(text).ok();
        Ok(Self {
            key: ClientKey::try_from(row.key.as_slice()).map_err(|_| corrupt(TABLE, "key"))?,
            id: ClientId::parse(&row.id).map_err(|_| corrupt(TABLE, "id"))?,
            credentials: credentials(&row)?,
            settings: ClientSettings {
                name: row.name,
                first_party: row.first_party != 0,
                grants: parse_words(&row.grants, GrantType::parse).ok_or_else(bad("grants"))?,
                scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(TABLE, "scope"))?,
                resources: parse_words(&row.resources, uri).ok_or_else(bad("resources"))?,
                serves: match &row.serves {
                    Some(text) => Some(uri(text).ok_or_else(bad("serves"))?),
                    None => None,
                },
                origins: parse_words(&row.origins, WebOrigin::parse).ok_or_else(bad("origins"))?,
                rotates: row.rotates != 0,
                rotate_after: Duration::from_millis(unsigned(
                    row.rotate_after,
                    TABLE,
                    "rotate_after",
                )?),
            },
            status: ClientStatus::parse(&row.status).ok_or_else(bad("status"))?,
            managed: row.managed != 0,
            not_before: row.not_before.map(Timestamp::from_millis),
            version: row.version,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

fn credentials(row: &ClientRow) -> Result<ClientCredentials, DbError> {
    let hash = |bytes: &[u8]| {
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| corrupt(TABLE, "secret_hash"))?;
        Ok::<_, DbError>(SecretHash::from_bytes(bytes))
    };
    let Some(current) = &row.secret_hash else {
        return Ok(ClientCredentials::Public);
    };
    let previous = match (&row.previous_secret_hash, row.previous_secret_until) {
        (Some(previous), Some(until)) => Some((hash(previous)?, Timestamp::from_millis(until))),
        _ => None,
    };
    Ok(ClientCredentials::Secret { current: hash(current)?, previous })
}

const TABLE: &str = "client";
