//! Resources.

use std::time::Duration;

use super::audit::append;
use super::feed::note_change;
use super::{DbError, Engine, Execute, Swap, Tx, corrupt, millis, parse_words, unsigned};
use crate::protocol::ids::ResourceId;
use crate::protocol::key::Algorithm;
use crate::protocol::resource::{Resource, ResourceSettings, RoleScope, ScopeText};
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::ResourceUri;
use crate::storage::ops::resources::{
    ChangeResource, CreateResource, DeleteResource, FindResource, ListResources,
    LoadManagedResources, LoadResources,
};

macro_rules! columns {
    () => {
        "id, uri, name, scope, role_scopes, scope_texts, algorithm, access_token_ttl, enabled, managed, version, \
         created_at, updated_at"
    };
}

impl Execute<Engine> for CreateResource {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let Resource { settings, .. } = &self.resource;
        let inserted = tx
            .query(
                "INSERT INTO resource (id, uri, name, scope, role_scopes, scope_texts, algorithm, \
                 access_token_ttl, enabled, managed, version, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING",
            )
            .bind(self.resource.id.as_bytes().as_slice())
            .bind(self.resource.uri.as_str())
            .bind(settings.name.as_str())
            .bind(settings.scope.to_string())
            .bind(join_role_scopes(settings))
            .bind(join_scope_texts(settings))
            .bind(settings.algorithm.as_str())
            .bind(millis(settings.access_token_ttl))
            .bind(i64::from(self.resource.enabled))
            .bind(i64::from(self.resource.managed))
            .bind(self.resource.version)
            .bind(self.resource.created_at.millis())
            .execute(&mut *tx.conn)
            .await?;
        noted(tx, inserted.rows_affected(), &self.audit).await
    }
}

impl Execute<Engine> for LoadResources {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Resource>, DbError> {
        let sql = concat!("SELECT ", columns!(), " FROM resource ORDER BY id");
        let rows = tx.query_as::<ResourceRow>(sql).fetch_all(&mut *tx.conn).await?;
        rows.into_iter().map(Resource::try_from).collect()
    }
}

impl Execute<Engine> for FindResource {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Option<Resource>, DbError> {
        let row = match self {
            Self::Named(uri) => {
                let sql = concat!("SELECT ", columns!(), " FROM resource WHERE uri = $1");
                let query = tx.query_as::<ResourceRow>(sql).bind(uri.as_str());
                query.fetch_optional(&mut *tx.conn).await?
            }
            Self::Id(id) => {
                let sql = concat!("SELECT ", columns!(), " FROM resource WHERE id = $1");
                let query = tx.query_as::<ResourceRow>(sql).bind(id.as_bytes().as_slice());
                query.fetch_optional(&mut *tx.conn).await?
            }
        };
        row.map(Resource::try_from).transpose()
    }
}

impl Execute<Engine> for LoadManagedResources {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Resource>, DbError> {
        let sql = concat!("SELECT ", columns!(), " FROM resource WHERE managed = 1 ORDER BY id");
        let rows = tx.query_as::<ResourceRow>(sql).fetch_all(&mut *tx.conn).await?;
        rows.into_iter().map(Resource::try_from).collect()
    }
}

impl Execute<Engine> for ListResources {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Vec<Resource>, DbError> {
        let sql =
            concat!("SELECT ", columns!(), " FROM resource WHERE id > $1 ORDER BY id LIMIT $2");
        tx.query_as::<ResourceRow>(sql)
            .bind(self.after.as_ref().map_or(&[][..], |id| id.as_bytes().as_slice()))
            .bind(i64::from(self.limit))
            .fetch_all(&mut *tx.conn)
            .await?
            .into_iter()
            .map(Resource::try_from)
            .collect()
    }
}

impl Execute<Engine> for ChangeResource {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let Resource { settings, .. } = &self.resource;
        let changed = tx
            .query(
                "UPDATE resource SET name = $1, scope = $2, role_scopes = $3, scope_texts = $4, \
                 algorithm = $5, access_token_ttl = $6, enabled = $7, managed = $8, updated_at = $9, \
                 version = version + 1 WHERE id = $10 AND version = $11",
            )
            .bind(settings.name.as_str())
            .bind(settings.scope.to_string())
            .bind(join_role_scopes(settings))
            .bind(join_scope_texts(settings))
            .bind(settings.algorithm.as_str())
            .bind(millis(settings.access_token_ttl))
            .bind(i64::from(self.resource.enabled))
            .bind(i64::from(self.resource.managed))
            .bind(self.resource.updated_at.millis())
            .bind(self.resource.id.as_bytes().as_slice())
            .bind(self.resource.version)
            .execute(&mut *tx.conn)
            .await?;
        noted(tx, changed.rows_affected(), &self.audit).await
    }
}

impl Execute<Engine> for DeleteResource {
    async fn execute(&self, tx: &mut Tx<'_>) -> Result<Swap, DbError> {
        let delete = tx.query("DELETE FROM resource WHERE id = $1");
        let deleted = delete.bind(self.id.as_bytes().as_slice()).execute(&mut *tx.conn).await?;
        noted(tx, deleted.rows_affected(), &self.audit).await
    }
}

/// Finishes a change that touched `rows`: audit, and a note for the memories of the nodes.
async fn noted(
    tx: &mut Tx<'_>,
    rows: u64,
    audit: &crate::protocol::audit::AuditEvent,
) -> Result<Swap, DbError> {
    if rows == 0 {
        return Ok(Swap::Lost);
    }
    append(tx, audit).await?;
    note_change(tx).await?;
    Ok(Swap::Won)
}

fn join_role_scopes(settings: &ResourceSettings) -> String {
    settings.role_scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// One a line: they have no line breaks.
fn join_scope_texts(settings: &ResourceSettings) -> String {
    settings.scope_texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[derive(sqlx::FromRow)]
struct ResourceRow {
    id: Vec<u8>,
    uri: String,
    name: String,
    scope: String,
    role_scopes: String,
    scope_texts: String,
    algorithm: String,
    access_token_ttl: i64,
    enabled: i64,
    managed: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ResourceRow> for Resource {
    type Error = DbError;

    fn try_from(row: ResourceRow) -> Result<Self, DbError> {
        let ttl = unsigned(row.access_token_ttl, TABLE, "access_token_ttl")?;
        Ok(Self {
            id: ResourceId::try_from(row.id.as_slice()).map_err(|_| corrupt(TABLE, "id"))?,
            uri: ResourceUri::parse(&row.uri).map_err(|_| corrupt(TABLE, "uri"))?,
            settings: ResourceSettings {
                name: row.name,
                scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(TABLE, "scope"))?,
                role_scopes: parse_words(&row.role_scopes, RoleScope::parse)
                    .ok_or_else(|| corrupt(TABLE, "role_scopes"))?,
                scope_texts: (row.scope_texts.lines().map(ScopeText::parse))
                    .collect::<Option<_>>()
                    .ok_or_else(|| corrupt(TABLE, "scope_texts"))?,
                algorithm: Algorithm::parse(&row.algorithm)
                    .ok_or_else(|| corrupt(TABLE, "algorithm"))?,
                access_token_ttl: Duration::from_millis(ttl),
            },
            enabled: row.enabled != 0,
            managed: row.managed != 0,
            version: row.version,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const TABLE: &str = "resource";
