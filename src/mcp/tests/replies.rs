//! Every result on the wire, in both eras.

use super::{exchange, line, modern, modern_body, serve, tool, with};
use crate::mcp::era::{Era, LegacyRevision};
use crate::mcp::message::RequestId;
use crate::mcp::method::{Call, Method};
use crate::mcp::post::{self, Post};
use crate::mcp::refusal::Fault;
use crate::mcp::reply::{Addressee, Reply};
use crate::mcp::turn::Turn;
use crate::mcp::wire::CallToolResult;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SERVER: &str = r#"{"name":"mcp-secure-gateway","title":"MCP Secure Gateway","version":"VERSION"}"#;
const INSTRUCTIONS: &str = "Every tool call is checked against what the caller may do and against the tool's input schema, and counted against a rate limit. A result with isError set says what went wrong.";

fn golden(text: &str) -> String {
    text.replace("SERVER", SERVER).replace("INSTRUCTIONS", INSTRUCTIONS).replace("VERSION", crate::VERSION)
}

fn turn_of(headers: &super::RequestHeaders, body: &str) -> Turn {
    match post::parse(headers, body.as_bytes()).unwrap() {
        Post::Single(message) => message.turn(),
        Post::Batch(_) => panic!("a batch"),
    }
}

/// Where the replies to a request with the id 7 go.
fn to(modern_era: bool) -> Addressee {
    let era = if modern_era { Era::Modern } else { Era::Legacy(LegacyRevision::LATEST) };
    Addressee { id: RequestId::Number(7), era, server: None }
}

#[test]
fn initialize() {
    let body = |version: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":"a","method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
        )
    };
    for (wanted, answered) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
        ("2026-07-28", "2025-11-25"),
        ("2099-01-01", "2025-11-25"),
        ("", "2025-11-25"),
    ] {
        let expected = golden(&format!(
            r#"200 {{"jsonrpc":"2.0","id":"a","result":{{"protocolVersion":"{answered}","capabilities":{{"tools":{{}}}},"serverInfo":SERVER,"instructions":"INSTRUCTIONS"}}}}"#
        ));
        assert_eq!(exchange(&with(&[]), &body(wanted)), expected);
        // A client may already name a served revision in the header, even the one without a handshake.
        for header in Era::SERVED.map(Era::name) {
            assert_eq!(exchange(&with(&[("MCP-Protocol-Version", header)]), &body(wanted)), expected);
        }
    }
}

#[test]
fn discover() {
    assert_eq!(
        exchange(&modern("server/discover", None), &modern_body("server/discover", "")),
        golden(
            r#"200 {"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"],"capabilities":{"tools":{}},"instructions":"INSTRUCTIONS","ttlMs":60000,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":SERVER}}}"#
        )
    );
}

