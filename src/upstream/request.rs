//! Messages to an upstream, built fresh from what the gateway means. Nothing of a caller's request is in scope here, so
//! nothing of it can be forwarded (MCP "Security Best Practices", token passthrough).

use super::Upstream;
use super::ask::Ask;
use super::link::{LEGACY, Link, MODERN};
use super::param::carried;
use crate::VERSION;
use crate::credential::applied::Applied;
use crate::json::ANSWER_CAPS;
use crate::mcp::capability::ClientCapabilities;
use crate::mcp::era::{META_CAPABILITIES, META_CLIENT, META_LOG_LEVEL, META_VERSION};
use crate::mcp::headers::{METHOD, NAME, PROTOCOL_VERSION};
use crate::mcp::log_level::LogLevel;
use crate::mcp::message::RequestId;
use crate::mcp::method::ListKind;
use crate::mcp::wire::RpcError;
use crate::outbound::{HeaderValue, Method, OutboundRequest};
use crate::time::Lifetime;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A header field.
type Field = (Cow<'static, str>, HeaderValue);

/// One message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message<'a> {
    /// `server/discover`, which also finds out the era.
    Discover,
    /// `initialize`.
    Initialize {
        /// What the client behind the session can do.
        declares: &'a ClientCapabilities,
    },
    /// `notifications/initialized`.
    Initialized,
    /// `logging/setLevel`.
    SetLevel(LogLevel),
    /// A list.
    List {
        /// Which.
        kind: ListKind,
        /// Where to go on, `None` for the first page. An empty cursor is a cursor.
        cursor: Option<&'a str>,
    },
    /// What a client asks.
    Ask(&'a Ask),
    /// Legacy: the answer to a question of the upstream.
    Answer {
        /// The question's id.
        id: &'a RequestId,
        /// What the client said.
        outcome: &'a Result<Map<String, Value>, RpcError>,
    },
    /// Legacy: `notifications/cancelled`.
    Cancelled {
        /// The id of the request that nobody waits for any more.
        request: u64,
    },
}

#[derive(Serialize)]
struct Envelope<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<Params<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RpcError>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Id<'a> {
    Own(u64),
    Theirs(&'a RequestId),
}

#[derive(Serialize)]
struct Params<'a> {
    #[serde(flatten)]
    members: Cow<'a, Map<String, Value>>,
    #[serde(rename = "_meta", skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
}

fn client_info() -> Value {
    let members = [("name", "mcp-secure-gateway"), ("version", VERSION)];
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
}

fn one(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    std::iter::once((name.to_owned(), value.into())).collect()
}

fn capabilities(declares: &ClientCapabilities) -> Value {
    // Maps with text keys always serialize.
    serde_json::to_value(declares).unwrap_or_default()
}

