//! Policies and plans in D1.

use crate::admin::rule::{PlanView, PolicyView};
use serde::Deserialize;

/// Policies of a tenant after one. `?1` tenant, `?2` the id before them, `?3` the most.
pub const POLICIES: &str = "\
    SELECT id, rule, made_by, created_at, updated_at, version FROM policies \
    WHERE tenant_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// Every policy of a tenant, to be followed. `?1` tenant.
pub const ALL_POLICIES: &str = "SELECT id, rule, version FROM policies WHERE tenant_id = ?1 ORDER BY id";

/// One policy. `?1` tenant, `?2` policy.
pub const POLICY: &str = "\
    SELECT id, rule, made_by, created_at, updated_at, version FROM policies WHERE tenant_id = ?1 AND id = ?2";

/// A policy, where its name is free and there are fewer than 500. `?1` tenant, `?2` id, `?3` name, `?4` rule, `?5` who makes it,
/// `?6` now.
pub const INSERT_POLICY: &str = "\
    INSERT INTO policies (id, tenant_id, name, rule, made_by, created_at, updated_at) \
    SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?6 \
    WHERE (SELECT COUNT(*) FROM policies WHERE tenant_id = ?1) < 500 \
      AND NOT EXISTS (SELECT 1 FROM policies WHERE tenant_id = ?1 AND name = ?3)";

/// Replaces a policy that is still in the version that was read, where its name is free. `?1` tenant, `?2` policy, `?3` version,
/// `?4` name, `?5` rule, `?6` now.
pub const REPLACE_POLICY: &str = "\
    UPDATE policies SET name = ?4, rule = ?5, updated_at = ?6, version = version + 1 \
    WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 \
      AND NOT EXISTS (SELECT 1 FROM policies AS other WHERE other.tenant_id = ?1 AND other.name = ?4 AND other.id <> ?2)";

/// Deletes a policy. `?1` tenant, `?2` policy.
pub const DELETE_POLICY: &str = "DELETE FROM policies WHERE tenant_id = ?1 AND id = ?2";

/// Plans of a tenant after one. `?1` tenant, `?2` the id before them, `?3` the most.
pub const PLANS: &str = "\
    SELECT id, name, plan, created_at, updated_at, version FROM plans WHERE tenant_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// Every plan of a tenant, to be held to. `?1` tenant.
pub const ALL_PLANS: &str = "SELECT id, plan FROM plans WHERE tenant_id = ?1 ORDER BY id";

/// One plan. `?1` tenant, `?2` plan.
pub const PLAN: &str = "\
    SELECT id, name, plan, created_at, updated_at, version FROM plans WHERE tenant_id = ?1 AND id = ?2";

/// A plan, where its name is free and there are fewer than 100. `?1` tenant, `?2` id, `?3` name, `?4` plan, `?5` now.
pub const INSERT_PLAN: &str = "\
    INSERT INTO plans (id, tenant_id, name, plan, created_at, updated_at) \
    SELECT ?2, ?1, ?3, ?4, ?5, ?5 \
    WHERE (SELECT COUNT(*) FROM plans WHERE tenant_id = ?1) < 100 \
      AND NOT EXISTS (SELECT 1 FROM plans WHERE tenant_id = ?1 AND name = ?3)";

/// Replaces a plan that is still in the version that was read, where its name is free. `?1` tenant, `?2` plan, `?3` version,
/// `?4` name, `?5` limits, `?6` now.
pub const REPLACE_PLAN: &str = "\
    UPDATE plans SET name = ?4, plan = ?5, updated_at = ?6, version = version + 1 \
    WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 \
      AND NOT EXISTS (SELECT 1 FROM plans AS other WHERE other.tenant_id = ?1 AND other.name = ?4 AND other.id <> ?2)";

/// Deletes a plan that nobody has. `?1` tenant, `?2` plan.
pub const DELETE_PLAN: &str = "\
    DELETE FROM plans WHERE tenant_id = ?1 AND id = ?2 \
      AND NOT EXISTS (SELECT 1 FROM tenants WHERE id = ?1 AND (plan_id = ?2 OR user_plan_id = ?2)) \
      AND NOT EXISTS (SELECT 1 FROM users WHERE tenant_id = ?1 AND plan_id = ?2) \
      AND NOT EXISTS (SELECT 1 FROM api_keys WHERE tenant_id = ?1 AND plan_id = ?2 AND revoked_at IS NULL)";

/// A row of [`POLICY`] or [`POLICIES`].
#[derive(Clone, Debug, Deserialize)]
pub struct PolicyRow {
    id: String,
    rule: String,
    made_by: String,
    created_at: u64,
    updated_at: u64,
    version: u32,
}

/// A row of [`PLAN`] or [`PLANS`].
#[derive(Clone, Debug, Deserialize)]
pub struct PlanRow {
    id: String,
    name: String,
    plan: String,
    created_at: u64,
    updated_at: u64,
    version: u32,
}

/// A row of [`ALL_POLICIES`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RuleRow {
    /// The policy's id.
    pub id: String,
    /// The rule, JSON.
    pub rule: String,
    /// The policy's version.
    pub version: u32,
}

/// A row of [`ALL_PLANS`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LimitsRow {
    /// The plan's id.
    pub id: String,
    /// The limits, JSON.
    pub plan: String,
}

impl From<PolicyRow> for PolicyView {
    fn from(row: PolicyRow) -> Self {
        Self {
            id: row.id,
            rule: serde_json::from_str(&row.rule).unwrap_or_default(),
            made_by: row.made_by,
            created_at: row.created_at / 1000,
            updated_at: row.updated_at / 1000,
            version: row.version,
        }
    }
}

impl From<PlanRow> for PlanView {
    fn from(row: PlanRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            limits: serde_json::from_str(&row.plan).unwrap_or_default(),
            created_at: row.created_at / 1000,
            updated_at: row.updated_at / 1000,
            version: row.version,
        }
    }
}
