//! Signing keys, and the keys that tag refresh tokens.

use super::audit::append;
use super::feed::{Publication, note_change, publish, raise_epoch};
use super::{DbError, Engine, Execute, Swap, Tx, corrupt, swapped, unsigned};
use crate::protocol::key::{Algorithm, KeyLife, KeyRecord, KeyState, KeyUse, Kid, PublicJwk};
use crate::protocol::revocation::Kind;
use crate::protocol::time::Timestamp;
use crate::storage::ops::FeedPosition;
use crate::storage::ops::keys::{
    CompromiseKey, InsertKey, KeyMove, KeyName, LoadKeys, MoveKeys, ReplaceSealed, StoredKeys,
    TokenKeyRecord,
};

impl Execute<Engine> for LoadKeys {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<StoredKeys, DbError> {
        let signing = tx
            .query_as::<SigningRow>(
                "SELECT kid, algorithm, usage, state, sealed, public_jwk, announced_at, \
                 activated_at, retired_at FROM signing_key WHERE state <> 'removed' \
                 ORDER BY announced_at, kid",
            )
            .fetch_all(&mut *tx.conn)
            .await?
            .into_iter()
            .map(KeyRecord::try_from)
            .collect::<Result<_, _>>()?;
        let token = tx
            .query_as::<TokenRow>(
                "SELECT number, state, sealed, announced_at, activated_at, retired_at \
                 FROM token_key ORDER BY number",
            )
            .fetch_all(&mut *tx.conn)
            .await?
            .into_iter()
            .map(TokenKeyRecord::try_from)
            .collect::<Result<_, _>>()?;
        Ok(StoredKeys { signing, token })
    }
}

impl Execute<Engine> for InsertKey {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let inserted = match self {
            Self::Signing(key, audit) => {
                let inserted = insert_signing(tx, key).await?;
                if inserted == Swap::Won {
                    append(tx, audit).await?;
                }
                inserted
            }
            Self::Token(key) => insert_token(tx, key).await?,
        };
        if inserted == Swap::Won {
            note_change(tx).await?;
        }
        Ok(inserted)
    }
}

async fn insert_signing(tx: &mut Tx<'_>, key: &KeyRecord) -> Result<Swap, DbError> {
    let jwk = serde_json::to_string(&key.public).map_err(|_| corrupt(SIGNING, "public_jwk"))?;
    let inserted = tx
        .query(
            "INSERT INTO signing_key (kid, algorithm, usage, state, sealed, public_jwk, \
             announced_at, activated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT DO NOTHING",
        )
        .bind(key.kid.as_str())
        .bind(key.algorithm.as_str())
        .bind(key.usage.as_str())
        .bind(key.life.state.as_str())
        .bind(key.sealed.as_slice())
        .bind(jwk)
        .bind(key.life.announced_at.millis())
        .bind(key.life.activated_at.map(Timestamp::millis))
        .execute(&mut *tx.conn)
        .await?;
    Ok(swapped(inserted.rows_affected()))
}

async fn insert_token(tx: &mut Tx<'_>, key: &TokenKeyRecord) -> Result<Swap, DbError> {
    let inserted = tx
        .query(
            "INSERT INTO token_key (number, state, sealed, announced_at, activated_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(i64::from(key.number))
        .bind(key.life.state.as_str())
        .bind(key.sealed.as_slice())
        .bind(key.life.announced_at.millis())
        .bind(key.life.activated_at.map(Timestamp::millis))
        .execute(&mut *tx.conn)
        .await?;
    Ok(swapped(inserted.rows_affected()))
}

impl Execute<Engine> for MoveKeys {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        for (index, step) in self.moves.iter().enumerate() {
            if move_key(tx, step, self.at).await? == Swap::Lost {
                // The first lost step has changed nothing; after another the rest is undone.
                return if index == 0 { Ok(Swap::Lost) } else { Err(DbError::Abandoned) };
            }
        }
        if let Some(audit) = &self.audit {
            append(tx, audit).await?;
        }
        note_change(tx).await?;
        Ok(Swap::Won)
    }
}

async fn move_key(tx: &mut Tx<'_>, step: &KeyMove, at: Timestamp) -> Result<Swap, DbError> {
    macro_rules! update {
        ($table:literal, $column:literal, $value:expr) => {
            tx.query(concat!(
                "UPDATE ",
                $table,
                " SET state = $1, \
                 activated_at = CASE WHEN $1 = 'active' THEN $2 ELSE activated_at END, \
                 retired_at = CASE WHEN $1 = 'retired' THEN $2 ELSE retired_at END, \
                 sealed = CASE WHEN $1 = 'removed' THEN $3 ELSE sealed END WHERE ",
                $column,
                " = $4 AND state = $5"
            ))
            .bind(step.to.as_str())
            .bind(at.millis())
            // A removed key is of no use to anybody but a thief.
            .bind(&b""[..])
            .bind($value)
            .bind(step.from.as_str())
            .execute(&mut *tx.conn)
            .await?
            .rows_affected()
        };
    }
    Ok(swapped(match &step.key {
        KeyName::Signing(kid) => update!("signing_key", "kid", kid.as_str()),
        KeyName::Token(number) => update!("token_key", "number", i64::from(*number)),
    }))
}

