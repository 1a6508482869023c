//! Tenants in D1, for administrators and the operator.

use crate::admin::tenant::{AuditCalls, Tenant};
use crate::id::{TenantId, UserId};
use crate::policy::judge::DefaultEffect;
use serde::Deserialize;

/// Tenants after one, in the order of their ids. `?1` the id before them, `?2` the most, `?3` the only one to be seen or
/// `NULL` for all.
pub const TENANTS: &str = "\
    SELECT id, name, default_effect, plan_id, user_plan_id, audit_calls, audit_bodies, audit_days, guardrails, \
           disabled_at, created_at, version \
    FROM tenants WHERE id > ?1 AND (?3 IS NULL OR id = ?3) ORDER BY id LIMIT ?2";

/// One tenant. `?1` id.
pub const TENANT: &str = "\
    SELECT id, name, default_effect, plan_id, user_plan_id, audit_calls, audit_bodies, audit_days, guardrails, \
           disabled_at, created_at, version \
    FROM tenants WHERE id = ?1";

/// A tenant, unless its id is taken. `?1` id, `?2` name, `?3` now.
pub const INSERT: &str = "INSERT INTO tenants (id, name, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

/// Changes a tenant that is still in the version that was read, to plans that it has. `?1` id, `?2` version, `?3` name,
/// `?4` default effect, `?5` plan, `?6` users' plan, `?7` when calls are recorded, `?8` bodies (0 or 1), `?9` days, `?10` when
/// it was suspended, `?11` guardrails.
pub const UPDATE: &str = "\
    UPDATE tenants SET name = ?3, default_effect = ?4, plan_id = ?5, user_plan_id = ?6, audit_calls = ?7, \
           audit_bodies = ?8, audit_days = ?9, disabled_at = ?10, guardrails = ?11, version = version + 1 \
    WHERE id = ?1 AND version = ?2 \
      AND (?5 IS NULL OR EXISTS (SELECT 1 FROM plans WHERE tenant_id = ?1 AND id = ?5)) \
      AND (?6 IS NULL OR EXISTS (SELECT 1 FROM plans WHERE tenant_id = ?1 AND id = ?6))";

/// Deletes a tenant; what it owns goes with it. `?1` id.
pub const DELETE: &str = "DELETE FROM tenants WHERE id = ?1";

/// Requests of a tenant's administrators that are remembered. `?1` tenant.
pub const FORGET_REQUESTS: &str = "DELETE FROM admin_requests WHERE tenant_id = ?1";

/// Everybody of a tenant whose gate may have something open, after one. `?1` tenant, `?2` the id before them, `?3` the most.
pub const PRINCIPALS: &str = "SELECT id FROM users WHERE tenant_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// A row of [`PRINCIPALS`].
#[derive(Clone, Debug, Deserialize)]
pub struct PrincipalRow {
    /// The user.
    pub id: UserId,
}

/// A row of [`TENANT`] or [`TENANTS`].
#[derive(Clone, Debug, Deserialize)]
pub struct TenantRow {
    id: TenantId,
    name: String,
    default_effect: DefaultEffect,
    plan_id: Option<String>,
    user_plan_id: Option<String>,
    audit_calls: AuditCalls,
    audit_bodies: u8,
    audit_days: u32,
    guardrails: Option<String>,
    disabled_at: Option<u64>,
    created_at: u64,
    version: u32,
}

impl TenantRow {
    /// The guardrails, as they are stored.
    pub fn guardrails(&self) -> Option<&str> {
        self.guardrails.as_deref()
    }
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            default_effect: row.default_effect,
            plan: row.plan_id,
            user_plan: row.user_plan_id,
            audit_calls: row.audit_calls,
            audit_bodies: row.audit_bodies != 0,
            audit_days: row.audit_days,
            guardrails: row.guardrails.and_then(|text| serde_json::from_str(&text).ok()),
            suspended_at: row.disabled_at.map(|millis| millis / 1000),
            created_at: row.created_at / 1000,
            version: row.version,
        }
    }
}
