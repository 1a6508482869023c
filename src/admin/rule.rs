//! Policies and plans, as administrators see and change them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PolicyView {
    /// Its id.
    pub id: String,
    /// The rule itself.
    pub rule: Map<String, Value>,
    /// Who made it.
    pub made_by: String,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// When it was last changed, seconds since 1970.
    pub updated_at: u64,
    /// Counts its changes; the number in its `ETag`.
    pub version: u32,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PlanView {
    /// Its id.
    pub id: String,
    /// Its name, unique in the tenant.
    pub name: String,
    /// The limits.
    pub limits: Map<String, Value>,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// When it was last changed, seconds since 1970.
    pub updated_at: u64,
    /// Counts its changes; the number in its `ETag`.
    pub version: u32,
}

/// A plan to be made, or what one becomes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewPlan {
    /// Its name: 1 to 64 characters, unique in the tenant.
    pub name: String,
    /// The limits.
    pub limits: Map<String, Value>,
}
