//! API keys in D1, and who a caller is as it stands in the database.

use crate::account::api_key::{ApiKey, Networks};
use crate::account::role::Role;
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

/// Whether a user is a person or a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum UserKind {
    /// Has a password, or comes from another OpenID provider.
    Person,
    /// A service account, which has keys alone.
    Service,
}

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
