use super::{Mode, Translator};
use crate::http_api::openapi::reference::{Library, Node};
use crate::http_api::openapi::refusal::Refusal;
use crate::outbound::{OutboundUrl, Reach};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn translated(version: &str, mode: Mode, schemas: Value) -> Result<(Value, Value), Refusal> {
    let source = OutboundUrl::parse("https://docs.shop.com/openapi.json", Reach::Public).unwrap();
    let library = Library::new(source, json!({"openapi": version, "components": {"schemas": schemas}}));
    let mut translator = Translator::new(&library, mode);
    let node = library.resolve(library.root(), "#/components/schemas/It").unwrap();
    let schema = translator.schema(Node { document: 0, value: node.value })?;
    Ok((schema, Value::Object(translator.definitions()?)))
}

#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn one(schema: Value) -> Value {
    translated("3.0.3", Mode::Input, json!({ "It": schema })).unwrap().0
}

#[test]
fn what_3_0_says_in_its_own_way_is_said_as_2020_12_does() {
    for (old, new) in [
        (json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
        (json!({"type": "string", "nullable": false}), json!({"type": "string"})),
        (
            json!({"type": "string", "nullable": true, "enum": ["a"]}),
            json!({"type": ["string", "null"], "enum": ["a", null]}),
        ),
        (
            json!({"nullable": true, "description": "d", "allOf": [{"type": "object"}]}),
            json!({"description": "d", "anyOf": [{"allOf": [{"type": "object"}]}, {"type": "null"}]}),
        ),
        (json!({"nullable": true}), json!({})),
        (json!({"minimum": 1, "exclusiveMinimum": true}), json!({"exclusiveMinimum": 1})),
        (json!({"maximum": 1, "exclusiveMaximum": false}), json!({"maximum": 1})),
        (json!({"exclusiveMinimum": 1}), json!({"exclusiveMinimum": 1})),
        (json!({"type": "string", "example": "x"}), json!({"type": "string", "examples": ["x"]})),
        (json!({"example": "x".repeat(500)}), json!({})),
        (json!({"type": "string", "x-internal": 1, "xml": {}, "externalDocs": {}}), json!({"type": "string"})),
        (json!({"required": true, "allOf": []}), json!({})),
        (json!({"description": "a\u{200b}b"}), json!({"description": "ab"})),
    ] {
        assert_eq!(one(old.clone()), new, "{old}");
    }
}

#[test]
fn only_schemas_are_read_as_schemas() {
    let schema = json!({
        "properties": {"nullable": {"type": "string"}, "$ref": {"type": "integer"}},
        "default": {"nullable": true, "$ref": "#/nowhere"},
        "enum": [{"$ref": "#/nowhere"}],
    });
    assert_eq!(one(schema.clone()), schema);
}

#[test]
fn what_is_referred_to_is_defined_once_and_circles_end() {
    let schemas = json!({
        "It": {"properties": {"a": {"$ref": "#/components/schemas/Tree"}, "b": {"$ref": "#/components/schemas/Tree"},
            "c": {"$ref": "#/components/schemas/Tree/properties/leaf"}}},
        "Tree": {"type": "object", "properties": {"leaf": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
    });
    let (schema, definitions) = translated("3.1.0", Mode::Input, schemas).unwrap();
    let tree = json!({"$ref": "#/$defs/Tree"});
    assert_eq!(schema, json!({"properties": {"a": tree, "b": tree, "c": {"$ref": "#/$defs/leaf"}}}));
    let expected = json!({
        "Tree": {"type": "object", "properties": {"leaf": {"type": "string"}, "children": {"type": "array", "items": tree}}},
        "leaf": {"type": "string"},
    });
    assert_eq!(definitions, expected);
}

#[test]
fn two_schemas_of_one_name_have_two_names() {
    let schemas = json!({
        "It": {"anyOf": [{"$ref": "#/components/schemas/a/x"}, {"$ref": "#/components/schemas/b/x"}]},
        "a": {"x": {"type": "string"}}, "b": {"x": {"type": "integer"}},
    });
    let (schema, definitions) = translated("3.1.0", Mode::Input, schemas).unwrap();
    assert_eq!(schema, json!({"anyOf": [{"$ref": "#/$defs/x"}, {"$ref": "#/$defs/x_2"}]}));
    assert_eq!(definitions, json!({"x": {"type": "string"}, "x_2": {"type": "integer"}}));
}

#[test]
fn keywords_beside_a_reference_count_from_3_1_on() {
    let schemas = json!({"It": {"$ref": "#/components/schemas/A", "description": "d"}, "A": {"type": "string"}});
    let new = translated("3.1.0", Mode::Input, schemas.clone()).unwrap().0;
    assert_eq!(new, json!({"$ref": "#/$defs/A", "description": "d"}));
    assert_eq!(translated("3.0.3", Mode::Input, schemas).unwrap().0, json!({"$ref": "#/$defs/A"}));
}

#[test]
fn members_that_are_only_read_are_no_arguments_and_those_only_written_no_answers() {
    let schemas = json!({
        "It": {"properties": {"id": {"readOnly": true}, "far": {"$ref": "#/components/schemas/Id"}, "pin": {"writeOnly": true},
            "name": {}}, "required": ["id", "far", "pin", "name"]},
        "Id": {"readOnly": true, "type": "string"},
    });
    let input = translated("3.0.3", Mode::Input, schemas.clone()).unwrap().0;
    assert_eq!(input, json!({"properties": {"pin": {}, "name": {}}, "required": ["pin", "name"]}));
    let output = translated("3.0.3", Mode::Output, schemas).unwrap().0;
    let far = json!({"$ref": "#/$defs/Id"});
    assert_eq!(output, json!({"properties": {"id": {}, "far": far, "name": {}}, "required": ["id", "far", "name"]}));
}

#[test]
fn a_discriminator_is_kept_with_the_names_that_schemas_have_here() {
    let schemas = json!({
        "It": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
            "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat", "dog": "#/components/schemas/Dog", "eel": "Eel"}, "x-y": 1}},
        "Cat": {"type": "object"}, "Dog": {"type": "object"},
    });
    let (schema, _) = translated("3.0.3", Mode::Input, schemas).unwrap();
    let expected = json!({"propertyName": "kind", "mapping": {"cat": "#/$defs/Cat", "dog": "#/$defs/Dog"}});
    assert_eq!(schema["discriminator"], expected);
}

