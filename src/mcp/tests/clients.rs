//! What real clients send, recorded from them, and what they get.
//!
//! Recorded from the Rust SDK (`rmcp` 3.11.0) and the TypeScript SDKs (`sdk` 1.32.2, `client` 2.4.0).

use super::{exchange, with};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// `Accept` as the Rust SDK orders it.
const RMCP: &[(&str, &str)] =
    &[("content-type", "application/json"), ("accept", "text/event-stream, application/json")];

fn rmcp(headers: &[(&str, &str)]) -> super::RequestHeaders {
    super::RequestHeaders::collect(RMCP.iter().chain(headers).copied())
}

const LIST_LEGACY: &str = r#""result":{"tools":[{"name":"get_weather","description":"The weather in a city.","inputSchema":{"type":"object","properties":{"city":{"type":"string","x-mcp-header":"City"},"n":{"type":"integer","x-mcp-header":"N"}}}}]}}"#;
const SUNNY_LEGACY: &str = r#""result":{"content":[{"type":"text","text":"sunny"}]}}"#;

#[test]
fn the_typescript_v1_client_shakes_hands_lists_pings_and_calls() {
    let init = r#"{"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"probe","version":"1.0.0"}},"jsonrpc":"2.0","id":0}"#;
    assert!(exchange(&with(&[]), init).starts_with(
        r#"200 {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}}"#
    ));
    let after = with(&[("mcp-protocol-version", "2025-11-25")]);
    assert_eq!(exchange(&after, r#"{"method":"notifications/initialized","jsonrpc":"2.0"}"#), "202");
    let listed = exchange(&after, r#"{"method":"tools/list","jsonrpc":"2.0","id":1}"#);
    assert_eq!(listed, format!(r#"200 {{"jsonrpc":"2.0","id":1,{LIST_LEGACY}"#));
    let pong = exchange(&after, r#"{"method":"ping","jsonrpc":"2.0","id":2}"#);
    assert_eq!(pong, r#"200 {"jsonrpc":"2.0","id":2,"result":{}}"#);
    for call in [
        r#"{"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Zürich"},"_meta":{"progressToken":3}},"jsonrpc":"2.0","id":3}"#,
        r#"{"method":"tools/call","params":{"name":"get_weather"},"jsonrpc":"2.0","id":3}"#,
    ] {
        assert_eq!(exchange(&after, call), format!(r#"200 {{"jsonrpc":"2.0","id":3,{SUNNY_LEGACY}"#));
    }
}

#[test]
fn the_typescript_v2_client_discovers_lists_and_calls_without_a_handshake() {
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"probe","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{}}"#;
    let head = |method, rest: &[(&'static str, &'static str)]| {
        let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        headers.extend(rest);
        with(&headers)
    };
    let discover = format!(
        r#"{{"jsonrpc":"2.0","id":"server-discover-probe-1","method":"server/discover","params":{{"_meta":{meta}}}}}"#
    );
    assert!(exchange(&head("server/discover", &[]), &discover).starts_with(r#"200 {"jsonrpc":"2.0","id":"server-discover-probe-1","result":{"resultType":"complete","supportedVersions":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]"#));
    let list = format!(r#"{{"method":"tools/list","jsonrpc":"2.0","id":0,"params":{{"_meta":{meta}}}}}"#);
    assert!(exchange(&head("tools/list", &[]), &list).starts_with(
        r#"200 {"jsonrpc":"2.0","id":0,"result":{"resultType":"complete","tools":[{"name":"get_weather""#
    ));
    let call = format!(
        r#"{{"method":"tools/call","params":{{"name":"get_weather","arguments":{{"city":"Zürich","n":3}},"_meta":{meta}}},"jsonrpc":"2.0","id":1}}"#
    );
    let named = [("mcp-name", "get_weather"), ("mcp-param-city", "=?base64?WsO8cmljaA==?="), ("mcp-param-n", "3")];
    assert!(exchange(&head("tools/call", &named), &call).starts_with(
        r#"200 {"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"sunny"}]"#
    ));
}

#[test]
fn the_rust_client_asks_for_the_newest_revision_in_a_handshake_and_gets_the_newest_with_one() {
    let init = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"capabilities":{},"clientInfo":{"name":"rmcp","version":"3.11.0"},"protocolVersion":"2026-07-28"}}"#;
    let shaken = exchange(&rmcp(&[]), init);
    assert!(shaken.starts_with(r#"200 {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","#), "{shaken}");
    let after = rmcp(&[("mcp-protocol-version", "2025-11-25")]);
    assert_eq!(exchange(&after, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), "202");
    let listed =
        exchange(&after, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":0}}}"#);
    assert_eq!(listed, format!(r#"200 {{"jsonrpc":"2.0","id":1,{LIST_LEGACY}"#));
    let called = exchange(
        &after,
        r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"_meta":{"progressToken":2},"name":"get_weather"}}"#,
    );
    assert_eq!(called, format!(r#"200 {{"jsonrpc":"2.0","id":3,{SUNNY_LEGACY}"#));
}

#[test]
fn the_rust_client_in_discover_mode_is_served_without_a_handshake() {
    let meta = |token: &str| {
        format!(
            r#"{{"io.modelcontextprotocol/clientCapabilities":{{}},"io.modelcontextprotocol/clientInfo":{{"name":"rmcp","version":"3.11.0"}},"io.modelcontextprotocol/protocolVersion":"2026-07-28"{token}}}"#
        )
    };
    let head = |method, rest: &[(&'static str, &'static str)]| {
        let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        headers.extend(rest);
        rmcp(&headers)
    };
    let ok = |headers, body: String| assert!(exchange(&headers, &body).starts_with("200 "), "{body}");
    ok(
        head("server/discover", &[]),
        format!(r#"{{"jsonrpc":"2.0","id":0,"method":"server/discover","params":{{"_meta":{}}}}}"#, meta("")),
    );
    ok(
        head("tools/list", &[]),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{}}}}}"#,
            meta(r#","progressToken":0"#)
        ),
    );
    ok(
        head("tools/call", &[("mcp-name", "get_weather")]),
        format!(
            r#"{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{{"_meta":{},"name":"get_weather"}}}}"#,
            meta(r#","progressToken":1"#)
        ),
    );
    ok(
        head("tools/call", &[("mcp-name", "get_weather"), ("mcp-param-city", "Bern"), ("mcp-param-n", "7")]),
        format!(
            r#"{{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{{"_meta":{},"arguments":{{"city":"Bern","n":7}},"name":"get_weather"}}}}"#,
            meta(r#","progressToken":2"#)
        ),
    );
}
