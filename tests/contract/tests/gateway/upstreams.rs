//! Tool servers behind the gateway: the real one, the recording ones, and everything that can go wrong there.

use crate::{gateway, legacy, logged_in, modern};
use gateway_contract::World;
use gateway_contract::client::send;
use gateway_contract::fake::mcp::{INSIDE, Upstream};
use gateway_contract::seed::Tools;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn the_reference_server_is_listed_with_a_prefix_and_called() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    let names = gateway().tool_names(&tokens.access).await;
    for name in ["everything__echo", "everything__get-sum", "server_time"] {
        assert!(names.iter().any(|listed| listed == name), "no {name} in {names:?}");
    }
    assert!(!names.iter().any(|name| name == "echo"), "{names:?}");
    let body = gateway().execute(&tokens.access, "everything__echo", &json!({"message": "über uns"})).await.json(200);
    assert_eq!(body["success"], true, "{body}");
    assert!(body["result"].to_string().contains("Echo: über uns"), "{body}");
    let call = json!({"name": "everything__get-sum", "arguments": {"a": 40, "b": 2}});
    for message in [
        modern(&tokens.access, "tools/call", call.clone()).await.json(200),
        legacy(&tokens.access, "tools/call", call).await.message(),
    ] {
        let text = message["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{message}"));
        assert!(text.contains("42"), "{message}");
    }
}

/// Calls `repeat` of a recorder and checks that the recorder has nothing to complain of.
async fn speaks_its_revision(tools: Tools, prefix: &str, upstream: &Upstream) {
    let (_, tokens) = logged_in(tools).await;
    let tool = format!("{prefix}__repeat");
    for round in 0..3 {
        let text = format!("round {round} of {prefix}");
        let body = gateway().execute(&tokens.access, &tool, &json!({"text": text})).await.json(200);
        assert_eq!(body, json!({"success": true, "result": {"text": text}}));
    }
    assert_eq!(upstream.complaints(), [""; 0]);
}

#[tokio::test]
async fn a_server_of_2026_is_spoken_to_in_its_revision() {
    let upstream = &World::shared().modern;
    speaks_its_revision(Tools::Modern, "modern", upstream).await;
    assert!(!upstream.methods().iter().any(|method| method == "notifications/initialized"), "no handshake is needed");
}

#[tokio::test]
async fn a_server_of_2025_is_spoken_to_in_its_revision() {
    let upstream = &World::shared().legacy;
    speaks_its_revision(Tools::Legacy, "legacy", upstream).await;
    assert!(upstream.methods().iter().any(|method| method == "initialize"));
}

