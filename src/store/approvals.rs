//! Calls that wait for a person, in D1. Each is made once: the statement that makes it finds it approved and marks it.

use crate::admin::approval::{ApprovalState, ApprovalView};
use serde::Deserialize;

/// How long an approval that is asked for waits, and is good once it is given, in milliseconds: a quarter of an hour.
pub const LIFE_MILLIS: u64 = 900_000;

/// Asks for approval of exactly this call, unless it was asked for already and is open. `?1` id, `?2` tenant, `?3` user,
/// `?4` credential, `?5` tool, `?6` redacted arguments, `?7` digest, `?8` policy, `?9` its version, `?10` now, `?11` end.
pub const ASK: &str = "\
    INSERT INTO approvals (id, tenant_id, user_id, credential, tool, arguments, digest, policy_id, policy_version, state, \
                           created_at, expires_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'asked', ?10, ?11) \
    ON CONFLICT (id) DO UPDATE SET state = 'asked', decided_by = NULL, decided_at = NULL, created_at = excluded.created_at, \
        expires_at = excluded.expires_at \
    WHERE approvals.expires_at <= ?10 OR approvals.state = 'used'";

/// Makes a call that was approved, once. `?1` id, `?2` tenant, `?3` user, `?4` credential, `?5` now.
pub const USE: &str = "\
    UPDATE approvals SET state = 'used' \
    WHERE id = ?1 AND tenant_id = ?2 AND user_id = ?3 AND credential = ?4 AND state = 'approved' AND expires_at > ?5";

/// How an approval stands. `?1` tenant, `?2` id.
pub const APPROVAL: &str = "\
    SELECT id, user_id, tool, arguments, digest, policy_id, policy_version, state, decided_by, created_at, decided_at, expires_at \
    FROM approvals WHERE tenant_id = ?1 AND id = ?2";

/// Approvals of a tenant after one. `?1` tenant, `?2` the id before them, `?3` the most, `?4` state or `NULL`, `?5` whose or `NULL`.
pub const APPROVALS: &str = "\
    SELECT id, user_id, tool, arguments, digest, policy_id, policy_version, state, decided_by, created_at, decided_at, expires_at \
    FROM approvals WHERE tenant_id = ?1 AND id > ?2 AND (?4 IS NULL OR state = ?4) AND (?5 IS NULL OR user_id = ?5) \
    ORDER BY id LIMIT ?3";

/// Decides an approval that waits, of somebody else, where `?4` looks after the tenant. `?1` tenant, `?2` id, `?3` state,
/// `?4` who decides, `?5` now, `?6` its new end.
pub const DECIDE: &str = "\
    UPDATE approvals SET state = ?3, decided_by = ?4, decided_at = ?5, expires_at = ?6 \
    WHERE tenant_id = ?1 AND id = ?2 AND state = 'asked' AND expires_at > ?5 AND user_id <> ?4 \
      AND EXISTS (SELECT 1 FROM users WHERE tenant_id = ?1 AND id = ?4 AND role IN ('owner', 'admin') AND disabled_at IS NULL)";

/// Makes room: a hundred that ended a day ago. `?1` now.
pub const DELETE_ENDED: &str = "\
    DELETE FROM approvals WHERE id IN (SELECT id FROM approvals WHERE expires_at <= ?1 - 86400000 LIMIT 100)";

/// A row of [`APPROVAL`] or [`APPROVALS`].
#[derive(Clone, Debug, Deserialize)]
pub struct ApprovalRow {
    id: String,
    user_id: String,
    tool: String,
    arguments: String,
    digest: String,
    policy_id: String,
    policy_version: u32,
    state: ApprovalState,
    decided_by: Option<String>,
    created_at: u64,
    decided_at: Option<u64>,
    expires_at: u64,
}

impl From<ApprovalRow> for ApprovalView {
    fn from(row: ApprovalRow) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            tool: row.tool,
            arguments: serde_json::from_str(&row.arguments).unwrap_or_default(),
            digest: row.digest,
            policy: row.policy_id,
            policy_version: row.policy_version,
            state: row.state,
            decided_by: row.decided_by,
            created_at: row.created_at / 1000,
            decided_at: row.decided_at.map(|millis| millis / 1000),
            expires_at: row.expires_at / 1000,
        }
    }
}
