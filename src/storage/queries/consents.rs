//! Consents.

use super::audit::append;
use super::feed::publish;
use super::session_ends::{end, ends};
use super::{DbError, Engine, Execute, Swap, Tx, corrupt};
use crate::protocol::authorization_code::CODE_LIFE;
use crate::protocol::client::ClientId;
use crate::protocol::consent::{Allowed, Consent};
use crate::protocol::ids::{ConsentId, UserId};
use crate::protocol::session::EndReason;
use crate::protocol::time::Timestamp;
use crate::storage::ops::consents::{
    FindConsent, ListConsents, SaveConsent, WithdrawConsent, Withdrawn,
};
use crate::storage::ops::sessions::{Ended, Sessions};

// A client may have the id of one that was deleted: consent is to what it is, and not to its name.
macro_rules! select {
    () => {
        "SELECT consent.id, consent.user_id, consent.client_id, consent.allowed, \
         consent.created_at, consent.updated_at FROM consent \
         JOIN client ON client.id = consent.client_id AND client.created_at <= consent.updated_at \
         WHERE consent.user_id = $1"
    };
}

impl Execute<Engine> for SaveConsent {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let Some(client_since) = lock_parties(tx, self).await? else {
            return Ok(Swap::Lost);
        };
        let saved = match &self.before {
            Some(before) => replace(tx, &self.consent, before).await?,
            None => insert(tx, &self.consent, client_since).await?,
        };
        if saved == 0 {
            return Ok(Swap::Lost);
        }
        append(tx, &self.audit).await?;
        Ok(Swap::Won)
    }
}

/// Locks the user and the client against a change until this commits, if both are as they have to be;
/// answers since when the client is there. Before the consent, as whoever deletes a user does.
async fn lock_parties(tx: &mut Tx<'_>, save: &SaveConsent) -> Result<Option<i64>, DbError> {
    let sql = concat!(
        "SELECT client.created_at FROM users CROSS JOIN client WHERE users.id = $1 \
         AND users.version = $2 AND users.status = 'active' AND client.id = $3 \
         AND client.status = 'active'",
        for_share!()
    );
    let row: Option<(i64,)> = tx
        .query_as(sql)
        .bind(save.consent.user_id.as_bytes().as_slice())
        .bind(save.user_version)
        .bind(save.consent.client_id.as_str())
        .fetch_optional(&mut *tx.conn)
        .await?;
    Ok(row.map(|(since,)| since))
}

/// Writes a consent in the place of the one that was read, if that is still there as it was.
async fn replace(tx: &mut Tx<'_>, consent: &Consent, before: &Allowed) -> Result<u64, DbError> {
    let sql = "UPDATE consent SET allowed = $1, updated_at = $2 WHERE id = $3 AND allowed = $4";
    let replaced = tx
        .query(sql)
        .bind(consent.allowed.to_string())
        .bind(consent.updated_at.millis())
        .bind(consent.id.as_bytes().as_slice())
        .bind(before.to_string())
        .execute(&mut *tx.conn)
        .await?;
    Ok(replaced.rows_affected())
}

/// Writes the first consent to this client. One to a client that had its id before makes room.
async fn insert(tx: &mut Tx<'_>, consent: &Consent, client_since: i64) -> Result<u64, DbError> {
    let sql = "INSERT INTO consent (id, user_id, client_id, allowed, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, client_id) DO UPDATE \
         SET id = excluded.id, allowed = excluded.allowed, created_at = excluded.created_at, \
         updated_at = excluded.updated_at WHERE consent.updated_at < $7";
    let inserted = tx
        .query(sql)
        .bind(consent.id.as_bytes().as_slice())
        .bind(consent.user_id.as_bytes().as_slice())
        .bind(consent.client_id.as_str())
        .bind(consent.allowed.to_string())
        .bind(consent.created_at.millis())
        .bind(consent.updated_at.millis())
        .bind(client_since)
        .execute(&mut *tx.conn)
        .await?;
    Ok(inserted.rows_affected())
}

