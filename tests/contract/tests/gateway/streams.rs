//! What a call says before it ends, and what ends it early.

use crate::{gateway, logged_in};
use gateway_contract::World;
use gateway_contract::caller::Caller;
use gateway_contract::events::Events;
use gateway_contract::seed::Tools;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long an upstream may not yet have heard of a cancellation.
const HEARD: Duration = Duration::from_secs(10);

/// A client of either era, which answers questions, at either fixture.
async fn everybody(access: &str) -> Vec<Caller> {
    let mut callers = Vec::new();
    for server in ["old", "new"] {
        callers.push(Caller::modern(gateway(), access, server));
        callers.push(Caller::modern(gateway(), access, server).that_can(json!({"elicitation": {}})));
        callers.push(Caller::legacy(gateway(), access, server, json!({"elicitation": {}})).await);
    }
    callers
}

/// The methods of a stream's messages, a result being an empty one, and how many pieces they came in.
async fn methods(stream: &mut Events) -> (Vec<Value>, Vec<String>) {
    let mut messages = Vec::new();
    while let Some(message) = stream.next().await {
        messages.push(message);
    }
    let methods = messages.iter().map(|message| message["method"].as_str().unwrap_or_default().to_owned());
    let methods = methods.collect();
    (messages, methods)
}

