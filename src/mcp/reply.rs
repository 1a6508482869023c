//! Replies: results on the wire, with their HTTP statuses.
//!
//! A modern result says that it is complete, who served it, and, where it may be cached, for how long and for whom. A
//! legacy result has none of that.

use super::era::{Era, LegacyRevision};
use super::message::RequestId;
use super::wire::{CallToolResult, Tool};
use serde::Serialize;
use serde_json::{Map, Value};

/// How long a modern client may keep a tool list, in milliseconds: as long as a changed policy may take to bite.
pub const TOOLS_TTL_MS: u64 = 5_000;
/// How long a modern client may keep what `server/discover` answered, in milliseconds. It is the same for every caller.
pub const DISCOVER_TTL_MS: u64 = 300_000;
/// What both handshakes tell the model about this server.
pub const INSTRUCTIONS: &str = "Every tool call is checked against what the caller may do and against the tool's input \
schema, and counted against a rate limit. A result with isError set says what went wrong.";

/// The `_meta` member with the name and version of the server that made a modern result.
const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";

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

/// Where a result goes: the request it answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Addressee {
    pub id: RequestId,
    pub era: Era,
}

impl Addressee {
    /// Answers the legacy handshake.
    pub fn initialize(&self, negotiated: LegacyRevision) -> Reply {
        self.answer(InitializeResult {
            protocol_version: negotiated.name(),
            capabilities: Capabilities::default(),
            server_info: Implementation::THIS,
            instructions: INSTRUCTIONS,
        })
    }

    /// Answers `ping`.
    pub fn pong(&self) -> Reply {
        self.answer(Map::<String, Value>::new())
    }

    /// Answers `server/discover`. It tells every caller the same, so anybody may share it.
    pub fn discover(&self) -> Reply {
        self.answer(DiscoverResult {
            result_type: RESULT_COMPLETE,
            supported_versions: Era::SERVED.map(Era::name),
            capabilities: Capabilities::default(),
            instructions: INSTRUCTIONS,
            ttl_ms: DISCOVER_TTL_MS,
            cache_scope: "public",
            meta: ResultMeta::signed(None),
        })
    }

    /// Answers `tools/list`. The list depends on the caller, so only the caller may keep it.
    pub fn tools(&self, mut tools: Vec<Tool>) -> Reply {
        match self.era {
            Era::Modern => self.answer(ToolsResult {
                result_type: Some(RESULT_COMPLETE),
                tools,
                ttl_ms: Some(TOOLS_TTL_MS),
                cache_scope: Some("private"),
                meta: Some(ResultMeta::signed(None)),
            }),
            Era::Legacy(_) => {
                tools.iter_mut().for_each(keep_legacy_output_schema);
                self.answer(ToolsResult { result_type: None, tools, ttl_ms: None, cache_scope: None, meta: None })
            }
        }
    }

    /// Answers `tools/call`.
    pub fn called(&self, result: CallToolResult) -> Reply {
        let CallToolResult { content, structured_content, is_error, meta } = result;
        self.answer(match self.era {
            Era::Modern => CalledResult {
                result_type: Some(RESULT_COMPLETE),
                content,
                structured_content,
                is_error,
                meta: Some(ResultMeta::signed(meta)),
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

    fn answer(&self, result: impl Serialize) -> Reply {
        Reply::json(200, &ResultMessage { jsonrpc: "2.0", id: &self.id, result })
    }
}

/// A legacy output schema describes an object; a tool with any other keeps only its content blocks.
fn keep_legacy_output_schema(tool: &mut Tool) {
    let describes_object = |schema: &Map<String, Value>| schema.get("type").and_then(Value::as_str) == Some("object");
    tool.output_schema = tool.output_schema.take().filter(describes_object);
}

const RESULT_COMPLETE: &str = "complete";

#[derive(Serialize)]
struct ResultMessage<'a, R> {
    jsonrpc: &'static str,
    id: &'a RequestId,
    result: R,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InitializeResult {
    protocol_version: &'static str,
    capabilities: Capabilities,
    server_info: Implementation,
    instructions: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiscoverResult {
    result_type: &'static str,
    supported_versions: [&'static str; 4],
    capabilities: Capabilities,
    instructions: &'static str,
    ttl_ms: u64,
    cache_scope: &'static str,
    #[serde(rename = "_meta")]
    meta: ResultMeta,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolsResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    tools: Vec<Tool>,
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

/// What this server can do: tools, whose list it does not announce changes of.
#[derive(Default, Serialize)]
struct Capabilities {
    tools: ToolsCapability,
}

#[derive(Default, Serialize)]
struct ToolsCapability {}

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

/// The `_meta` of a result: what came with it, without an upstream's signature, because the client speaks to this server.
#[derive(Serialize)]
struct ResultMeta {
    #[serde(rename = "io.modelcontextprotocol/serverInfo", skip_serializing_if = "Option::is_none")]
    server: Option<Implementation>,
    #[serde(flatten)]
    relayed: Map<String, Value>,
}

impl ResultMeta {
    fn signed(relayed: Option<Map<String, Value>>) -> Self {
        let mut relayed = relayed.unwrap_or_default();
        relayed.shift_remove(META_SERVER);
        Self { server: Some(Implementation::THIS), relayed }
    }

    fn unsigned(relayed: Option<Map<String, Value>>) -> Option<Self> {
        let meta = Self { server: None, ..Self::signed(relayed) };
        (!meta.relayed.is_empty()).then_some(meta)
    }
}