impl Execute<Engine> for ReplaceSealed {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        macro_rules! update {
            ($table:literal, $column:literal, $value:expr) => {
                tx.query(concat!(
                    "UPDATE ",
                    $table,
                    " SET sealed = $1 WHERE ",
                    $column,
                    " = $2 AND sealed = $3"
                ))
                .bind(self.new.as_slice())
                .bind($value)
                .bind(self.old.as_slice())
                .execute(&mut *tx.conn)
                .await?
                .rows_affected()
            };
        }
        let replaced = swapped(match &self.key {
            KeyName::Signing(kid) => update!("signing_key", "kid", kid.as_str()),
            KeyName::Token(number) => update!("token_key", "number", i64::from(*number)),
        });
        if replaced == Swap::Won {
            append(tx, &self.audit).await?;
            note_change(tx).await?;
        }
        Ok(replaced)
    }
}

impl Execute<Engine> for CompromiseKey {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<FeedPosition>, DbError> {
        let sql = concat!(
            "SELECT kid, algorithm, usage, state, sealed, public_jwk, announced_at, activated_at, \
             retired_at FROM signing_key WHERE kid = $1 AND state <> 'removed'",
            for_update!()
        );
        let row = tx.query_as::<SigningRow>(sql).bind(self.kid.as_str());
        let Some(row) = row.fetch_optional(&mut *tx.conn).await? else {
            return Ok(None);
        };
        let key = KeyRecord::try_from(row)?;
        let remove = KeyMove {
            key: KeyName::Signing(key.kid.clone()),
            from: key.life.state,
            to: KeyState::Removed,
        };
        if move_key(tx, &remove, self.at).await? == Swap::Lost {
            return Err(DbError::Abandoned);
        }
        if key.life.state == KeyState::Active {
            activate_announced(tx, &key, self.at).await?;
        }
        append(tx, &self.audit).await?;
        note_change(tx).await?;
        if key.usage == KeyUse::Feed {
            // Whoever has the key may have told readers that they have read further than the log
            // goes: their numbers are to count no more.
            raise_epoch(tx, None).await?;
        }
        let publication = Publication {
            kind: Kind::Key,
            digest: Kind::Key.digest(self.kid.as_str()),
            not_before: None,
            until: None,
        };
        publish(tx, &[publication], &self.revoking).await.map(Some)
    }
}

/// The announced key of the same use and algorithm signs from now on.
async fn activate_announced(
    tx: &mut Tx<'_>,
    compromised: &KeyRecord,
    at: Timestamp,
) -> Result<(), DbError> {
    tx.query(
        "UPDATE signing_key SET state = 'active', activated_at = $1 \
         WHERE usage = $2 AND algorithm = $3 AND state = 'announced'",
    )
    .bind(at.millis())
    .bind(compromised.usage.as_str())
    .bind(compromised.algorithm.as_str())
    .execute(&mut *tx.conn)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct SigningRow {
    kid: String,
    algorithm: String,
    usage: String,
    state: String,
    sealed: Vec<u8>,
    public_jwk: String,
    announced_at: i64,
    activated_at: Option<i64>,
    retired_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    number: i64,
    state: String,
    sealed: Vec<u8>,
    announced_at: i64,
    activated_at: Option<i64>,
    retired_at: Option<i64>,
}

impl TryFrom<SigningRow> for KeyRecord {
    type Error = DbError;

    fn try_from(row: SigningRow) -> Result<Self, DbError> {
        let public: PublicJwk =
            serde_json::from_str(&row.public_jwk).map_err(|_| corrupt(SIGNING, "public_jwk"))?;
        Ok(Self {
            kid: Kid::new(&row.kid),
            algorithm: Algorithm::parse(&row.algorithm)
                .ok_or_else(|| corrupt(SIGNING, "algorithm"))?,
            usage: KeyUse::parse(&row.usage).ok_or_else(|| corrupt(SIGNING, "usage"))?,
            life: life(SIGNING, &row.state, row.announced_at, (row.activated_at, row.retired_at))?,
            sealed: row.sealed,
            public,
        })
    }
}

impl TryFrom<TokenRow> for TokenKeyRecord {
    type Error = DbError;

    fn try_from(row: TokenRow) -> Result<Self, DbError> {
        Ok(Self {
            number: unsigned(row.number, TOKEN, "number")?,
            life: life(TOKEN, &row.state, row.announced_at, (row.activated_at, row.retired_at))?,
            sealed: row.sealed,
        })
    }
}

fn life(
    table: &'static str,
    state: &str,
    announced_at: i64,
    (activated_at, retired_at): (Option<i64>, Option<i64>),
) -> Result<KeyLife, DbError> {
    Ok(KeyLife {
        state: KeyState::parse(state).ok_or_else(|| corrupt(table, "state"))?,
        announced_at: Timestamp::from_millis(announced_at),
        activated_at: activated_at.map(Timestamp::from_millis),
        retired_at: retired_at.map(Timestamp::from_millis),
    })
}

const SIGNING: &str = "signing_key";
const TOKEN: &str = "token_key";
