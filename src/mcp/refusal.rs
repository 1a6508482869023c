//! Refusals: what was wrong, and the one table that says what that is on the wire.

use super::capability::{ClientCapabilities, TASKS};
use super::era::Era;
use super::message::RequestId;
pub use super::problem::{BatchProblem, HeaderProblem, ParamsProblem, Shape};
use super::reply::Reply;
use super::wire::RpcError;
use crate::json::{JsonError, REQUEST_CAPS};
use crate::time::Lifetime;
use serde::Serialize;
use serde_json::Value;

/// JSON-RPC: the body is not JSON.
pub const PARSE_ERROR: i64 = -32700;
/// JSON-RPC: the body is not a message this endpoint takes.
pub const INVALID_REQUEST: i64 = -32600;
/// JSON-RPC: the method is unknown here.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// JSON-RPC: the method's parameters are wrong, or they name a tool that is not there.
pub const INVALID_PARAMS: i64 = -32602;
/// JSON-RPC: the gateway failed.
pub const INTERNAL_ERROR: i64 = -32603;
/// 2026-07-28: a header is missing, repeated, unreadable or says something else than the body.
pub const HEADER_MISMATCH: i64 = -32020;
/// 2026-07-28: the request needs something of the client that it did not declare.
pub const MISSING_CAPABILITY: i64 = -32021;
/// 2026-07-28: the version is not served.
pub const UNSUPPORTED_VERSION: i64 = -32022;
/// Up to 2025-11-25: no such resource. Later [`INVALID_PARAMS`].
pub const RESOURCE_NOT_FOUND: i64 = -32002;
/// 2025-11-25 only: the user must visit a page first; `data` names it.
pub const URL_ELICITATION_REQUIRED: i64 = -32042;
/// What the SDKs answer to a session they do not know.
pub const SESSION_NOT_FOUND: i64 = -32001;
/// What the SDKs answer to a request that lacks a session.
pub const BAD_REQUEST: i64 = -32000;
/// This gateway's own: too many calls. Outside the range that JSON-RPC reserves, and equal to the HTTP status.
pub const RATE_LIMITED: i64 = 429;
/// This gateway's own: a part it needs to decide is away. Equal to the HTTP status.
pub const UNAVAILABLE: i64 = 503;

/// Why a message, or a whole POST, is not served. What it carries from the request is bounded in length.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// `Content-Type` is not `application/json`, or stands twice.
    #[error("Content-Type must be application/json")]
    ContentType,
    /// `Accept` does not list both media types.
    #[error("Accept must list both application/json and text/event-stream")]
    NotAcceptable,
    /// `Accept` of a request for a stream does not list it.
    #[error("Accept must list text/event-stream")]
    NoStream,
    /// The body is not one strict JSON document within the limits.
    #[error("Parse error: {0}")]
    Json(#[from] JsonError),
    /// A JSON value that is not a message.
    #[error("Invalid request: {0}")]
    NotAMessage(Shape),
    /// An array that is not a batch this endpoint takes.
    #[error("Invalid batch: {0}")]
    Batch(BatchProblem),
    /// An answer was posted where the server never asks.
    #[error("Invalid request: this server sends no requests, so it takes no answers")]
    UnexpectedAnswer,
    /// A modern request whose `_meta` lacks required members, or has them with a wrong type.
    #[error("Invalid params: _meta is missing or has malformed required members: {}", .members.join(", "))]
    MissingMeta {
        /// The members' names.
        members: Vec<&'static str>,
    },
    /// A header does not agree with the body.
    #[error("Header mismatch: {header} {problem}")]
    Header {
        /// The header's name.
        header: String,
        /// What is wrong with it.
        problem: HeaderProblem,
    },
    /// A version that is not served, or not in this form.
    #[error("Unsupported protocol version")]
    UnsupportedVersion {
        /// The version asked for, cut to 64 characters.
        requested: String,
    },
    /// A method this server does not have in the message's era.
    #[error("Method not found")]
    MethodNotFound,
    /// A method's parameters are wrong.
    #[error("Invalid params: {0}")]
    Params(ParamsProblem),
    /// No tool of this name is there for this caller.
    #[error("Unknown tool: {name}")]
    UnknownTool {
        /// The name asked for, cut to 128 characters.
        name: String,
    },
    /// No prompt of this name is there for this caller.
    #[error("Unknown prompt: {name}")]
    UnknownPrompt {
        /// The name asked for, cut to 128 characters.
        name: String,
    },
    /// No resource of this URI is there for this caller.
    #[error("Resource not found")]
    UnknownResource {
        /// The URI asked for.
        uri: String,
    },
    /// No task of this id is there for this caller.
    #[error("Unknown task")]
    UnknownTask,
    /// The request needs something of the client that it did not declare.
    #[error("Missing required client capability")]
    MissingCapability {
        /// What it would have to declare.
        required: Box<ClientCapabilities>,
    },
    /// A session that is unknown, over, or another principal's: they look the same.
    #[error("Session not found")]
    UnknownSession,
    /// A method that works within a session only.
    #[error("Bad Request: this needs the Mcp-Session-Id header of a session")]
    NoSession,
    /// An error of an upstream, told as it gave it.
    #[error("{}", .0.message)]
    Upstream(Box<RpcError>),
    /// The caller made too many calls.
    #[error("Too many requests: {limit}; retry after {} s", .retry_after.seconds_ceil().max(1))]
    RateLimited {
        /// Which limit, in words.
        limit: String,
        /// When to try again.
        retry_after: Lifetime,
    },
    /// Something the gateway needs to decide is away, so it refuses.
    #[error("Temporarily unavailable")]
    Unavailable {
        /// When to try again.
        retry_after: Lifetime,
    },
    /// The gateway failed; the reason is in its log.
    #[error("Internal error")]
    Internal,
}