#[test]
fn a_tool_list_keeps_every_keyword_and_the_order_it_was_given() {
    let tools = || {
        vec![
            tool(
                r#"{"name":"b","title":"B","inputSchema":{"$schema":"x","type":"object","$defs":{}},"outputSchema":{"type":"object"},"annotations":{"readOnlyHint":true},"icons":[{"src":"https://a/b"}],"_meta":{"k":1}}"#,
            ),
            tool(r#"{"name":"a","inputSchema":{"type":"object"},"outputSchema":{"type":"array"}}"#),
        ]
    };
    let b = r#"{"name":"b","title":"B","inputSchema":{"$schema":"x","type":"object","$defs":{}},"outputSchema":{"type":"object"},"annotations":{"readOnlyHint":true},"icons":[{"src":"https://a/b"}],"_meta":{"k":1}}"#;
    assert_eq!(
        line(&to(true).tools(tools(), &[])),
        golden(&format!(
            r#"200 {{"jsonrpc":"2.0","id":7,"result":{{"resultType":"complete","tools":[{b},{{"name":"a","inputSchema":{{"type":"object"}},"outputSchema":{{"type":"array"}}}}],"ttlMs":5000,"cacheScope":"private","_meta":{{"io.modelcontextprotocol/serverInfo":SERVER}}}}}}"#
        ))
    );
    assert_eq!(
        line(&to(false).tools(tools(), &[])),
        format!(
            r#"200 {{"jsonrpc":"2.0","id":7,"result":{{"tools":[{b},{{"name":"a","inputSchema":{{"type":"object"}}}}]}}}}"#
        )
    );
    assert_eq!(line(&to(false).tools(vec![], &[])), r#"200 {"jsonrpc":"2.0","id":7,"result":{"tools":[]}}"#);
}

#[test]
fn the_result_of_a_call() {
    let result = CallToolResult::structured(json!({"c":21}));
    assert_eq!(
        line(&to(true).called(result.clone())),
        golden(
            r#"200 {"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[{"type":"text","text":"{\"c\":21}"}],"structuredContent":{"c":21},"_meta":{"io.modelcontextprotocol/serverInfo":SERVER}}}"#
        )
    );
    assert_eq!(
        line(&to(false).called(result)),
        r#"200 {"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"{\"c\":21}"}],"structuredContent":{"c":21}}}"#
    );
    assert_eq!(
        line(&to(false).called(CallToolResult::failed("no such city"))),
        r#"200 {"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"no such city"}],"isError":true}}"#
    );
}

#[test]
fn an_upstreams_signature_is_replaced_and_its_other_metadata_kept() {
    let mut result = CallToolResult::text("x");
    let meta = json!({"io.modelcontextprotocol/serverInfo":{"name":"upstream"},"trace":1});
    result.meta = meta.as_object().cloned();
    assert_eq!(
        line(&to(true).called(result.clone())),
        golden(
            r#"200 {"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[{"type":"text","text":"x"}],"_meta":{"io.modelcontextprotocol/serverInfo":SERVER,"trace":1}}}"#
        )
    );
    assert!(line(&to(false).called(result.clone())).ends_with(r#""_meta":{"trace":1}}}"#));
    result.meta = json!({"io.modelcontextprotocol/serverInfo":{}}).as_object().cloned();
    assert!(!line(&to(false).called(result)).contains("_meta"));
}

#[test]
fn structured_content_that_is_no_object_reaches_modern_clients_only() {
    for content in [json!([1]), json!(1), Value::Null] {
        let result = CallToolResult::structured(content.clone());
        let shown = format!(r#""structuredContent":{content}"#);
        assert!(line(&to(true).called(result.clone())).contains(&shown));
        assert!(!line(&to(false).called(result)).contains("structuredContent"));
    }
}

#[test]
fn notifications_and_legacy_answers_are_accepted_without_a_body() {
    let legacy = with(&[("MCP-Protocol-Version", "2025-06-18")]);
    let modern = modern("notifications/cancelled", None);
    for headers in [&legacy, &modern] {
        let body = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
        assert_eq!(serve(headers, body), Reply::ACCEPTED);
        // Without an id there is nothing to answer, so nothing is run either.
        assert_eq!(
            serve(headers, r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"get_weather"}}"#),
            Reply::ACCEPTED
        );
    }
    for answer in [
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}"#,
    ] {
        assert_eq!(serve(&legacy, answer), Reply::ACCEPTED, "{answer}");
    }
}

#[test]
fn a_batch_is_answered_in_order_without_its_notifications() {
    let body = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},
        {"jsonrpc":"2.0","id":"1","method":"nope"},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_weather"}}]"#;
    let expected = r#"200 [{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"Method not found"}},{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"sunny"}]}}]"#;
    assert_eq!(exchange(&with(&[]), body), expected);
    assert_eq!(exchange(&with(&[("MCP-Protocol-Version", "2025-03-26")]), body), expected);
    assert_eq!(exchange(&with(&[]), r#"[{"jsonrpc":"2.0","method":"a"}]"#), "202");
    assert_eq!(exchange(&with(&[]), r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#), "202");
}

#[test]
fn an_id_is_echoed_with_its_type() {
    let long = format!("\"{}\"", "é".repeat(256));
    for (sent, echoed) in [
        ("0", "0"),
        ("-1", "-1"),
        ("1.0", "1"),
        ("1e2", "100"),
        ("9223372036854775807", "9223372036854775807"),
        ("\"\"", "\"\""),
        ("\"1\"", "\"1\""),
        (long.as_str(), long.as_str()),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{sent},"method":"ping"}}"#);
        assert_eq!(exchange(&with(&[]), &body), format!(r#"200 {{"jsonrpc":"2.0","id":{echoed},"result":{{}}}}"#));
    }
}

#[test]
fn the_turn_carries_the_name_the_arguments_and_the_id() {
    let body = r#"{"jsonrpc":"2.0","id":"q","method":"tools/call","params":{"name":"x","arguments":{"a":[1]}}}"#;
    let Turn::Serve(asked) = turn_of(&with(&[]), body) else { panic!("no request") };
    assert_eq!(asked.to.id, RequestId::Text("q".into()));
    let Method::Call(Call::Tool { name, arguments, .. }) = asked.method else { panic!("no call") };
    assert_eq!((name.as_str(), Value::Object(arguments)), ("x", json!({"a":[1]})));
}

#[test]
fn a_list_or_a_call_that_cannot_be_served_is_refused_with_its_id() {
    let expected = r#"200 {"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"Internal error"}}"#;
    for modern_era in [true, false] {
        assert_eq!(line(&to(modern_era).refuse(Fault::Internal)), expected);
    }
}
