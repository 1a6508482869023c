//! Schemas that refer to themselves and never go down in the instance.

use crate::tool::schema::{Node, Rule, Schema};

/// Whether a subschema refers back to itself without going down in the instance. What such a one means depends on the order in
/// which a validator looks at it (JSON Schema Core, section 9.4.1), so nothing is shown of it.
pub(super) fn goes_in_circles(schema: &Schema) -> bool {
    // 0: not seen; 1: on the way here; 2: leads to no circle.
    let mut marks = vec![0_u8; schema.nodes.len()];
    let mut open: Vec<(usize, bool)> = (0..schema.nodes.len()).map(|node| (node, false)).collect();
    while let Some((node, left)) = open.pop() {
        let Some(mark) = marks.get_mut(node) else { continue };
        match (left, *mark) {
            (true, _) => *mark = 2,
            (false, 0) => {
                *mark = 1;
                open.push((node, true));
                for next in in_place(schema, node) {
                    match marks.get(next) {
                        Some(1) => return true,
                        Some(0) => open.push((next, false)),
                        _ => {}
                    }
                }
            }
            (false, _) => {}
        }
    }
    false
}

/// The subschemas that a subschema applies to the same place of the instance.
fn in_place(schema: &Schema, node: usize) -> Vec<usize> {
    let Some(Node::Rules(rules)) = schema.nodes.get(node) else { return Vec::new() };
    let next = rules.iter().flat_map(|rule| match rule {
        Rule::Reference(node) | Rule::Not(node) => vec![*node],
        Rule::AllOf(nodes) | Rule::AnyOf(nodes) | Rule::OneOf(nodes) => nodes.clone(),
        Rule::If { test, then, otherwise } => std::iter::once(*test).chain(*then).chain(*otherwise).collect(),
        Rule::DependentSchemas(pairs) => pairs.iter().map(|(_, node)| *node).collect(),
        _ => Vec::new(),
    });
    next.collect()
}
