use super::{Pair, Reading, Shown, Side};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn includes(from: &Value, to: &Value, reading: Reading) -> bool {
    let pair = Pair::compile(from, to).unwrap();
    pair.relate().includes(Side::Old, "", "", reading) == Shown::Yes
}

/// Both schemas, and whether each instance of the first is shown to be one of the second, and the other way round.
type Row = (Value, Value, bool, bool);

fn check(rows: Vec<Row>) {
    for (one, other, there, back) in rows {
        assert_eq!(includes(&one, &other, Reading::Strict), there, "{one} ⊆ {other}");
        assert_eq!(includes(&other, &one, Reading::Strict), back, "{other} ⊆ {one}");
    }
}

#[test]
fn types_numbers_and_texts() {
    check(vec![
        (json!({}), json!(true), true, true),
        (json!(false), json!({"type": "string"}), true, false),
        (json!({"type": "integer"}), json!({"type": "number"}), true, false),
        (json!({"type": ["string", "null"]}), json!({"type": ["null", "string"]}), true, true),
        (json!({"type": "string"}), json!({"type": ["null", "string"]}), true, false),
        (json!({"type": "string"}), json!({"anyOf": [{"type": "null"}, {"type": "string"}]}), true, false),
        (json!({"type": ["string", "null"]}), json!({"anyOf": [{"type": "null"}, {"type": "string"}]}), true, true),
        (json!({"enum": [1, 2]}), json!({"enum": [2, 3, 1]}), true, false),
        (json!({"const": "a"}), json!({"enum": ["a", "b"]}), true, false),
        (json!({"enum": ["a", "bc"]}), json!({"type": "string", "maxLength": 2}), true, false),
        (json!({"type": "boolean"}), json!({"enum": [true, false]}), true, true),
        (json!({"minimum": 2}), json!({"minimum": 1.5}), true, false),
        (json!({"exclusiveMinimum": 1}), json!({"minimum": 1}), true, false),
        (json!({"type": "integer", "exclusiveMinimum": 0}), json!({"type": "integer", "minimum": 1}), true, true),
        (json!({"exclusiveMaximum": 9}), json!({"maximum": 9}), true, false),
        (json!({"maximum": 8}), json!({"exclusiveMaximum": 9}), true, false),
        (json!({"type": "integer", "multipleOf": 6}), json!({"multipleOf": 3}), true, false),
        (json!({"type": "integer"}), json!({"type": "integer", "multipleOf": 1}), true, true),
        (json!({"minLength": 3}), json!({"minLength": 2}), true, false),
        (json!({"maxLength": 3}), json!({"maxLength": 5}), true, false),
        (json!({"pattern": "^a"}), json!({"pattern": "^a"}), true, true),
        (json!({"pattern": "^a"}), json!({"pattern": "^b"}), false, false),
        (json!({"type": "string", "pattern": "^a"}), json!({"type": "string"}), true, false),
        (json!({"type": "string", "format": "date"}), json!({"type": "string"}), true, true),
    ]);
}

#[test]
fn arrays() {
    let numbers = || json!({"type": "array", "items": {"type": "number"}});
    check(vec![
        (json!({"type": "array", "items": {"type": "integer"}}), numbers(), true, false),
        (json!({"type": "array", "items": {"type": "number"}, "minItems": 1}), numbers(), true, false),
        (json!({"type": "array", "items": {"type": "number"}, "maxItems": 3}), json!({"maxItems": 4}), true, false),
        (json!({"type": "array", "uniqueItems": true}), json!({"type": "array"}), true, false),
        (json!({"maxItems": 1, "type": "array"}), json!({"uniqueItems": true}), true, false),
        (json!({"prefixItems": [{"type": "integer"}]}), json!({"prefixItems": [{"type": "number"}]}), true, false),
        (
            json!({"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "number"}}),
            numbers(),
            true,
            false,
        ),
        (json!({"prefixItems": [{}], "items": false}), json!({"maxItems": 1}), true, true),
        (json!({"contains": {"const": 1}}), json!({"contains": {"type": "integer"}}), true, false),
        (json!({"contains": {"const": 1}, "minContains": 2}), json!({"contains": {"const": 1}}), true, false),
        (json!({"contains": {"const": 1}, "maxContains": 2}), json!({"contains": {"const": 1}}), true, false),
        (
            json!({"type": "array", "items": {"type": "integer"}, "minItems": 1}),
            json!({"contains": {"type": "number"}}),
            true,
            false,
        ),
        (
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "integer"}], "additionalItems": false}),
            json!({"prefixItems": [{"type": "integer"}], "items": false}),
            true,
            true,
        ),
    ]);
}

