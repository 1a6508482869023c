//! What an answer to one request means: the end, a wish for input, a task, or a breach.

use crate::mcp::refusal::{INTERNAL_ERROR, URL_ELICITATION_REQUIRED};
use crate::upstream::answer::{Response, told};
use crate::upstream::ask::{Answer, Ask, AskMethod};
use crate::upstream::link::Link;
use crate::upstream::{ProtocolBreach, UpstreamProblem};
use serde_json::{Map, Value};

/// What a response means for the client that asked.
pub(super) fn understood(ask: &Ask, link: Option<&Link>, response: Response) -> Result<Answer, UpstreamProblem> {
    let modern = link == Some(&Link::Modern);
    let mut result = match response {
        Response::Result(result) => result,
        // The newest revision has no such error: its servers ask.
        Response::Error { code: URL_ELICITATION_REQUIRED, message, .. } if modern => {
            return Ok(Answer::Error(told(INTERNAL_ERROR, &message, None)));
        }
        Response::Error { code, message, data } => return Ok(Answer::Error(told(code, &message, data))),
    };
    match result.get("resultType").and_then(Value::as_str) {
        Some("input_required") if modern && ask.method.may_need_input() => {
            let requests = match result.shift_remove("inputRequests") {
                None => Map::new(),
                Some(Value::Object(requests)) => requests,
                Some(_) => return Err(ProtocolBreach::Result.into()),
            };
            let state = match result.shift_remove("requestState") {
                None => None,
                Some(Value::String(state)) => Some(state),
                Some(_) => return Err(ProtocolBreach::Result.into()),
            };
            Ok(Answer::InputRequired { requests, state })
        }
        Some("task") if modern && ask.method == AskMethod::CallTool && ask.declares.takes_tasks() => {
            Ok(Answer::Task(result))
        }
        _ if !is_complete(&result) => Err(ProtocolBreach::Incomplete.into()),
        _ if !keeps_promise(ask.method, &result) => Err(ProtocolBreach::Result.into()),
        _ => Ok(Answer::Result(result)),
    }
}

/// Whether a result is the end of its request.
pub(super) fn is_complete(result: &Map<String, Value>) -> bool {
    matches!(result.get("resultType").and_then(Value::as_str), None | Some("complete"))
}

/// Whether a result has the member its method promises.
fn keeps_promise(method: AskMethod, result: &Map<String, Value>) -> bool {
    let is_list = |name| result.get(name).is_some_and(Value::is_array);
    match method {
        AskMethod::CallTool => is_list("content"),
        AskMethod::GetPrompt => is_list("messages"),
        AskMethod::ReadResource => is_list("contents"),
        AskMethod::Complete => result.get("completion").is_some_and(Value::is_object),
        AskMethod::GetTask => result.get("status").is_some_and(Value::is_string),
        AskMethod::Ping
        | AskMethod::Subscribe
        | AskMethod::Unsubscribe
        | AskMethod::Listen
        | AskMethod::UpdateTask
        | AskMethod::CancelTask => true,
    }
}
