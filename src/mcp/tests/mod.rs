//! The room from outside: what is posted, and what comes back, byte for byte.

mod clients;
mod headers;
mod refusals;
mod replies;

#[cfg(not(target_arch = "wasm32"))]
mod properties;

use super::headers::RequestHeaders;
use super::post::{self, Message, Post};
use super::reply::Reply;
use super::turn::Turn;
use super::wire::{CallToolResult, Tool};

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

/// Serves a POST as the edge does, with [`weather`] as the whole catalogue and "sunny" as every result.
fn serve(headers: &RequestHeaders, body: &str) -> Reply {
    match post::parse(headers, body.as_bytes()) {
        Err(refusal) => refusal.reply(),
        Ok(Post::Single(message)) => answer(headers, message),
        Ok(Post::Batch(messages)) => Reply::batch(messages.into_iter().map(|message| answer(headers, message))),
    }
}

fn answer(headers: &RequestHeaders, message: Message) -> Reply {
    match message.turn() {
        Turn::Reply(reply) => reply,
        Turn::ListTools(list) => list.render(vec![weather()]),
        Turn::CallTool(call) if call.name != weather().name => call.unknown_tool(),
        Turn::CallTool(call) => match call.check_headers(headers, &weather()) {
            Ok(()) => call.render(CallToolResult::text("sunny")),
            Err(fault) => call.refuse(fault),
        },
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