impl Fault {
    /// A fault of a header.
    pub(super) fn header(header: impl Into<String>, problem: HeaderProblem) -> Self {
        Self::Header { header: header.into(), problem }
    }

    /// A version that is not served.
    pub(super) fn unsupported(requested: &str) -> Self {
        Self::UnsupportedVersion { requested: requested.chars().take(64).collect() }
    }

    /// No such tool for this caller.
    pub fn unknown_tool(name: &str) -> Self {
        Self::UnknownTool { name: name.chars().take(128).collect() }
    }

    /// No such prompt for this caller.
    pub fn unknown_prompt(name: &str) -> Self {
        Self::UnknownPrompt { name: name.chars().take(128).collect() }
    }

    /// The client did not say that it knows tasks.
    pub fn needs_tasks() -> Self {
        let extensions = std::iter::once((TASKS.to_owned(), Value::Object(serde_json::Map::new()))).collect();
        Self::MissingCapability { required: Box::new(ClientCapabilities { extensions, ..Default::default() }) }
    }

    /// An error of an upstream. What the protocol gives a meaning of its own keeps it.
    pub fn upstream(error: RpcError) -> Self {
        let required = || error.data.as_ref()?.get("requiredCapabilities")?.as_object();
        match (error.code, required().map(ClientCapabilities::read)) {
            (MISSING_CAPABILITY, Some(Ok(required))) => Self::MissingCapability { required: Box::new(required) },
            _ => Self::Upstream(Box::new(error)),
        }
    }

