//! Replies: results on the wire, with their HTTP statuses.
//!
//! A modern result says what type it is, who served it, and, where it may be cached, for how long and for whom. A legacy
//! result has none of that.

use super::capability::ServerCapabilities;
use super::era::{Era, LegacyRevision};
use super::message::RequestId;
use super::method::{Call, ListKind};
use super::refusal::{Fault, Refusal};
use super::wire::{CallToolResult, RpcError, Tool};
use serde::Serialize;
use serde_json::{Map, Value};

/// How long a modern client may keep a list, in milliseconds: as long as a changed policy may take to bite.
pub const LIST_TTL_MS: u64 = 5_000;
/// How long a modern client may keep what `server/discover` answered, in milliseconds.
pub const DISCOVER_TTL_MS: u64 = 60_000;
/// Longest time a modern client is told it may keep a resource, in milliseconds, whatever its upstream said: one day.
pub const LONGEST_TTL_MS: u64 = 86_400_000;
/// What both handshakes tell the model about this server, unless it stands for one upstream that says something else.
pub const INSTRUCTIONS: &str = "Every tool call is checked against what the caller may do and against the tool's input \
schema, and counted against a rate limit. A result with isError set says what went wrong.";

/// The `_meta` member that names the upstreams a list is old of, or lacks.
const META_DEGRADED: &str = "mcp-secure-gateway/degraded";
/// The `_meta` member with the name and version of the server that made a modern result.
const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";
const COMPLETE: &str = "complete";
/// What a result of a list or a resource depends on: the caller.
const PRIVATE: &str = "private";

/// An HTTP reply: a JSON body, or none. The edge adds `Content-Type: application/json` and the headers every reply has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: Option<Vec<u8>>,
}

impl Reply {
    /// The reply to a notification or an answer: 202 without a body.
    pub const ACCEPTED: Self = Self { status: 202, body: None };

    /// One reply of a batch's replies, in order: an array of those that have a body, 202 when none has.
    pub fn batch(replies: impl IntoIterator<Item = Self>) -> Self {
        let bodies: Vec<Vec<u8>> = replies.into_iter().filter_map(|reply| reply.body).collect();
        if bodies.is_empty() {
            return Self::ACCEPTED;
        }
        let mut body = vec![b'['];
        body.extend(bodies.join(&b','));
        body.push(b']');
        Self { status: 200, body: Some(body) }
    }

    pub(super) fn json(status: u16, message: &impl Serialize) -> Self {
        // Serializing fails on map keys that are not text only, and no message has any.
        match serde_json::to_vec(message) {
            Ok(body) => Self { status, body: Some(body) },
            Err(_) => Self { status: 500, body: None },
        }
    }
}

/// An upstream whose part of a list is old or not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Degraded {
    /// Its name.
    pub upstream: String,
    /// `stale`: the last good list is shown. `absent`: nothing of it is.
    pub state: &'static str,
    /// Why, in the gateway's own words.
    pub reason: String,
}

/// Where a result goes: the request it answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Addressee {
    /// The request's id.
    pub id: RequestId,
    /// The revision it speaks.
    pub era: Era,
    /// The `serverInfo` of the one upstream that the endpoint stands for; the gateway's own otherwise.
    pub server: Option<Map<String, Value>>,
}

impl Addressee {
    /// Answers the legacy handshake.
    pub fn initialize(&self, negotiated: LegacyRevision, offered: ServerCapabilities, instructions: &str) -> Reply {
        self.answer(InitializeResult {
            protocol_version: negotiated.name(),
            capabilities: offered.in_legacy(),
            server_info: self.signature(),
            instructions,
        })
    }

    /// Answers `ping`, and every legacy request that is done without more to say.
    pub fn done(&self) -> Reply {
        self.answer(Map::<String, Value>::new())
    }

    /// Answers `server/discover`. What it tells depends on the caller's tenant.
    pub fn discover(&self, offered: ServerCapabilities, instructions: &str) -> Reply {
        self.answer(DiscoverResult {
            result_type: COMPLETE,
            supported_versions: Era::SERVED.map(Era::name),
            capabilities: offered,
            instructions,
            ttl_ms: DISCOVER_TTL_MS,
            cache_scope: PRIVATE,
            meta: self.signed_meta(None),
        })
    }

