//! No document makes a conversion stop, and every tool that comes out may be used.

use super::{begin, document, source};
use crate::http_api::check::Api;
use crate::http_api::openapi::{Choice, Conversion, Settings, Step};
use crate::outbound::Reach;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use serde_json::{Value, json};

const WORDS: [&str; 46] = [
    "get",
    "post",
    "put",
    "parameters",
    "requestBody",
    "responses",
    "200",
    "content",
    "application/json",
    "schema",
    "in",
    "name",
    "required",
    "style",
    "explode",
    "path",
    "query",
    "header",
    "cookie",
    "type",
    "object",
    "array",
    "string",
    "properties",
    "items",
    "allOf",
    "oneOf",
    "enum",
    "$ref",
    "#/paths",
    "#/components/schemas/A",
    "#/components/schemas/B",
    "other.json",
    "nullable",
    "readOnly",
    "additionalProperties",
    "discriminator",
    "mapping",
    "security",
    "servers",
    "url",
    "operationId",
    "{id}",
    "id",
    "encoding",
    "default",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![9 => select(WORDS.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => word().prop_map(Value::String), 1 => any::<bool>().prop_map(Value::Bool), 1 => any::<i64>().prop_map(|n| json!(n)), 1 => Just(Value::Null)];
    leaf.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => proptest::collection::vec((word(), inner), 0..5).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A schema that is one more often than not.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(vec!["string", "integer", "boolean", "object", "array"]).prop_map(|kind| json!({ "type": kind })),
        select(vec!["A", "B"]).prop_map(|name| json!({"$ref": format!("#/components/schemas/{name}")})),
        value(),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let members = proptest::collection::vec((word(), inner.clone()), 0..4);
        prop_oneof![
            members.prop_map(|members| json!({"type": "object", "properties": members.into_iter().collect::<serde_json::Map<_, _>>()})),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items, "nullable": true})),
            (inner.clone(), inner).prop_map(|(left, right)| json!({"oneOf": [left, right], "description": "d"})),
        ]
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let place = select(vec!["path", "query", "header", "cookie"]);
    let parameter = (word(), place, schema(), any::<bool>()).prop_map(
        |(name, place, schema, required)| json!({"name": name, "in": place, "schema": schema, "required": required}),
    );
    let media_type = select(vec!["application/json", "application/x-www-form-urlencoded", "text/plain"]);
    let parameters = proptest::collection::vec(prop_oneof![9 => parameter, 1 => value()], 0..4);
    (parameters, media_type, schema(), any::<bool>()).prop_map(|(parameters, media_type, schema, required)| {
        json!({"parameters": parameters, "requestBody": {"required": required, "content": {media_type: {"schema": schema}}},
            "responses": {"200": {"content": {"application/json": {"schema": schema}}}}})
    })
}

/// Converts to the end, with nothing for what is wanted; every tool is one that may be stored and read again.
fn check(document: &Value) -> Result<(), proptest::test_runner::TestCaseError> {
    let Ok(mut conversion) = begin(document, Choice::default()) else { return Ok(()) };
    for _ in 0..20 {
        match conversion.step() {
            Step::Want(url) => conversion.supply(&url, Some(document.to_string().as_bytes())),
            Step::Done(converted) => {
                let stored = serde_json::to_vec(converted.api.document()).unwrap();
                let read = Api::parse(&stored, Reach::Public);
                prop_assert_eq!(read.as_ref(), Ok(&converted.api));
                return Ok(());
            }
        }
    }
    prop_assert!(false, "it never ends");
    Ok(())
}

proptest! {
    #[test]
    fn no_document_makes_a_conversion_stop(paths in value(), more in value()) {
        let mut whole = document(json!({"/a/{id}": {"get": paths, "post": more}}), json!({}));
        check(&whole)?;
        whole["paths"] = paths;
        whole["components"] = more;
        check(&whole)?;
    }

    #[test]
    fn every_tool_that_comes_out_may_be_used(get in operation(), post in operation(), a in schema(), b in schema()) {
        let id = json!({"name": "id", "in": "path", "required": true, "schema": {}});
        let paths = json!({"/x/{id}": {"parameters": [id], "put": get}, "/y": {"post": post}});
        check(&document(paths, json!({"components": {"schemas": {"A": a, "B": b}}})))?;
    }

    #[test]
    fn no_bytes_make_a_conversion_stop(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let settings = Settings::new(None, Reach::Public, None);
        let _ = Conversion::begin(source(), &bytes, Choice::default(), settings);
    }
}
