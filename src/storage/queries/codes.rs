//! Authorization codes.

use super::audit::append;
use super::code_rows::FoundCodeRow;
use super::sessions::insert;
use super::{DbError, Engine, Execute, Swap, Tx, swapped, words};
use crate::protocol::authorization_code::{MAX_TRIES, MAX_UNUSED};
use crate::protocol::uri::ResourceUri;
use crate::storage::ops::codes::{ExchangeCode, FailCode, FindCode, FoundCode, StoreCode};

impl Execute<Engine> for StoreCode {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let code = &self.code;
        // The user, the browser session and the consent are locked against a change until this commits: what changes them
        // later ends it.
        macro_rules! insert_from {
            ($tables:literal) => {
                concat!(
                    "INSERT INTO authorization_code (hash, interaction, client_id, redirect_uri, \
                     redirect_uri_given, challenge, scope, resources, nonce, user_id, \
                     user_version, browser_session_id, auth_time, acr, amr, claims, created_at, \
                     expires_at, tries) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, users.id, \
                     users.version, $10, $11, $12, $13, $14, $15, $16, 0 FROM ",
                    $tables,
                    " WHERE users.id = $17 AND users.version = $18 AND users.status = 'active' \
                     AND browser_session.id = $10 AND browser_session.ended_reason IS NULL \
                     AND (SELECT COUNT(*) FROM authorization_code AS unused \
                     WHERE unused.browser_session_id = $10 AND unused.client_id = $3 \
                     AND unused.expires_at > $15 AND unused.session_id IS NULL) < $19",
                    for_share!(),
                    " ON CONFLICT (interaction) DO NOTHING"
                )
            };
        }
        let relying =
            insert_from!("users CROSS JOIN browser_session JOIN consent ON consent.id = $20");
        let sql = if self.consent.is_some() {
            relying
        } else {
            insert_from!("users CROSS JOIN browser_session")
        };
        let mut store = tx
            .query(sql)
            .bind(code.hash.as_bytes().as_slice())
            .bind(code.interaction.as_bytes().as_slice())
            .bind(code.client_id.as_str())
            .bind(code.redirect_uri.as_str())
            .bind(i64::from(code.redirect_uri_given))
            .bind(code.challenge.as_ref().map(|challenge| challenge.as_bytes().to_vec()))
            .bind(code.grant.scope.to_string())
            .bind(words(code.grant.resources.iter().map(ResourceUri::as_str)))
            .bind(code.nonce.as_deref())
            .bind(code.browser_session_id.as_bytes().as_slice())
            .bind(code.authentication.at.millis())
            .bind(code.authentication.acr.as_deref())
            .bind(words(code.authentication.amr.iter().map(String::as_str)))
            .bind(code.claims.as_deref())
            .bind(code.created_at.millis())
            .bind(code.expires_at.millis())
            .bind(code.user_id.as_bytes().as_slice())
            .bind(code.user_version)
            .bind(i64::from(MAX_UNUSED));
        if let Some(consent) = &self.consent {
            store = store.bind(consent.as_bytes().to_vec());
        }
        let stored = store.execute(&mut *tx.conn).await?;
        Ok(swapped(stored.rows_affected()))
    }
}

impl Execute<Engine> for FindCode {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<FoundCode>, DbError> {
        let sql = concat!(
            "SELECT code.hash, code.interaction, code.client_id, code.redirect_uri, \
             code.redirect_uri_given, code.challenge, code.scope, code.resources, code.nonce, \
             code.user_id, code.user_version, code.browser_session_id, code.auth_time, code.acr, \
             code.amr, code.claims, code.created_at, code.expires_at, code.tries, code.session_id, \
             feed_head.ended_before, ",
            life_beside!(),
            ", ",
            user_beside!(),
            " FROM authorization_code AS code LEFT JOIN users ON users.id = code.user_id \
             LEFT JOIN browser_session AS browser ON browser.id = code.browser_session_id \
             CROSS JOIN feed_head WHERE code.hash = $1"
        );
        tx.query_as::<FoundCodeRow>(sql)
            .bind(self.0.as_bytes().as_slice())
            .fetch_optional(&mut *tx.conn)
            .await?
            .map(FoundCode::try_from)
            .transpose()
    }
}

impl Execute<Engine> for ExchangeCode {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        // Nothing is written before it is certain that everything will be: a lost exchange has
        // nothing to undo.
        if !lock(tx, self).await? || !insert(tx, &self.session).await? {
            return Ok(Swap::Lost);
        }
        tx.query("UPDATE authorization_code SET session_id = $1 WHERE hash = $2")
            .bind(self.session.id.as_bytes().as_slice())
            .bind(self.hash.as_bytes().as_slice())
            .execute(&mut *tx.conn)
            .await?;
        append(tx, &self.audit).await?;
        Ok(Swap::Won)
    }
}

/// Locks the code, and its browser session against its end, if the code may be exchanged for this
/// session. Whoever waited for another exchange finds the code as that one has left it.
async fn lock(tx: &mut Tx<'_>, exchange: &ExchangeCode) -> Result<bool, DbError> {
    let session = &exchange.session;
    let sql = concat!(
        "SELECT code.tries FROM authorization_code AS code JOIN browser_session AS browser \
         ON browser.id = code.browser_session_id \
         WHERE code.hash = $1 AND code.session_id IS NULL AND code.expires_at > $2 \
         AND code.expires_at > code.created_at \
         AND code.user_id = $3 AND code.user_version = $4 AND code.client_id = $5 \
         AND code.browser_session_id = $6 \
         AND browser.ended_reason IS NULL \
         AND ($7 = 1 OR (browser.idle_expires_at > $2 AND browser.max_expires_at > $2)) \
         AND code.created_at > COALESCE((SELECT ended_before FROM feed_head WHERE id = 1), -1) \
         AND code.created_at > COALESCE((SELECT client.ended_before FROM client \
         WHERE client.id = code.client_id), -1)",
        for_update!()
    );
    let locked: Option<(i64,)> = tx
        .query_as(sql)
        .bind(exchange.hash.as_bytes().as_slice())
        .bind(session.created_at.millis())
        .bind(session.user_id.as_bytes().as_slice())
        .bind(session.user_version)
        .bind(session.client_id.as_str())
        .bind(session.browser_session_id.as_ref().map(|id| id.as_bytes().to_vec()))
        .bind(i64::from(session.offline))
        .fetch_optional(&mut *tx.conn)
        .await?;
    Ok(locked.is_some())
}

impl Execute<Engine> for FailCode {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        // A burnt code keeps its row: without it the same request would be given the same code again.
        let counted = tx
            .query(
                "UPDATE authorization_code SET tries = tries + 1, \
                 expires_at = CASE WHEN tries + 1 >= $1 THEN created_at ELSE expires_at END \
                 WHERE hash = $2 AND session_id IS NULL AND tries < $1",
            )
            .bind(i64::from(MAX_TRIES))
            .bind(self.hash.as_bytes().as_slice())
            .execute(&mut *tx.conn)
            .await?;
        Ok(swapped(counted.rows_affected()))
    }
}