#[test]
fn objects() {
    check(vec![
        (
            json!({"properties": {"a": {"type": "integer"}}}),
            json!({"properties": {"a": {"type": "number"}}}),
            true,
            false,
        ),
        (json!({"properties": {"a": {"type": "integer"}}}), json!({}), true, false),
        (json!({"required": ["a", "b"]}), json!({"required": ["b"]}), true, false),
        (json!({"required": ["a"], "type": "object"}), json!({"minProperties": 1}), true, false),
        (
            json!({"properties": {"a": {}}, "additionalProperties": false}),
            json!({"properties": {"b": {}}}),
            true,
            false,
        ),
        (json!({"properties": {"a": {}}, "additionalProperties": false}), json!({"maxProperties": 1}), true, false),
        (
            json!({"additionalProperties": {"type": "integer"}}),
            json!({"additionalProperties": {"type": "number"}}),
            true,
            false,
        ),
        (
            json!({"additionalProperties": {"type": "integer"}}),
            json!({"properties": {"a": {"type": "number"}}}),
            true,
            false,
        ),
        (
            json!({"patternProperties": {"^x": {"const": 1}}}),
            json!({"patternProperties": {"^x": {"type": "integer"}}}),
            true,
            false,
        ),
        (
            json!({"patternProperties": {"^x": {"const": 1}}, "additionalProperties": false}),
            json!({"additionalProperties": {"type": "integer"}}),
            true,
            false,
        ),
    ]);
}

#[test]
fn names_of_members_and_members_that_ask_for_others() {
    check(vec![
        (json!({"propertyNames": {"maxLength": 3}}), json!({"propertyNames": {"maxLength": 5}}), true, false),
        (
            json!({"properties": {"abc": {}}, "additionalProperties": false}),
            json!({"propertyNames": {"maxLength": 5}}),
            true,
            false,
        ),
        (json!({"dependentRequired": {"a": ["b", "c"]}}), json!({"dependentRequired": {"a": ["b"]}}), true, false),
        (json!({"required": ["b"]}), json!({"dependentRequired": {"a": ["b"]}}), true, false),
        (
            json!({"dependentSchemas": {"a": {"required": ["b"]}}}),
            json!({"dependentSchemas": {"a": {"properties": {"z": {}}}}}),
            true,
            false,
        ),
        (
            json!({"type": "object", "properties": {"a": {}}, "unevaluatedProperties": false}),
            json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false}),
            true,
            true,
        ),
        (
            json!({"allOf": [{"properties": {"a": {"type": "integer"}}}], "unevaluatedProperties": false}),
            json!({"properties": {"a": {"type": "number"}}, "additionalProperties": false}),
            true,
            false,
        ),
    ]);
}

