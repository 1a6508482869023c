//! The parts of an OpenAPI 3.1 document that this gateway needs (OpenAPI Specification 3.1.1, section 4).

use schemars::Schema;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Names and values in the order they were given, rendered as an object. Nothing at all is left out.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T> Named<T> {
    /// Whether nothing is named.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The whole document.
#[derive(Debug, Serialize)]
pub struct Document {
    /// Version of the specification.
    pub openapi: &'static str,
    /// What is described.
    pub info: Info,
    /// Where it is served.
    pub servers: [Server; 1],
    /// The groups of operations.
    pub tags: Vec<Tag>,
    /// Path → method → operation.
    pub paths: Named<Named<Operation>>,
    /// What operations refer to.
    pub components: Components,
}

/// What is described.
#[derive(Debug, Serialize)]
pub struct Info {
    /// Its name.
    pub title: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What holds for every operation.
    pub description: &'static str,
    /// Its license.
    pub license: License,
}

/// A license.
#[derive(Debug, Serialize)]
pub struct License {
    /// SPDX identifier.
    pub identifier: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// Where the API is served.
#[derive(Debug, Serialize)]
pub struct Server {
    /// Relative to this document.
    pub url: &'static str,
}

/// A group of operations.
#[derive(Debug, Serialize)]
pub struct Tag {
    /// Its name.
    pub name: &'static str,
    /// What belongs to it.
    pub description: &'static str,
}

/// One method of one path.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Unique name, for generated clients.
    pub operation_id: String,
    /// One line.
    pub summary: &'static str,
    /// More of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'static str>,
    /// Its group.
    pub tags: [&'static str; 1],
    /// What a request may carry besides its body.
    pub parameters: Vec<Reference>,
    /// The body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<RequestBody>,
    /// Status → response.
    pub responses: Named<Response>,
    /// Which tokens it takes, with the scopes it asks for; empty when it takes none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<BTreeMap<&'static str, &'static [&'static str]>>,
}

/// A reference to a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// `#/components/…`
    #[serde(rename = "$ref")]
    pub target: String,
}

/// A request's body.
#[derive(Debug, Serialize)]
pub struct RequestBody {
    /// Whether there must be one.
    pub required: bool,
    /// Media type → shape.
    pub content: Named<Media>,
}

/// A response.
#[derive(Debug, Default, Serialize)]
pub struct Response {
    /// What happened.
    pub description: String,
    /// Its header fields.
    pub headers: Named<Reference>,
    /// Media type → shape; none for a response without a body.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub content: Named<Media>,
}

/// A body of one media type.
#[derive(Clone, Debug, Serialize)]
pub struct Media {
    /// Its shape.
    pub schema: Schema,
    /// Examples that the code itself made or reads.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub examples: Named<Example>,
}

/// An example.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// The body.
    pub value: Value,
}

/// A header field of a response.
#[derive(Debug, Serialize)]
pub struct Header {
    /// What it says.
    pub description: &'static str,
    /// The shape of its value.
    pub schema: Schema,
    /// One value.
    pub example: String,
}

/// A header field of a request, or a part of its path.
#[derive(Debug, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// `header`, `path` or `query`
    #[serde(rename = "in")]
    pub place: &'static str,
    /// What it says.
    pub description: &'static str,
    /// Whether every request must carry it.
    pub required: bool,
    /// The shape of its value.
    pub schema: Schema,
    /// One value.
    pub example: Value,
}

/// How a caller is known.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityScheme {
    /// `http`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `bearer`
    pub scheme: &'static str,
    /// `JWT`
    pub bearer_format: &'static str,
    /// Where tokens come from.
    pub description: &'static str,
}

/// What operations refer to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Components {
    /// Shapes of bodies.
    pub schemas: serde_json::Map<String, Value>,
    /// Header fields of requests.
    pub parameters: Named<Parameter>,
    /// Header fields of responses.
    pub headers: Named<Header>,
    /// Responses that belong to no operation.
    pub responses: Named<Response>,
    /// How a caller is known.
    pub security_schemes: Named<SecurityScheme>,
}
