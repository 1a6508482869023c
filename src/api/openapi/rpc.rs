//! The JSON-RPC shapes of `POST /mcp`, for readers of the description. The protocol room reads and writes the real ones;
//! the examples in the document come from it, and a test holds them against these shapes.

use crate::mcp::post::LONGEST_BATCH;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a client posts: one message or, in the revision of 2025-03-26 only, a batch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum McpPost {
    /// One message.
    Message(McpMessage),
    /// A batch: 2025-03-26 only.
    Batch(#[schemars(length(min = 1, max = LONGEST_BATCH))] Vec<McpMessage>),
}

/// A JSON-RPC 2.0 message of a client.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum McpMessage {
    /// To be answered.
    Request(RpcRequest),
    /// Accepted and dropped.
    Notification(RpcNotification),
    /// An answer to a request this server never sends: accepted and dropped, before the revision of 2026-07-28 only.
    Answer(RpcAnswer),
}

/// A JSON-RPC request.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RpcRequest {
    /// `2.0`
    #[schemars(extend("const" = "2.0"))]
    pub jsonrpc: String,
    /// Comes back in the reply.
    pub id: RpcId,
    /// `server/discover` (2026-07-28), `initialize` or `ping` (before it), `tools/list`, `tools/call`.
    pub method: String,
    /// The method's parameters. In 2026-07-28 their `_meta` names the revision and the client's capabilities.
    #[serde(default)]
    pub params: Map<String, Value>,
}

/// A JSON-RPC notification: a message without an id.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RpcNotification {
    /// `2.0`
    #[schemars(extend("const" = "2.0"))]
    pub jsonrpc: String,
    /// For example `notifications/initialized`.
    pub method: String,
    /// The notification's parameters.
    #[serde(default)]
    pub params: Map<String, Value>,
}

/// A JSON-RPC answer of a client: it has either a result or an error.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RpcAnswer {
    /// `2.0`
    #[schemars(extend("const" = "2.0"))]
    pub jsonrpc: String,
    /// The id of the request it answers.
    #[serde(default)]
    pub id: Option<RpcId>,
    /// What came of it.
    #[serde(default)]
    pub result: Option<Value>,
    /// What went wrong.
    #[serde(default)]
    pub error: Option<Map<String, Value>>,
}

/// The id of a request: text of at most 256 characters, or an integer.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum RpcId {
    /// Text.
    Text(#[schemars(length(max = 256))] String),
    /// A whole number.
    Number(i64),
}

/// What the server answers: one reply, or a batch's replies in the order of its requests.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum McpReply {
    /// One reply.
    Reply(RpcReply),
    /// The replies to a batch.
    Batch(#[schemars(length(min = 1, max = LONGEST_BATCH))] Vec<RpcReply>),
}

/// A JSON-RPC reply.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum RpcReply {
    /// The request was served. A tool that failed is served too: its result has `isError: true`.
    Result(RpcResult),
    /// The request was not served.
    Error(RpcError),
}

/// A JSON-RPC result.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RpcResult {
    /// `2.0`
    #[schemars(extend("const" = "2.0"))]
    pub jsonrpc: String,
    /// The request's id.
    pub id: RpcId,
    /// What the method gives.
    pub result: Map<String, Value>,
}

/// A JSON-RPC error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RpcError {
    /// `2.0`
    #[schemars(extend("const" = "2.0"))]
    pub jsonrpc: String,
    /// The request's id; `null` when it could not be read.
    pub id: Option<RpcId>,
    /// What is wrong.
    pub error: RpcErrorObject,
}

/// What is wrong with a JSON-RPC request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RpcErrorObject {
    /// -32700 not JSON, -32600 not a message, -32601 unknown method, -32602 wrong parameters or unknown tool, -32603
    /// internal, -32020 headers that do not match the body, -32022 a revision that is not served, 429 too many calls,
    /// 503 temporarily unavailable.
    pub code: i64,
    /// The same in words.
    pub message: String,
    /// `supported` and `requested` for -32022, `retryAfterMs` for 429 and 503.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Map<String, Value>>,
}
