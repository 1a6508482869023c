//! The protocol of revision 2026-07-28, as good clients speak it.

use crate::{gateway, logged_in, modern, modern_params, post_mcp};
use gateway_contract::client::Answer;
use gateway_contract::seed::Tools;
use serde_json::{Value, json};

const SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// The result of an answer that must be one.
#[track_caller]
fn result(answer: &Answer) -> Value {
    let message = answer.json(200);
    assert_eq!((&message["jsonrpc"], &message["id"]), (&json!("2.0"), &json!(7)), "{message}");
    assert!(message.get("error").is_none(), "{message}");
    assert_eq!(message["result"]["resultType"], "complete", "{message}");
    assert_eq!(message["result"]["_meta"][SERVER]["name"], "mcp-secure-gateway", "{message}");
    message["result"].clone()
}

#[tokio::test]
async fn discover_says_what_is_served() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let result = result(&modern(&tokens.access, "server/discover", json!({})).await);
    let versions = result["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")), "{versions:?}");
    assert!(result["capabilities"]["tools"].is_object(), "{result}");
    assert!(result["ttlMs"].is_u64() && result["cacheScope"].is_string(), "{result}");
    assert_eq!(result["_meta"][SERVER]["version"], gateway().get("/health").await.json(200)["version"]);
    // Only what is there is declared.
    for absent in ["prompts", "resources", "completions", "logging"] {
        assert!(result["capabilities"].get(absent).is_none(), "{absent} is declared");
    }
}

#[tokio::test]
async fn a_tool_list_is_sorted_private_and_the_same_each_time() {
    let (_, tokens) = logged_in(Tools::Modern).await;
    let result = result(&modern(&tokens.access, "tools/list", json!({})).await);
    assert_eq!(result["cacheScope"], "private");
    assert!(result["ttlMs"].is_u64(), "{result}");
    let tools = result["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted(), "{names:?}");
    for name in ["get_weather", "quantum_random", "server_time", "modern__repeat"] {
        assert!(names.contains(&name), "no {name} in {names:?}");
    }
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        let clean = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        assert!(clean && (1..=64).contains(&name.len()), "{name}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert!(tool["description"].as_str().is_some_and(|text| !text.is_empty()), "{tool}");
    }
    let again = modern(&tokens.access, "tools/list", json!({"cursor": ""})).await.json(200);
    assert_eq!(again["result"]["tools"], result["tools"]);
}

#[tokio::test]
async fn an_upstreams_definition_is_relayed_whole() {
    let (_, tokens) = logged_in(Tools::Modern).await;
    let result = result(&modern(&tokens.access, "tools/list", json!({})).await);
    let repeat = result["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "modern__repeat").unwrap();
    assert_eq!(repeat["inputSchema"]["additionalProperties"], false);
    assert_eq!(repeat["inputSchema"]["properties"]["times"], json!({"type": "integer", "minimum": 1, "maximum": 5}));
    assert_eq!(repeat["outputSchema"]["required"], json!(["text"]));
}

#[tokio::test]
async fn a_call_gives_content_and_structured_content() {
    let (_, tokens) = logged_in(Tools::Modern).await;
    let arguments = json!({"name": "modern__repeat", "arguments": {"text": "ab", "times": 2}});
    let result = result(&modern(&tokens.access, "tools/call", arguments).await);
    assert_eq!(result["structuredContent"], json!({"text": "abab"}));
    assert_eq!(result["content"][0]["text"], json!({"text": "abab"}).to_string());
    assert!(!result["isError"].as_bool().unwrap_or(false), "{result}");
}

#[tokio::test]
async fn arguments_may_be_left_out() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let result = result(&modern(&tokens.access, "tools/call", json!({"name": "server_time"})).await);
    assert!(result["content"].as_array().is_some_and(|content| !content.is_empty()), "{result}");
}

#[tokio::test]
async fn an_unknown_tool_is_an_error_and_bad_arguments_are_a_failed_call() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let message = modern(&tokens.access, "tools/call", json!({"name": "no_such_tool"})).await.json(200);
    assert_eq!(message["error"]["code"], -32602, "{message}");
    assert_eq!(message["id"], 7);
    let bad = json!({"name": "quantum_random", "arguments": {"nonsense": true}});
    let result = result(&modern(&tokens.access, "tools/call", bad).await);
    assert_eq!(result["isError"], true, "{result}");
    assert!(result["content"][0]["text"].as_str().is_some_and(|text| text.contains("nonsense")), "{result}");
}

#[tokio::test]
async fn an_id_comes_back_as_it_was_sent() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for id in [json!(0), json!(-3), json!(9_007_199_254_740_993_i64), json!(""), json!("näme"), json!("7")] {
        let body = json!({"jsonrpc": "2.0", "id": id, "method": "server/discover", "params": modern_params(json!({}))});
        let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "server/discover")];
        let message = post_mcp(&tokens.access, &headers, &body).await.json(200);
        assert_eq!(message["id"], id, "{message}");
    }
}

#[tokio::test]
async fn a_notification_is_accepted_and_answered_with_nothing() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for method in ["notifications/cancelled", "notifications/anything"] {
        let body = json!({"jsonrpc": "2.0", "method": method, "params": modern_params(json!({"requestId": 7}))});
        let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        let answer = post_mcp(&tokens.access, &headers, &body).await;
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{}", answer.text());
    }
}

#[tokio::test]
async fn headers_of_sessions_are_ignored_and_none_is_made() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": "server/discover", "params": modern_params(json!({}))});
    let headers = [
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "server/discover"),
        ("mcp-session-id", "made-up"),
        ("last-event-id", "3"),
    ];
    let answer = post_mcp(&tokens.access, &headers, &body).await;
    result(&answer);
    assert!(answer.header("mcp-session-id").is_none());
}

#[tokio::test]
async fn an_encoded_name_header_is_decoded_before_it_is_compared() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let params = modern_params(json!({"name": "server_time", "arguments": {}}));
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params});
    let call = async |name: &str| {
        let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", name)];
        post_mcp(&tokens.access, &headers, &body).await
    };
    result(&call("=?base64?c2VydmVyX3RpbWU=?=").await);
    result(&call(" server_time ").await);
    for wrong in ["=?base64?c2VydmVyX3RpbWU?=", "=?base64?b3RoZXI=?=", "=?base64?*?=", "SERVER_TIME"] {
        let message = call(wrong).await.json(400);
        assert_eq!(message["error"]["code"], -32020, "{wrong}: {message}");
    }
}
