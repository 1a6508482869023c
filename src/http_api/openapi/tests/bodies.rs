//! Request bodies as arguments.

use super::{input, refusal, tool};
use crate::http_api::api::HttpTool;
use crate::http_api::openapi::Refusal;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn with(media_type: &str, holder: Value, required: bool) -> Value {
    json!({"requestBody": {"required": required, "content": {media_type: holder}}})
}

#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn of(schema: Value, required: bool) -> HttpTool {
    tool("post", "/", with("application/json", json!({ "schema": schema }), required))
}

fn body(tool: &HttpTool) -> Value {
    serde_json::to_value(&tool.body).unwrap()
}

#[test]
fn the_members_of_an_object_are_arguments() {
    let schema = json!({"type": "object", "description": "An order", "required": ["name", "id"], "properties": {
        "id": {"type": "integer", "readOnly": true}, "name": {"type": "string"}, "unit price": {"type": "number"}}});
    let tool = of(schema, true);
    let expected = json!({"type": "object", "properties": {"name": {"type": "string"}, "unit_price": {"type": "number"}},
        "required": ["name"], "additionalProperties": false});
    assert_eq!(input(&tool), expected);
    let members = json!([{"argument": "name"}, {"argument": "unit_price", "name": "unit price"}]);
    assert_eq!(body(&tool), json!({"format": "json", "members": members}));
}

#[test]
fn an_object_that_may_be_left_out_is_flat_only_where_its_members_may_be_too() {
    let loose = json!({"type": "object", "properties": {"a": {}}});
    assert_eq!(body(&of(loose, false)), json!({"format": "json", "members": [{"argument": "a"}]}));
    let strict = json!({"type": "object", "properties": {"a": {}}, "required": ["a"]});
    let tool = of(strict.clone(), false);
    assert_eq!(body(&tool), json!({"format": "json", "argument": "body"}));
    assert_eq!(tool.definition.input_schema.get("required"), None);
    assert_eq!(tool.definition.input_schema["properties"], json!({ "body": strict }));
}

#[test]
fn what_is_no_closed_object_is_one_argument() {
    for schema in [
        json!({"type": "array", "items": {"type": "integer"}}),
        json!({"type": "string"}),
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
        json!({"type": "object", "properties": {"a": {}}, "additionalProperties": true}),
        json!({"oneOf": [{"type": "object"}, {"type": "array", "items": {}}]}),
        json!({"type": "object", "properties": {"a": {}}, "minProperties": 1}),
        json!({"type": "object"}),
        json!({}),
    ] {
        let tool = of(schema.clone(), true);
        assert_eq!(body(&tool), json!({"format": "json", "argument": "body"}), "{schema}");
        assert_eq!(tool.definition.input_schema["properties"], json!({ "body": schema }));
        assert_eq!(tool.definition.input_schema["required"], json!(["body"]));
    }
}

#[test]
fn a_member_that_is_called_as_a_parameter_keeps_the_body_whole() {
    let mut operation =
        with("application/json", json!({"schema": {"type": "object", "properties": {"id": {}, "body": {}}}}), true);
    operation["parameters"] =
        json!([{"name": "id", "in": "query", "schema": {}}, {"name": "body", "in": "query", "schema": {}}]);
    let tool = tool("post", "/", operation);
    assert_eq!(body(&tool), json!({"format": "json", "argument": "body_request"}));
    assert_eq!(tool.definition.input_schema["required"], json!(["body_request"]));
}

#[test]
fn a_form_is_written_as_its_encoding_says() {
    let schema = json!({"type": "object", "properties": {"id": {}, "tags": {"type": "array", "items": {}}, "deep": {"type": "object"},
        "other": {"type": "object"}}});
    let holder = json!({"schema": schema, "encoding": {"deep": {"style": "deepObject", "explode": true}, "tags": {"explode": false}}});
    let mut operation = with("application/x-www-form-urlencoded", holder, true);
    operation["parameters"] = json!([{"name": "id", "in": "path", "required": true, "schema": {}}]);
    let members = json!([
        {"argument": "id_body", "name": "id"},
        {"argument": "tags", "explode": false},
        {"argument": "deep", "style": "deepObject", "explode": true},
        {"argument": "other", "style": "json"},
    ]);
    assert_eq!(body(&tool("post", "/{id}", operation)), json!({"format": "form", "members": members}));
}

#[test]
fn json_is_taken_before_forms_and_forms_before_texts() {
    let operation = |types: &[&str]| {
        let content: serde_json::Map<_, _> =
            types.iter().map(|name| ((*name).to_owned(), json!({"schema": {"type": "string"}}))).collect();
        json!({"requestBody": {"required": true, "content": content}})
    };
    let format = |types: &[&str]| body(&tool("post", "/", operation(types)));
    let json = json!({"format": "json", "argument": "body"});
    assert_eq!(format(&["multipart/form-data", "text/plain", "application/json"]), json);
    assert_eq!(format(&["*/*"]), json);
    let patch = json!({"format": "json", "content_type": "application/merge-patch+json", "argument": "body"});
    assert_eq!(format(&["application/merge-patch+json"]), patch);
    assert_eq!(format(&["application/xml", "text/plain"]), json!({"format": "text", "argument": "body"}));
    assert_eq!(format(&["text/csv"]), json!({"format": "text", "content_type": "text/csv", "argument": "body"}));
    assert_eq!(refusal("post", "/", operation(&["multipart/form-data"])), Refusal::Multipart);
    assert_eq!(refusal("post", "/", operation(&["application/pdf"])), Refusal::MediaType("application/pdf".into()));
}

#[test]
fn a_method_without_a_body_is_asked_without_one_if_it_may_be() {
    let holder = json!({"schema": {"type": "object", "properties": {"a": {}}}});
    assert_eq!(tool("get", "/", with("application/json", holder.clone(), false)).body, None);
    assert_eq!(refusal("get", "/", with("application/json", holder.clone(), true)), Refusal::NoBody);
    assert!(tool("delete", "/", with("application/json", holder, true)).body.is_some());
}
