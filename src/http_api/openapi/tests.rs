//! Whole documents as tools.

use super::{Choice, Conversion, Converted, InvalidOpenApi, Refusal, Settings, Step};
use crate::http_api::api::HttpTool;
use crate::outbound::{OutboundUrl, Reach, RefusedUrl};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod bodies;
mod documents;
#[cfg(not(target_arch = "wasm32"))]
mod properties;

fn source() -> OutboundUrl {
    OutboundUrl::parse("https://docs.shop.com/api/openapi.json", Reach::Public).unwrap()
}

fn begin(document: &Value, choice: Choice) -> Result<Conversion, InvalidOpenApi> {
    let settings = Settings::new(None, Reach::Public, None);
    Conversion::begin(source(), document.to_string().as_bytes(), choice, settings)
}

fn convert_with(document: &Value, choice: Choice) -> Converted {
    match begin(document, choice).unwrap_or_else(|error| panic!("{error}")).step() {
        Step::Done(converted) => *converted,
        Step::Want(url) => panic!("{url:?} is wanted"),
    }
}

fn convert(document: &Value) -> Converted {
    convert_with(document, Choice::default())
}

/// A document with these paths and members.
#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn document(paths: Value, more: Value) -> Value {
    let mut document =
        json!({"openapi": "3.1.0", "info": {"title": "Shop"}, "servers": [{"url": "https://api.shop.com/v1"}]});
    document["paths"] = paths;
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document
}

/// The tool that one operation becomes.
#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn tool(method: &str, path: &str, operation: Value) -> HttpTool {
    let converted = convert(&document(json!({path: {method: operation}}), json!({})));
    assert_eq!(converted.refused, [], "nothing is refused");
    converted.api.tools()[0].clone()
}

#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn refusal(method: &str, path: &str, operation: Value) -> Refusal {
    let converted = convert(&document(json!({path: {method: operation}}), json!({})));
    assert!(converted.api.tools().is_empty());
    converted.refused[0].reason.clone()
}

fn input(tool: &HttpTool) -> Value {
    Value::Object(tool.definition.input_schema.clone())
}

fn parameters(tool: &HttpTool) -> Value {
    serde_json::to_value(&tool.parameters).unwrap()
}

#[test]
fn an_operation_is_a_tool_with_its_words_and_hints() {
    let operation = json!({"operationId": "getOrder", "summary": "One order", "description": "By its id.", "deprecated": true,
        "parameters": [{"name": "id", "in": "path", "required": true, "description": "Which", "schema": {"type": "string"}}]});
    let tool = tool("get", "/orders/{id}", operation);
    let definition = &tool.definition;
    assert_eq!(definition.name, "getOrder");
    assert_eq!(definition.title.as_deref(), Some("One order"));
    assert_eq!(definition.description.as_deref(), Some("Deprecated. One order\n\nBy its id."));
    let hints = Value::Object(definition.annotations.clone().unwrap());
    let expected =
        json!({"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": true});
    assert_eq!(hints, expected);
    let expected = json!({"type": "object", "properties": {"id": {"type": "string", "description": "Which"}},
        "required": ["id"], "additionalProperties": false});
    assert_eq!(input(&tool), expected);
    assert_eq!(parameters(&tool), json!([{"argument": "id", "in": "path"}]));
}

#[test]
fn a_long_description_is_cut_and_none_is_the_method_and_the_path() {
    let long = tool("get", "/", json!({"description": "é".repeat(9000)}));
    let text = long.definition.description.unwrap();
    assert!(text.len() <= 8192 && text.ends_with("é…"));
    assert_eq!(tool("get", "/a", json!({})).definition.description.as_deref(), Some("GET /a"));
    let hidden = tool("get", "/", json!({"description": "a\u{200b}\u{202e}b"}));
    assert_eq!(hidden.definition.description.as_deref(), Some("ab"));
}

