//! Which gates a call is charged to: one for each level of a plan that limits it.

use super::keys;
use crate::id::TenantId;
use crate::plan::{Limits, Plan, Whose};

/// The gate of one level, and what it limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The gate's name.
    pub gate: String,
    /// Whose plan sets the limits.
    pub whose: Whose,
    /// Whether they are the limits of the tool alone.
    pub of_tool: bool,
    /// The limits, at least one.
    pub limits: Limits,
}

/// The plans that a call is charged to.
#[derive(Clone, Copy, Debug)]
pub struct Plans<'a> {
    /// The tenant's.
    pub tenant: &'a Plan,
    /// The caller's own.
    pub principal: &'a Plan,
    /// That of the API key it came with, if the key has one: it counts besides its owner's.
    pub key: Option<&'a Plan>,
}

/// The counters of one call of the tool shown as `tool`, in the order in which they are asked: the narrowest first.
/// `principal` names the caller's gate, `credential` is the id of what it came with. A level without a limit has no counter,
/// and the rate of a user is not among them: it was charged when the request was admitted.
pub fn counters(
    tenant: &TenantId,
    (principal, credential): (&str, &str),
    plans: Plans<'_>,
    tool: &str,
) -> Vec<Counter> {
    let of_tenant = keys::tenant_gate(tenant);
    let of_key = keys::key_gate(tenant, credential);
    let (key_tool, key) = plans.key.map_or_else(Default::default, |plan| (plan.limits_of(tool), plan.limits()));
    let counter = |gate, whose, of_tool, limits| Counter { gate, whose, of_tool, limits };
    let levels = [
        counter(keys::tool_gate(&of_key, tool), Whose::Principal, true, key_tool),
        counter(of_key, Whose::Principal, false, key),
        counter(keys::tool_gate(principal, tool), Whose::Principal, true, plans.principal.limits_of(tool)),
        counter(keys::tool_gate(&of_tenant, tool), Whose::Tenant, true, plans.tenant.limits_of(tool)),
        counter(principal.to_owned(), Whose::Principal, false, plans.principal.limits().without_rate()),
        counter(of_tenant, Whose::Tenant, false, plans.tenant.limits()),
    ];
    levels.into_iter().filter(|counter| !counter.limits.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Plans, counters};
    use crate::id::TenantId;
    use crate::plan::{Plan, Whose};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn names(tenant: &str, principal: &str, tool: &str) -> Vec<(String, Whose, bool)> {
        let plan = |text: &str| Plan::parse(text.as_bytes()).unwrap();
        let (tenant, principal) = (plan(tenant), plan(principal));
        let plans = Plans { tenant: &tenant, principal: &principal, key: None };
        let counters = counters(&TenantId::parse("acme").unwrap(), ("principal/acme/u-1", "k-1"), plans, tool);
        counters.into_iter().map(|counter| (counter.gate, counter.whose, counter.of_tool)).collect()
    }

    #[test]
    fn a_call_without_limits_is_charged_nowhere() {
        let rate = r#"{"rate":{"burst":1,"per_minute":1},"tools":[{"tools":"b"}]}"#;
        assert_eq!(names("{}", rate, "b"), []);
    }

    #[test]
    fn a_keys_own_plan_counts_besides_its_owners() {
        let (none, plan) = (Plan::default(), Plan::parse(br#"{"rate":{"burst":1,"per_minute":1}}"#).unwrap());
        let plans = Plans { tenant: &none, principal: &none, key: Some(&plan) };
        let found = counters(&TenantId::parse("acme").unwrap(), ("principal/acme/u-1", "k-1"), plans, "b");
        let names: Vec<_> = found.iter().map(|counter| counter.gate.as_str()).collect();
        assert_eq!(names, ["key/acme/k-1"]);
        assert!(found[0].limits.rate.is_some(), "nothing else charges it");
    }

    #[test]
    fn every_level_that_limits_a_call_has_a_gate_of_its_own() {
        let plan = r#"{"daily":9,"tools":[{"tools":"a*","daily":1}]}"#;
        let found = names(plan, plan, "a1");
        let levels: Vec<_> = found.iter().map(|(_, whose, of_tool)| (*whose, *of_tool)).collect();
        let (own, all) = (Whose::Principal, Whose::Tenant);
        assert_eq!(levels, [(own, true), (all, true), (own, false), (all, false)]);
        assert_eq!((found[2].0.as_str(), found[3].0.as_str()), ("principal/acme/u-1", "tenant/acme"));
        assert_ne!(found[0].0, found[1].0);
        assert_ne!(found[0].0, names(plan, plan, "a2")[0].0, "two tools have two counters");
        assert_eq!(names(plan, plan, "b").len(), 2);
    }
}
