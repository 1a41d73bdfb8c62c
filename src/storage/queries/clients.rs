//! Clients.

use sqlx::QueryBuilder;

use super::audit::append;
use super::client_logos::remove_logo;
use super::client_origins::replace_origins;
use super::client_rows::{ClientRow, columns};
use super::feed::{Publication, note_change, publish, refuse_if_late};
use super::{Db, DbError, Engine, Execute, Swap, Tx, corrupt, millis, words};
use crate::protocol::client::{Client, ClientCredentials, ClientId, ClientStatus};
use crate::protocol::key::Algorithm;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::revocation::Kind;
use crate::protocol::sign_in::{BackchannelUri, PageUri};
use crate::protocol::time::Timestamp;
use crate::protocol::uri::{ResourceUri, WebOrigin};
use crate::storage::ops::clients::{
    ChangeClient, ChangedClient, ClientAlgorithms, CreateClient, DeleteClient, FindClient,
    FindClients, HasMoreClients, ListClients, LoadManagedClients,
};
use crate::storage::ops::{FeedPosition, Revoking};

impl Execute<Engine> for CreateClient {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let client = &self.client;
        let inserted = tx
            .query(
                "INSERT INTO client (key, id, name, first_party, grants, scope, resources, \
                 origins, rotates, rotate_after, redirect_uris, post_logout_redirect_uris, \
                 pkce_required, skips_consent, id_token_algorithm, status, managed, version, \
                 created_at, updated_at) VALUES \
                 ($1, $2, '', 0, '', '', '', '', 1, 0, '', '', 1, 0, '', $3, $4, $5, $6, $6) \
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

impl Execute<Engine> for ClientAlgorithms {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Algorithm>, DbError> {
        // The index leads from each to the next one, past all clients that have the same.
        macro_rules! from_each_to_the_next {
            ($column:literal) => {
                concat!(
                    "(SELECT CAST('' AS TEXT) UNION ALL SELECT (SELECT MIN(",
                    $column,
                    ") FROM client WHERE status <> 'disabled' AND ",
                    $column,
                    " > algorithm)"
                )
            };
        }
        let sql = concat!(
            "WITH RECURSIVE id_token (algorithm) AS ",
            from_each_to_the_next!("id_token_algorithm"),
            " FROM id_token WHERE algorithm IS NOT NULL), userinfo (algorithm) AS ",
            from_each_to_the_next!("userinfo_algorithm"),
            " FROM userinfo WHERE algorithm IS NOT NULL) \
             SELECT algorithm FROM id_token WHERE algorithm <> '' \
             UNION ALL SELECT algorithm FROM userinfo WHERE algorithm <> ''",
        );
        let names: Vec<(String,)> = tx.query_as(sql).fetch_all(&mut *tx.conn).await?;
        let algorithm = |(name,): (String,)| {
            Algorithm::parse(&name).ok_or_else(|| corrupt(TABLE, "id_token_algorithm"))
        };
        names.into_iter().map(algorithm).collect()
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

impl Execute<Engine> for HasMoreClients {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<bool, DbError> {
        let next: Option<(Vec<u8>,)> = tx
            .query_as("SELECT key FROM client WHERE key > $1 ORDER BY key LIMIT 1 OFFSET $2")
            .bind(b"".as_slice())
            .bind(i64::from(self.0))
            .fetch_optional(&mut *tx.conn)
            .await?;
        Ok(next.is_some())
    }
}

impl Execute<Engine> for FindClients {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Client>, DbError> {
        let sql = concat!("SELECT ", columns!(), " FROM client WHERE id IN (");
        let mut select = QueryBuilder::<Db>::new(sql);
        let mut ids = select.separated(", ");
        for id in &self.0 {
            ids.push_bind(id.as_str());
        }
        select.push(")");
        let keep = tx.keeps(self.0.len());
        tx.count_statement(select.sql().as_str());
        let query = select.build_query_as::<ClientRow>().persistent(keep);
        let rows = query.fetch_all(&mut *tx.conn).await?;
        rows.into_iter().map(Client::try_from).collect()
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
        // It had no origins, since it was disabled.
        remove_logo(tx, &self.key).await?;
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
    let sign_in = &settings.sign_in;
    let (secret, previous) = match &client.credentials {
        ClientCredentials::Public => (None, None),
        ClientCredentials::Secret { current, previous } => (Some(current), previous.as_ref()),
    };
    let stored = tx
        .query(
            "UPDATE client SET name = $1, secret_hash = $2, previous_secret_hash = $3, \
             previous_secret_until = $4, first_party = $5, grants = $6, scope = $7, \
             resources = $8, serves = $9, origins = $10, rotates = $11, rotate_after = $12, \
             redirect_uris = $13, post_logout_redirect_uris = $14, backchannel_logout_uri = $15, \
             pkce_required = $16, skips_consent = $17, id_token_algorithm = $18, \
             userinfo_algorithm = $19, client_uri = $20, policy_uri = $21, tos_uri = $22, \
             status = $23, managed = $24, version = $25 WHERE key = $26 AND version = $27",
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
        .bind(words(sign_in.redirect_uris.iter().map(RedirectUri::as_str)))
        .bind(words(sign_in.post_logout_redirect_uris.iter().map(RedirectUri::as_str)))
        .bind(sign_in.backchannel_logout_uri.as_ref().map(BackchannelUri::as_str))
        .bind(i64::from(sign_in.pkce_required))
        .bind(i64::from(sign_in.skips_consent))
        .bind(sign_in.id_token_algorithm.as_str())
        .bind(sign_in.userinfo_algorithm.map(Algorithm::as_str))
        .bind(sign_in.client_uri.as_ref().map(PageUri::as_str))
        .bind(sign_in.policy_uri.as_ref().map(PageUri::as_str))
        .bind(sign_in.tos_uri.as_ref().map(PageUri::as_str))
        .bind(client.status.as_str())
        .bind(i64::from(client.managed))
        .bind(client.version)
        .bind(client.key.as_bytes().as_slice())
        .bind(read)
        .execute(&mut *tx.conn)
        .await?;
    let stored = stored.rows_affected();
    if stored > 0 {
        replace_origins(tx, client).await?;
    }
    Ok(stored)
}

const TABLE: &str = "client";
