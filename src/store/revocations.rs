//! What was revoked, in D1: for whoever wants to see it. What enforces is the gate.

use crate::admin::revocation::{RevocationKind, RevocationView};
use crate::id::{ApiKeyId, UserId};
use serde::Deserialize;

/// One more revocation. `?1` id, `?2` tenant, `?3` kind, `?4` subject, `?5` whose or `NULL`, `?6` cause, `?7` who revokes or
/// `NULL`, `?8` now, `?9` when it would have ended by itself.
pub const INSERT: &str = "\
    INSERT INTO revocations (id, tenant_id, kind, subject, user_id, cause, made_by, created_at, until) \
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM tenants WHERE id = ?2)";

/// Makes room: a hundred that would have ended by themselves. `?1` now.
pub const DELETE_ENDED: &str = "\
    DELETE FROM revocations WHERE id IN (SELECT id FROM revocations WHERE until <= ?1 LIMIT 100)";

/// Revocations of a tenant that would still be good, after one. `?1` tenant, `?2` the id before them, `?3` the most, `?4` now.
pub const REVOCATIONS: &str = "\
    SELECT id, kind, subject, user_id, cause, made_by, created_at, until FROM revocations \
    WHERE tenant_id = ?1 AND id > ?2 AND until > ?4 ORDER BY id LIMIT ?3";

/// Revokes the keys of a user or of everybody that were made before a moment. `?1` tenant, `?2` whose or `NULL`, `?3` the moment,
/// `?4` now.
pub const REVOKE_KEYS: &str = "\
    UPDATE api_keys SET revoked_at = ?4, version = version + 1 \
    WHERE tenant_id = ?1 AND (?2 IS NULL OR user_id = ?2) AND created_at < ?3 AND revoked_at IS NULL \
    RETURNING id, user_id";

/// A row of [`REVOCATIONS`].
#[derive(Clone, Debug, Deserialize)]
pub struct RevocationRow {
    id: String,
    kind: RevocationKind,
    subject: String,
    user_id: Option<String>,
    cause: String,
    made_by: Option<String>,
    created_at: u64,
    until: u64,
}

/// A row of [`REVOKE_KEYS`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RevokedKeyRow {
    /// The key.
    pub id: ApiKeyId,
    /// Whose it was.
    pub user_id: UserId,
}

impl From<RevocationRow> for RevocationView {
    fn from(row: RevocationRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            subject: row.subject,
            user: row.user_id,
            cause: row.cause,
            made_by: row.made_by,
            created_at: row.created_at / 1000,
            until: row.until / 1000,
        }
    }
}