#[tokio::test]
async fn nothing_of_the_callers_credentials_reaches_a_server() {
    for (tools, prefix, upstream) in
        [(Tools::Modern, "modern", &World::shared().modern), (Tools::Legacy, "legacy", &World::shared().legacy)]
    {
        let (user, tokens) = logged_in(tools).await;
        let mark = format!("mark-of-{}", user.username);
        let body = json!({"tool": format!("{prefix}__repeat"), "arguments": {"text": mark}});
        let request = gateway().request(Method::POST, "/mcp/execute").bearer_auth(&tokens.access).json(&body);
        let request = request
            .header("cookie", "session=canary-cookie")
            .header("x-forwarded-for", "203.0.113.77")
            .header("x-api-key", "canary-api-key")
            .header("proxy-authorization", "Basic canary")
            .header("x-correlation-id", "canary-correlation")
            .header("x-whatever", "canary-whatever");
        send(request).await.json(200);
        let calls = upstream.calls("tools/call");
        let call = calls.iter().find(|call| call.json().to_string().contains(&mark)).expect("the call arrived");
        assert!(call.header("authorization").is_none(), "no credential is configured for this server");
        let whole = format!("{:?} {:?} {}", call.headers, call.query, String::from_utf8_lossy(&call.body));
        for secret in [&tokens.access, &tokens.refresh, "canary", "203.0.113.77", &user.username.clone()] {
            let shown = whole.replace(&mark, "");
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        for request in upstream.server.asked() {
            assert!(request.header("cookie").is_none() && request.header("authorization").is_none(), "{request:?}");
        }
    }
}

#[tokio::test]
async fn arguments_are_checked_before_the_server_is_asked() {
    let (user, tokens) = logged_in(Tools::Modern).await;
    let mark = format!("never-{}", user.username);
    gateway().execute(&tokens.access, "modern__repeat", &json!({"text": mark, "times": 9})).await.problem(422);
    let call = json!({"name": "modern__repeat", "arguments": {"text": mark, "more": true}});
    let message = modern(&tokens.access, "tools/call", call).await.json(200);
    assert_eq!(message["result"]["isError"], true, "{message}");
    let asked = World::shared().modern.server.asked();
    assert!(!asked.iter().any(|request| String::from_utf8_lossy(&request.body).contains(&mark)));
}

/// Every way a recorder fails, and whether the gateway may call it slow.
const FAILURES: [&str; 8] = ["refuse", "cut", "garble", "page", "move", "swap", "crash", "flood"];

#[tokio::test]
async fn a_failing_server_of_2026_is_named_and_its_words_are_kept_back() {
    fails_honestly(Tools::Modern, "modern").await;
}

#[tokio::test]
async fn a_failing_server_of_2025_is_named_and_its_words_are_kept_back() {
    fails_honestly(Tools::Legacy, "legacy").await;
}

async fn fails_honestly(tools: Tools, prefix: &str) {
    let (_, tokens) = logged_in(tools).await;
    for failure in FAILURES {
        let tool = format!("{prefix}__{failure}");
        let answer = gateway().execute(&tokens.access, &tool, &json!({})).await;
        let told = answer.text();
        // Of an error in the protocol's own form the code is told.
        let named = if failure == "refuse" { "-32603" } else { prefix };
        assert!(answer.problem(502)["detail"].as_str().unwrap().contains(named), "{tool}: {told}");
        assert!(!told.contains(INSIDE), "{tool}: {told}");
        let message = modern(&tokens.access, "tools/call", json!({"name": tool})).await.json(200);
        let failed =
            if failure == "refuse" { message["error"]["code"] == -32603 } else { message["result"]["isError"] == true };
        assert!(failed && !message.to_string().contains(INSIDE), "{tool}: {message}");
        let next = gateway().execute(&tokens.access, &format!("{prefix}__repeat"), &json!({"text": "next"})).await;
        assert_eq!(next.json(200)["result"]["text"], "next", "after {tool}");
        // Three calls a round: stay below the rate limit.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test]
async fn a_slow_server_is_given_up_on() {
    let (_, tokens) = logged_in(Tools::Modern).await;
    let start = Instant::now();
    let answer = gateway().execute(&tokens.access, "modern__slow", &json!({})).await;
    let problem = answer.problem(504);
    assert!(problem["detail"].as_str().unwrap().contains("modern"), "{problem}");
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_is_gone_takes_only_its_own_tools_along() {
    let (_, tokens) = logged_in(Tools::Gone).await;
    let list = gateway().get_as(&tokens.access, "/mcp/tools").await.json(200);
    let names: Vec<&str> =
        list["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"server_time") && names.contains(&"modern__repeat"), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("gone__")), "{names:?}");
    assert_eq!(list["degraded"], json!(["gone"]), "{list}");
    let answer = gateway().execute(&tokens.access, "gone__anything", &json!({})).await;
    assert!(matches!(answer.status, 404 | 502 | 504), "{}", answer.text());
    answer.problem(answer.status);
    gateway().execute(&tokens.access, "modern__repeat", &json!({"text": "still here"})).await.json(200);
}

#[tokio::test]
async fn a_disabled_server_is_gone_within_five_seconds() {
    let (user, tokens) = logged_in(Tools::Modern).await;
    let call = async || gateway().execute(&tokens.access, "modern__repeat", &json!({"text": "here"})).await;
    call().await.json(200);
    gateway().sql(&format!("UPDATE upstreams SET disabled_at = 1 WHERE tenant_id = '{}'", user.tenant));
    let disabled = Instant::now();
    let mut last_answered = None;
    while disabled.elapsed() < Duration::from_millis(6500) {
        let asked = disabled.elapsed();
        match call().await.status {
            200 => last_answered = Some(asked),
            404 | 429 => {}
            status => panic!("{status}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(
        last_answered.is_none_or(|asked| asked < Duration::from_secs(5)),
        "answered {last_answered:?} after it was disabled"
    );
    assert!(!gateway().tool_names(&tokens.access).await.iter().any(|name| name.starts_with("modern__")));
}
