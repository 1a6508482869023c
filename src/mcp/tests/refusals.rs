//! The whole table of refusals: HTTP status, code, id.

use super::{META, exchange, modern, modern_body, with};
use crate::json::REQUEST_CAPS;
use crate::mcp::message::RequestId;
use crate::mcp::refusal::{self, Fault, Refusal};
use crate::time::Lifetime;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The line a refusal gives.
fn refused(status: u16, id: &str, code: i64, message: &str) -> String {
    let message = message.replace('"', "\\\"");
    format!(r#"{status} {{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#)
}

#[test]
fn a_body_that_is_not_strict_json_is_a_parse_error_without_an_id() {
    for (body, reason) in [
        ("", "the document is not JSON: line 1, column 0"),
        ("{", "the document is not JSON: line 1, column 1"),
        ("{} x", "the document is not JSON: line 1, column 4"),
        (r#"{"id":1,"id":2}"#, r#"the member \"id\" stands twice in one object"#),
    ] {
        let expected =
            format!(r#"400 {{"jsonrpc":"2.0","id":null,"error":{{"code":-32700,"message":"Parse error: {reason}"}}}}"#);
        assert_eq!(exchange(&with(&[]), body), expected);
    }
    let deep = format!(r#"{{"params":{}}}"#, "[".repeat(70));
    assert!(exchange(&with(&[]), &deep).starts_with(r#"400 {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"#));
}

#[test]
fn a_body_that_is_too_long_is_413() {
    let expected = refused(413, "null", -32600, "Parse error: the document is longer than 1048576 bytes");
    assert_eq!(exchange(&with(&[]), &" ".repeat(REQUEST_CAPS.max_bytes + 1)), expected);
    assert_eq!(super::line(&refusal::too_large()), expected);
}

#[test]
fn media_types_are_settled_before_the_body_is_read() {
    let none: [(&str, &str); 0] = [];
    let headers = super::RequestHeaders::collect(none);
    assert_eq!(exchange(&headers, "{"), refused(415, "null", -32600, "Content-Type must be application/json"));
    let headers = super::RequestHeaders::collect([("Content-Type", "application/json")]);
    let expected = refused(406, "null", -32600, "Accept must list both application/json and text/event-stream");
    assert_eq!(exchange(&headers, "{"), expected);
}

#[test]
fn a_value_that_is_no_message_is_an_invalid_request_with_its_id_when_it_has_one() {
    let too_long = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(257));
    let other_case = "a member of JSON-RPC is written in another case";
    let bad_id = "id must be a string of at most 256 characters or an integer of 64 bits";
    for (body, id, reason) in [
        ("1", "null", "a message is an object"),
        ("\"x\"", "null", "a message is an object"),
        ("null", "null", "a message is an object"),
        ("{}", "null", "jsonrpc must be \"2.0\""),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"x"}"#, "1", other_case),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","ID":2}"#, "1", other_case),
        (r#"{"jsonrpc":"2.0","id":1,"METHOD":"ping"}"#, "1", other_case),
        (r#"{"jsonrpc":"2.0","method":"ping","pArams":{}}"#, "null", other_case),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "1", "jsonrpc must be \"2.0\""),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, "1", "jsonrpc must be \"2.0\""),
        (r#"{"jsonrpc":"2.0","id":"a"}"#, "\"a\"", "a message has a method, a result or an error"),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, "1", "method must be a string"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#, "1", "params must be an object"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, "1", "params must be an object"),
        (r#"{"jsonrpc":"2.0","method":"ping","params":[]}"#, "null", "params must be an object"),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "null", bad_id),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, "null", bad_id),
        (r#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"ping"}"#, "null", bad_id),
        (r#"{"jsonrpc":"2.0","id":1e300,"method":"ping"}"#, "null", bad_id),
        (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, "null", bad_id),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, "null", bad_id),
        (too_long.as_str(), "null", bad_id),
        (r#"{"jsonrpc":"2.0","id":null,"result":{}}"#, "null", bad_id),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "null", bad_id),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, "1", "an answer has either a result or an error"),
        (r#"{"jsonrpc":"2.0","id":1,"result":1}"#, "1", "result must be an object"),
        (r#"{"jsonrpc":"2.0","id":1,"error":"e"}"#, "1", "error must be an object with a code and a message"),
        (
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"m"}}"#,
            "1",
            "error must be an object with a code and a message",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"error":[1,"m"]}"#, "1", "error must be an object with a code and a message"),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            "1",
            "a message with a method has no result and no error",
        ),
    ] {
        assert_eq!(
            exchange(&with(&[]), body),
            refused(400, id, -32600, &format!("Invalid request: {reason}")),
            "{body}"
        );
    }
}

#[test]
fn a_batch_is_taken_in_its_one_revision_and_whole() {
    let ping = |id: usize| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
    let many = |count| format!("[{}]", (0..count).map(ping).collect::<Vec<_>>().join(","));
    let batch = |reason: &str| refused(400, "null", -32600, &format!("Invalid batch: {reason}"));
    for version in ["2025-06-18", "2025-11-25", "2026-07-28"] {
        let headers = with(&[("MCP-Protocol-Version", version)]);
        assert_eq!(exchange(&headers, &many(1)), batch("batches exist in protocol version 2025-03-26 only"));
    }
    assert_eq!(exchange(&with(&[]), "[]"), batch("it is empty"));
    assert!(exchange(&with(&[]), &many(16)).starts_with("200 ["));
    assert_eq!(exchange(&with(&[]), &many(17)), batch("it has more than 16 messages"));
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    assert_eq!(
        exchange(&with(&[]), &format!("[{},{answer}]", ping(1))),
        batch("it mixes answers with requests or notifications")
    );
    assert_eq!(exchange(&with(&[]), &format!("[{},{}]", ping(1), ping(1))), batch("two requests have the same id"));
    let init = r#"[{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}]"#;
    assert_eq!(exchange(&with(&[]), init), batch("initialize must stand alone"));
    assert_eq!(
        exchange(&with(&[]), &format!("[{},1]", ping(1))),
        refused(400, "null", -32600, "Invalid request: a message is an object")
    );
    assert!(exchange(&with(&[]), "[[]]").contains("a message is an object"));
    assert!(exchange(&with(&[]), &format!("[{}]", modern_body("tools/list", ""))).contains("-32020"));
}

#[test]
fn a_modern_request_without_its_required_metadata_is_told_what_is_missing() {
    let header = modern("tools/list", None);
    let missing = |names: &str| {
        refused(
            400,
            "7",
            -32602,
            &format!("Invalid params: _meta is missing or has malformed required members: {names}"),
        )
    };
    let (version, capabilities, client) = (
        "io.modelcontextprotocol/protocolVersion",
        "io.modelcontextprotocol/clientCapabilities",
        "io.modelcontextprotocol/clientInfo",
    );
    let both = format!("{version}, {capabilities}");
    for (params, names) in [
        (String::new(), both.clone()),
        (r#","params":{}"#.into(), both.clone()),
        (r#","params":{"_meta":{}}"#.into(), both.clone()),
        (r#","params":{"_meta":5}"#.into(), both.clone()),
        (format!(r#","params":{{"_meta":{{"{capabilities}":{{}}}}}}"#), version.into()),
        (format!(r#","params":{{"_meta":{{"{version}":"2026-07-28"}}}}"#), capabilities.into()),
        (format!(r#","params":{{"_meta":{{"{version}":"2026-07-28","{capabilities}":null}}}}"#), capabilities.into()),
        (format!(r#","params":{{"_meta":{{"{version}":1}}}}"#), both),
        (
            format!(r#","params":{{"_meta":{{"{version}":"2026-07-28","{capabilities}":{{}},"{client}":"x"}}}}"#),
            client.into(),
        ),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/list"{params}}}"#);
        assert_eq!(exchange(&header, &body), missing(&names), "{body}");
    }
    // The claim alone makes a request modern: no falling back, not even without any header.
    let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{{"_meta":{{"{version}":null}}}}}}"#);
    assert!(exchange(&with(&[]), &body).contains("-32602"));
}

#[test]
fn a_header_that_disagrees_with_a_modern_body_is_refused() {
    let body = modern_body("tools/call", r#""name":"get_weather","#);
    let v = ("MCP-Protocol-Version", "2026-07-28");
    let (m, n) = (("Mcp-Method", "tools/call"), ("Mcp-Name", "get_weather"));
    assert!(exchange(&with(&[v, m, n]), &body).starts_with("200 "));
    for (headers, header, problem) in [
        (vec![m, n], "MCP-Protocol-Version", "is missing"),
        (vec![v, v, m, n], "MCP-Protocol-Version", "is repeated"),
        (vec![("MCP-Protocol-Version", "2025-11-25"), m, n], "MCP-Protocol-Version", "does not match the body"),
        (
            vec![("MCP-Protocol-Version", "2026-07-28, 2026-07-28"), m, n],
            "MCP-Protocol-Version",
            "does not match the body",
        ),
        (vec![v, n], "Mcp-Method", "is missing"),
        (vec![v, m, m, n], "Mcp-Method", "is repeated"),
        (vec![v, ("Mcp-Method", "tools/list"), n], "Mcp-Method", "does not match the body"),
        (vec![v, ("Mcp-Method", "Tools/Call"), n], "Mcp-Method", "does not match the body"),
        (vec![v, m], "Mcp-Name", "is missing"),
        (vec![v, m, n, n], "Mcp-Name", "is repeated"),
        (vec![v, m, ("Mcp-Name", "other")], "Mcp-Name", "does not match the body"),
    ] {
        let expected = refused(400, "7", -32020, &format!("Header mismatch: {header} {problem}"));
        assert_eq!(exchange(&with(&headers), &body), expected);
    }
    // Names of prompts and resources are compared too, before the method turns out to be unknown.
    let prompt = modern_body("prompts/get", r#""name":"p","#);
    assert!(exchange(&modern("prompts/get", Some("q")), &prompt).contains("-32020"));
    let task = modern_body("tasks/get", r#""taskId":"t","#);
    assert!(exchange(&modern("tasks/get", Some("q")), &task).contains("-32020"));
    let resource = modern_body("resources/read", r#""uri":"a:b","#);
    assert!(exchange(&modern("resources/read", None), &resource).contains("-32020"));
    assert!(exchange(&modern("resources/read", Some("a:b")), &resource).contains("-32601"));
}

#[test]
fn a_legacy_request_may_leave_routing_headers_out_but_not_lie_with_them() {
    let ping = r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#;
    assert!(exchange(&with(&[("Mcp-Method", "ping")]), ping).starts_with("200 "));
    let differs = refused(400, "7", -32020, "Header mismatch: Mcp-Method does not match the body");
    assert_eq!(exchange(&with(&[("Mcp-Method", "tools/call")]), ping), differs);
    let repeated = refused(400, "7", -32020, "Header mismatch: MCP-Protocol-Version is repeated");
    let twice = [("MCP-Protocol-Version", "2025-11-25"), ("MCP-Protocol-Version", "2025-11-25")];
    assert_eq!(exchange(&with(&twice), ping), repeated);
}

#[test]
fn a_version_that_is_not_served_is_answered_with_those_that_are() {
    let unsupported = |id: &str, requested: &str, supported: &str| {
        format!(
            r#"400 {{"jsonrpc":"2.0","id":{id},"error":{{"code":-32022,"message":"Unsupported protocol version","data":{{"supported":[{supported}],"requested":"{requested}"}}}}}}"#
        )
    };
    let all = r#""2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05""#;
    let body = modern_body("tools/list", "").replace("2026-07-28", "v999");
    let headers = with(&[("MCP-Protocol-Version", "v999"), ("Mcp-Method", "tools/list")]);
    assert_eq!(exchange(&headers, &body), unsupported("7", "v999", all));
    // The header is compared first.
    assert!(exchange(&modern("tools/list", None), &body).contains("-32020"));
    // A revision with a handshake is not served in the modern form.
    let body = modern_body("tools/list", "").replace("2026-07-28", "2025-06-18");
    let headers = with(&[("MCP-Protocol-Version", "2025-06-18"), ("Mcp-Method", "tools/list")]);
    let others = r#""2026-07-28","2025-11-25","2025-03-26","2024-11-05""#;
    assert_eq!(exchange(&headers, &body), unsupported("7", "2025-06-18", others));
    // Legacy: an unknown header is refused on everything, and what is echoed of it is cut.
    let ping = r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#;
    for name in ["2024-10-07", "1", "", "2025-06-18, 2025-06-18"] {
        assert_eq!(exchange(&with(&[("MCP-Protocol-Version", name)]), ping), unsupported("7", name, all));
    }
    let unknown = with(&[("MCP-Protocol-Version", &"9".repeat(100))]);
    let cut = "9".repeat(64);
    assert_eq!(exchange(&unknown, r#"{"jsonrpc":"2.0","method":"a"}"#), unsupported("null", &cut, all));
    assert_eq!(exchange(&unknown, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), unsupported("null", &cut, all));
    assert_eq!(exchange(&unknown, "[]"), unsupported("null", &cut, all));
}

#[test]
fn an_answer_posted_in_the_modern_era_is_refused() {
    assert_eq!(
        exchange(&modern("x", None), r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
        refused(400, "null", -32600, "Invalid request: this server sends no requests, so it takes no answers")
    );
}

#[test]
fn a_method_unknown_in_its_era_is_404_for_modern_and_in_band_for_legacy_clients() {
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "tasks/list",
        "prompts/list",
        "subscriptions/listen",
        "notifications/initialized",
        "tools/Call",
        "",
    ] {
        let reply = exchange(&modern(method, None), &modern_body(method, ""));
        assert_eq!(reply, refused(404, "7", -32601, "Method not found"), "{method}");
    }
    for method in
        ["server/discover", "logging/setLevel", "resources/list", "prompts/list", "notifications/initialized", ""]
    {
        let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}"}}"#);
        assert_eq!(exchange(&with(&[]), &body), refused(200, "7", -32601, "Method not found"), "{method}");
    }
}

#[test]
fn wrong_parameters_and_unknown_tools_are_refused_in_band() {
    let init = |members: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"initialize","params":{{{members}}}}}"#);
    for (members, reason) in [
        ("", "capabilities must be an object"),
        (r#""capabilities":{}"#, "clientInfo must be an object"),
        (r#""capabilities":{},"clientInfo":{}"#, "protocolVersion must be a string"),
        (r#""capabilities":{},"clientInfo":{},"protocolVersion":1"#, "protocolVersion must be a string"),
    ] {
        assert_eq!(
            exchange(&with(&[]), &init(members)),
            refused(200, "7", -32602, &format!("Invalid params: {reason}"))
        );
    }
    for (method, members, reason) in [
        ("tools/list", r#""cursor":"abc","#, "Invalid params: unknown cursor"),
        ("tools/list", r#""cursor":1,"#, "Invalid params: cursor must be a string"),
        ("tools/call", "", "Invalid params: name must be a string"),
        ("tools/call", r#""name":1,"#, "Invalid params: name must be a string"),
        ("tools/call", r#""name":"x","arguments":null,"#, "Invalid params: arguments must be an object"),
        ("tools/call", r#""name":"x","arguments":[],"#, "Invalid params: arguments must be an object"),
        ("tools/call", r#""name":"x","#, "Unknown tool: x"),
    ] {
        let name = members.contains(r#""name":"x""#).then_some("x");
        let expected = refused(200, "7", -32602, reason);
        assert_eq!(exchange(&modern(method, name), &modern_body(method, members)), expected, "{members}");
        let legacy = modern_body(method, members).replace(META, "{}");
        assert_eq!(exchange(&with(&[]), &legacy), expected, "{members}");
    }
    let legacy = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":1}}"#;
    assert_eq!(exchange(&with(&[]), legacy), refused(200, "7", -32602, "Invalid params: _meta must be an object"));
    let empty_cursor = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"cursor":""}}"#;
    assert!(exchange(&with(&[]), empty_cursor).contains("get_weather"));
}

#[test]
fn limits_outages_and_failures_keep_the_id() {
    let id = || Some(RequestId::Text("a".into()));
    let after = Lifetime::from_seconds(2);
    for (refusal, expected) in [
        (
            Refusal { id: id(), fault: Fault::RateLimited { limit: "no more".into(), retry_after: after } },
            r#"429 {"jsonrpc":"2.0","id":"a","error":{"code":429,"message":"Too many requests: no more; retry after 2 s","data":{"retryAfterMs":2000}}}"#,
        ),
        (
            Refusal::anonymous(Fault::Unavailable { retry_after: after }),
            r#"503 {"jsonrpc":"2.0","id":null,"error":{"code":503,"message":"Temporarily unavailable","data":{"retryAfterMs":2000}}}"#,
        ),
        (
            Refusal { id: id(), fault: Fault::Internal },
            r#"200 {"jsonrpc":"2.0","id":"a","error":{"code":-32603,"message":"Internal error"}}"#,
        ),
    ] {
        assert_eq!(super::line(&refusal.reply()), expected);
    }
}

#[test]
fn what_is_echoed_of_a_request_is_bounded() {
    let name = "n".repeat(1000);
    let body = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{name}"}}}}"#);
    assert_eq!(exchange(&with(&[]), &body), refused(200, "7", -32602, &format!("Unknown tool: {}", "n".repeat(128))));
}
