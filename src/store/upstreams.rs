//! Upstream tool servers in D1.

use crate::id::{TenantId, UpstreamId};
use serde::Deserialize;

/// The enabled upstreams of a tenant, in the order of their names. `?1` tenant.
pub const ENABLED_UPSTREAMS: &str = "\
    SELECT id, name, url, credential, cache_seconds FROM upstreams WHERE tenant_id = ?1 AND disabled_at IS NULL ORDER BY name LIMIT 50";

/// Whether a tenant has an enabled upstream at this very address: one row when it does. `?1` tenant, `?2` url.
pub const ENABLED_AT: &str = "\
    SELECT id FROM upstreams WHERE tenant_id = ?1 AND url = ?2 AND disabled_at IS NULL LIMIT 1";

/// Has answers of an upstream to what only reads given again for so long. `?1` tenant, `?2` name, `?3` seconds, 0 for never.
pub const SET_CACHE_SECONDS: &str = "UPDATE upstreams SET cache_seconds = ?3 WHERE tenant_id = ?1 AND name = ?2";

/// A new upstream; fails when the tenant has one of that name. `?1` id, `?2` tenant, `?3` name, `?4` url, `?5` sealed credential, `?6` now.
pub const INSERT_UPSTREAM: &str = "\
    INSERT INTO upstreams (id, tenant_id, name, url, credential, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// A row of [`ENABLED_UPSTREAMS`].
#[derive(Clone, Debug, Deserialize)]
pub struct UpstreamRow {
    /// Unique id.
    pub id: UpstreamId,
    /// Prefix of its tools' names.
    pub name: String,
    /// Its MCP endpoint.
    pub url: String,
    /// Sealed bearer token, see [`credential_place`].
    pub credential: Option<String>,
    /// How long its answers to what only reads may be given again, in seconds.
    pub cache_seconds: u32,
}

/// A row of [`ENABLED_AT`].
#[derive(Clone, Debug, Deserialize)]
pub struct UpstreamIdRow {
    /// Unique id.
    pub id: UpstreamId,
}

/// Where an upstream's credential is bound to: it opens for no other tenant, upstream or address.
pub fn credential_place(tenant: &TenantId, upstream: &UpstreamId, url: &str) -> String {
    format!("upstream-credential/{tenant}/{upstream}/{url}")
}
