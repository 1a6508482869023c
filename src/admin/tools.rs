//! The operations as tools of the protocol.

use crate::admin::operation::{OPERATIONS, Spec};
use crate::mcp::wire::Tool;
use crate::tool::ADMIN_PREFIX;

/// Every tool with its operation, in the order of the table.
pub fn definitions() -> Vec<(&'static Spec, Tool)> {
    let tools: Vec<Tool> = serde_json::from_str(include_str!("tools.json")).unwrap_or_default();
    OPERATIONS.iter().filter(|spec| spec.is_a_tool()).zip(tools).collect()
}

/// The operation of the tool with exactly this name.
pub fn named(name: &str) -> Option<&'static Spec> {
    let name = name.strip_prefix(ADMIN_PREFIX)?;
    OPERATIONS.iter().find(|spec| spec.name == name && spec.is_a_tool())
}

#[cfg(test)]
mod tests {
    use super::{definitions, named};
    use crate::admin::operation::{OPERATIONS, Operation};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_operation_but_the_operators_is_a_tool_of_its_name() {
        let tools = definitions();
        assert_eq!(tools.len(), OPERATIONS.len() - 2);
        for (spec, tool) in tools {
            assert_eq!((spec.tool_name(), named(&tool.name)), (tool.name, Some(spec)));
        }
        assert!(
            named("list_keys").is_none() && named("gateway_create_tenant").is_none() && named("gateway_").is_none()
        );
        assert_eq!(named("gateway_list_keys").unwrap().operation, Operation::ListKeys);
    }
}
