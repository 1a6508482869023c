//! What the protocol's endpoint refuses: the status, the code, and in which order.

use crate::{gateway, logged_in, modern, modern_params, post_mcp};
use gateway_contract::client::{Answer, send};
use gateway_contract::raw;
use gateway_contract::seed::Tools;
use reqwest::Method;
use serde_json::{Value, json};

const VERSION: (&str, &str) = ("mcp-protocol-version", "2026-07-28");
const LIST: (&str, &str) = ("mcp-method", "tools/list");

/// The JSON-RPC error of an answer with this status and code.
#[track_caller]
fn error(answer: &Answer, status: u16, code: i64) -> Value {
    let message = answer.json(status);
    assert_eq!(message["error"]["code"], code, "{message}");
    assert!(message["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{message}");
    assert!(message.get("result").is_none(), "{message}");
    message
}

fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

fn list() -> Value {
    request("tools/list", &modern_params(json!({})))
}

#[tokio::test]
async fn headers_must_say_what_the_body_says() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let access = &tokens.access;
    let cases: [&[(&str, &str)]; 6] = [
        &[LIST],
        &[VERSION],
        &[("mcp-protocol-version", "2025-11-25"), LIST],
        &[VERSION, ("mcp-method", "tools/call")],
        &[VERSION, ("mcp-method", "TOOLS/LIST")],
        &[VERSION, LIST, LIST],
    ];
    for headers in cases {
        let message = error(&post_mcp(access, headers, &list()).await, 400, -32020);
        assert_eq!(message["id"], 7, "{headers:?}");
    }
    let call = request("tools/call", &modern_params(json!({"name": "server_time"})));
    for headers in [
        &[VERSION, ("mcp-method", "tools/call")][..],
        &[VERSION, ("mcp-method", "tools/call"), ("mcp-name", "get_weather")],
    ] {
        error(&post_mcp(access, headers, &call).await, 400, -32020);
    }
}

#[tokio::test]
async fn a_version_that_is_not_served_is_named_with_those_that_are() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let mut body = list();
    body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "v999".into();
    let answer = post_mcp(&tokens.access, &[("mcp-protocol-version", "v999"), LIST], &body).await;
    let message = error(&answer, 400, -32022);
    assert_eq!(message["error"]["data"]["requested"], "v999");
    let supported = message["error"]["data"]["supported"].as_array().unwrap();
    let discovered = modern(&tokens.access, "server/discover", json!({})).await.json(200);
    let served = discovered["result"]["supportedVersions"].as_array().unwrap();
    assert!(!supported.is_empty() && supported.iter().all(|version| served.contains(version)), "{message}");
    // Only one of the two says so: that is a mismatch, not an unknown version.
    error(&post_mcp(&tokens.access, &[VERSION, LIST], &body).await, 400, -32020);
}

#[tokio::test]
async fn required_members_of_meta_are_named_when_missing() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let key = |name: &str| format!("io.modelcontextprotocol/{name}");
    for (params, missing) in [
        (json!({}), vec!["protocolVersion", "clientCapabilities"]),
        (json!({"_meta": {}}), vec!["protocolVersion", "clientCapabilities"]),
        (json!({"_meta": {(key("protocolVersion")): "2026-07-28"}}), vec!["clientCapabilities"]),
        (json!({"_meta": {(key("clientCapabilities")): {}}}), vec!["protocolVersion"]),
    ] {
        let message =
            error(&post_mcp(&tokens.access, &[VERSION, LIST], &request("tools/list", &params)).await, 400, -32602);
        let text = message["error"]["message"].as_str().unwrap();
        assert!(missing.iter().all(|name| text.contains(name)), "{text}");
    }
}

#[tokio::test]
async fn methods_that_are_not_there_are_not_found() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for method in
        ["initialize", "ping", "tools/lists", "Tools/List", "resources/list", "prompts/list", "logging/setLevel", ""]
    {
        let body = request(method, &modern_params(json!({})));
        let headers = [VERSION, ("mcp-method", method)];
        let headers = if method.is_empty() { &headers[..1] } else { &headers[..] };
        let answer = post_mcp(&tokens.access, headers, &body).await;
        match method {
            "" => assert!(matches!(answer.status, 400 | 404), "{}", answer.text()),
            _ => assert_eq!(error(&answer, 404, -32601)["id"], 7),
        }
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let bodies = [
        json!([]),
        json!([list()]),
        json!([list(), {"jsonrpc": "2.0", "id": 8, "result": {}}]),
        json!(null),
        json!("tools/list"),
        json!({}),
        json!({"id": 7, "method": "tools/list"}),
        json!({"jsonrpc": "1.0", "id": 7, "method": "tools/list"}),
        json!({"jsonrpc": "2.0", "id": null, "method": "tools/list"}),
        json!({"jsonrpc": "2.0", "id": 1.5, "method": "tools/list"}),
        json!({"jsonrpc": "2.0", "id": [7], "method": "tools/list"}),
        json!({"jsonrpc": "2.0", "id": 7, "method": 7}),
        json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": []}),
        json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "result": {}}),
        json!({"jsonrpc": "2.0", "id": 7, "result": {}, "error": {"code": 1, "message": "x"}}),
        json!({"jsonrpc": "2.0", "id": 7, "result": {}}),
    ];
    for body in bodies {
        let answer = post_mcp(&tokens.access, &[VERSION, LIST], &body).await;
        error(&answer, 400, -32600);
    }
}

