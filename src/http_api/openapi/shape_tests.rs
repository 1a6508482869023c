use super::shape;
use crate::http_api::openapi::refusal::Refusal;
use crate::tool::schema::{MAX_SCHEMA_BYTES, Schema, SchemaError};
use serde_json::{Map, Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn shaped(schema: Value, definitions: Value) -> Value {
    let shaped = shape(object(schema), object(definitions)).unwrap();
    assert!(!shaped.shortened);
    Value::Object(shaped.schema)
}

#[test]
fn what_is_used_once_stands_where_it_is_used() {
    let schema = json!({"properties": {"a": {"$ref": "#/$defs/A", "description": "mine"}, "b": {"$ref": "#/$defs/B"}, "c": {"$ref": "#/$defs/B"}}});
    let definitions = json!({"A": {"type": "object", "description": "theirs", "properties": {"c": {"$ref": "#/$defs/C"}}},
        "B": {"type": "string"}, "C": {"type": "integer"}});
    let expected = json!({
        "properties": {
            "a": {"description": "mine", "type": "object", "properties": {"c": {"type": "integer"}}},
            "b": {"$ref": "#/$defs/B"},
            "c": {"$ref": "#/$defs/B"},
        },
        "$defs": {"B": {"type": "string"}},
    });
    assert_eq!(shaped(schema, definitions), expected);
}

#[test]
fn keywords_beside_a_reference_hold_besides_what_it_names() {
    let schema = json!({"properties": {"a": {"$ref": "#/$defs/A", "minLength": 2}}});
    let expected = json!({"properties": {"a": {"minLength": 2, "allOf": [{"maxLength": 3}]}}});
    assert_eq!(shaped(schema, json!({"A": {"maxLength": 3}})), expected);
}

#[test]
fn circles_and_mappings_keep_their_definitions() {
    let schema = json!({"properties": {"tree": {"$ref": "#/$defs/Tree"}}});
    let definitions = json!({"Tree": {"items": {"$ref": "#/$defs/Tree"}}});
    let kept = shaped(schema, definitions.clone());
    assert_eq!(kept["$defs"], definitions);
    let schema = json!({"oneOf": [{"$ref": "#/$defs/A"}], "discriminator": {"propertyName": "k", "mapping": {"a": "#/$defs/A"}}});
    let kept = shaped(schema, json!({"A": {"type": "object"}}));
    assert_eq!(kept["$defs"], json!({"A": {"type": "object"}}));
}

#[test]
fn a_circle_through_others_keeps_one_definition() {
    let schema = json!({"properties": {"a": {"$ref": "#/$defs/A"}}});
    let definitions = json!({"A": {"items": {"$ref": "#/$defs/B"}}, "B": {"items": {"$ref": "#/$defs/A"}}});
    let shaped = shaped(schema, definitions);
    assert_eq!(shaped["$defs"], json!({"A": {"items": {"items": {"$ref": "#/$defs/A"}}}}));
    assert!(Schema::compile_value(&shaped).unwrap().validate(&json!({"a": [[[]]]})).is_ok());
}

#[test]
fn what_is_too_long_loses_words_before_rules() {
    let member = |text: &str| json!({"type": "string", "description": text, "examples": ["x"]});
    let members = |text: &str, count: usize| {
        let members: Map<String, Value> = (0..count).map(|at| (format!("m{at}"), member(text))).collect();
        object(json!({"type": "object", "properties": members, "default": {"description": "kept"}}))
    };
    let short = shape(members(&"é".repeat(1000), 50), Map::new()).unwrap();
    assert!(short.shortened && Value::Object(short.schema.clone()).to_string().len() <= MAX_SCHEMA_BYTES);
    assert_eq!(short.schema["properties"]["m0"]["description"], json!("é".repeat(120) + "…"));
    assert_eq!(short.schema["default"], json!({"description": "kept"}));
    let bare = shape(members(&"x".repeat(120), 800), Map::new()).unwrap();
    assert_eq!(bare.schema["properties"]["m0"], json!({"type": "string"}));
    assert_eq!(shape(members("", 5000), Map::new()).unwrap_err(), Refusal::TooLarge);
}

#[test]
fn a_schema_that_cannot_be_checked_is_refused() {
    let refusal = shape(object(json!({"properties": {"a": {"pattern": "(a)\\1"}}})), Map::new()).unwrap_err();
    assert!(matches!(refusal, Refusal::Schema(SchemaError::Pattern { .. })));
}
