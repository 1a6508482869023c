//! Wire types that both sides of the gateway speak: a tool's definition, a call's result, an error.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A tool's definition as the protocol carries it (2026-07-28 and 2025-11-25 schema, `Tool`).
///
/// Schemas, annotations, icons and `_meta` are relayed as they came: every keyword is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// Programmatic name, unique within one listing.
    pub name: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the tool does, for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema (2020-12 by default) of the arguments; its root type is `object`.
    pub input_schema: Map<String, Value>,
    /// JSON Schema of `structuredContent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Map<String, Value>>,
    /// Hints such as `readOnlyHint`; untrusted when they come from an upstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    /// Icons for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icons: Option<Vec<Value>>,
    /// Protocol metadata.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
}

/// A prompt's definition (`Prompt`): its name, and every other member as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Prompt {
    /// Programmatic name, unique within one listing.
    pub name: String,
    /// Title, description, arguments, icons, `_meta`.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A resource's definition (`Resource`): its URI, and every other member as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Resource {
    /// The URI it is read by.
    pub uri: String,
    /// Name, title, description, media type, annotations, size, icons, `_meta`.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A resource template's definition (`ResourceTemplate`): its URI template, and every other member as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Map<String, Value>")]
pub struct ResourceTemplate {
    /// A URI template (RFC 6570).
    pub uri_template: String,
    /// Name, title, description, media type, annotations, icons, `_meta`.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A member that names a definition is missing or no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} must be a text")]
pub struct Unnamed(&'static str);

/// Takes a text member out of an object.
fn take_text(members: &mut Map<String, Value>, name: &'static str) -> Result<String, Unnamed> {
    match members.shift_remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(Unnamed(name)),
    }
}

impl TryFrom<Map<String, Value>> for Prompt {
    type Error = Unnamed;
    fn try_from(mut rest: Map<String, Value>) -> Result<Self, Unnamed> {
        Ok(Self { name: take_text(&mut rest, "name")?, rest })
    }
}

impl TryFrom<Map<String, Value>> for Resource {
    type Error = Unnamed;
    fn try_from(mut rest: Map<String, Value>) -> Result<Self, Unnamed> {
        Ok(Self { uri: take_text(&mut rest, "uri")?, rest })
    }
}

impl TryFrom<Map<String, Value>> for ResourceTemplate {
    type Error = Unnamed;
    fn try_from(mut rest: Map<String, Value>) -> Result<Self, Unnamed> {
        Ok(Self { uri_template: take_text(&mut rest, "uriTemplate")?, rest })
    }
}

/// What a call gave back (`CallToolResult`). Content blocks are relayed unread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallToolResult {
    /// Unstructured content: text, image, audio, resource links, embedded resources.
    pub content: Vec<Value>,
    /// Structured content, fitting the tool's output schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<Value>,
    /// Whether the tool failed: bad arguments, a refusing API, an unreachable upstream.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
    /// Protocol metadata.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
}

impl CallToolResult {
    /// The result of a call that failed, with one sentence on why, for the model to act on.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self { content: vec![text_block(reason.into())], structured_content: None, is_error: true, meta: None }
    }

    /// A result of structured content, repeated as JSON in a text block for clients that read only those.
    pub fn structured(content: Value) -> Self {
        let block = text_block(content.to_string());
        Self { content: vec![block], structured_content: Some(content), is_error: false, meta: None }
    }

    /// A result of one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { content: vec![text_block(text.into())], structured_content: None, is_error: false, meta: None }
    }
}

/// What `resources/read` gives back: one resource, in one piece.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadResource {
    contents: [Contents; 1],
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Contents {
    uri: String,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
}

impl ReadResource {
    /// A resource that is a text.
    pub fn text(uri: &str, mime_type: &str, text: String) -> Self {
        let (uri, mime_type) = (uri.to_owned(), mime_type.to_owned());
        Self { contents: [Contents { uri, mime_type, text: Some(text), blob: None }] }
    }

    /// A resource that is bytes, as base64.
    pub fn bytes(uri: &str, mime_type: &str, base64: String) -> Self {
        let (uri, mime_type) = (uri.to_owned(), mime_type.to_owned());
        Self { contents: [Contents { uri, mime_type, text: None, blob: Some(base64) }] }
    }
}

/// A JSON-RPC error, as one side gave it and the other is told it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RpcError {
    /// What kind of error.
    pub code: i64,
    /// One sentence.
    pub message: String,
    /// What the code's definition says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl RpcError {
    /// Reads an `error` member: an object with a whole number and a text, at least.
    pub fn read(error: Value) -> Option<Self> {
        // A struct would also be read from a list.
        error.is_object().then(|| serde_json::from_value(error).ok()).flatten()
    }
}

/// A `TextContent` block.
pub fn text_block(text: String) -> Value {
    let members = [("type".to_owned(), Value::String("text".to_owned())), ("text".to_owned(), Value::String(text))];
    Value::Object(members.into_iter().collect())
}
