//! Upstream tool servers in D1.

use crate::admin::upstream::{UpstreamKind, UpstreamView};
use crate::file::options::FileOptions;
use crate::id::{TenantId, UpstreamId};
use crate::sql::options::DatabaseOptions;
use serde::Deserialize;

/// The enabled upstreams of a tenant, in the order of their names; `personal` is 1 where a user may have a credential of its
/// own. `?1` tenant.
pub const ENABLED_UPSTREAMS: &str = "\
    SELECT id, name, url, credential, cache_seconds, kind, options, source IS NOT NULL AS sourced, version, pins, reaction, \
           EXISTS (SELECT 1 FROM credentials WHERE upstream_id = upstreams.id AND tenant_id = ?1 \
                     AND (user_id IS NOT NULL OR kind = 'connection')) AS personal \
    FROM upstreams WHERE tenant_id = ?1 AND disabled_at IS NULL ORDER BY name LIMIT 50";

/// What an upstream of the kind `http` offers, in the version that is known. `?1` tenant, `?2` id, `?3` version.
pub const API: &str = "\
    SELECT api FROM upstreams WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 AND kind = 'http' AND disabled_at IS NULL";

/// The same with where it is from, of one whose document is fetched again. `?1` tenant, `?2` id, `?3` version.
pub const SOURCE: &str = "\
    SELECT api, source FROM upstreams WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 AND source IS NOT NULL";

/// Remembers where the document of an upstream is from that was just made. `?1` tenant, `?2` id, `?3` JSON.
pub const SET_SOURCE: &str = "UPDATE upstreams SET source = ?3 WHERE tenant_id = ?1 AND id = ?2 AND version = 1";

/// What a document became that was fetched again, where nobody changed the upstream meanwhile. `?1` tenant, `?2` id, `?3` version,
/// `?4` api, `?5` now.
pub const RENEW_API: &str = "\
    UPDATE upstreams SET api = ?4, updated_at = ?5, version = version + 1 \
    WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 AND source IS NOT NULL";

/// An upstream was described by hand, and is in this version since. `?1` tenant, `?2` id, `?3` version.
pub const FORGET_SOURCE: &str = "UPDATE upstreams SET source = NULL WHERE tenant_id = ?1 AND id = ?2 AND version = ?3";

/// Whether a tenant has an enabled upstream at this very address: one row when it does. `?1` tenant, `?2` url.
pub const ENABLED_AT: &str = "\
    SELECT id FROM upstreams WHERE tenant_id = ?1 AND url = ?2 AND disabled_at IS NULL LIMIT 1";

/// Has answers of an upstream to what only reads given again for so long. `?1` tenant, `?2` name, `?3` seconds, 0 for never.
pub const SET_CACHE_SECONDS: &str = "UPDATE upstreams SET cache_seconds = ?3 WHERE tenant_id = ?1 AND name = ?2";

/// A new upstream; fails when the tenant has one of that name. `?1` id, `?2` tenant, `?3` name, `?4` url, `?5` sealed credential, `?6` now.
pub const INSERT_UPSTREAM: &str = "\
    INSERT INTO upstreams (id, tenant_id, name, url, credential, created_at, updated_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";

/// Upstreams of a tenant after one, without what those of the kind `http` offer. `?1` tenant, `?2` the id before them, `?3` the most.
pub const UPSTREAMS: &str = "\
    SELECT id, name, kind, url, NULL AS api, source, options, disabled_at, created_at, updated_at, version \
    FROM upstreams WHERE tenant_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// One upstream of a tenant. `?1` tenant, `?2` id.
pub const UPSTREAM: &str = "\
    SELECT id, name, kind, url, api, source, options, disabled_at, created_at, updated_at, version \
    FROM upstreams WHERE tenant_id = ?1 AND id = ?2";

/// The upstream of that id, or else of that name. `?1` tenant, `?2` id or name.
pub const UPSTREAM_NAMED: &str = "\
    SELECT id, name, kind, url, api, source, options, disabled_at, created_at, updated_at, version \
    FROM upstreams WHERE tenant_id = ?1 AND (id = ?2 OR name = ?2) ORDER BY id <> ?2 LIMIT 1";

