//! `/mcp/{server}`: a chosen part of a tenant's tool servers under names of its choice.

use crate::{gateway, logged_in};
use gateway_contract::caller::Caller;
use gateway_contract::client::{Answer, send};
use gateway_contract::seed::Tools;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What the demanded five seconds may take on a busy machine.
const SEEN: Duration = Duration::from_millis(6_500);

async fn at(server: &str) -> Caller {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    Caller::modern(gateway(), &tokens.access, server)
}

#[tokio::test]
async fn a_server_of_one_upstream_without_a_prefix_looks_exactly_like_it() {
    for server in ["old", "new"] {
        let caller = at(server).await;
        let tools = caller.names("tools/list", "name").await;
        // In the upstream's own order, which is not the alphabet's.
        assert_eq!(tools[..2], ["test_simple_text", "test_image_content"], "{tools:?}");
        assert!(!tools.iter().any(|name| name.contains("__") || name == "server_time"), "{tools:?}");
        assert_eq!(caller.names("resources/list", "uri").await[0], "test://static-text");
        assert_eq!(caller.names("resources/templates/list", "uriTemplate").await, ["test://template/{id}/data"]);
        assert_eq!(caller.names("prompts/list", "name").await[0], "test_simple_prompt");
        let discovered = caller.result("server/discover", json!({})).await;
        assert_eq!(discovered["instructions"], "Everything the conformance suite asks for.", "{discovered}");
        assert_eq!(discovered["capabilities"]["resources"], json!({"subscribe": true, "listChanged": true}));
        let schema = caller.result("tools/list", json!({})).await;
        let tool = schema["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "json_schema_2020_12_tool");
        let schema = &tool.unwrap()["inputSchema"];
        assert_eq!(schema["$defs"]["address"]["$anchor"], "addressDef", "{schema}");
        assert!(schema["if"].is_object() && schema["additionalProperties"] == false, "{schema}");
        let read = caller.result("resources/read", json!({"uri": "test://template/5/data"})).await;
        assert_eq!(read["contents"][0]["uri"], "test://template/5/data");
    }
}

#[tokio::test]
async fn a_prefix_stands_before_every_name_before_disputed_ones_or_before_none() {
    let caller = at("always").await;
    let tools = caller.names("tools/list", "name").await;
    assert!(tools.iter().all(|name| name.starts_with("old__") || name.starts_with("new__")), "{tools:?}");
    for prefix in ["old", "new"] {
        let result = caller.call(&format!("{prefix}__test_simple_text"), json!({})).await;
        assert_eq!(result["content"][0]["text"], "This is a simple text response for testing.");
        caller.result("resources/read", json!({"uri": format!("mcp+{prefix}+test://static-text")})).await;
    }
    assert_eq!(caller.error("tools/call", json!({"name": "test_simple_text"})).await, -32602);
    let caller = caller.at("conflict");
    let expected = ["new__test_simple_text", "old__test_simple_text", "test_audio_content", "test_image_content"];
    assert_eq!(caller.names("tools/list", "name").await, expected);
    for name in expected {
        caller.call(name, json!({})).await;
    }
    assert_eq!(caller.error("tools/call", json!({"name": "test_simple_text"})).await, -32602);
    assert_eq!(caller.names("resources/list", "uri").await, ["test://static-binary", "test://static-text"]);
    let caller = caller.at("first");
    let expected = ["test_audio_content", "test_image_content", "test_simple_text"];
    assert_eq!(caller.names("tools/list", "name").await, expected);
    for name in expected {
        caller.call(name, json!({})).await;
    }
    assert_eq!(caller.names("prompts/list", "name").await, ["test_prompt_with_image", "test_simple_prompt"]);
}

#[tokio::test]
async fn what_is_not_chosen_is_neither_listed_nor_reached() {
    let caller = at("some").await;
    assert_eq!(caller.names("tools/list", "name").await, ["test_simple_text", "test_image_content"]);
    assert_eq!(caller.names("prompts/list", "name").await, ["test_simple_prompt"]);
    assert_eq!(caller.names("resources/list", "uri").await, ["test://static-text"]);
    assert_eq!(caller.names("resources/templates/list", "uriTemplate").await, [""; 0]);
    caller.call("test_simple_text", json!({})).await;
    let hidden = caller.ask("tools/call", json!({"name": "test_audio_content"})).await;
    let unknown = caller.ask("tools/call", json!({"name": "test_nothing_at_all"})).await;
    assert_eq!(hidden["error"]["code"], unknown["error"]["code"], "{hidden}");
    assert_eq!(caller.error("prompts/get", json!({"name": "test_prompt_with_image"})).await, -32602);
    for uri in ["test://static-binary", "test://template/5/data"] {
        assert_eq!(caller.error("resources/read", json!({"uri": uri})).await, -32602, "{uri}");
    }
    let reference = json!({"type": "ref/prompt", "name": "test_prompt_with_arguments"});
    let complete = json!({"ref": reference, "argument": {"name": "arg1", "value": "p"}});
    assert_eq!(caller.error("completion/complete", complete).await, -32602);
}

/// What an answer says but for what is different each time.
fn said(answer: &Answer) -> (u16, Value) {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.remove("correlation_id");
        body.remove("instance");
    }
    (answer.status, body)
}

