//! What speaks another language than the protocol: what it offers, and one question to it.

use super::timer::within;
use super::upstreams::Party;
use super::{clock, data, files, http_call};
use crate::mcp::capability::{ListCapability, ResourcesCapability, ServerCapabilities};
use crate::mcp::refusal::{INVALID_PARAMS, METHOD_NOT_FOUND};
use crate::mcp::wire::{CallToolResult, RpcError};
use crate::time::Timestamp;
use crate::upstream::ask::{Answer, Ask, AskMethod};
use crate::upstream::survey::{Introduction, Survey};
use crate::upstream::{ProtocolBreach, Speaks, Upstream, UpstreamFailure, UpstreamProblem};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde::Serialize;
use serde_json::{Map, Value};

/// What it offers.
pub async fn survey(party: &Party, upstream: &Upstream, end: Timestamp) -> Result<Survey, UpstreamFailure> {
    let offered: LocalBoxFuture<'_, _> = match &upstream.speaks {
        Speaks::Http(description) => return http_call::survey(party, upstream, *description).await,
        Speaks::Files(options) => files::survey(party, upstream, options).boxed_local(),
        Speaks::Database(options) => data::survey(party, options).boxed_local(),
        Speaks::Mcp => return Err(upstream.failure(UpstreamProblem::Misconfigured)),
    };
    in_time(end, offered).await.map_err(|problem| upstream.failure(problem))
}

/// Asks it one thing.
pub async fn ask(party: &Party, upstream: &Upstream, ask: &Ask, end: Timestamp) -> Result<Answer, UpstreamFailure> {
    let answered: LocalBoxFuture<'_, _> = match &upstream.speaks {
        Speaks::Http(description) => return http_call::ask(party, upstream, *description, ask, end).await,
        Speaks::Files(options) => files::ask(party, upstream, options, ask, end).boxed_local(),
        Speaks::Database(options) => data::ask(party, options, ask).boxed_local(),
        Speaks::Mcp => return Err(upstream.failure(UpstreamProblem::Misconfigured)),
    };
    in_time(end, answered).await.map_err(|problem| upstream.failure(problem))
}

/// A part of the platform that takes longer is not waited for; it cannot be stopped.
async fn in_time<T>(
    end: Timestamp,
    what: LocalBoxFuture<'_, Result<T, UpstreamProblem>>,
) -> Result<T, UpstreamProblem> {
    within(Some(end.since(clock::now())), what).await.unwrap_or(Err(UpstreamProblem::Timeout))
}

/// What tools and resources are offered, and nothing that says when it changes.
pub fn offered() -> Introduction {
    let offered = ServerCapabilities {
        tools: Some(ListCapability::default()),
        resources: Some(ResourcesCapability::default()),
        ..ServerCapabilities::default()
    };
    Introduction { offered, ..Introduction::default() }
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

/// Why a tool does nothing, in words.
pub fn refused(why: &dyn std::fmt::Display) -> Answer {
    Answer::Result(members(&CallToolResult::failed(format!("{why}."))))
}

/// What came of an order: what a tool answers, or why it does nothing.
pub fn told<T: Serialize, R: std::fmt::Display>(done: Result<T, R>) -> Result<Answer, UpstreamProblem> {
    match done {
        Ok(value) => structured(serde_json::to_value(value)),
        Err(why) => Ok(refused(&why)),
    }
}

/// What a tool answers.
fn structured(value: Result<Value, serde_json::Error>) -> Result<Answer, UpstreamProblem> {
    let value = value.map_err(|_| UpstreamProblem::Protocol(ProtocolBreach::Result))?;
    Ok(Answer::Result(members(&CallToolResult::structured(value))))
}

fn members(result: &CallToolResult) -> Map<String, Value> {
    match serde_json::to_value(result) {
        Ok(Value::Object(members)) => members,
        // A result of texts and values always serializes to an object.
        _ => Map::new(),
    }
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
