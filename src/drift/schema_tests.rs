use super::{Use, compare_schemas};
use crate::drift::reason::Reason;
use crate::drift::verdict::Verdict;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn told(old: &Value, new: &Value, usage: Use) -> Vec<(String, Reason)> {
    let changes = compare_schemas(old, new, "/inputSchema", usage);
    changes.into_iter().map(|change| (change.at, change.reason)).collect()
}

#[test]
fn each_change_is_told_where_it_stands_with_its_own_reason() {
    let old = json!({"type": "object", "required": ["a"], "properties": {
        "a": {"type": "string", "maxLength": 5}, "b": {"enum": ["x", "y"]}, "c": {"type": "integer"}, "d~/": {"type": "null"},
    }});
    let new = json!({"type": "object", "required": ["a", "e"], "properties": {
        "a": {"type": "string", "maxLength": 9, "description": "A"}, "b": {"enum": ["x"]}, "c": {"type": "integer"},
        "e": {"type": "string"}, "f": {"type": "string"},
    }});
    let place = |at: &str| format!("/inputSchema{at}");
    assert_eq!(
        told(&old, &new, Use::Arguments),
        [
            (place("/required"), Reason::Narrowed),
            (place("/properties/a/maxLength"), Reason::Widened),
            (place("/properties/a/description"), Reason::Wording),
            (place("/properties/b/enum"), Reason::Narrowed),
            (place("/properties/e"), Reason::ParameterRequired),
            (place("/properties/f"), Reason::ParameterAdded),
            (place("/properties/d~0~1"), Reason::ParameterGone),
        ]
    );
}

#[test]
fn a_part_cannot_do_harm_where_the_whole_does_none() {
    // The branch that is narrowed here takes nothing that the other one does not take.
    let old = json!({"anyOf": [{"type": "integer"}, {"type": "number"}]});
    let new = json!({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "number"}]});
    let changes = told(&old, &new, Use::Arguments);
    assert!(changes.iter().all(|(_, reason)| reason.verdict() <= Verdict::Additive), "{changes:?}");
}

#[test]
fn what_no_part_explains_is_told_of_the_whole() {
    let old = json!({"type": "object", "properties": {"a": {"type": "object"}}});
    let new =
        json!({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}}}}});
    let changes = told(&old, &new, Use::Arguments);
    assert!(changes.contains(&("/inputSchema".to_owned(), Reason::NotShown)), "{changes:?}");
}

#[test]
fn a_schema_that_cannot_be_checked_is_breaking_unless_it_is_the_same() {
    let odd = json!({"$ref": "https://example.com/x.json", "title": "X"});
    assert!(told(&odd, &odd, Use::Arguments).is_empty());
    assert_eq!(told(&json!({}), &odd, Use::Answers).first().map(|change| change.1), Some(Reason::Uncheckable));
    assert_eq!(told(&odd, &json!({}), Use::Answers).first().map(|change| change.1), Some(Reason::Uncheckable));
}

#[test]
fn hostile_schemas_are_given_up_and_that_is_breaking() {
    let nest = |depth: usize, last: Value| {
        let mut defs = serde_json::Map::new();
        for level in 0..depth {
            let next = format!("#/$defs/l{}", level + 1);
            defs.insert(
                format!("l{level}"),
                json!({"anyOf": [
                    {"properties": {"a": {"$ref": next}, "b": {"$ref": next}}, "minProperties": level},
                    {"type": "array", "items": {"oneOf": [{"$ref": next}, {"not": {"$ref": next}}]}},
                ]}),
            );
        }
        defs.insert(format!("l{depth}"), last);
        json!({"$ref": "#/$defs/l0", "$defs": defs})
    };
    let changes = compare_schemas(
        &nest(40, json!({"type": "string"})),
        &nest(40, json!({"type": "integer"})),
        "",
        Use::Arguments,
    );
    assert!(changes.iter().any(|change| change.verdict == Verdict::Breaking));
}

#[test]
fn a_change_behind_many_others_is_not_overlooked() {
    let schema = |title: &str, default: u32| {
        let mut members: serde_json::Map<String, Value> =
            (0..300).map(|at| (format!("p{at}"), json!({"type": "string", "title": title}))).collect();
        members.insert("last".to_owned(), json!({"type": "integer", "default": default}));
        json!({"type": "object", "properties": members})
    };
    let changes = compare_schemas(&schema("A", 1), &schema("B", 2), "", Use::Arguments);
    assert!(changes.iter().any(|change| change.verdict == Verdict::Breaking));
}