#[tokio::test]
async fn a_server_of_another_tenant_looks_like_none_at_all() {
    let (_, owner) = logged_in(Tools::Fixtures).await;
    let (_, stranger) = logged_in(Tools::Own).await;
    Caller::modern(gateway(), &owner.access, "some").result("tools/list", json!({})).await;
    let theirs = Caller::modern(gateway(), &stranger.access, "some");
    let bodies = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "test_simple_text"}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": {"name": "test_simple_prompt"}}),
        theirs.initialize(),
    ];
    for body in &bodies {
        let ask = async |path: &str| {
            let request = gateway().request(Method::POST, path).bearer_auth(&stranger.access);
            let request = request.header("accept", "application/json, text/event-stream");
            send(request.header("mcp-protocol-version", "2025-11-25").json(body)).await
        };
        let (theirs, nobodys) = (ask("/mcp/some").await, ask("/mcp/nothing-here").await);
        theirs.problem(404);
        assert_eq!(said(&theirs), said(&nobodys), "{body}");
        assert_eq!(said(&theirs), said(&ask("/mcp/not.a.name").await), "{body}");
    }
    assert_eq!(theirs.send("server/discover", json!({})).await.status(), 404);
    let anybody = gateway().request(Method::POST, "/mcp/some").json(&bodies[0]);
    send(anybody).await.problem(401);
}

#[tokio::test]
async fn a_session_is_of_one_principal_at_one_endpoint_and_any_other_use_of_it_is_404() {
    let (user, tokens) = logged_in(Tools::Fixtures).await;
    let mate = gateway().login(&gateway_contract::seed::colleague(&user)).await;
    let owner = Caller::legacy(gateway(), &tokens.access, "old", json!({"elicitation": {}})).await;
    let session = owner.session().expect("a session").to_owned();
    let garbage = owner.within("no-session-of-this-gateway");
    let (kept, last) = session.split_at(session.len() - 1);
    let altered = owner.within(&format!("{kept}{}", if last == "A" { "B" } else { "A" }));
    let over = Caller::legacy(gateway(), &tokens.access, "old", json!({"elicitation": {}})).await;
    assert_eq!(over.end().await.status, 204);
    let wrong = [owner.by(&mate.access), owner.at("new"), owner.at(""), garbage, altered, over];
    let mut told = Vec::new();
    for caller in &wrong {
        let mut answer = caller.send("ping", json!({})).await;
        assert_eq!(answer.status(), 404);
        told.push(answer.next().await);
        assert_eq!(caller.listen().await.status(), 404);
        assert_eq!(caller.end().await.status, 404);
    }
    assert!(told.iter().all(|message| message == &told[0]), "{told:?}");
    // Its owner notices nothing of all this.
    assert_eq!(owner.result("ping", json!({})).await, json!({}));
}

#[tokio::test]
async fn a_server_that_is_added_is_there_within_five_seconds() {
    let (user, tokens) = logged_in(Tools::Fixtures).await;
    let caller = Caller::modern(gateway(), &tokens.access, "added");
    assert_eq!(caller.send("tools/list", json!({})).await.status(), 404);
    let words =
        ["server", "add", "added", "--tenant", &user.tenant, "--upstream", "old", "--prefix", "never", "--own-tools"];
    let output = gateway().add(&words, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let added = Instant::now();
    while caller.send("tools/list", json!({})).await.status() == 404 {
        assert!(added.elapsed() < SEEN, "still not there");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let tools = caller.names("tools/list", "name").await;
    assert!(["server_time", "test_simple_text"].iter().all(|name| tools.iter().any(|tool| tool == name)), "{tools:?}");
    assert!(caller.call("server_time", json!({})).await["content"].is_array());
}
