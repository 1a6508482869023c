//! Arguments that a tool's schema asks to be repeated in headers: `x-mcp-header` (2026-07-28, `basic/transports`,
//! "Custom Headers from Tool Parameters").

use crate::outbound::HeaderValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

const ANNOTATION: &str = "x-mcp-header";
/// Deepest chain of `properties` that is followed.
const MAX_DEPTH: usize = 16;

/// An annotation the protocol does not allow: the tool must not be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an x-mcp-header annotation is not allowed as it stands")]
pub struct InvalidAnnotation;

/// One argument that is repeated in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamHeader {
    path: Vec<String>,
    name: String,
}

/// The annotated arguments of a tool.
///
/// An annotation must be a token (RFC 9110 section 5.6.2), unique without regard to case, on a property of type string,
/// integer or boolean that is reached from the root through `properties` alone.
pub fn annotations(input_schema: &Map<String, Value>) -> Result<Vec<ParamHeader>, InvalidAnnotation> {
    let mut found = Vec::new();
    if input_schema.contains_key(ANNOTATION) {
        return Err(InvalidAnnotation);
    }
    follow(input_schema, &mut Vec::new(), &mut found)?;
    let mut names: Vec<String> = found.iter().map(|header| header.name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() == found.len() { Ok(found) } else { Err(InvalidAnnotation) }
}

fn follow(
    schema: &Map<String, Value>,
    path: &mut Vec<String>,
    found: &mut Vec<ParamHeader>,
) -> Result<(), InvalidAnnotation> {
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) if path.len() < MAX_DEPTH => {
                for (name, property) in properties {
                    path.push(name.clone());
                    follow_property(property, path, found)?;
                    path.pop();
                }
            }
            ("const" | "default" | "examples" | "enum" | ANNOTATION, _) => {}
            (_, value) if mentions(value) => return Err(InvalidAnnotation),
            _ => {}
        }
    }
    Ok(())
}

fn follow_property(
    property: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<ParamHeader>,
) -> Result<(), InvalidAnnotation> {
    let Value::Object(schema) = property else {
        return Ok(());
    };
    if let Some(annotation) = schema.get(ANNOTATION) {
        let name = annotation.as_str().filter(|name| is_token(name)).ok_or(InvalidAnnotation)?;
        let kind = schema.get("type").and_then(Value::as_str);
        if !matches!(kind, Some("string" | "integer" | "boolean")) {
            return Err(InvalidAnnotation);
        }
        found.push(ParamHeader { path: path.clone(), name: name.to_owned() });
    }
    follow(schema, path, found)
}

/// Whether the annotation stands anywhere inside, where it may not. A *property* of that name, or the name inside an
/// example, is refused with it: too rare to be worth telling apart.
fn mentions(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(mentions),
        Value::Object(members) => members.contains_key(ANNOTATION) || members.values().any(mentions),
        _ => false,
    }
}

fn is_token(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(token)
}

/// The headers for one call; an argument that is absent or null has none.
pub fn headers(annotated: &[ParamHeader], arguments: &Map<String, Value>) -> Vec<(Cow<'static, str>, HeaderValue)> {
    annotated
        .iter()
        .filter_map(|header| {
            let text = match argument(&header.path, arguments)? {
                Value::String(text) => text.clone(),
                Value::Bool(flag) => flag.to_string(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Some((Cow::Owned(format!("Mcp-Param-{}", header.name)), carried(&text)))
        })
        .collect()
}

fn argument<'a>(path: &[String], arguments: &'a Map<String, Value>) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(arguments.get(first)?, |value, name| value.get(name))
}

/// A text as a header carries it: itself where a header can, else in the `=?base64?…?=` form. A text that looks like that
/// form is carried in it too, so that reading it back always gives the text.
pub fn carried(text: &str) -> HeaderValue {
    use base64ct::Encoding;
    let encoded = || format!("=?base64?{}?=", base64ct::Base64::encode_string(text.as_bytes()));
    let looks_encoded = text.starts_with("=?base64?") && text.ends_with("?=");
    if text.is_empty() || looks_encoded {
        return HeaderValue::parse(encoded()).unwrap_or_else(|_| HeaderValue::fixed(""));
    }
    HeaderValue::parse(text).or_else(|_| HeaderValue::parse(encoded())).unwrap_or_else(|_| HeaderValue::fixed(""))
}

#[cfg(test)]
mod tests {
    use super::{annotations, carried, headers};
    use base64ct::Encoding;
    use serde_json::{Map, Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn read_back(text: &str) -> String {
        match text.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
            Some(encoded) => String::from_utf8(base64ct::Base64::decode_vec(encoded).unwrap()).unwrap(),
            None => text.to_owned(),
        }
    }

    #[test]
    fn annotated_arguments_become_headers_and_absent_ones_do_not() {
        let schema = map(json!({"type": "object", "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "where": {"type": "object", "properties": {"shard": {"type": "integer", "x-mcp-header": "Shard"}}},
            "dry": {"type": "boolean", "x-mcp-header": "Dry"},
            "none": {"type": "string", "x-mcp-header": "None"},
        }}));
        let arguments = map(json!({"region": "Zürich", "where": {"shard": 7}, "dry": true, "none": null}));
        let found: Vec<(String, String)> = headers(&annotations(&schema).unwrap(), &arguments)
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value.expose().to_owned()))
            .collect();
        let expected =
            [("Mcp-Param-Region", "=?base64?WsO8cmljaA==?="), ("Mcp-Param-Shard", "7"), ("Mcp-Param-Dry", "true")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_annotation_that_is_not_allowed_makes_the_tool_unusable() {
        for property in [
            json!({"type": "number", "x-mcp-header": "A"}),
            json!({"x-mcp-header": "A"}),
            json!({"type": ["string", "null"], "x-mcp-header": "A"}),
            json!({"type": "string", "x-mcp-header": "a b"}),
            json!({"type": "string", "x-mcp-header": "a\r\nb"}),
            json!({"type": "string", "x-mcp-header": ""}),
            json!({"type": "string", "x-mcp-header": 5}),
            json!({"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}),
            json!({"anyOf": [{"type": "string", "x-mcp-header": "A"}]}),
        ] {
            let schema = map(json!({"properties": {"p": property}}));
            assert!(annotations(&schema).is_err(), "{schema:?}");
        }
        let twice = json!({"type": "string", "x-mcp-header": "same"});
        let again = json!({"type": "string", "x-mcp-header": "SAME"});
        assert!(annotations(&map(json!({"properties": {"a": twice, "b": again}}))).is_err());
    }

    #[test]
    fn a_text_that_looks_encoded_is_encoded() {
        for text in ["=?base64?eA==?=", "", " a", "a\nb", "é", "plain"] {
            assert_eq!(read_back(carried(text).expose()), text);
        }
        assert_eq!(carried("get_weather").expose(), "get_weather");
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn every_text_comes_back_from_its_header(text in "(=\\?base64\\?)?\\PC{0,20}[\\x00-\\x20]?(\\?=)?") {
            proptest::prop_assert_eq!(read_back(carried(&text).expose()), text);
        }
    }
}
