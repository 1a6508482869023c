//! The protocol of the revisions with a handshake: 2025-03-26, 2025-06-18, 2025-11-25.

use crate::{legacy, logged_in, post_mcp};
use gateway_contract::seed::Tools;
use serde_json::{Value, json};

fn initialize(version: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "contract", "version": "1.0.0"}
    }})
}

#[tokio::test]
async fn the_handshake_agrees_on_a_version() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for (asked, agreed) in [
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("2024-11-05", "2024-11-05"),
        ("1.0", "2025-11-25"),
    ] {
        let answer = post_mcp(&tokens.access, &[], &initialize(asked)).await;
        let message = answer.message();
        assert_eq!((answer.status, &message["id"]), (200, &json!(1)), "{message}");
        let result = &message["result"];
        assert_eq!(result["protocolVersion"], agreed, "{asked}");
        assert!(result["capabilities"]["tools"].is_object() && result.get("resultType").is_none(), "{result}");
        assert_eq!(result["serverInfo"]["name"], "mcp-secure-gateway");
        if let Some(session) = answer.header("mcp-session-id") {
            assert!(!session.is_empty() && session.bytes().all(|byte| (0x21..=0x7e).contains(&byte)), "{session}");
        }
    }
}

#[tokio::test]
async fn a_handshake_without_its_members_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for missing in ["protocolVersion", "capabilities", "clientInfo"] {
        let mut body = initialize("2025-11-25");
        body["params"].as_object_mut().unwrap().remove(missing);
        let message = post_mcp(&tokens.access, &[], &body).await.message();
        assert_eq!(message["error"]["code"], -32602, "{missing}: {message}");
    }
}

#[tokio::test]
async fn a_client_of_2025_runs_from_the_handshake_to_a_call() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let access = &tokens.access;
    let answer = post_mcp(access, &[], &initialize("2025-11-25")).await;
    let session = answer.header("mcp-session-id").map(str::to_owned);
    let mut headers = vec![("mcp-protocol-version", "2025-11-25")];
    headers.extend(session.as_deref().map(|session| ("mcp-session-id", session)));
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let answer = post_mcp(access, &headers, &ready).await;
    assert_eq!((answer.status, answer.body.len()), (202, 0), "{}", answer.text());
    let ask = async |method: &str, params: Value| {
        let body = json!({"jsonrpc": "2.0", "id": "seven", "method": method, "params": params});
        let answer = post_mcp(access, &headers, &body).await;
        let message = answer.message();
        assert_eq!((answer.status, &message["id"]), (200, &json!("seven")), "{message}");
        message
    };
    assert_eq!(ask("ping", json!({})).await["result"], json!({}));
    let list = ask("tools/list", json!({})).await;
    assert!(list["result"].get("resultType").is_none() && list["result"].get("ttlMs").is_none(), "{list}");
    assert!(list["result"]["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "server_time"), "{list}");
    let call = ask("tools/call", json!({"name": "server_time", "arguments": {}})).await;
    assert!(call["result"]["content"].is_array() && call["result"].get("resultType").is_none(), "{call}");
    let unknown = ask("tools/call", json!({"name": "no_such_tool", "arguments": {}})).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
}

#[tokio::test]
async fn an_unknown_method_is_told_in_band_and_an_unknown_version_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let answer = legacy(&tokens.access, "server/discover", json!({})).await;
    assert_eq!((answer.status, &answer.message()["error"]["code"]), (200, &json!(-32601)));
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": "ping"});
    assert_eq!(post_mcp(&tokens.access, &[("mcp-protocol-version", "2030-01-01")], &body).await.status, 400);
    let absent = post_mcp(&tokens.access, &[], &body).await;
    assert_eq!((absent.status, &absent.message()["result"]), (200, &json!({})));
}

#[tokio::test]
async fn an_answer_to_nothing_is_accepted_and_dropped() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let body = json!({"jsonrpc": "2.0", "id": 7, "result": {}});
    let answer = post_mcp(&tokens.access, &[("mcp-protocol-version", "2025-11-25")], &body).await;
    assert_eq!((answer.status, answer.body.len()), (202, 0), "{}", answer.text());
}

#[tokio::test]
async fn a_batch_is_taken_in_2025_03_26_and_in_no_other_revision() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let ping = |id: u64| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    let notice = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let old = [("mcp-protocol-version", "2025-03-26")];
    let answer = post_mcp(&tokens.access, &old, &json!([ping(1), notice, ping(2)])).await;
    let replies = answer.json(200);
    let ids: Vec<&Value> = replies.as_array().unwrap().iter().map(|reply| &reply["id"]).collect();
    assert_eq!(ids, [&json!(1), &json!(2)]);
    let silent = post_mcp(&tokens.access, &old, &json!([notice, notice])).await;
    assert_eq!((silent.status, silent.body.len()), (202, 0));
    let many: Vec<Value> = (0..100).map(ping).collect();
    for batch in [
        json!([]),
        json!(many),
        json!([ping(1), ping(1)]),
        json!([ping(1), {"jsonrpc": "2.0", "id": 2, "result": {}}]),
        json!([initialize("2025-03-26")]),
        json!([[ping(1)]]),
    ] {
        let message = post_mcp(&tokens.access, &old, &batch).await.json(400);
        assert_eq!((&message["error"]["code"], &message["id"]), (&json!(-32600), &Value::Null), "{message}");
    }
    for version in ["2025-06-18", "2025-11-25"] {
        let answer = post_mcp(&tokens.access, &[("mcp-protocol-version", version)], &json!([ping(1)])).await;
        assert_eq!(answer.json(400)["error"]["code"], -32600, "{version}");
    }
}

#[tokio::test]
async fn a_batch_of_calls_counts_as_many_calls() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let call = |id: u64| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "server_time"}});
    let batch: Vec<Value> = (0..16).map(call).collect();
    let start = std::time::Instant::now();
    let mut admitted = 0;
    for _ in 0..4 {
        let answer = post_mcp(&tokens.access, &[("mcp-protocol-version", "2025-03-26")], &json!(batch)).await;
        let replies = answer.message();
        admitted +=
            replies.as_array().map_or(0, |list| list.iter().filter(|reply| reply.get("result").is_some()).count());
    }
    let most = 20.0 + 10.0 * start.elapsed().as_secs_f64();
    assert!(f64::from(u32::try_from(admitted).unwrap()) <= most, "{admitted} calls of 64 admitted, at most {most}");
    assert!(admitted >= 16, "{admitted}");
}