/// An upstream, where its name is free and fewer than 50 are enabled, of 500 at most. `?1` tenant, `?2` id, `?3` name, `?4` kind, `?5` url,
/// `?6` api, `?7` options, `?8` now.
pub const MAKE_UPSTREAM: &str = "\
    INSERT INTO upstreams (id, tenant_id, name, kind, url, api, options, created_at, updated_at) \
    SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?8 \
    WHERE (SELECT COUNT(*) FROM upstreams WHERE tenant_id = ?1 AND disabled_at IS NULL) < 50 \
      AND (SELECT COUNT(*) FROM upstreams WHERE tenant_id = ?1) < 500 \
      AND NOT EXISTS (SELECT 1 FROM upstreams WHERE tenant_id = ?1 AND name = ?3)";

/// Changes an upstream that is still in the version that was read, where its name is free and 50 are enabled at most. A token that came with it goes
/// when its address changes. `?1` tenant, `?2` id, `?3` version, `?4` name, `?5` url, `?6` api, `?7` when it was disabled,
/// `?8` now, `?9` options.
pub const UPDATE_UPSTREAM: &str = "\
    UPDATE upstreams SET name = ?4, credential = CASE WHEN url = ?5 THEN credential END, url = ?5, api = ?6, \
           options = ?9, disabled_at = ?7, updated_at = ?8, version = version + 1 \
    WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 \
      AND (?7 IS NOT NULL \
           OR (SELECT COUNT(*) FROM upstreams WHERE tenant_id = ?1 AND id <> ?2 AND disabled_at IS NULL) < 50) \
      AND NOT EXISTS (SELECT 1 FROM upstreams AS other WHERE other.tenant_id = ?1 AND other.name = ?4 AND other.id <> ?2)";

/// Deletes an upstream with its credentials. `?1` tenant, `?2` id.
pub const DELETE_UPSTREAM: &str = "DELETE FROM upstreams WHERE tenant_id = ?1 AND id = ?2";

/// Remembers the files of an upstream that is about to be deleted; of another kind there are none. `?1` tenant, `?2` upstream, `?3` now.
pub const LEAVE_FILES: &str = "\
    INSERT INTO file_leftovers (prefix, gone_at) \
    SELECT 't/' || tenant_id || '/' || id || '/', ?3 FROM upstreams WHERE tenant_id = ?1 AND id = ?2 AND kind = 'files' \
    ON CONFLICT (prefix) DO NOTHING";

/// Remembers the files of a tenant that is about to be deleted. `?1` tenant, `?2` now.
pub const LEAVE_TENANTS_FILES: &str = "\
    INSERT INTO file_leftovers (prefix, gone_at) \
    SELECT 't/' || tenant_id || '/' || id || '/', ?2 FROM upstreams WHERE tenant_id = ?1 AND kind = 'files' \
    ON CONFLICT (prefix) DO NOTHING";

/// Files of upstreams that are gone, the oldest first. `?1` the most.
pub const LEFTOVERS: &str = "SELECT prefix FROM file_leftovers ORDER BY gone_at LIMIT ?1";

/// Forgets files of which nothing is left, where their upstream is gone since before. `?1` prefix, `?2` before.
pub const FORGET_LEFTOVER: &str = "DELETE FROM file_leftovers WHERE prefix = ?1 AND gone_at < ?2";

/// Takes the token away that came with an upstream: another credential stands in its place. `?1` tenant, `?2` id.
pub const CLEAR_CREDENTIAL: &str = "UPDATE upstreams SET credential = NULL WHERE tenant_id = ?1 AND id = ?2";

/// Tokens that came with upstreams and are sealed with another key than the current one. `?1` tenant, `?2` what a text of the
/// current key begins with, `?3` the most.
pub const OLDER_CREDENTIALS: &str = "\
    SELECT id, url, credential FROM upstreams \
    WHERE tenant_id = ?1 AND credential IS NOT NULL AND substr(credential, 1, length(?2)) <> ?2 ORDER BY id LIMIT ?3";

