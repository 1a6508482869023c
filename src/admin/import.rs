//! HTTP APIs that are put behind the gateway with their OpenAPI documents.

use crate::admin::upstream::UpstreamView;
use crate::http_api::credential::Slot;
use crate::http_api::openapi::{Choice, Converted, Refused};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most operations that are no tools and are named with their reason; the rest is counted.
pub const MOST_REFUSED: usize = 200;

/// An HTTP API to be put behind the gateway.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewImport {
    /// Its name, which stands before the names of its tools; unique in the tenant.
    pub name: String,
    /// Where its document is: `https`, and public. Relative addresses in the document are read against it. Fetched where there
    /// is no `document`.
    pub url: Option<String>,
    /// The document itself: OpenAPI 3.0 or 3.1, as a JSON object or as a text of JSON or YAML.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<DocumentForm>"))]
    pub document: Option<Value>,
    /// Where the API is, in place of what its document says.
    pub base: Option<String>,
    /// Which operations become tools, and how; all of them when nothing is said.
    #[serde(default)]
    pub choose: Choice,
}

/// The forms of a document, for its description.
#[cfg(not(target_arch = "wasm32"))]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
enum DocumentForm {
    /// As it is.
    Object(serde_json::Map<String, Value>),
    /// A text of JSON or YAML.
    Text(String),
}

/// Where an API's document is fetched again, and how it is converted each time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Source {
    /// Where the document is.
    pub url: String,
    /// Where the API is, in place of what its document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Which operations are tools, and how, as the import said it.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "serde_json::Map<String, Value>"))]
    pub choose: Choice,
}

impl Source {
    /// Where the document of an import is; none where it was brought.
    pub fn of(wanted: &NewImport) -> Option<Self> {
        let url = wanted.url.clone().filter(|_| wanted.document.is_none())?;
        Some(Self { url, base: wanted.base.clone(), choose: wanted.choose.clone() })
    }
}

/// What an API's document became.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Imported {
    /// The upstream that was made.
    pub upstream: UpstreamView,
    /// What the document calls the API.
    pub title: Option<String>,
    /// Its tools, by their own names.
    pub tools: Vec<String>,
    /// Chosen operations that are no tools, at most 200 of them.
    pub refused: Vec<RefusedOperation>,
    /// How many operations were chosen and are no tools.
    pub refused_count: usize,
    /// How many operations were not chosen.
    pub not_chosen: usize,
    /// Tools whose schemas had to be made shorter.
    pub shortened: Vec<String>,
    /// How the API wants to be shown who asks: what a credential for it should be.
    pub credentials: Vec<WantedCredential>,
    /// Whether the API is at another origin than its document: somebody should look at that.
    pub elsewhere: bool,
}

/// An operation that is no tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct RefusedOperation {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its `operationId`, where it has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operation: String,
    /// Why.
    pub reason: String,
}

/// A way in which an API wants to be shown who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct WantedCredential {
    /// What the document calls it.
    pub scheme: String,
    /// What it is: `apiKey`, `basic`, `bearer`, `oauth2` or `openIdConnect`.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub kind: Value,
    /// For an API key: `header`, `query` or `cookie`.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub place: Option<Value>,
    /// For an API key: its name there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Imported {
    /// What a document became, and the upstream that was made of it.
    pub fn of(upstream: UpstreamView, converted: &Converted) -> Self {
        let document = converted.api.document();
        Self {
            upstream,
            title: converted.title.clone(),
            tools: document.tools.iter().map(|tool| tool.definition.name.clone()).collect(),
            refused: converted.refused.iter().take(MOST_REFUSED).map(RefusedOperation::from).collect(),
            refused_count: converted.refused.len(),
            not_chosen: converted.not_chosen,
            shortened: converted.shortened.clone(),
            credentials: document.credentials.iter().map(WantedCredential::from).collect(),
            elsewhere: converted.elsewhere,
        }
    }
}

impl From<&Refused> for RefusedOperation {
    fn from(refused: &Refused) -> Self {
        let Refused { operation, method, path, reason } = refused.clone();
        Self { method, path, operation, reason: reason.to_string() }
    }
}

impl From<&Slot> for WantedCredential {
    fn from(slot: &Slot) -> Self {
        Self {
            scheme: slot.scheme.clone(),
            kind: serde_json::to_value(slot.kind).unwrap_or_default(),
            place: slot.place.and_then(|place| serde_json::to_value(place).ok()),
            name: slot.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Imported, NewImport, Source};
    use crate::admin::upstream::{UpstreamKind, UpstreamView};
    use crate::http_api::openapi::{Choice, Conversion, Settings, Step};
    use crate::id::UpstreamId;
    use crate::outbound::{OutboundUrl, Reach};
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_became_of_a_document_says_what_to_do_next() {
        let document = json!({
            "openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "servers": [{"url": "/v1"}],
            "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
            "security": [{"key": []}],
            "paths": {"/pets": {"get": {"operationId": "listPets", "responses": {}}, "trace": {"responses": {}}}}
        });
        let source = OutboundUrl::parse("https://pets.example.com/openapi.json", Reach::Public).unwrap();
        let settings = Settings::new(None, Reach::Public, None);
        let mut conversion =
            Conversion::begin(source, document.to_string().as_bytes(), Choice::default(), settings).unwrap();
        let Step::Done(converted) = conversion.step() else { panic!("nothing is wanted") };
        let upstream = UpstreamView {
            id: UpstreamId::parse("u").unwrap(),
            name: "pets".into(),
            kind: UpstreamKind::Http,
            url: converted.api.base().url().to_string(),
            api: None,
            source: None,
            files: None,
            database: None,
            disabled_at: None,
            created_at: 1,
            updated_at: 1,
            version: 1,
        };
        let told = serde_json::to_value(Imported::of(upstream, &converted)).unwrap();
        assert_eq!((&told["tools"], &told["title"]), (&json!(["listPets"]), &json!("Pets")));
        assert_eq!(told["refused"][0]["method"], "TRACE", "{told}");
        let wanted = json!([{"scheme": "key", "kind": "apiKey", "in": "header", "name": "X-Key"}]);
        assert_eq!((&told["credentials"], &told["elsewhere"]), (&wanted, &json!(false)));
    }

    #[test]
    fn an_order_says_where_its_document_is_or_brings_it() {
        let read = |order: Value| serde_json::from_value::<NewImport>(order);
        let source = |order: Value| Source::of(&read(order).unwrap());
        let fetched = json!({"name": "pets", "url": "https://x.example/a.json", "choose": {"methods": ["GET"]}});
        let stored = serde_json::to_string(&source(fetched).unwrap()).unwrap();
        let again: Source = serde_json::from_str(&stored).unwrap();
        assert_eq!((again.url.as_str(), again.choose.methods.len()), ("https://x.example/a.json", 1));
        assert_eq!(
            source(json!({"name": "pets", "url": "https://x.example/a.json", "document": "openapi: 3.1.0"})),
            None
        );
        assert!(read(json!({"name": "pets", "url": "https://x.example/openapi.json"})).is_ok());
        assert!(read(json!({"name": "pets", "document": "openapi: 3.1.0", "choose": {"methods": ["GET"]}})).is_ok());
        for bad in [
            json!({"url": "https://x.example/"}),
            json!({"name": "p", "choose": {"methods": ["get"]}}),
            json!({"name": "p", "x": 1}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