#[test]
fn what_is_no_schema_or_never_ends_is_refused() {
    for (schema, reason) in [
        (json!({"properties": []}), Refusal::Malformed("schema")),
        (json!({"items": [{}]}), Refusal::Malformed("schema")),
        (json!({"allOf": {}}), Refusal::Malformed("schema")),
        (json!({"not": 5}), Refusal::Malformed("schema")),
        (json!({"$dynamicRef": "#x"}), Refusal::Keyword("$dynamicRef")),
        (json!({"$id": "x"}), Refusal::Keyword("$id")),
        (json!({"anyOf": vec![json!({}); 20_000]}), Refusal::TooLarge),
        (json!({"enum": vec![1; 20_000], "items": {}}), Refusal::TooLarge),
        ((0..70).fold(json!({}), |inner, _| json!({"not": inner})), Refusal::TooLarge),
    ] {
        assert_eq!(translated("3.1.0", Mode::Input, json!({ "It": schema })), Err(reason));
    }
    let circle = json!({"It": {"items": {"$ref": "#/components/schemas/A"}}, "A": {"$ref": "#/components/schemas/B"},
        "B": {"$ref": "#/components/schemas/A"}});
    assert!(matches!(translated("3.1.0", Mode::Input, circle), Err(Refusal::Reference(_))));
}
