//! Tenants, as administrators see and change them.

use crate::admin::user::MadeCode;
use crate::guard::Guardrails;
use crate::guard::document::object;
use crate::id::TenantId;
use crate::policy::judge::DefaultEffect;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// When the record of a call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum AuditCalls {
    /// Before its reply leaves: nothing is lost.
    Before,
    /// After it: faster, and a call is lost with an isolate that ends in between.
    After,
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// What holds where no policy says anything.
    pub default_effect: DefaultEffect,
    /// The plan of the tenant as a whole.
    pub plan: Option<String>,
    /// The plan of each user without one.
    pub user_plan: Option<String>,
    /// When the record of a call is written.
    pub audit_calls: AuditCalls,
    /// Whether redacted arguments are kept in the audit trail.
    pub audit_bodies: bool,
    /// How long the audit trail is kept, in days.
    pub audit_days: u32,
    /// What is looked for in the arguments and results of calls; none for nothing.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Guardrails>"))]
    pub guardrails: Option<Map<String, Value>>,
    /// When it was suspended, seconds since 1970.
    pub suspended_at: Option<u64>,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// Counts its changes; the number in its `ETag`.
    pub version: u32,
}

/// A tenant to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewTenant {
    /// Its id: 1 to 64 characters of `A-Z a-z 0-9 - _`.
    pub id: TenantId,
    /// Its name; its id when nothing is said.
    pub name: Option<String>,
}

/// A tenant that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MadeTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// The code by which its first owner joins.
    pub owner: MadeCode,
}

/// What changes of a tenant. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct TenantChange {
    /// A new name.
    pub name: Option<String>,
    /// For the operator: true ends every session and lets nobody in, false lets them in again.
    pub suspended: Option<bool>,
    /// What holds where no policy says anything.
    pub default_effect: Option<DefaultEffect>,
    /// The plan of the tenant as a whole; `null` for none.
    #[serde(default, deserialize_with = "said")]
    pub plan: Option<Option<String>>,
    /// The plan of each user without one; `null` for the gateway's own limits.
    #[serde(default, deserialize_with = "said")]
    pub user_plan: Option<Option<String>>,
    /// When the record of a call is written.
    pub audit_calls: Option<AuditCalls>,
    /// Whether redacted arguments are kept in the audit trail.
    pub audit_bodies: Option<bool>,
    /// How long the audit trail is kept: 1 to 3660 days.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 3660)))]
    pub audit_days: Option<u32>,
    /// What is looked for in the arguments and results of calls; `null` for nothing.
    #[serde(default, deserialize_with = "guardrails")]
    pub guardrails: Option<Option<Guardrails>>,
}

/// Tells a member that is `null` from one that is absent.
pub fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The same for guardrails, which are an object.
pub fn guardrails<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Guardrails>>, D::Error> {
    object(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::TenantChange;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn null_clears_and_absence_keeps() {
        let read = |value: Value| serde_json::from_value::<TenantChange>(value).unwrap().plan;
        assert_eq!(read(json!({})), None);
        assert_eq!(read(json!({"plan": null})), Some(None));
        assert_eq!(read(json!({"plan": "p"})), Some(Some("p".into())));
        let guardrails = |value: Value| serde_json::from_value::<TenantChange>(value).unwrap().guardrails;
        assert_eq!(guardrails(json!({})), None);
        assert_eq!(guardrails(json!({"guardrails": null})), Some(None));
        assert!(guardrails(json!({"guardrails": {"results": {"deny": ["x"]}}})).is_some_and(|given| given.is_some()));
        for bad in [
            json!({"id": "x"}),
            json!({"version": 1}),
            json!({"suspended": "yes"}),
            json!({"audit_calls": "x"}),
            json!({"guardrails": [null, null]}),
            json!({"guardrails": {"results": {"x": 1}}}),
        ] {
            assert!(serde_json::from_value::<TenantChange>(bad.clone()).is_err(), "{bad}");
        }
    }
}
