//! Requests to an upstream, built fresh from what the gateway means. Nothing of a caller's request is in scope here, so
//! nothing of it can be forwarded (MCP "Security Best Practices", token passthrough).

use super::Upstream;
use super::param::carried;
use crate::VERSION;
use crate::json::ANSWER_CAPS;
use crate::mcp::era::{META_CAPABILITIES, META_CLIENT, META_VERSION};
use crate::mcp::headers::{METHOD, NAME, PROTOCOL_VERSION};
use crate::outbound::{HeaderValue, Method, OutboundRequest};
use crate::time::Lifetime;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The revision without sessions.
pub const MODERN: &str = "2026-07-28";
/// Revisions with the `initialize` handshake that this client speaks, newest first; the first is the one it offers.
pub const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// What an established connection to an upstream consists of. Nothing in it is an I/O object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Every request stands alone.
    Modern,
    /// A handshake was made.
    Legacy {
        /// The session the upstream opened, if it opens sessions.
        session: Option<HeaderValue>,
        /// The revision it chose, one of [`LEGACY`].
        revision: &'static str,
    },
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask<'a> {
    /// `server/discover`, which also finds out the era.
    Discover,
    /// `initialize`.
    Initialize,
    /// `notifications/initialized`, which has no id.
    Initialized,
    /// `tools/list`.
    List {
        /// Where to go on, `None` for the first page. An empty cursor is a cursor.
        cursor: Option<&'a str>,
    },
    /// `tools/call`.
    Call {
        /// The tool's name at the upstream.
        tool: &'a str,
        /// Validated arguments.
        arguments: &'a Map<String, Value>,
        /// Headers the tool's schema asks for.
        params: &'a [(Cow<'static, str>, HeaderValue)],
    },
}

#[derive(Serialize)]
struct Envelope<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<Params<'a>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<Client>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "_meta")]
    meta: Option<Map<String, Value>>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Client {
    name: &'static str,
    version: &'static str,
}

const CLIENT: Client = Client { name: "mcp-secure-gateway", version: VERSION };

fn modern_meta() -> Map<String, Value> {
    let client = serde_json::to_value(CLIENT).unwrap_or_default();
    [
        (META_VERSION.to_owned(), Value::from(MODERN)),
        (META_CLIENT.to_owned(), client),
        (META_CAPABILITIES.to_owned(), Value::Object(Map::new())),
    ]
    .into_iter()
    .collect()
}

impl<'a> Ask<'a> {
    const fn method(&self) -> &'static str {
        match self {
            Self::Discover => "server/discover",
            Self::Initialize => "initialize",
            Self::Initialized => "notifications/initialized",
            Self::List { .. } => "tools/list",
            Self::Call { .. } => "tools/call",
        }
    }

    /// Whether the request states the modern revision: the probe always does, the handshake never does.
    fn is_modern(&self, link: Option<&Link>) -> bool {
        matches!(self, Self::Discover) || matches!(link, Some(Link::Modern))
    }

    fn params(&self, modern: bool) -> Option<Params<'a>> {
        let params = match *self {
            Self::Initialized => return None,
            Self::Discover => Params::default(),
            Self::Initialize => Params {
                protocol_version: LEGACY.first().copied(),
                capabilities: Some(Empty {}),
                client_info: Some(CLIENT),
                ..Params::default()
            },
            Self::List { cursor } => Params { cursor, ..Params::default() },
            Self::Call { tool, arguments, .. } => {
                Params { name: Some(tool), arguments: Some(arguments), ..Params::default() }
            }
        };
        Some(Params { meta: modern.then(modern_meta), ..params })
    }

    /// The request, for a link or, while there is none, for making one. `id` is the JSON-RPC id it carries.
    pub fn request(&self, upstream: &Upstream, link: Option<&Link>, id: u64, deadline: Lifetime) -> OutboundRequest {
        let modern = self.is_modern(link);
        let id = (!matches!(self, Self::Initialized)).then_some(id);
        let envelope = Envelope { jsonrpc: "2.0", id, method: self.method(), params: self.params(modern) };
        OutboundRequest {
            method: Method::Post,
            url: upstream.url.clone(),
            headers: self.headers(upstream, link, modern),
            // Texts, numbers and maps with text keys always serialize.
            body: Some(serde_json::to_vec(&envelope).unwrap_or_default()),
            wanted: if matches!(self, Self::Initialize) { &["mcp-session-id"] } else { &[] },
            deadline,
            max_answer_bytes: ANSWER_CAPS.max_bytes,
        }
    }

    fn headers(&self, upstream: &Upstream, link: Option<&Link>, modern: bool) -> Vec<(Cow<'static, str>, HeaderValue)> {
        let mut headers: Vec<(Cow<'static, str>, HeaderValue)> = vec![
            ("content-type".into(), HeaderValue::fixed("application/json")),
            ("accept".into(), HeaderValue::fixed("application/json, text/event-stream")),
        ];
        if let Some(bearer) = upstream.credential.as_ref().and_then(|credential| bearer(credential.expose())) {
            headers.push(("authorization".into(), bearer));
        }
        if modern {
            headers.push((PROTOCOL_VERSION.into(), HeaderValue::fixed(MODERN)));
            headers.push((METHOD.into(), HeaderValue::fixed(self.method())));
            if let Self::Call { tool, params, .. } = self {
                headers.push((NAME.into(), carried(tool)));
                headers.extend(params.iter().cloned());
            }
        } else if let Some(Link::Legacy { session, revision }) = link {
            headers.push((PROTOCOL_VERSION.into(), HeaderValue::fixed(revision)));
            headers.extend(session.clone().map(|session| ("Mcp-Session-Id".into(), session)));
        }
        headers
    }
}