    /// The code in the JSON-RPC error, and the HTTP status when the message speaks the modern revision (or none is
    /// known). Faults that a handler finds are answered in-band, with 200.
    pub fn code_and_status(&self) -> (i64, u16) {
        match self {
            Self::ContentType => (INVALID_REQUEST, 415),
            Self::NotAcceptable | Self::NoStream => (INVALID_REQUEST, 406),
            Self::Json(JsonError::TooLarge { .. }) => (INVALID_REQUEST, 413),
            Self::Json(JsonError::TooDeep { .. } | JsonError::DuplicateMember { .. } | JsonError::Malformed { .. }) => {
                (PARSE_ERROR, 400)
            }
            Self::Json(JsonError::NotAnObject) | Self::NotAMessage(_) | Self::Batch(_) | Self::UnexpectedAnswer => {
                (INVALID_REQUEST, 400)
            }
            Self::MissingMeta { .. } => (INVALID_PARAMS, 400),
            Self::Header { .. } => (HEADER_MISMATCH, 400),
            Self::UnsupportedVersion { .. } => (UNSUPPORTED_VERSION, 400),
            Self::MethodNotFound => (METHOD_NOT_FOUND, 404),
            Self::MissingCapability { .. } => (MISSING_CAPABILITY, 400),
            Self::UnknownSession => (SESSION_NOT_FOUND, 404),
            Self::NoSession => (BAD_REQUEST, 400),
            Self::Params(_)
            | Self::UnknownTool { .. }
            | Self::UnknownPrompt { .. }
            | Self::UnknownResource { .. }
            | Self::UnknownTask => (INVALID_PARAMS, 200),
            Self::Upstream(error) if error.code == METHOD_NOT_FOUND => (METHOD_NOT_FOUND, 404),
            Self::Upstream(error) => (error.code, 200),
            Self::RateLimited { .. } => (RATE_LIMITED, 429),
            Self::Unavailable { .. } => (UNAVAILABLE, 503),
            Self::Internal => (INTERNAL_ERROR, 200),
        }
    }

    fn detail(&self) -> Option<Detail<'_>> {
        match self {
            Self::UnsupportedVersion { requested } => {
                let supported = Era::SERVED.into_iter().map(Era::name).filter(|name| name != requested).collect();
                Some(Detail::Versions { supported, requested })
            }
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after } => {
                Some(Detail::Retry { retry_after_ms: retry_after.millis() })
            }
            Self::UnknownResource { uri } => Some(Detail::Resource { uri }),
            Self::MissingCapability { required } => Some(Detail::Required { required_capabilities: required }),
            Self::Upstream(error) => error.data.as_ref().map(Detail::Upstream),
            _ => None,
        }
    }
}

/// A fault with the id of the message it was found in, when that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The request's id.
    pub id: Option<RequestId>,
    /// What was wrong.
    pub fault: Fault,
}

impl Refusal {
    /// A refusal of something without a readable id.
    pub const fn anonymous(fault: Fault) -> Self {
        Self { id: None, fault }
    }

    /// The reply: a JSON-RPC error with the request's id, `null` when there is none to echo.
    ///
    /// The edge adds `Retry-After` to 429 and 503.
    pub fn reply(&self) -> Reply {
        let (code, status) = self.fault.code_and_status();
        self.render(code, status)
    }

    /// The reply to a legacy request: its clients expect what a handler found in-band, with 200, and know another code for
    /// a resource that is not there.
    pub(super) fn reply_in(&self, era: Era) -> Reply {
        let (code, status) = self.fault.code_and_status();
        match (era, &self.fault) {
            (Era::Legacy(_), Fault::UnknownResource { .. }) => self.render(RESOURCE_NOT_FOUND, status),
            (Era::Legacy(_), Fault::MethodNotFound | Fault::MissingCapability { .. } | Fault::Upstream(_)) => {
                self.render(code, 200)
            }
            _ => self.render(code, status),
        }
    }

    fn render(&self, code: i64, status: u16) -> Reply {
        let error = ErrorObject { code, message: self.fault.to_string(), data: self.fault.detail() };
        Reply::json(status, &ErrorMessage { jsonrpc: "2.0", id: self.id.as_ref(), error })
    }
}

/// The reply to a body that the edge stopped reading because it is longer than [`REQUEST_CAPS`] allows.
pub fn too_large() -> Reply {
    Refusal::anonymous(Fault::Json(JsonError::TooLarge { max_bytes: REQUEST_CAPS.max_bytes })).reply()
}

#[derive(Serialize)]
struct ErrorMessage<'a> {
    jsonrpc: &'static str,
    id: Option<&'a RequestId>,
    error: ErrorObject<'a>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    code: i64,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Detail<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Versions {
        supported: Vec<&'static str>,
        requested: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Retry {
        retry_after_ms: u64,
    },
    Resource {
        uri: &'a str,
    },
    #[serde(rename_all = "camelCase")]
    Required {
        required_capabilities: &'a ClientCapabilities,
    },
    Upstream(&'a Value),
}
