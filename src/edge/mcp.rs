//! `POST /mcp`: the Model Context Protocol. The protocol room reads and renders; this file runs what lies between.

use super::admission::Principal;
use super::context::Context;
use super::incoming::{self, header};
use super::tools::ToolError;
use super::{calls, tenant};
use crate::api::problem::Problem;
use crate::api::reply::Reply as HttpReply;
use crate::mcp::headers::{METHOD, NAME, PROTOCOL_VERSION, RequestHeaders, repeats_arguments};
use crate::mcp::post::{self, Message, Post};
use crate::mcp::refusal::{self, Fault, Refusal};
use crate::mcp::reply::Reply;
use crate::mcp::turn::{CallTool, ListTools, Turn};
use crate::mcp::wire::CallToolResult;
use crate::time::Lifetime;
use worker::web_sys::Request;

/// What a client that cannot be served now is told to wait.
const RETRY: Lifetime = Lifetime::from_seconds(5);

/// The headers of one POST: those that route it, and all of them for a tool that repeats its arguments in headers.
pub struct Posted<'a> {
    /// What every message is checked against.
    pub headers: RequestHeaders,
    /// The request with all its headers. Walking through them is dear, and rarely needed.
    pub request: &'a Request,
}

/// The headers that route a message, and none of the others.
pub fn routing_headers(request: &Request) -> RequestHeaders {
    let named = ["content-type", "accept", PROTOCOL_VERSION, METHOD, NAME];
    RequestHeaders::collect(named.into_iter().filter_map(|name| Some((name, header(request, name)?))))
}

/// Answers one POST. The principal has paid for one message; each further one of a batch takes a call of its own.
pub async fn post(
    context: &Context,
    principal: &Principal,
    posted: &Posted<'_>,
    body: &[u8],
) -> Result<HttpReply, Problem> {
    let reply = match post::parse(&posted.headers, body) {
        Err(refusal) => refusal.reply(),
        Ok(Post::Single(message)) => answer(context, principal, posted, message).await?,
        Ok(Post::Batch(messages)) => {
            let mut replies = Vec::with_capacity(messages.len());
            for (index, message) in messages.into_iter().enumerate() {
                replies.push(match charge(context, principal, index).await {
                    Ok(()) => answer(context, principal, posted, message).await?,
                    Err(problem) => refuse(&message, fault(&problem)),
                });
            }
            Reply::batch(replies)
        }
    };
    Ok(http(reply))
}

/// The reply to a body that is longer than any message.
pub fn too_large() -> HttpReply {
    http(refusal::too_large())
}

/// The reply to a request whose caller is limited; `None` when the body is not one request, so that there is no id to answer.
pub fn limited(headers: &RequestHeaders, body: &[u8], problem: &Problem) -> Option<HttpReply> {
    let (Ok(Post::Single(message @ Message::Request(_))), Problem::RateLimited { limit, retry_after }) =
        (post::parse(headers, body), problem)
    else {
        return None;
    };
    Some(limit.with_headers(http(refuse(&message, fault(problem))), *retry_after))
}

async fn charge(context: &Context, principal: &Principal, index: usize) -> Result<(), Problem> {
    if index > 0 {
        principal.another(context).await?;
    }
    Ok(())
}

async fn answer(
    context: &Context,
    principal: &Principal,
    posted: &Posted<'_>,
    message: Message,
) -> Result<Reply, Problem> {
    match message.turn() {
        Turn::Reply(reply) => Ok(reply),
        Turn::ListTools(list) => self::list(context, principal, &list).await,
        Turn::CallTool(call) => self::call(context, principal, posted, call).await,
    }
}

async fn list(context: &Context, principal: &Principal, list: &ListTools) -> Result<Reply, Problem> {
    match calls::catalogue(context, principal).await {
        Ok(catalogue) => Ok(list.render(catalogue.definitions().cloned().collect())),
        Err(problem) => in_band(problem).map(|fault| list.refuse(fault)),
    }
}

/// 1. the tool, by its exact name; 2. the headers that repeat its arguments; 3. its schema; 4. the tool itself.
async fn call(
    context: &Context,
    principal: &Principal,
    posted: &Posted<'_>,
    mut call: CallTool,
) -> Result<Reply, Problem> {
    let upstreams = match calls::upstreams_for(context, principal, &call.name).await {
        Ok(upstreams) => upstreams,
        Err(problem) => return in_band(problem).map(|fault| call.refuse(fault)),
    };
    let around = tenant::surroundings(context, principal, &upstreams);
    let found = match calls::find(context, &around, &call.name).await {
        Ok(found) => found,
        Err(ToolError::Unknown) => return Ok(call.unknown_tool()),
        Err(error) => return Ok(call.render(failed(&error))),
    };
    if repeats_arguments(&found.definition().input_schema) {
        let headers = RequestHeaders::collect(incoming::headers(posted.request));
        if let Err(fault) = call.check_headers(&headers, found.definition()) {
            return Ok(call.refuse(fault));
        }
    }
    let arguments = std::mem::take(&mut call.arguments);
    let outcome = calls::run(context, &around, found, arguments).await;
    Ok(call.render(outcome.unwrap_or_else(|error| failed(&error))))
}

/// A call that could not be made is a failed call, in words the model can act on.
fn failed(error: &ToolError) -> CallToolResult {
    match error {
        ToolError::BadArguments(violations) => {
            let places = violations.iter().map(|violation| format!("{:?}: {}", violation.pointer, violation.problem));
            CallToolResult::failed(format!("{error}. {}", places.collect::<Vec<_>>().join("; ")))
        }
        _ => CallToolResult::failed(format!("The call failed: {error}.")),
    }
}

/// What is told inside the protocol. A lacking scope is told by HTTP, where a client looks for it.
fn in_band(problem: Problem) -> Result<Fault, Problem> {
    match problem {
        Problem::InsufficientScope { .. } => Err(problem),
        other => Ok(fault(&other)),
    }
}

fn refuse(message: &Message, fault: Fault) -> Reply {
    match message {
        Message::Request(request) => Refusal { id: Some(request.id.clone()), fault }.reply(),
        Message::Notification | Message::Response => Reply::ACCEPTED,
    }
}

fn fault(problem: &Problem) -> Fault {
    match problem {
        Problem::RateLimited { retry_after, .. } => Fault::RateLimited { retry_after: *retry_after },
        Problem::Unavailable { .. } => Fault::Unavailable { retry_after: RETRY },
        _ => Fault::Internal,
    }
}

fn http(reply: Reply) -> HttpReply {
    let Reply { status, body } = reply;
    let Some(body) = body else { return HttpReply::empty(status) };
    let headers = vec![("content-type", "application/json".to_owned()), ("cache-control", "no-store".to_owned())];
    let reply = HttpReply { status, headers, body };
    if status == 503 { reply.with("retry-after", RETRY.seconds_ceil().to_string()) } else { reply }
}