impl Execute<Engine> for FindConsent {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<Consent>, DbError> {
        tx.query_as::<ConsentRow>(concat!(select!(), " AND consent.client_id = $2"))
            .bind(self.user.as_bytes().as_slice())
            .bind(self.client.as_str())
            .fetch_optional(&mut *tx.conn)
            .await?
            .map(Consent::try_from)
            .transpose()
    }
}

impl Execute<Engine> for ListConsents {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Consent>, DbError> {
        tx.query_as::<ConsentRow>(concat!(select!(), " ORDER BY consent.client_id"))
            .bind(self.0.as_bytes().as_slice())
            .fetch_all(&mut *tx.conn)
            .await?
            .into_iter()
            .map(Consent::try_from)
            .collect()
    }
}

impl Execute<Engine> for WithdrawConsent {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Withdrawn, DbError> {
        let consents = delete_consent(tx, self).await?;
        // Before the sessions: a code that is being exchanged is locked, and its session is there by
        // the next statement.
        let codes = burn_codes(tx, self).await?;
        let which = Sessions::OfGrant(self.user, self.client.clone());
        let why = (EndReason::ConsentWithdrawn, &self.revoking);
        let sessions = end(tx, &which, why).await?;
        if consents + codes == 0 && sessions.is_empty() {
            return Ok(Withdrawn::default());
        }
        if let Some(audit) = &self.audit {
            append(tx, audit).await?;
        }
        let mut feed = None;
        if !sessions.is_empty() {
            let entries = ends(&sessions, &self.revoking, (tx.now)());
            feed = Some(publish(tx, &entries, &self.revoking).await?);
        }
        Ok(Withdrawn { found: consents + codes > 0, sessions: Ended { sessions, feed } })
    }
}

async fn delete_consent(tx: &mut Tx<'_>, withdraw: &WithdrawConsent) -> Result<u64, DbError> {
    let delete = tx.query("DELETE FROM consent WHERE user_id = $1 AND client_id = $2");
    let deleted = delete
        .bind(withdraw.user.as_bytes().as_slice())
        .bind(withdraw.client.as_str())
        .execute(&mut *tx.conn)
        .await?;
    Ok(deleted.rows_affected())
}

/// Of codes those of the last minutes alone are looked at: another node's clock may be behind. They keep
/// their rows, so that the same request is not given the same code again.
async fn burn_codes(tx: &mut Tx<'_>, withdraw: &WithdrawConsent) -> Result<u64, DbError> {
    let lately = (tx.now)() - CODE_LIFE;
    let burn = tx.query(
        "UPDATE authorization_code SET expires_at = created_at WHERE expires_at > $1 \
         AND expires_at > created_at AND user_id = $2 AND client_id = $3 AND session_id IS NULL",
    );
    let burnt = burn
        .bind(lately.millis())
        .bind(withdraw.user.as_bytes().as_slice())
        .bind(withdraw.client.as_str())
        .execute(&mut *tx.conn)
        .await?;
    Ok(burnt.rows_affected())
}

/// Forgets what a user who is deleted has allowed.
pub(super) async fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), DbError> {
    let delete = tx.query("DELETE FROM consent WHERE user_id = $1");
    delete.bind(user.as_bytes().as_slice()).execute(&mut *tx.conn).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct ConsentRow {
    id: Vec<u8>,
    user_id: Vec<u8>,
    client_id: String,
    allowed: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ConsentRow> for Consent {
    type Error = DbError;

    fn try_from(row: ConsentRow) -> Result<Self, DbError> {
        let bad = |column| corrupt("consent", column);
        Ok(Self {
            id: ConsentId::try_from(row.id.as_slice()).map_err(|_| bad("id"))?,
            user_id: UserId::try_from(row.user_id.as_slice()).map_err(|_| bad("user_id"))?,
            client_id: ClientId::parse(&row.client_id).map_err(|_| bad("client_id"))?,
            allowed: Allowed::parse(&row.allowed).ok_or_else(|| bad("allowed"))?,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}