#[test]
fn parameters_of_the_path_item_count_where_the_operation_has_none_of_its_own() {
    let paths = json!({"/a/{id}": {
        "parameters": [
            {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
            {"name": "q", "in": "query", "schema": {"type": "integer"}},
            {"name": "stray", "in": "path", "required": true, "schema": {}},
        ],
        "get": {"parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}, {"$ref": "#/components/parameters/Page"}]},
    }});
    let components = json!({"components": {"parameters": {"Page": {"name": "page", "in": "query", "required": true, "schema": {"type": "integer"}}}}});
    let converted = convert(&document(paths, components));
    let tool = &converted.api.tools()[0];
    assert_eq!(
        tool.definition.input_schema["properties"],
        json!({"id": {"type": "integer"}, "q": {"type": "string"}, "page": {"type": "integer"}})
    );
    assert_eq!(tool.definition.input_schema["required"], json!(["id", "page"]));
}

#[test]
fn one_name_in_several_places_is_several_arguments() {
    let operation = json!({"parameters": [
        {"name": "id", "in": "cookie", "schema": {}},
        {"name": "id", "in": "header", "schema": {}},
        {"name": "id", "in": "query", "schema": {}},
        {"name": "id", "in": "path", "required": true, "schema": {}},
        {"name": "filter[name]", "in": "query", "schema": {}},
    ]});
    let expected = json!([
        {"argument": "id", "in": "path"},
        {"argument": "id_query", "in": "query", "name": "id"},
        {"argument": "filter_name", "in": "query", "name": "filter[name]"},
        {"argument": "id_header", "in": "header", "name": "id"},
        {"argument": "id_cookie", "in": "cookie", "name": "id"},
    ]);
    assert_eq!(parameters(&tool("get", "/{id}", operation)), expected);
}

#[test]
fn styles_are_kept_where_they_are_not_the_usual_ones() {
    let operation = json!({"parameters": [
        {"name": "a", "in": "path", "required": true, "style": "matrix", "explode": true, "schema": {}},
        {"name": "b", "in": "query", "style": "form", "explode": false, "schema": {}},
        {"name": "c", "in": "query", "style": "form", "explode": true, "schema": {}},
        {"name": "d", "in": "query", "style": "deepObject", "explode": true, "schema": {}},
        {"name": "e", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
    ]});
    let expected = json!([
        {"argument": "a", "in": "path", "style": "matrix", "explode": true},
        {"argument": "b", "in": "query", "explode": false},
        {"argument": "c", "in": "query"},
        {"argument": "d", "in": "query", "style": "deepObject"},
        {"argument": "e", "in": "query", "style": "json"},
    ]);
    assert_eq!(parameters(&tool("get", "/{a}", operation)), expected);
}

#[test]
fn a_header_that_may_not_be_set_is_left_out_or_refuses_the_operation() {
    let header = |name: &str, required: bool| json!({"parameters": [{"name": name, "in": "header", "required": required, "schema": {}}]});
    for name in ["Authorization", "Accept", "Content-Type"] {
        assert!(tool("get", "/", header(name, true)).parameters.is_empty(), "{name} is no parameter");
    }
    assert!(tool("get", "/", header("X-Forwarded-For", false)).parameters.is_empty());
    assert_eq!(refusal("get", "/", header("Host", true)).name(), "parameter");
    let xml =
        json!({"parameters": [{"name": "x", "in": "query", "required": true, "content": {"application/xml": {}}}]});
    assert_eq!(refusal("get", "/", xml).name(), "parameter");
}

#[test]
fn a_path_without_its_parameters_or_that_leads_elsewhere_is_refused() {
    assert_eq!(refusal("get", "/{id}", json!({})), Refusal::Placeholder("id".into()));
    for path in ["a", "/../a", "/a?b", "/a#b", "/%2e%2e"] {
        assert_eq!(refusal("get", path, json!({})).name(), "path", "{path}");
    }
    assert_eq!(refusal("trace", "/", json!({})), Refusal::Method);
    assert_eq!(refusal("get", "/", json!([])), Refusal::Malformed("operation"));
}

#[test]
fn an_answer_that_is_always_one_object_gives_an_output_schema() {
    let output = |responses: Value| {
        tool("get", "/", json!({ "responses": responses })).definition.output_schema.map(Value::Object)
    };
    let json_of = |schema: Value| json!({"content": {"application/json": {"schema": schema}}});
    let object = json!({"properties": {"a": {"type": "string"}, "pin": {"writeOnly": true}}});
    let expected = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    assert_eq!(output(json!({"200": json_of(object.clone()), "404": json_of(json!({}))})), Some(expected.clone()));
    assert_eq!(output(json!({"2XX": json_of(object.clone())})), Some(expected.clone()));
    assert_eq!(output(json!({"200": json_of(object.clone()), "201": json_of(object.clone())})), Some(expected));
    for other in [
        json!({"200": json_of(object.clone()), "204": {}}),
        json!({"200": json_of(json!({"type": "array"}))}),
        json!({"200": json_of(json!({"oneOf": [{"type": "object"}]}))}),
        json!({"200": json_of(json!({"type": ["object", "null"]}))}),
        json!({"200": {"content": {"application/json": {"schema": object}, "text/csv": {}}}}),
        json!({"default": json_of(object.clone())}),
    ] {
        assert_eq!(output(other.clone()), None, "{other}");
    }
    let schemaless = Choice { outputs: false, ..Choice::default() };
    let document = document(json!({"/": {"get": {"responses": {"200": json_of(object)}}}}), json!({}));
    assert_eq!(convert_with(&document, schemaless).api.tools()[0].definition.output_schema, None);
}

#[test]
fn a_schema_that_goes_round_in_circles_is_checked_to_any_depth() {
    let operation = json!({"operationId": "put", "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}});
    let components = json!({"components": {"schemas": {"Node": {"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string"}, "next": {"$ref": "#/components/schemas/Node"}}}}}});
    let converted = convert(&document(json!({"/": {"put": operation}}), components));
    let schema = crate::tool::schema::Schema::compile(&converted.api.tools()[0].definition.input_schema).unwrap();
    assert!(schema.validate(&json!({"name": "a", "next": {"name": "b", "next": {"name": "c"}}})).is_ok());
    assert!(schema.validate(&json!({"name": "a", "next": {"name": "b", "next": {}}})).is_err());
}

#[test]
fn credentials_are_those_that_the_document_names() {
    let components = json!({
        "security": [{"key": []}],
        "components": {"securitySchemes": {
            "key": {"type": "apiKey", "in": "query", "name": "api_key"},
            "user": {"type": "http", "scheme": "Bearer"},
            "login": {"type": "oauth2", "flows": {}},
            "digest": {"type": "http", "scheme": "digest"},
            "tls": {"type": "mutualTLS"},
        }},
    });
    let paths = json!({
        "/a": {"get": {}},
        "/b": {"get": {"security": [{"user": [], "key": []}, {"login": ["read"]}, {"tls": []}]}},
        "/c": {"get": {"security": []}},
        "/d": {"get": {"security": [{}, {"key": []}]}},
        "/e": {"get": {"security": [{"digest": []}]}},
        "/f": {"get": {"security": [{"nobody": []}]}},
    });
    let converted = convert(&document(paths, components));
    let security: Vec<_> = converted.api.tools().iter().map(|tool| json!(tool.security)).collect();
    assert_eq!(security, [json!([["key"]]), json!([["user", "key"], ["login"]]), json!([]), json!([[], ["key"]])]);
    let slots = serde_json::to_value(&converted.api.document().credentials).unwrap();
    let expected = json!([
        {"scheme": "key", "kind": "apiKey", "in": "query", "name": "api_key"},
        {"scheme": "user", "kind": "bearer"},
        {"scheme": "login", "kind": "oauth2"},
    ]);
    assert_eq!(slots, expected);
    let refused: Vec<_> = converted.refused.iter().map(|refused| (refused.path.as_str(), &refused.reason)).collect();
    assert_eq!(refused, [("/e", &Refusal::Security), ("/f", &Refusal::Security)]);
}

#[test]
fn what_may_be_called_as_a_credential_cannot_be_an_argument_too() {
    let paths = json!({"/a": {"get": {"parameters": [{"name": "api_key", "in": "query", "schema": {}}]}}});
    let components = json!({"security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}}});
    let tool = &convert(&document(paths, components)).api.tools()[0].clone();
    assert!(tool.parameters.is_empty(), "the secret is the gateway's to send");
}

#[test]
fn a_base_that_may_not_be_asked_makes_no_api() {
    let with = |url: &str| begin(&document(json!({}), json!({"servers": [{ "url": url }]})), Choice::default()).err();
    assert_eq!(with("http://api.shop.com"), Some(InvalidOpenApi::Base(RefusedUrl::Scheme)));
    assert_eq!(with("https://127.0.0.1"), Some(InvalidOpenApi::Base(RefusedUrl::Host)));
    assert_eq!(with("https://api.shop.com"), None);
}
