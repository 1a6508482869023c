//! Which databases the operator gives to which tenants.
//!
//! A tenant is named by its id. Its name would not do: the tenant's own administrators change it, and two tenants may have the same.

use super::is_binding;
use crate::config::{ConfigProblem, Lookup, optional};
use crate::id::TenantId;
use crate::json::{self, Caps};
use std::collections::BTreeSet;

const VARIABLE: &str = "TENANT_DATABASES";
/// A variable of the platform has 5 KB at most.
const CAPS: Caps = Caps { max_bytes: 64 * 1024, max_depth: 3 };

/// Pairs of a tenant and a binding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given(BTreeSet<(String, String)>);

impl Given {
    /// Reads `TENANT_DATABASES`: a JSON object of tenants' ids, each with a list of bindings.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigProblem> {
        let Some(text) = optional(lookup, VARIABLE) else { return Ok(Self::default()) };
        let wrong = |problem: &str| ConfigProblem::new(VARIABLE, problem);
        let shape = "must be a JSON object of tenants' ids, each with a list of names of bindings";
        let value = json::parse(text.as_bytes(), CAPS).map_err(|_| wrong(shape))?;
        let mut given = BTreeSet::new();
        for (tenant, bindings) in value.as_object().ok_or_else(|| wrong(shape))? {
            TenantId::parse(tenant).map_err(|_| wrong(shape))?;
            for binding in bindings.as_array().ok_or_else(|| wrong(shape))? {
                let binding = binding.as_str().ok_or_else(|| wrong(shape))?;
                if !is_binding(binding) {
                    return Err(wrong("names bindings that begin with DATA_ and go on in capitals, digits and '_'"));
                }
                given.insert((tenant.clone(), binding.to_owned()));
            }
        }
        Ok(Self(given))
    }

    /// Whether a database is given to a tenant.
    pub fn has(&self, tenant: &TenantId, binding: &str) -> bool {
        is_binding(binding) && self.0.contains(&(tenant.as_str().to_owned(), binding.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Given;
    use crate::id::TenantId;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(text: &str) -> Result<Given, String> {
        Given::read(&|_| Some(text.to_owned())).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_database_is_a_tenants_where_the_operator_says_so_and_nowhere_else() {
        let given = read(r#"{"acme": ["DATA_CRM", "DATA_2"], "other": []}"#).unwrap();
        let has = |tenant: &str, binding: &str| given.has(&TenantId::parse(tenant).unwrap(), binding);
        assert!(has("acme", "DATA_CRM") && has("acme", "DATA_2"));
        for (tenant, binding) in [
            ("other", "DATA_CRM"),
            ("third", "DATA_CRM"),
            ("acme", "DATA_X"),
            ("acme", "DB"),
            ("acme", "data_crm"),
            ("acme", ""),
        ] {
            assert!(!has(tenant, binding), "{tenant} {binding}");
        }
        assert_eq!(Given::read(&|_| None), Ok(Given::default()));
    }

    #[test]
    fn the_gateways_own_database_cannot_be_given_and_what_cannot_be_read_is_refused() {
        for bad in [
            r#"{"acme": ["DB"]}"#,
            r#"{"acme": ["DATA_"]}"#,
            r#"{"acme": ["DATA_a"]}"#,
            r#"{"acme": ["DATA_A", "REVOCATIONS"]}"#,
            r#"{"acme": "DATA_A"}"#,
            r#"{"a b": ["DATA_A"]}"#,
            r#"{"acme": ["DATA_A"], "acme": ["DATA_B"]}"#,
            "[]",
            "acme",
        ] {
            assert!(read(bad).unwrap_err().starts_with("TENANT_DATABASES"), "{bad}");
        }
    }
}
