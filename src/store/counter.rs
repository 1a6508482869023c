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

/// Who a call is charged to.
#[derive(Clone, Copy, Debug)]
pub struct Payer<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The name of the gate that counts for the caller: a user's own, or that of an API key with a plan of its own.
    pub gate: &'a str,
    /// Whether the rate of the caller's plan was charged when the request was admitted: a user's is, a key's is not.
    pub rate_is_charged: bool,
}

/// The plans that a call is charged to.
#[derive(Clone, Copy, Debug)]
pub struct Plans<'a> {
    /// The tenant's.
    pub tenant: &'a Plan,
    /// The caller's own.
    pub principal: &'a Plan,
}

/// The counters of one call of the tool shown as `tool`, in the order in which they are asked: the narrowest first.
/// A level without a limit has none.
pub fn counters(payer: Payer<'_>, plans: Plans<'_>, tool: &str) -> Vec<Counter> {
    let of_tenant = keys::tenant_gate(payer.tenant);
    let own = plans.principal.limits();
    let own = if payer.rate_is_charged { own.without_rate() } else { own };
    let counter = |gate, whose, of_tool, limits| Counter { gate, whose, of_tool, limits };
    let levels = [
        counter(keys::tool_gate(payer.gate, tool), Whose::Principal, true, plans.principal.limits_of(tool)),
        counter(keys::tool_gate(&of_tenant, tool), Whose::Tenant, true, plans.tenant.limits_of(tool)),
        counter(payer.gate.to_owned(), Whose::Principal, false, own),
        counter(of_tenant, Whose::Tenant, false, plans.tenant.limits()),
    ];
    levels.into_iter().filter(|counter| !counter.limits.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Payer, Plans, counters};
    use crate::id::TenantId;
    use crate::plan::{Plan, Whose};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const USER: (&str, bool) = ("principal/acme/u-1", true);

    fn names(tenant: &str, principal: &str, tool: &str) -> Vec<(String, Whose, bool)> {
        names_of(USER, tenant, principal, tool)
    }

    fn names_of(
        (gate, rate_is_charged): (&str, bool),
        tenant: &str,
        principal: &str,
        tool: &str,
    ) -> Vec<(String, Whose, bool)> {
        let plan = |text: &str| Plan::parse(text.as_bytes()).unwrap();
        let (tenant, principal) = (plan(tenant), plan(principal));
        let plans = Plans { tenant: &tenant, principal: &principal };
        let payer = Payer { tenant: &TenantId::parse("acme").unwrap(), gate, rate_is_charged };
        let counters = counters(payer, plans, tool);
        counters.into_iter().map(|counter| (counter.gate, counter.whose, counter.of_tool)).collect()
    }

    #[test]
    fn a_call_without_limits_is_charged_nowhere() {
        let rate = r#"{"rate":{"burst":1,"per_minute":1},"tools":[{"tools":"b"}]}"#;
        assert_eq!(names("{}", rate, "b"), []);
        let of_key = names_of(("key/acme/k-1", false), "{}", rate, "b");
        assert_eq!(of_key, [("key/acme/k-1".into(), Whose::Principal, false)], "admission did not charge a key's rate");
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
