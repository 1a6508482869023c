//! The room from outside: what is posted, and what comes back, byte for byte.

mod clients;
mod headers;
mod methods;
mod refusals;
mod replies;
mod results;

#[cfg(not(target_arch = "wasm32"))]
mod properties;

use super::capability::ServerCapabilities;
use super::headers::RequestHeaders;
use super::method::{Call, ListKind, Method};
use super::post::{self, Message, Post};
use super::refusal::Fault;
use super::reply::{INSTRUCTIONS, Reply};
use super::turn::{Asked, Turn};
use super::wire::{CallToolResult, Tool};
use serde_json::{Map, Value};

/// The `_meta` of a modern request, without more than it needs.
const META: &str =
    r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

/// Headers as a client sends them: the media types, and these.
fn with(headers: &[(&str, &str)]) -> RequestHeaders {
    let media = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
    RequestHeaders::collect(media.iter().chain(headers).copied())
}

/// Headers of a modern request.
fn modern(method: &str, name: Option<&str>) -> RequestHeaders {
    let mut headers = vec![("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)];
    headers.extend(name.map(|name| ("Mcp-Name", name)));
    with(&headers)
}

/// A modern request with `members` in its params beside `_meta`.
fn modern_body(method: &str, members: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{{members}"_meta":{META}}}}}"#)
}

fn tool(text: &str) -> Tool {
    serde_json::from_str(text).unwrap()
}

/// The one tool of these tests.
fn weather() -> Tool {
    tool(
        r#"{"name":"get_weather","description":"The weather in a city.","inputSchema":{"type":"object",
        "properties":{"city":{"type":"string","x-mcp-header":"City"},"n":{"type":"integer","x-mcp-header":"N"}}}}"#,
    )
}

/// Serves a POST as the edge does outside a session, with [`weather`] as the whole catalogue and "sunny" as every result.
fn serve(headers: &RequestHeaders, body: &str) -> Reply {
    serve_with(&ServerCapabilities::own(), headers, body)
}

/// The same for an endpoint that offers more: its lists are empty, and its upstream's results are `{}`.
fn serve_with(offered: &ServerCapabilities, headers: &RequestHeaders, body: &str) -> Reply {
    let answer = |message: Message| match message.turn() {
        Turn::Reply(reply) => reply,
        Turn::Serve(asked) => reply(offered, headers, &asked),
        Turn::Notice(_) | Turn::Answer(_) => Reply::ACCEPTED,
    };
    match post::parse(headers, body.as_bytes()) {
        Err(refusal) => refusal.reply(),
        Ok(Post::Single(message)) => answer(message),
        Ok(Post::Batch(messages)) => Reply::batch(messages.into_iter().map(answer)),
    }
}

fn reply(offered: &ServerCapabilities, headers: &RequestHeaders, asked: &Asked) -> Reply {
    let to = &asked.to;
    if !asked.method.family().is_offered(offered) {
        return to.refuse(Fault::MethodNotFound);
    }
    match &asked.method {
        Method::Initialize { negotiated, .. } => to.initialize(*negotiated, offered.clone(), INSTRUCTIONS),
        Method::Discover => to.discover(offered.clone(), INSTRUCTIONS),
        Method::List(ListKind::Tools) => to.tools(vec![weather()], &[]),
        Method::List(kind) => to.list(*kind, &Vec::<Value>::new(), &[]),
        Method::Call(Call::Tool { name, .. }) if *name != weather().name => to.refuse(Fault::unknown_tool(name)),
        Method::Call(Call::Tool { .. }) => match asked.check_headers(headers, &weather()) {
            Ok(()) => to.called(CallToolResult::text("sunny")),
            Err(fault) => to.refuse(fault),
        },
        Method::Call(call) => to.relayed(call, Map::new()),
        Method::Subscribe { .. } | Method::SetLevel(_) => to.refuse(Fault::NoSession),
        Method::Ping | Method::Listen(_) => to.done(),
        Method::Malformed { fault, .. } => to.refuse(fault.clone()),
    }
}

/// A reply as one line: the status, then the body if there is one.
fn line(reply: &Reply) -> String {
    match &reply.body {
        Some(body) => format!("{} {}", reply.status, String::from_utf8(body.clone()).unwrap()),
        None => reply.status.to_string(),
    }
}

/// What a POST gives, as one line.
fn exchange(headers: &RequestHeaders, body: &str) -> String {
    line(&serve(headers, body))
}
