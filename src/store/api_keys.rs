//! API keys in D1, and who a caller is as it stands in the database.

use crate::account::api_key::{ApiKey, Networks};
use crate::account::kind::UserKind;
use crate::account::role::Role;
use crate::admin::key::KeyView;
use crate::id::{ApiKeyId, TenantId, UserId};
use crate::scope::Scope;
use crate::time::Timestamp;
use serde::Deserialize;

/// Who a user is, with the earlier of its own and its tenant's disabling. `?1` tenant, `?2` user.
pub const STANDING_OF_USER: &str = "\
    SELECT users.username, users.role, users.kind, users.groups, users.plan_id, \
           COALESCE(users.disabled_at, tenants.disabled_at) AS disabled_at \
    FROM users JOIN tenants ON tenants.id = users.tenant_id \
    WHERE users.tenant_id = ?1 AND users.id = ?2";

/// The same of a key's owner, with the key. `?1` tenant, `?2` owner, `?3` key.
pub const STANDING_OF_KEY: &str = "\
    SELECT users.username, users.role, users.kind, users.groups, users.plan_id, \
           COALESCE(users.disabled_at, tenants.disabled_at) AS disabled_at, \
           api_keys.id AS key_id, api_keys.secret_hash, api_keys.scope, api_keys.tools, api_keys.upstreams, \
           api_keys.networks, api_keys.plan_id AS key_plan_id, api_keys.expires_at, api_keys.revoked_at \
    FROM api_keys \
    JOIN users ON users.id = api_keys.user_id AND users.tenant_id = api_keys.tenant_id \
    JOIN tenants ON tenants.id = api_keys.tenant_id \
    WHERE api_keys.tenant_id = ?1 AND api_keys.user_id = ?2 AND api_keys.id = ?3";

/// Notes that a key was used, unless that was noted in the minute before. `?1` tenant, `?2` key, `?3` now.
pub const NOTE_USE: &str = "\
    UPDATE api_keys SET last_used_at = ?3 \
    WHERE tenant_id = ?1 AND id = ?2 AND (last_used_at IS NULL OR last_used_at < ?3 - 60000)";

/// A row of [`STANDING_OF_USER`].
#[derive(Clone, Debug, Deserialize)]
pub struct StandingRow {
    /// The login name.
    pub username: String,
    /// The role.
    pub role: Role,
    /// A person or a service account.
    pub kind: UserKind,
    /// JSON array of groups.
    pub groups: String,
    /// The plan of its own.
    pub plan_id: Option<String>,
    /// When it or its tenant was disabled.
    pub disabled_at: Option<u64>,
}

/// A row of [`STANDING_OF_KEY`].
#[derive(Clone, Debug, Deserialize)]
pub struct KeyRow {
    username: String,
    role: Role,
    kind: UserKind,
    groups: String,
    plan_id: Option<String>,
    disabled_at: Option<u64>,
    key_id: ApiKeyId,
    secret_hash: String,
    scope: String,
    tools: Option<String>,
    upstreams: Option<String>,
    networks: Option<String>,
    key_plan_id: Option<String>,
    expires_at: Option<u64>,
    revoked_at: Option<u64>,
}

/// A stored row does not mean what a row must.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row of the API key {0} cannot be read")]
pub struct UnreadableKey(ApiKeyId);

impl KeyRow {
    /// Its owner, as [`STANDING_OF_USER`] says it.
    pub fn owner(&self) -> StandingRow {
        StandingRow {
            username: self.username.clone(),
            role: self.role,
            kind: self.kind,
            groups: self.groups.clone(),
            plan_id: self.plan_id.clone(),
            disabled_at: self.disabled_at,
        }
    }

    /// The key.
    pub fn into_key(self) -> Result<ApiKey, UnreadableKey> {
        let unreadable = || UnreadableKey(self.key_id.clone());
        let list = |text: &Option<String>| -> Result<Option<Vec<String>>, UnreadableKey> {
            text.as_deref().map(|text| serde_json::from_str(text).map_err(|_| unreadable())).transpose()
        };
        let networks = list(&self.networks)?.map(Networks::try_from).transpose().map_err(|_| unreadable())?;
        Ok(ApiKey {
            scope: Scope::parse(&self.scope).map_err(|_| unreadable())?,
            tools: list(&self.tools)?,
            upstreams: list(&self.upstreams)?,
            networks,
            id: self.key_id,
            secret_hash: self.secret_hash,
            plan: self.key_plan_id,
            expires_at: self.expires_at.map(Timestamp::from_millis),
            revoked_at: self.revoked_at.map(Timestamp::from_millis),
        })
    }
}

/// Names what a standing belongs to: a user, or a key of it. Ids cannot hold a `/`.
pub fn standing_name(tenant: &TenantId, user: &UserId, key: Option<&ApiKeyId>) -> String {
    match key {
        Some(key) => format!("{tenant}/{user}/{key}"),
        None => format!("{tenant}/{user}"),
    }
}

