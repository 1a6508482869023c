use super::{Message, end, stream};
use crate::credential::applied::Bound;
use crate::credential::held::{Held, Identity};
use crate::credential::secret::Secret;
use crate::id::UpstreamId;
use crate::mcp::capability::ClientCapabilities;
use crate::mcp::log_level::LogLevel;
use crate::mcp::message::RequestId;
use crate::mcp::method::ListKind;
use crate::mcp::wire::RpcError;
use crate::outbound::{HeaderValue, OutboundRequest, Reach};
use crate::secret::SecretText;
use crate::time::Lifetime;
use crate::upstream::Upstream;
use crate::upstream::ask::{Ask, AskMethod};
use crate::upstream::link::{LegacyLink, Link, MODERN};
use serde_json::{Map, Value, json};
use std::rc::Rc;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SOON: Lifetime = Lifetime::from_seconds(10);

fn upstream() -> Upstream {
    let id = UpstreamId::parse("u1").unwrap();
    let bound = Bound::of_token(&SecretText::new("s3cret"), "https://tools.example.com").unwrap();
    let credential = Held::of(Identity::default(), bound);
    Upstream::new(id, "files", "https://tools.example.com/mcp", credential, Reach::Public).unwrap()
}

fn headers(request: &OutboundRequest) -> Vec<(String, String)> {
    request.headers.iter().map(|(name, value)| (name.to_string(), value.expose().to_owned())).collect()
}

fn body(request: &OutboundRequest) -> Value {
    serde_json::from_slice(request.body.as_deref().unwrap()).unwrap()
}

fn legacy() -> Link {
    let session = Some(HeaderValue::fixed("abc"));
    Link::Legacy(LegacyLink { session, revision: "2025-06-18", introduction: Rc::default(), level: None })
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn a_modern_call_says_the_same_in_headers_and_body() {
    let declares = ClientCapabilities::read(&members(&json!({"roots": {}}))).unwrap();
    let params = members(&json!({"name": "größe", "arguments": {"b": 1, "a": "x"}}));
    let ask = Ask {
        meta: members(&json!({"traceparent": "00", "io.modelcontextprotocol/protocolVersion": "spoofed"})),
        headers: vec![("Mcp-Param-A".into(), HeaderValue::fixed("x"))],
        declares,
        progress: true,
        log_level: Some(LogLevel::Info),
        ..Ask::plain(AskMethod::CallTool, params)
    };
    let request = Message::Ask(&ask).request(&upstream(), Some(&Link::Modern), 9, SOON);
    let expected = [
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("authorization", "Bearer s3cret"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "=?base64?Z3LDtsOfZQ==?="),
        ("Mcp-Param-A", "x"),
    ];
    assert_eq!(headers(&request), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(
        body(&request),
        json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {
        "name": "größe", "arguments": {"b": 1, "a": "x"},
        "_meta": {
            "traceparent": "00",
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": {"name": "mcp-secure-gateway", "version": crate::VERSION},
            "io.modelcontextprotocol/clientCapabilities": {"roots": {}},
            "io.modelcontextprotocol/logLevel": "info",
            "progressToken": 9,
        }}})
    );
    assert!(!format!("{request:?}").contains("s3cret"));
}

#[test]
fn a_legacy_call_has_nothing_of_the_newer_revision() {
    let ask = Ask {
        headers: vec![("Mcp-Param-A".into(), HeaderValue::fixed("x"))],
        log_level: Some(LogLevel::Info),
        ..Ask::plain(AskMethod::ReadResource, members(&json!({"uri": "a:b"})))
    };
    let request = Message::Ask(&ask).request(&upstream(), Some(&legacy()), 9, SOON);
    assert_eq!(
        body(&request),
        json!({"jsonrpc": "2.0", "id": 9, "method": "resources/read", "params": {"uri": "a:b"}})
    );
    let names: Vec<_> = headers(&request).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["content-type", "accept", "authorization", "MCP-Protocol-Version", "Mcp-Session-Id"]);
}

#[test]
fn the_handshake_states_no_modern_revision_and_the_session_follows_it() {
    let declares = ClientCapabilities::read(&members(&json!({"sampling": {}}))).unwrap();
    let request = Message::Initialize { declares: &declares }.request(&upstream(), None, 1, SOON);
    assert_eq!(headers(&request).len(), 3);
    assert_eq!(
        body(&request)["params"],
        json!({"protocolVersion": "2025-11-25", "capabilities": {"sampling": {}},
               "clientInfo": {"name": "mcp-secure-gateway", "version": crate::VERSION}})
    );
    let link = legacy();
    let send = |message: Message<'_>| message.request(&upstream(), Some(&link), 3, SOON);
    assert_eq!(body(&send(Message::Initialized)), json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let list = send(Message::List { kind: ListKind::Prompts, cursor: Some("") });
    assert_eq!(body(&list), json!({"jsonrpc": "2.0", "id": 3, "method": "prompts/list", "params": {"cursor": ""}}));
    assert!(headers(&list).contains(&("Mcp-Session-Id".into(), "abc".into())));
    assert!(headers(&list).contains(&("MCP-Protocol-Version".into(), "2025-06-18".into())));
    let level = send(Message::SetLevel(LogLevel::Debug));
    assert_eq!(
        body(&level),
        json!({"jsonrpc": "2.0", "id": 3, "method": "logging/setLevel", "params": {"level": "debug"}})
    );
    let cancelled = send(Message::Cancelled { request: 2 });
    assert_eq!(
        body(&cancelled),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}})
    );
}

#[test]
fn a_question_is_answered_under_its_own_id() {
    let link = legacy();
    let answer = |outcome| {
        let id = RequestId::Text("q".into());
        body(&Message::Answer { id: &id, outcome: &outcome }.request(&upstream(), Some(&link), 3, SOON))
    };
    let roots = answer(Ok(members(&json!({"roots": []}))));
    assert_eq!(roots, json!({"jsonrpc": "2.0", "id": "q", "result": {"roots": []}}));
    let error = answer(Err(RpcError { code: -1, message: "no".into(), data: None }));
    assert_eq!(error, json!({"jsonrpc": "2.0", "id": "q", "error": {"code": -1, "message": "no"}}));
}

#[test]
fn a_stream_is_taken_up_after_its_last_event() {
    let request = stream(&upstream(), &legacy(), Some(HeaderValue::fixed("5-2")), SOON);
    assert!(request.body.is_none());
    let expected = [
        ("accept", "text/event-stream"),
        ("authorization", "Bearer s3cret"),
        ("MCP-Protocol-Version", "2025-06-18"),
        ("Mcp-Session-Id", "abc"),
        ("Last-Event-ID", "5-2"),
    ];
    assert_eq!(headers(&request), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn a_credential_in_the_query_stands_in_every_request_and_in_no_header() {
    let secret: Secret = serde_json::from_value(json!({"query": {"name": "key", "value": "s3cret"}})).unwrap();
    let bound = Bound::of(&secret, "https://tools.example.com").unwrap().unwrap();
    let upstream = Upstream { credential: Held::of(Identity::default(), bound), ..upstream() };
    let requests = [
        Message::Discover.request(&upstream, None, 1, SOON),
        stream(&upstream, &legacy(), None, SOON),
        end(&upstream, &legacy(), SOON).unwrap(),
    ];
    for request in requests {
        assert_eq!(request.url.url().as_str(), "https://tools.example.com/mcp?key=s3cret");
        assert!(headers(&request).iter().all(|(_, value)| !value.contains("s3cret")));
        assert!(!format!("{request:?}").contains("s3cret"));
    }
}
