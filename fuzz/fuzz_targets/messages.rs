//! Any body under any routing headers: one POST or one refusal, every refusal is a JSON-RPC error, every request is answered
//! with its own id, and nothing panics.
//!
//! The input: one byte for the headers, then the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_secure_gateway::mcp::capability::ServerCapabilities;
use mcp_secure_gateway::mcp::headers::RequestHeaders;
use mcp_secure_gateway::mcp::method::Method;
use mcp_secure_gateway::mcp::post::{self, LONGEST_BATCH, Message, Post};
use mcp_secure_gateway::mcp::refusal::Fault;
use mcp_secure_gateway::mcp::reply::{INSTRUCTIONS, Reply};
use mcp_secure_gateway::mcp::turn::Turn;
use serde_json::Value;

const VERSIONS: [Option<&str>; 4] = [None, Some("2026-07-28"), Some("2025-03-26"), Some("2025-11-25")];
const METHODS: [Option<&str>; 4] = [None, Some("tools/call"), Some("tools/list"), Some("server/discover")];

fn headers(which: u8) -> RequestHeaders {
    let version = VERSIONS[usize::from(which & 3)].map(|version| ("MCP-Protocol-Version", version));
    let method = METHODS[usize::from((which >> 2) & 3)].map(|method| ("Mcp-Method", method));
    let name = (which & 16 != 0).then_some(("Mcp-Name", "a"));
    let media = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
    RequestHeaders::collect(media.into_iter().chain(version).chain(method).chain(name))
}

fn serve(message: Message) -> Option<Reply> {
    match message.turn() {
        Turn::Reply(reply) => Some(reply),
        Turn::Notice(_) | Turn::Answer(_) => None,
        Turn::Serve(asked) => Some(match asked.method {
            Method::Initialize { negotiated, .. } => {
                asked.to.initialize(negotiated, ServerCapabilities::own(), INSTRUCTIONS)
            }
            Method::Discover => asked.to.discover(ServerCapabilities::own(), INSTRUCTIONS),
            Method::Malformed { fault, .. } => asked.to.refuse(fault),
            _ => asked.to.refuse(Fault::MethodNotFound),
        }),
    }
}

fn check(body: Option<Vec<u8>>, id: Option<Value>) {
    let body: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
    assert_eq!(body["jsonrpc"], "2.0");
    assert_eq!(body["id"], id.unwrap_or(body["id"].clone()));
    assert!(body.get("result").is_some() != body.get("error").is_some());
}

fn one(message: Message) {
    let id = match &message {
        Message::Request(request) => Some(serde_json::to_value(&request.id).expect("an id")),
        Message::Notification(_) | Message::Answer(_) => None,
    };
    match serve(message) {
        Some(reply) => check(reply.body, Some(id.expect("only a request has a reply"))),
        None => assert!(id.is_none(), "a request without a reply"),
    }
}

fuzz_target!(|input: &[u8]| {
    let [which, body @ ..] = input else { return };
    match post::parse(&headers(*which), body) {
        Err(refusal) => {
            let reply = refusal.reply();
            assert!((400..500).contains(&reply.status), "{}", reply.status);
            check(reply.body, None);
        }
        Ok(Post::Single(message)) => one(message),
        Ok(Post::Batch(messages)) => {
            assert!((1..=LONGEST_BATCH).contains(&messages.len()));
            messages.into_iter().for_each(one);
        }
    }
});