/// Keys of a tenant after one. `?1` tenant, `?2` the id before them, `?3` the most, `?4` whose or `NULL`.
pub const KEYS: &str = "\
    SELECT id, user_id, name, scope, tools, upstreams, networks, plan_id, made_by, created_at, expires_at, revoked_at, \
           last_used_at, version \
    FROM api_keys WHERE tenant_id = ?1 AND id > ?2 AND (?4 IS NULL OR user_id = ?4) ORDER BY id LIMIT ?3";

/// One key of a tenant. `?1` tenant, `?2` key, `?3` whose or `NULL`.
pub const KEY: &str = "\
    SELECT id, user_id, name, scope, tools, upstreams, networks, plan_id, made_by, created_at, expires_at, revoked_at, \
           last_used_at, version \
    FROM api_keys WHERE tenant_id = ?1 AND id = ?2 AND (?3 IS NULL OR user_id = ?3)";

/// A key of a user of the tenant who is no owner unless who makes it is one, while that user has fewer than 100 good ones.
/// `?1` tenant, `?2` id, `?3` whose, `?4` name, `?5` hash, `?6` scope, `?7` tools, `?8` upstreams, `?9` networks, `?10` plan,
/// `?11` who makes it, `?12` now, `?13` its end.
pub const INSERT_KEY: &str = "\
    INSERT INTO api_keys (id, tenant_id, user_id, name, secret_hash, scope, tools, upstreams, networks, plan_id, made_by, \
                          created_at, expires_at) \
    SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 \
    WHERE EXISTS (SELECT 1 FROM users AS subject JOIN users AS actor ON actor.tenant_id = subject.tenant_id \
                  WHERE subject.tenant_id = ?1 AND subject.id = ?3 AND subject.disabled_at IS NULL \
                    AND actor.id = ?11 AND actor.disabled_at IS NULL \
                    AND (actor.id = subject.id OR actor.role = 'owner' \
                         OR (actor.role = 'admin' AND subject.role <> 'owner'))) \
      AND (?10 IS NULL OR EXISTS (SELECT 1 FROM plans WHERE tenant_id = ?1 AND id = ?10)) \
      AND (SELECT COUNT(*) FROM api_keys WHERE tenant_id = ?1 AND user_id = ?3 AND revoked_at IS NULL \
             AND (expires_at IS NULL OR expires_at > ?12)) < 100";

/// Changes a key that is still in the version that was read and good. `?1` tenant, `?2` key, `?3` version, `?4` name,
/// `?5` scope, `?6` tools, `?7` upstreams, `?8` networks, `?9` plan, `?10` its end.
pub const UPDATE_KEY: &str = "\
    UPDATE api_keys SET name = ?4, scope = ?5, tools = ?6, upstreams = ?7, networks = ?8, plan_id = ?9, expires_at = ?10, \
           version = version + 1 \
    WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 AND revoked_at IS NULL \
      AND (?9 IS NULL OR EXISTS (SELECT 1 FROM plans WHERE tenant_id = ?1 AND id = ?9))";

/// Lets a key that is replaced by `?4` end, unless it ends sooner. `?1` tenant, `?2` key, `?3` its end, `?4` the new key.
pub const END_REPLACED: &str = "\
    UPDATE api_keys SET expires_at = ?3, version = version + 1 \
    WHERE tenant_id = ?1 AND id = ?2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?3) \
      AND EXISTS (SELECT 1 FROM api_keys WHERE tenant_id = ?1 AND id = ?4)";

/// Revokes a key, whatever its version. `?1` tenant, `?2` key, `?3` now.
pub const REVOKE_KEY: &str = "\
    UPDATE api_keys SET revoked_at = ?3, version = version + 1 WHERE tenant_id = ?1 AND id = ?2 AND revoked_at IS NULL";

/// A row of [`KEY`] or [`KEYS`].
#[derive(Clone, Debug, Deserialize)]
pub struct KeyViewRow {
    id: ApiKeyId,
    user_id: UserId,
    name: String,
    scope: String,
    tools: Option<String>,
    upstreams: Option<String>,
    networks: Option<String>,
    plan_id: Option<String>,
    made_by: String,
    created_at: u64,
    expires_at: Option<u64>,
    revoked_at: Option<u64>,
    last_used_at: Option<u64>,
    version: u32,
}

impl From<KeyViewRow> for KeyView {
    fn from(row: KeyViewRow) -> Self {
        let list = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        let seconds = |millis: Option<u64>| millis.map(|millis| millis / 1000);
        Self {
            id: row.id,
            user: row.user_id,
            name: row.name,
            scope: row.scope,
            tools: list(row.tools),
            upstreams: list(row.upstreams),
            networks: list(row.networks),
            plan: row.plan_id,
            made_by: row.made_by,
            created_at: row.created_at / 1000,
            expires_at: seconds(row.expires_at),
            revoked_at: seconds(row.revoked_at),
            last_used_at: seconds(row.last_used_at),
            version: row.version,
        }
    }
}