#[tokio::test]
async fn wrong_parameters_are_told_in_band() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for (method, params) in [
        ("tools/call", json!({"name": "server_time", "arguments": []})),
        ("tools/call", json!({"name": "server_time", "arguments": null})),
        ("tools/list", json!({"cursor": "never-given"})),
        ("tools/list", json!({"cursor": 3})),
    ] {
        let answer = modern(&tokens.access, method, params.clone()).await;
        error(&answer, 200, -32602);
    }
    let headers = [VERSION, ("mcp-method", "tools/call")];
    let nameless = post_mcp(&tokens.access, &headers, &request("tools/call", &modern_params(json!({})))).await;
    assert!(matches!(nameless.status, 200 | 400), "{}", nameless.text());
    assert!(nameless.message()["error"]["code"].is_i64());
}

#[tokio::test]
async fn other_http_methods_are_not_allowed() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for method in [Method::PUT, Method::PATCH, Method::HEAD] {
        let request = gateway().request(method.clone(), "/mcp").bearer_auth(&tokens.access);
        let answer = send(request.header("accept", "text/event-stream").header("mcp-session-id", "made-up")).await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.must("allow").split(", ").any(|allowed| allowed == "POST"), "{method}");
    }
}

#[tokio::test]
async fn both_media_types_must_be_accepted_and_the_body_must_be_json() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let post = async |accept: Option<&str>, content: Option<&str>, body: &str| {
        let mut request = gateway().request(Method::POST, "/mcp").bearer_auth(&tokens.access).body(body.to_owned());
        request = request.header(VERSION.0, VERSION.1).header(LIST.0, LIST.1);
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        if let Some(content) = content {
            request = request.header("content-type", content);
        }
        send(request).await
    };
    let (both, json, body) =
        (Some("application/json, text/event-stream"), Some("application/json"), list().to_string());
    assert_eq!(post(both, json, &body).await.status, 200);
    assert_eq!(post(Some("text/event-stream;q=0.5,application/json"), json, &body).await.status, 200);
    assert_eq!(post(both, Some("application/json; charset=utf-8"), &body).await.status, 200);
    for accept in [Some("application/json"), Some("text/event-stream"), Some("text/html"), Some("")] {
        assert_eq!(post(accept, json, &body).await.status, 406, "{accept:?}");
    }
    for content in
        [None, Some("text/plain"), Some("application/jsonp"), Some("application/x-www-form-urlencoded"), Some("")]
    {
        assert_eq!(post(both, content, &body).await.status, 415, "{content:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_strict_json_is_a_parse_error_without_an_id() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let long =
        format!("{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/list\",\"x\":\"{}\"}}", "x".repeat(1024 * 1024));
    let twice = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","method":"tools/call","params":{}}"#;
    let hidden =
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"a","arguments":{"x":{"y":1,"y":2}}}}"#;
    let cases: [(&[u8], u16, i64); 9] = [
        (b"{", 400, -32700),
        (b"", 400, -32700),
        (b"{\"jsonrpc\":\"2.0\"} x", 400, -32700),
        (b"{'jsonrpc':'2.0'}", 400, -32700),
        (b"{\"jsonrpc\":\"\xff\"}", 400, -32700),
        (twice.as_bytes(), 400, -32700),
        (hidden.as_bytes(), 400, -32700),
        (deep.as_bytes(), 400, -32700),
        (long.as_bytes(), 413, -32600),
    ];
    let bearer = format!("Bearer {}", tokens.access);
    for (body, status, code) in cases {
        let lines: [(&str, &[u8]); 5] = [
            ("Authorization", bearer.as_bytes()),
            ("Accept", b"application/json, text/event-stream"),
            ("Content-Type", b"application/json"),
            ("MCP-Protocol-Version", b"2026-07-28"),
            ("Mcp-Method", b"tools/list"),
        ];
        let answer = raw::request(gateway(), "POST", "/mcp", &lines, body);
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(answer.status, status, "{shown}: {}", answer.text());
        let message: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!((&message["error"]["code"], &message["id"]), (&json!(code), &Value::Null), "{shown}: {message}");
        assert_eq!(modern(&tokens.access, "server/discover", json!({})).await.status, 200, "after {shown}");
    }
}

#[tokio::test]
async fn a_caller_without_a_good_token_learns_nothing_of_the_protocol() {
    let answers = [
        send(gateway().request(Method::POST, "/mcp").json(&json!([]))).await,
        send(gateway().request(Method::POST, "/mcp").body("{")).await,
        send(gateway().request(Method::POST, "/mcp").bearer_auth("x.y.z").json(&list())).await,
    ];
    for answer in answers {
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.must("www-authenticate").starts_with("Bearer"), "{answer:?}");
        assert!(!answer.text().contains("-32"), "{}", answer.text());
    }
}