    /// Answers `tools/list`. A legacy client sees output schemas of objects only.
    pub fn tools(&self, mut tools: Vec<Tool>, degraded: &[Degraded]) -> Reply {
        if self.era != Era::Modern {
            tools.iter_mut().for_each(keep_legacy_output_schema);
        }
        self.list(ListKind::Tools, &tools, degraded)
    }

    /// Answers a list. It depends on the caller, so only the caller may keep it. Its `_meta` says which upstreams it is old
    /// of, or lacks.
    pub fn list(&self, kind: ListKind, items: &[impl Serialize], degraded: &[Degraded]) -> Reply {
        let modern = self.era == Era::Modern;
        let of = |wanted| (kind == wanted).then_some(items);
        let noted = (!degraded.is_empty()).then(|| serde_json::to_value(degraded).ok()).flatten();
        let noted = noted.map(|noted| std::iter::once((META_DEGRADED.to_owned(), noted)).collect());
        self.answer(ListResult {
            result_type: modern.then_some(COMPLETE),
            tools: of(ListKind::Tools),
            prompts: of(ListKind::Prompts),
            resources: of(ListKind::Resources),
            resource_templates: of(ListKind::ResourceTemplates),
            ttl_ms: modern.then_some(LIST_TTL_MS),
            cache_scope: modern.then_some(PRIVATE),
            meta: if modern { Some(self.signed_meta(noted)) } else { ResultMeta::unsigned(noted) },
        })
    }

    /// Answers `tools/call` with a result of the gateway's own.
    pub fn called(&self, result: CallToolResult) -> Reply {
        let CallToolResult { content, structured_content, is_error, meta } = result;
        self.answer(match self.era {
            Era::Modern => CalledResult {
                result_type: Some(COMPLETE),
                content,
                structured_content,
                is_error,
                meta: Some(self.signed_meta(meta)),
            },
            Era::Legacy(_) => CalledResult {
                result_type: None,
                content,
                // Legacy structured content is an object; anything else stays in the content blocks.
                structured_content: structured_content.filter(Value::is_object),
                is_error,
                meta: ResultMeta::unsigned(meta),
            },
        })
    }

    /// Answers a call with the result an upstream gave. Every member it has is kept, but for those that belong to the hop.
    pub fn relayed(&self, call: &Call, mut result: Map<String, Value>) -> Reply {
        let told_ttl = result.shift_remove("ttlMs").and_then(|ttl| ttl.as_u64());
        for of_the_hop in ["resultType", "cacheScope"] {
            result.shift_remove(of_the_hop);
        }
        match self.era {
            Era::Modern => {
                result.shift_insert(0, "resultType".to_owned(), COMPLETE.into());
                if matches!(call, Call::Resource { .. }) {
                    result.insert("ttlMs".to_owned(), told_ttl.unwrap_or(0).min(LONGEST_TTL_MS).into());
                    result.insert("cacheScope".to_owned(), PRIVATE.into());
                }
            }
            Era::Legacy(_) => {
                if result.get("structuredContent").is_some_and(|content| !content.is_object()) {
                    result.shift_remove("structuredContent");
                }
            }
        }
        self.signed(result)
    }

    /// Answers a modern request that needs input before it can go on. `state` is sealed.
    pub fn input_required(&self, requests: Map<String, Value>, state: String) -> Reply {
        let mut result = Map::new();
        result.insert("resultType".to_owned(), "input_required".into());
        if !requests.is_empty() {
            result.insert("inputRequests".to_owned(), Value::Object(requests));
        }
        result.insert("requestState".to_owned(), state.into());
        self.signed(result)
    }

    /// Answers a modern call that goes on as a task. Its `taskId` is the gateway's own.
    pub fn task(&self, mut task: Map<String, Value>) -> Reply {
        task.shift_remove("resultType");
        task.shift_insert(0, "resultType".to_owned(), "task".into());
        self.signed(task)
    }

    /// The request is refused.
    pub fn refuse(&self, fault: Fault) -> Reply {
        Refusal { id: Some(self.id.clone()), fault }.reply_in(self.era)
    }

