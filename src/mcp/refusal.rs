//! Refusals: what was wrong, and the one table that says what that is on the wire.

use super::era::Era;
use super::message::RequestId;
use super::reply::Reply;
use crate::json::{JsonError, REQUEST_CAPS};
use crate::time::Lifetime;
use serde::Serialize;

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
/// 2026-07-28: the version is not served.
pub const UNSUPPORTED_VERSION: i64 = -32022;
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
    /// The caller made too many calls.
    #[error("Too many requests")]
    RateLimited {
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

/// What keeps a JSON value from being a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shape {
    /// Neither object nor array.
    #[error("a message is an object")]
    NotAnObject,
    /// `jsonrpc` is not `"2.0"`.
    #[error("jsonrpc must be \"2.0\"")]
    NotVersion2,
    /// `method` is not text.
    #[error("method must be a string")]
    MethodNotText,
    /// `params` is there and not an object.
    #[error("params must be an object")]
    ParamsNotAnObject,
    /// `id` is null, a fraction, too large or too long.
    #[error("id must be a string of at most 256 characters or an integer of 64 bits")]
    BadId,
    /// `method` stands beside `result` or `error`.
    #[error("a message with a method has no result and no error")]
    CallAndAnswer,
    /// Both `result` and `error`.
    #[error("an answer has either a result or an error")]
    ResultAndError,
    /// `error` is not an object.
    #[error("error must be an object")]
    ErrorNotAnObject,
    /// None of `method`, `result` and `error`.
    #[error("a message has a method, a result or an error")]
    NeitherCallNorAnswer,
}

/// What is wrong with an array of messages. Batches exist in 2025-03-26 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchProblem {
    /// The request names another revision.
    #[error("batches exist in protocol version 2025-03-26 only")]
    NotInThisRevision,
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// More messages than allowed.
    #[error("it has more than {most} messages")]
    TooLong {
        /// The limit.
        most: usize,
    },
    /// Calls and answers in one array.
    #[error("it mixes answers with requests or notifications")]
    Mixed,
    /// The handshake inside.
    #[error("initialize must stand alone")]
    Initialize,
    /// Two requests with one id.
    #[error("two requests have the same id")]
    RepeatedId,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// It must be there.
    #[error("is missing")]
    Missing,
    /// It must not stand twice.
    #[error("is repeated")]
    Repeated,
    /// It says something else than the body.
    #[error("does not match the body")]
    Differs,
    /// Its value cannot be decoded.
    #[error("has an unreadable value")]
    Unreadable,
    /// The body has no value for it.
    #[error("stands for an argument that is absent or null")]
    Unexpected,
}

/// What is wrong with a method's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsProblem {
    /// A member must be text.
    #[error("{0} must be a string")]
    NotText(&'static str),
    /// A member must be an object.
    #[error("{0} must be an object")]
    NotAnObject(&'static str),
    /// A cursor this server never gave.
    #[error("unknown cursor")]
    UnknownCursor,
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

    /// The code in the JSON-RPC error, and the HTTP status when the message speaks the modern revision (or none is
    /// known). Faults that a handler finds are answered in-band, with 200.
    pub const fn code_and_status(&self) -> (i64, u16) {
        match self {
            Self::ContentType => (INVALID_REQUEST, 415),
            Self::NotAcceptable => (INVALID_REQUEST, 406),
            Self::Json(JsonError::TooLarge { .. }) => (INVALID_REQUEST, 413),
            Self::Json(JsonError::TooDeep { .. } | JsonError::DuplicateMember { .. } | JsonError::Malformed { .. }) => {
                (PARSE_ERROR, 400)
            }
            Self::Json(JsonError::NotAnObject) | Self::NotAMessage(_) | Self::Batch(_) | Self::UnexpectedAnswer => (INVALID_REQUEST, 400),
            Self::MissingMeta { .. } => (INVALID_PARAMS, 400),
            Self::Header { .. } => (HEADER_MISMATCH, 400),
            Self::UnsupportedVersion { .. } => (UNSUPPORTED_VERSION, 400),
            Self::MethodNotFound => (METHOD_NOT_FOUND, 404),
            Self::Params(_) | Self::UnknownTool { .. } => (INVALID_PARAMS, 200),
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
            Self::RateLimited { retry_after } | Self::Unavailable { retry_after } => {
                Some(Detail::Retry { retry_after_ms: retry_after.millis() })
            }
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
        let error = ErrorObject { code, message: self.fault.to_string(), data: self.fault.detail() };
        Reply::json(status, &ErrorMessage { jsonrpc: "2.0", id: self.id.as_ref(), error })
    }

    /// The reply to a legacy request: its clients expect an unknown method in-band, with 200.
    pub(super) fn reply_in(&self, era: Era) -> Reply {
        let reply = self.reply();
        match (era, &self.fault) {
            (Era::Legacy(_), Fault::MethodNotFound) => Reply { status: 200, ..reply },
            _ => reply,
        }
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
}