/// Seals such a token anew, unless it was changed meanwhile. `?1` tenant, `?2` upstream, `?3` what was read, `?4` the same sealed
/// anew.
pub const RESEAL_CREDENTIAL: &str = "\
    UPDATE upstreams SET credential = ?4 WHERE tenant_id = ?1 AND id = ?2 AND credential = ?3";

/// A row of [`ENABLED_UPSTREAMS`].
#[derive(Clone, Debug, Deserialize)]
pub struct UpstreamRow {
    /// Unique id.
    pub id: UpstreamId,
    /// Prefix of its tools' names.
    pub name: String,
    /// Its endpoint.
    pub url: String,
    /// Sealed bearer token, see [`credential_place`].
    pub credential: Option<String>,
    /// How long its answers to what only reads may be given again, in seconds.
    pub cache_seconds: u32,
    /// What it speaks.
    pub kind: UpstreamKind,
    /// How it is used, for the kinds `files` and `database`: JSON.
    pub options: Option<String>,
    /// Whether its description is made of a document that is fetched again.
    pub sourced: u8,
    /// Counts its changes.
    pub version: u32,
    /// How often what is pinned of it was changed.
    pub pins: u32,
    /// What happens to changes of what it offers: JSON.
    pub reaction: Option<String>,
    /// Whether a user may have a credential of its own.
    pub personal: u8,
}

/// A row of [`API`].
#[derive(Clone, Debug, Deserialize)]
pub struct ApiRow {
    /// JSON.
    pub api: Option<String>,
}

/// A row of [`SOURCE`].
#[derive(Clone, Debug, Deserialize)]
pub struct SourceRow {
    /// What it offers: JSON.
    pub api: Option<String>,
    /// Where its document is from, and how it is converted: JSON.
    pub source: String,
}

/// A row of [`LEFTOVERS`].
#[derive(Clone, Debug, Deserialize)]
pub struct LeftoverRow {
    /// What the names of its objects begin with.
    pub prefix: String,
}

/// A row of [`ENABLED_AT`].
#[derive(Clone, Debug, Deserialize)]
pub struct UpstreamIdRow {
    /// Unique id.
    pub id: UpstreamId,
}

/// A row of [`UPSTREAM`], [`UPSTREAMS`] or [`UPSTREAM_NAMED`].
#[derive(Clone, Debug, Deserialize)]
pub struct UpstreamViewRow {
    id: UpstreamId,
    name: String,
    kind: UpstreamKind,
    url: String,
    api: Option<String>,
    source: Option<String>,
    options: Option<String>,
    disabled_at: Option<u64>,
    created_at: u64,
    updated_at: u64,
    version: u32,
}

/// A row of [`OLDER_CREDENTIALS`].
#[derive(Clone, Debug, Deserialize)]
pub struct OlderCredentialRow {
    /// The upstream.
    pub id: UpstreamId,
    /// Its address, which the token is bound to.
    pub url: String,
    /// The sealed token.
    pub credential: String,
}

impl From<UpstreamViewRow> for UpstreamView {
    fn from(row: UpstreamViewRow) -> Self {
        let files = row.options.as_deref().filter(|_| row.kind == UpstreamKind::Files);
        let database = row.options.as_deref().filter(|_| row.kind == UpstreamKind::Database);
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            url: row.url,
            api: row.api.and_then(|text| serde_json::from_str(&text).ok()),
            source: row.source.and_then(|text| serde_json::from_str(&text).ok()),
            files: files.and_then(FileOptions::stored),
            database: database.and_then(DatabaseOptions::stored),
            disabled_at: row.disabled_at.map(|millis| millis / 1000),
            created_at: row.created_at / 1000,
            updated_at: row.updated_at / 1000,
            version: row.version,
        }
    }
}

/// Where the token is bound to that came with an upstream: it opens for no other tenant, upstream or address.
pub fn credential_place(tenant: &TenantId, upstream: &UpstreamId, url: &str) -> String {
    format!("upstream-credential/{tenant}/{upstream}/{url}")
}
