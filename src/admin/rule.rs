//! Policies and plans, as administrators see and change them.

use crate::account::role::Role;
use crate::id::{ApiKeyId, UserId};
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
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "crate::plan::Plan"))]
    pub limits: Map<String, Value>,
}

/// A call to be tried out: one tool, prompt or resource, by its shown name.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Trial {
    /// Whose call it is; who asks, when nothing is said.
    pub user: Option<UserId>,
    /// As if the user had this role.
    pub role: Option<Role>,
    /// As if the user were in these groups.
    pub groups: Option<Vec<String>>,
    /// As if it came with this API key.
    pub key: Option<ApiKeyId>,
    /// As if it came through this OAuth client.
    pub client: Option<String>,
    /// As if it came from this address.
    pub network: Option<String>,
    /// A tool.
    pub tool: Option<String>,
    /// A prompt.
    pub prompt: Option<String>,
    /// A resource.
    pub resource: Option<String>,
    /// The name of its upstream; the gateway's own, when nothing is said.
    pub upstream: Option<String>,
    /// What the tool says of itself: `readOnlyHint` and the others.
    pub annotations: Option<Map<String, Value>>,
    /// The call's arguments; without them it is only looked at.
    pub arguments: Option<Map<String, Value>>,
}