impl<'a> Message<'a> {
    const fn method(&self) -> &'static str {
        match self {
            Self::Discover => "server/discover",
            Self::Initialize { .. } => "initialize",
            Self::Initialized => "notifications/initialized",
            Self::SetLevel(_) => "logging/setLevel",
            Self::List { kind, .. } => kind.method(),
            Self::Ask(ask) => ask.method.name(),
            Self::Answer { .. } => "",
            Self::Cancelled { .. } => "notifications/cancelled",
        }
    }

    /// Whether the message states the modern revision: the probe always does, the handshake never does.
    const fn is_modern(&self, link: Option<&Link>) -> bool {
        matches!(self, Self::Discover) || matches!(link, Some(Link::Modern))
    }

    /// Whether it is a request, to be answered.
    const fn is_request(&self) -> bool {
        !matches!(self, Self::Initialized | Self::Answer { .. } | Self::Cancelled { .. })
    }

    fn params(&self, modern: bool, id: u64) -> Option<Params<'a>> {
        let members = match *self {
            Self::Initialized | Self::Answer { .. } => return None,
            Self::Initialize { declares } => Cow::Owned(handshake(declares)),
            Self::SetLevel(level) => Cow::Owned(one("level", level.name())),
            Self::Discover | Self::List { cursor: None, .. } => Cow::Owned(Map::new()),
            Self::List { cursor: Some(cursor), .. } => Cow::Owned(one("cursor", cursor)),
            Self::Ask(ask) => Cow::Borrowed(&ask.params),
            Self::Cancelled { request } => Cow::Owned(one("requestId", request)),
        };
        Some(Params { members, meta: self.meta(modern, id) })
    }

    /// What goes with the parameters: what is relayed first, so that the members of the hop cannot be replaced by it.
    fn meta(&self, modern: bool, id: u64) -> Map<String, Value> {
        let ask = match self {
            Self::Ask(ask) => Some(ask),
            _ => None,
        };
        let mut meta = ask.map(|ask| ask.meta.clone()).unwrap_or_default();
        if modern {
            meta.insert(META_VERSION.to_owned(), MODERN.into());
            meta.insert(META_CLIENT.to_owned(), client_info());
            let declares = ask.map_or_else(|| Value::Object(Map::new()), |ask| capabilities(&ask.declares));
            meta.insert(META_CAPABILITIES.to_owned(), declares);
            if let Some(level) = ask.and_then(|ask| ask.log_level) {
                meta.insert(META_LOG_LEVEL.to_owned(), level.name().into());
            }
        }
        if ask.is_some_and(|ask| ask.progress) {
            meta.insert("progressToken".to_owned(), id.into());
        }
        meta
    }

    /// The request that carries it, over a link or, while there is none, for making one. `id` is the JSON-RPC id of the
    /// message, and of the progress it is told.
    pub fn request(&self, upstream: &Upstream, link: Option<&Link>, id: u64, deadline: Lifetime) -> OutboundRequest {
        let modern = self.is_modern(link);
        let (theirs, result, error) = match *self {
            Self::Answer { id, outcome } => (Some(Id::Theirs(id)), outcome.as_ref().ok(), outcome.as_ref().err()),
            _ => (None, None, None),
        };
        let method = theirs.is_none().then(|| self.method());
        let id = theirs.or_else(|| self.is_request().then_some(Id::Own(id)));
        let params = self.params(modern, if let Some(Id::Own(id)) = id { id } else { 0 });
        let credential = credential(upstream);
        let envelope = Envelope { jsonrpc: "2.0", id, method, params, result, error };
        OutboundRequest {
            method: Method::Post,
            url: credential.url(&upstream.url),
            headers: self.headers(credential, link, modern),
            // Texts, numbers and maps with text keys always serialize.
            body: Some(serde_json::to_vec(&envelope).unwrap_or_default()),
            wanted: if matches!(self, Self::Initialize { .. }) { &["mcp-session-id"] } else { &[] },
            deadline,
            max_answer_bytes: ANSWER_CAPS.max_bytes,
        }
    }

    fn headers(&self, credential: Applied, link: Option<&Link>, modern: bool) -> Vec<Field> {
        let mut headers: Vec<Field> = vec![
            ("content-type".into(), HeaderValue::fixed("application/json")),
            ("accept".into(), HeaderValue::fixed("application/json, text/event-stream")),
        ];
        headers.extend(credential.headers);
        if modern {
            headers.push((PROTOCOL_VERSION.into(), HeaderValue::fixed(MODERN)));
            headers.push((METHOD.into(), HeaderValue::fixed(self.method())));
            if let Self::Ask(ask) = self {
                let name = ask.method.named_by().and_then(|member| ask.params.get(member)?.as_str());
                headers.extend(name.map(|name| (NAME.into(), carried(name))));
                headers.extend(ask.headers.iter().cloned());
            }
        } else {
            headers.extend(link.into_iter().flat_map(session));
        }
        headers
    }
}

fn handshake(declares: &ClientCapabilities) -> Map<String, Value> {
    let mut members = one("protocolVersion", LEGACY.first().copied().unwrap_or_default());
    members.insert("capabilities".to_owned(), capabilities(declares));
    members.insert("clientInfo".to_owned(), client_info());
    members
}

/// What the upstream is shown. One that cannot be shown what it wants is not asked: see [`super::exchange`].
fn credential(upstream: &Upstream) -> Applied {
    upstream.credential.applied(&upstream.url).ok().flatten().cloned().unwrap_or_default()
}

/// The headers that place a message in a legacy session.
fn session(link: &Link) -> Vec<Field> {
    let Link::Legacy(link) = link else { return Vec::new() };
    let mut headers: Vec<Field> = vec![(PROTOCOL_VERSION.into(), HeaderValue::fixed(link.revision))];
    headers.extend(link.session.clone().map(|session| ("Mcp-Session-Id".into(), session)));
    headers
}

/// Legacy: asks for a stream of the session, its own or one that broke off after an event (2025-11-25,
/// `basic/transports`, "Resumability and Redelivery").
pub fn stream(upstream: &Upstream, link: &Link, after: Option<HeaderValue>, deadline: Lifetime) -> OutboundRequest {
    let mut headers: Vec<Field> = vec![("accept".into(), HeaderValue::fixed("text/event-stream"))];
    let credential = credential(upstream);
    headers.extend(credential.headers.iter().cloned());
    headers.extend(session(link));
    headers.extend(after.map(|id| ("Last-Event-ID".into(), id)));
    OutboundRequest {
        method: Method::Get,
        url: credential.url(&upstream.url),
        headers,
        body: None,
        wanted: &[],
        deadline,
        max_answer_bytes: ANSWER_CAPS.max_bytes,
    }
}

/// Legacy: ends the session of a link; `None` where there is none to end.
pub fn end(upstream: &Upstream, link: &Link, deadline: Lifetime) -> Option<OutboundRequest> {
    let has_session = matches!(link, Link::Legacy(link) if link.session.is_some());
    let request = OutboundRequest { method: Method::Delete, ..stream(upstream, link, None, deadline) };
    has_session.then_some(request)
}

#[cfg(test)]
mod tests;