/// The `Authorization` value for a bearer token; `None` when a header cannot carry it.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    HeaderValue::parse(format!("Bearer {token}")).ok().filter(|_| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Ask, Link, MODERN};
    use crate::id::UpstreamId;
    use crate::outbound::{HeaderValue, OutboundRequest, Reach};
    use crate::secret::SecretText;
    use crate::time::Lifetime;
    use crate::upstream::Upstream;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn upstream() -> Upstream {
        let id = UpstreamId::parse("u1").unwrap();
        let credential = Some(SecretText::new("s3cret"));
        Upstream::new(id, "files", "https://tools.example.com/mcp", credential, Reach::Public).unwrap()
    }

    fn headers(request: &OutboundRequest) -> Vec<(String, String)> {
        request.headers.iter().map(|(name, value)| (name.to_string(), value.expose().to_owned())).collect()
    }

    fn body(request: &OutboundRequest) -> Value {
        serde_json::from_slice(request.body.as_deref().unwrap()).unwrap()
    }

    #[test]
    fn a_modern_call_says_the_same_in_headers_and_body() {
        let arguments = json!({"b": 1, "a": "x"}).as_object().cloned().unwrap();
        let params = [("Mcp-Param-A".into(), HeaderValue::fixed("x"))];
        let ask = Ask::Call { tool: "größe", arguments: &arguments, params: &params };
        let request = ask.request(&upstream(), Some(&Link::Modern), 9, Lifetime::from_seconds(10));
        let expected = [
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
            ("authorization", "Bearer s3cret"),
            ("MCP-Protocol-Version", "2026-07-28"),
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "=?base64?Z3LDtsOfZQ==?="),
            ("Mcp-Param-A", "x"),
        ];
        assert_eq!(headers(&request), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(
            body(&request),
            json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {
            "name": "größe", "arguments": {"b": 1, "a": "x"},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": {"name": "mcp-secure-gateway", "version": crate::VERSION},
                "io.modelcontextprotocol/clientCapabilities": {},
            }}})
        );
        assert!(!format!("{request:?}").contains("s3cret"));
    }

    #[test]
    fn the_handshake_states_no_modern_revision_and_the_session_follows_it() {
        let request = Ask::Initialize.request(&upstream(), None, 1, Lifetime::from_seconds(1));
        assert_eq!(headers(&request).len(), 3);
        assert_eq!(
            body(&request)["params"],
            json!({"protocolVersion": "2025-11-25", "capabilities": {},
                   "clientInfo": {"name": "mcp-secure-gateway", "version": crate::VERSION}})
        );
        let link = Link::Legacy { session: Some(HeaderValue::fixed("abc")), revision: "2025-06-18" };
        let request = Ask::Initialized.request(&upstream(), Some(&link), 2, Lifetime::from_seconds(1));
        assert_eq!(body(&request), json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        let request = Ask::List { cursor: Some("") }.request(&upstream(), Some(&link), 3, Lifetime::from_seconds(1));
        assert_eq!(
            body(&request),
            json!({"jsonrpc": "2.0", "id": 3, "method": "tools/list", "params": {"cursor": ""}})
        );
        assert!(headers(&request).contains(&("Mcp-Session-Id".into(), "abc".into())));
        assert!(headers(&request).contains(&("MCP-Protocol-Version".into(), "2025-06-18".into())));
    }
}
