//! What speaks another language than the protocol: what it offers, and one question to it.

use super::upstreams::Party;
use super::{data, files, http_call};
use crate::mcp::refusal::{INVALID_PARAMS, METHOD_NOT_FOUND};
use crate::mcp::wire::{CallToolResult, RpcError};
use crate::time::Timestamp;
use crate::upstream::ask::{Answer, Ask, AskMethod};
use crate::upstream::survey::Survey;
use crate::upstream::{ProtocolBreach, Speaks, Upstream, UpstreamFailure, UpstreamProblem};
use serde::Serialize;
use serde_json::{Map, Value};

/// What it offers.
pub async fn survey(party: &Party, upstream: &Upstream, end: Timestamp) -> Result<Survey, UpstreamFailure> {
    match &upstream.speaks {
        Speaks::Http(version) => http_call::survey(party, upstream, *version).await,
        Speaks::Files(options) => Box::pin(files::survey(party, upstream, options, end)).await,
        Speaks::Database(options) => Box::pin(data::survey(party, upstream, options, end)).await,
        Speaks::Mcp => Err(upstream.failure(UpstreamProblem::Misconfigured)),
    }
}

/// Asks it one thing.
pub async fn ask(
    party: &Party,
    upstream: &Upstream,
    ask: &Ask,
    end: Timestamp,
) -> Result<Answer, UpstreamFailure> {
    match &upstream.speaks {
        Speaks::Http(version) => http_call::ask(party, upstream, *version, ask, end).await,
        Speaks::Files(options) => Box::pin(files::ask(party, upstream, options, ask, end)).await,
        Speaks::Database(options) => Box::pin(data::ask(party, upstream, options, ask, end)).await,
        Speaks::Mcp => Err(upstream.failure(UpstreamProblem::Misconfigured)),
    }
}

/// The name and the arguments of a tool's call.
pub fn called(ask: &Ask) -> Option<(&str, Map<String, Value>)> {
    let name = ask.params.get("name").and_then(Value::as_str).filter(|_| ask.method == AskMethod::CallTool)?;
    Some((name, ask.params.get("arguments").and_then(Value::as_object).cloned().unwrap_or_default()))
}

/// The address of a resource that is to be read.
pub fn address(ask: &Ask) -> Option<&str> {
    ask.params.get("uri").and_then(Value::as_str).filter(|_| ask.method == AskMethod::ReadResource)
}

/// What a tool answers: a value, or in words why it does nothing.
pub fn told<T: Serialize>(done: Result<T, impl std::fmt::Display>) -> Result<Answer, UpstreamProblem> {
    let result = match done {
        Ok(value) => CallToolResult::structured(serde_json::to_value(value).unwrap_or_default()),
        Err(refused) => CallToolResult::failed(format!("{refused}.")),
    };
    answer(&result)
}

/// There is no such resource, or it cannot be read in one piece.
pub fn unreadable(uri: &str, why: &str) -> Answer {
    let data = Value::Object(Map::from_iter([("uri".to_owned(), Value::from(uri))]));
    Answer::Error(RpcError { code: INVALID_PARAMS, message: why.to_owned(), data: Some(data) })
}

/// Nothing besides tools and resources is known here.
pub fn unknown() -> Answer {
    Answer::Error(RpcError { code: METHOD_NOT_FOUND, message: "Method not found".to_owned(), data: None })
}

/// A result of the protocol.
pub fn answer(result: &impl Serialize) -> Result<Answer, UpstreamProblem> {
    match serde_json::to_value(result) {
        Ok(Value::Object(members)) => Ok(Answer::Result(members)),
        _ => Err(ProtocolBreach::Result.into()),
    }
}