    /// The call's upstream answered with an error. A resource that is not there is named by the URI the caller gave.
    pub fn upstream_error(&self, call: &Call, error: RpcError) -> Reply {
        let names_uri = error.data.as_ref().is_some_and(|data| data.get("uri").is_some());
        match call {
            Call::Resource { uri, .. } if error.code == super::refusal::INVALID_PARAMS && names_uri => {
                self.refuse(Fault::UnknownResource { uri: uri.clone() })
            }
            _ => self.refuse(Fault::upstream(error)),
        }
    }

    fn signed(&self, mut result: Map<String, Value>) -> Reply {
        let meta = match result.shift_remove("_meta") {
            Some(Value::Object(meta)) => Some(meta),
            _ => None,
        };
        let meta = match self.era {
            Era::Modern => Some(self.signed_meta(meta)),
            Era::Legacy(_) => ResultMeta::unsigned(meta),
        };
        if let Some(meta) = meta.and_then(|meta| serde_json::to_value(meta).ok()) {
            result.insert("_meta".to_owned(), meta);
        }
        self.answer(result)
    }

    /// Who serves, as the client is told.
    fn signature(&self) -> Signature {
        self.server.clone().map_or(Signature::Gateway(Implementation::THIS), Signature::Upstream)
    }

    fn signed_meta(&self, relayed: Option<Map<String, Value>>) -> ResultMeta {
        ResultMeta { server: Some(self.signature()), relayed: ResultMeta::without_signature(relayed) }
    }

    fn answer(&self, result: impl Serialize) -> Reply {
        Reply { status: 200, body: Some(result_message(&self.id, &result)) }
    }
}

/// A response with a result, on the wire.
pub(super) fn result_message(id: &RequestId, result: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Message<'a, R> {
        jsonrpc: &'static str,
        id: &'a RequestId,
        result: &'a R,
    }
    // Serializing fails on map keys that are not text only, and no result has any.
    serde_json::to_vec(&Message { jsonrpc: "2.0", id, result }).unwrap_or_default()
}

/// A legacy output schema describes an object; a tool with any other keeps only its content blocks.
fn keep_legacy_output_schema(tool: &mut Tool) {
    let describes_object = |schema: &Map<String, Value>| schema.get("type").and_then(Value::as_str) == Some("object");
    tool.output_schema = tool.output_schema.take().filter(describes_object);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitializeResult<'a> {
    protocol_version: &'static str,
    capabilities: ServerCapabilities,
    server_info: Signature,
    instructions: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiscoverResult<'a> {
    result_type: &'static str,
    supported_versions: [&'static str; 5],
    capabilities: ServerCapabilities,
    instructions: &'a str,
    ttl_ms: u64,
    cache_scope: &'static str,
    #[serde(rename = "_meta")]
    meta: ResultMeta,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListResult<'a, T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a [T]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompts: Option<&'a [T]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<&'a [T]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_templates: Option<&'a [T]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_scope: Option<&'static str>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<ResultMeta>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CalledResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    content: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structured_content: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_error: bool,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<ResultMeta>,
}

/// Who serves.
#[derive(Clone, Copy, Serialize)]
struct Implementation {
    name: &'static str,
    title: &'static str,
    version: &'static str,
}

impl Implementation {
    const THIS: Self = Self { name: "mcp-secure-gateway", title: "MCP Secure Gateway", version: crate::VERSION };
}

/// Who a client is told that it speaks to.
#[derive(Serialize)]
#[serde(untagged)]
enum Signature {
    Gateway(Implementation),
    Upstream(Map<String, Value>),
}

/// The `_meta` of a result: what came with it, without an upstream's signature, because the client speaks to this server.
#[derive(Serialize)]
struct ResultMeta {
    #[serde(rename = "io.modelcontextprotocol/serverInfo", skip_serializing_if = "Option::is_none")]
    server: Option<Signature>,
    #[serde(flatten)]
    relayed: Map<String, Value>,
}

impl ResultMeta {
    fn without_signature(relayed: Option<Map<String, Value>>) -> Map<String, Value> {
        let mut relayed = relayed.unwrap_or_default();
        relayed.shift_remove(META_SERVER);
        relayed
    }

    fn unsigned(relayed: Option<Map<String, Value>>) -> Option<Self> {
        let meta = Self { server: None, relayed: Self::without_signature(relayed) };
        (!meta.relayed.is_empty()).then_some(meta)
    }
}