#[test]
fn schemas_that_are_put_together() {
    let kinds = |names: &[&str]| {
        let one =
            |name: &&str| json!({"type": "object", "properties": {"kind": {"const": name}}, "required": ["kind"]});
        json!({"oneOf": names.iter().map(one).collect::<Vec<_>>()})
    };
    check(vec![
        (json!({"allOf": [{"minimum": 3}, {"maximum": 4}]}), json!({"minimum": 3, "maximum": 4}), true, true),
        (json!({"anyOf": [{"const": 1}, {"const": 2}]}), json!({"enum": [1, 2]}), true, true),
        (json!({"anyOf": [{"type": "string"}]}), json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), true, false),
        (json!({"oneOf": [{"type": "string"}]}), json!({"oneOf": [{"type": "string"}, {"type": "null"}]}), true, false),
        (kinds(&["a", "b"]), kinds(&["a", "b", "c"]), true, false),
        (kinds(&["a", "b"]), kinds(&["b", "a"]), true, true),
        (json!({"not": {"type": "number"}}), json!({"not": {"type": "integer"}}), true, false),
        (json!({"type": "string"}), json!({"not": {"type": "integer"}}), true, false),
        (json!({"type": ["string", "integer"], "not": {"type": "integer"}}), json!({"type": "string"}), true, true),
        (
            json!({"if": {"required": ["a"]}, "then": {"required": ["b", "c"]}}),
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
            true,
            false,
        ),
        (json!({"required": ["b"]}), json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}}), true, false),
        (json!({"type": "string", "minLength": 5, "maxLength": 4}), json!(false), true, true),
        (json!({"allOf": [{"enum": ["a"]}, {"enum": ["b"]}]}), json!(false), true, true),
    ]);
}

#[test]
fn schemas_that_refer_to_themselves() {
    let tree = |value: &str, more: Value| {
        let mut node = json!({
            "type": "object",
            "properties": {"value": {"type": value}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
        });
        node.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"$ref": "#/$defs/node", "$defs": {"node": node}})
    };
    let inline = json!({
        "$anchor": "top", "type": "object",
        "properties": {"value": {"type": "number"}, "children": {"type": "array", "items": {"$ref": "#top"}}},
    });
    check(vec![
        (tree("integer", json!({})), tree("number", json!({})), true, false),
        (tree("number", json!({"required": ["value"]})), inline.clone(), true, false),
        (tree("number", json!({})), inline, true, true),
        // A subschema that is nothing but itself is never shown to be anything.
        (
            json!({"type": "string"}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}),
            false,
            false,
        ),
    ]);
}

#[test]
fn arguments_are_promised_as_far_as_they_are_named() {
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let more = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}});
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
    let any = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": true});
    for (from, to, arguments, answers) in [
        (&open, &more, true, false),
        (&more, &open, false, true),
        (&closed, &more, true, false),
        (&open, &closed, false, false),
        (&any, &more, false, false),
        (&open, &any, true, true),
    ] {
        assert_eq!(includes(from, to, Reading::Arguments), arguments, "{from} {to}");
        // Of answers the first is the new one: what it no longer names has vanished.
        let pair = Pair::compile(to, from).unwrap();
        let shown = pair.relate().includes(Side::New, "", "", Reading::Answers) == Shown::Yes;
        assert_eq!(shown, answers, "answers {from} {to}");
    }
}

#[test]
fn a_union_of_many_kinds_may_grow() {
    let kinds = |count: usize| {
        let kind = |kind| json!({"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]});
        json!({"oneOf": (0..count).map(kind).collect::<Vec<_>>()})
    };
    check(vec![(kinds(40), kinds(41), true, false)]);
}

#[test]
fn a_hostile_pair_costs_what_it_may_and_no_more() {
    let nest = |depth: usize| {
        let mut defs = serde_json::Map::new();
        for level in 0..depth {
            let next = format!("#/$defs/l{}", level + 1);
            let one = json!({"oneOf": [
                {"properties": {"a": {"$ref": next}, "b": {"not": {"$ref": next}}}},
                {"anyOf": [{"$ref": next}, {"properties": {"c": {"$ref": next}}}]},
                {"if": {"$ref": next}, "then": {"minProperties": level}, "else": {"$ref": next}},
            ]});
            defs.insert(format!("l{level}"), one);
        }
        defs.insert(format!("l{depth}"), json!({"type": ["object", "string"], "minLength": depth}));
        json!({"$ref": "#/$defs/l0", "$defs": defs})
    };
    let pair = Pair::compile(&nest(20), &nest(21)).unwrap();
    assert_ne!(pair.relate().includes(Side::Old, "", "", Reading::Strict), Shown::Yes);
    assert_ne!(pair.relate().includes(Side::New, "", "", Reading::Arguments), Shown::Yes);
}