#[tokio::test]
async fn progress_comes_before_the_result_with_the_clients_own_token() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for caller in everybody(&tokens.access).await {
        for token in [json!(41), json!("41")] {
            let params = json!({"name": "test_tool_with_progress", "arguments": {}, "_meta": {"progressToken": token}});
            let started = Instant::now();
            let mut stream = caller.send("tools/call", params).await;
            let first = stream.next().await.expect("a message");
            let first_after = started.elapsed();
            let (mut messages, _) = methods(&mut stream).await;
            let pieces = stream.pieces;
            messages.insert(0, first);
            let result = messages.pop().unwrap();
            assert_eq!(result["result"]["content"][0]["text"], "Progress test completed", "{caller:?}: {result}");
            let steps: Vec<f64> = messages.iter().map(|it| it["params"]["progress"].as_f64().unwrap()).collect();
            assert_eq!(steps, [0.0, 50.0, 100.0], "{caller:?}: {messages:?}");
            assert!(messages.iter().all(|it| it["params"]["progressToken"] == token), "{caller:?}: {messages:?}");
            // The upstream takes 50 ms after each step, so the first one came at least 100 ms before the end.
            assert!(started.elapsed() >= first_after + Duration::from_millis(60), "{caller:?}: all at once");
            assert!(pieces > 1 && stream.is_stream(), "{caller:?}: {pieces} pieces");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn without_a_token_there_is_no_progress_and_no_stream() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["old", "new"] {
        let caller = Caller::modern(gateway(), &tokens.access, server);
        let mut answer = caller.send("tools/call", json!({"name": "test_tool_with_progress", "arguments": {}})).await;
        assert!(!answer.is_stream(), "{server}");
        let (messages, _) = methods(&mut answer).await;
        assert_eq!(messages.len(), 1, "{server}: {messages:?}");
    }
}

#[tokio::test]
async fn log_messages_come_before_the_result_to_whoever_wants_them() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["old", "new"] {
        let caller = Caller::modern(gateway(), &tokens.access, server);
        for (level, count) in [(Some("debug"), 3), (Some("info"), 3), (Some("error"), 0), (None, 0)] {
            let mut params = json!({"name": "test_tool_with_logging", "arguments": {}});
            if let Some(level) = level {
                params["_meta"]["io.modelcontextprotocol/logLevel"] = level.into();
            }
            let (messages, told) = methods(&mut caller.send("tools/call", params).await).await;
            assert_eq!(
                told.iter().filter(|it| *it == "notifications/message").count(),
                count,
                "{server} {level:?}: {messages:?}"
            );
            assert_eq!(
                (told.len(), told.last().map(String::as_str)),
                (count + 1, Some("")),
                "{server} {level:?}: {messages:?}"
            );
            if count > 0 {
                assert_eq!(messages[0]["params"]["data"], "Tool execution started", "{messages:?}");
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let caller = Caller::legacy(gateway(), &tokens.access, server, json!({"elicitation": {}})).await;
        for (level, count) in [(None, 3), (Some("error"), 0), (Some("info"), 3)] {
            if let Some(level) = level {
                caller.result("logging/setLevel", json!({"level": level})).await;
            }
            let params = json!({"name": "test_tool_with_logging", "arguments": {}});
            let (messages, told) = methods(&mut caller.send("tools/call", params).await).await;
            assert_eq!(told.len(), count + 1, "{server} {level:?}: {messages:?}");
        }
        assert_eq!(caller.error("logging/setLevel", json!({"level": "loud"})).await, -32602);
    }
}

/// The ids of the recorder's calls of `wait` with this mark, and of those that were cancelled.
fn waiting(tenant: &str, mark: &str) -> (Vec<Value>, Vec<Value>) {
    let recorder = &World::shared().recorder;
    let calls = recorder.messages(tenant, "old", "tools/call");
    let marked = calls.iter().map(gateway_contract::fake::Request::json);
    let ids = marked.filter(|call| call["params"]["arguments"]["mark"] == mark).map(|call| call["id"].clone());
    let cancelled = recorder.messages(tenant, "old", "notifications/cancelled");
    (ids.collect(), cancelled.iter().map(|request| request.json()["params"]["requestId"].clone()).collect())
}

async fn is_cancelled(tenant: &str, mark: &str) {
    let start = Instant::now();
    loop {
        let (ids, cancelled) = waiting(tenant, mark);
        if ids.len() == 1 && cancelled.contains(&ids[0]) {
            return;
        }
        assert!(start.elapsed() < HEARD, "{mark}: {ids:?} {cancelled:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn wait(mark: &str) -> Value {
    json!({"name": "wait", "arguments": {"mark": mark}, "_meta": {"progressToken": mark}})
}

#[tokio::test]
async fn a_client_of_2026_cancels_by_closing_its_stream() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let plain = Caller::modern(gateway(), &tokens.access, "old");
    let answering = Caller::modern(gateway(), &tokens.access, "old").that_can(json!({"elicitation": {}}));
    for (mark, caller) in [("plain", plain), ("answering", answering)] {
        let mut stream = caller.send("tools/call", wait(mark)).await;
        stream.told("notifications/progress").await;
        let (ids, cancelled) = waiting(&user.tenant, mark);
        assert!(!cancelled.contains(&ids[0]), "{mark} is not cancelled yet");
        drop(stream);
        is_cancelled(&user.tenant, mark).await;
    }
}

#[tokio::test]
async fn a_client_of_2025_says_that_it_cancels_and_gets_no_answer() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let caller = Caller::legacy(gateway(), &tokens.access, "old", json!({"elicitation": {}})).await;
    let mut stream = caller.send_as(&json!("to be cancelled"), "tools/call", wait("session")).await;
    stream.told("notifications/progress").await;
    // An id that was never used, and one of another type, cancel nothing.
    caller.notify("notifications/cancelled", json!({"requestId": 999})).await;
    caller.notify("notifications/cancelled", json!({"requestId": "to be cancelled", "reason": "enough"})).await;
    assert_eq!(stream.rest().await, [Value::Null; 0], "no answer follows");
    is_cancelled(&user.tenant, "session").await;
    assert_eq!(caller.result("ping", json!({})).await, json!({}));
}

#[tokio::test]
async fn an_upstream_that_is_given_up_on_is_told_so() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let alone = Caller::modern(gateway(), &tokens.access, "old");
    let in_session = Caller::legacy(gateway(), &tokens.access, "old", json!({"elicitation": {}})).await;
    let given_up = async |caller: Caller, mark: &str| {
        let mut params = wait(mark);
        params["name"] = "hang".into();
        let result = caller.result("tools/call", params).await;
        assert_eq!(result["isError"], true, "{result}");
        is_cancelled(&user.tenant, mark).await;
    };
    tokio::join!(given_up(alone, "alone"), given_up(in_session, "in a session"));
}

#[tokio::test]
async fn a_client_of_2025_that_loses_its_stream_comes_back_for_the_answer() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["old", "new"] {
        let caller = Caller::legacy(gateway(), &tokens.access, server, json!({"elicitation": {}})).await;
        let params = json!({"name": "test_tool_with_progress", "arguments": {}, "_meta": {"progressToken": 1}});
        let mut stream = caller.send("tools/call", params).await;
        stream.told("notifications/progress").await;
        let last = stream.ids.last().expect("an id").clone();
        drop(stream);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let request = caller.request(reqwest::Method::GET).header("accept", "text/event-stream");
        let mut resumed = Events::new(request.header("last-event-id", last).send().await.expect("an answer"));
        let (messages, told) = methods(&mut resumed).await;
        assert!(told.iter().take(told.len() - 1).all(|method| method == "notifications/progress"), "{messages:?}");
        let result = messages.last().unwrap_or_else(|| panic!("{server}: nothing"));
        assert_eq!(result["result"]["content"][0]["text"], "Progress test completed", "{server}: {messages:?}");
    }
}
