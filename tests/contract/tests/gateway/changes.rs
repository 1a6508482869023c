//! Changes that an upstream tells of: `subscriptions/listen`, and a session's own stream.

use crate::{gateway, logged_in};
use gateway_contract::caller::Caller;
use gateway_contract::client::{Tokens, send};
use gateway_contract::events::Events;
use gateway_contract::seed::Tools;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a stream may outlive its token: five seconds, and the time to ask and be answered.
const CUT: Duration = Duration::from_secs(8);
/// How long a change may not yet be told: the one who listens may not have been connected when it came.
const TOLD: Duration = Duration::from_secs(15);
const TAG: &str = "io.modelcontextprotocol/subscriptionId";
const WATCHED: &str = "test://watched-resource";

const TRIGGERS: [(&str, &str); 3] = [
    ("test_trigger_tool_change", "notifications/tools/list_changed"),
    ("test_trigger_prompt_change", "notifications/prompts/list_changed"),
    ("test_trigger_resource_change", "notifications/resources/list_changed"),
];

/// Calls a tool again and again until the stream tells of what it changes. An upstream tells only those who are connected.
async fn heard(stream: &mut Events, caller: &Caller, tool: &str, method: &str) -> Value {
    let start = Instant::now();
    loop {
        caller.call(tool, json!({})).await;
        let soon = tokio::time::timeout(Duration::from_millis(700), stream.told(method));
        if let Ok(message) = soon.await {
            return message;
        }
        assert!(start.elapsed() < TOLD, "{method} is not told");
    }
}

/// Calls a tool once: whoever was told that it listens hears what that changes.
async fn heard_at_once(stream: &mut Events, caller: &Caller, tool: &str, method: &str) -> Value {
    caller.call(tool, json!({})).await;
    let soon = tokio::time::timeout(TOLD, stream.told(method)).await;
    soon.unwrap_or_else(|_| panic!("{method} is not told after an acknowledgement"))
}

/// Asks for every change, as a request with this id.
async fn subscribe(caller: &Caller, id: &Value, watched: &str) -> Events {
    let wanted = json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
        "resourceSubscriptions": [watched]});
    caller.send_as(id, "subscriptions/listen", json!({"notifications": wanted})).await
}

#[tokio::test]
async fn a_subscription_is_acknowledged_first_and_then_hears_every_change() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for (server, id) in [("new", json!("a text")), ("old", json!(77))] {
        let caller = Caller::modern(gateway(), &tokens.access, server);
        let mut stream = subscribe(&caller, &id, WATCHED).await;
        assert!(stream.is_stream() && stream.status() == 200, "{server}");
        let first = stream.next().await.expect("a message");
        assert_eq!(first["method"], "notifications/subscriptions/acknowledged", "{server}: {first}");
        assert_eq!(first["params"]["_meta"][TAG], id, "{server}: {first}");
        let kept = &first["params"]["notifications"];
        assert_eq!(
            (&kept["toolsListChanged"], &kept["resourceSubscriptions"]),
            (&json!(true), &json!([WATCHED])),
            "{first}"
        );
        for (tool, method) in TRIGGERS {
            let told = heard_at_once(&mut stream, &caller, tool, method).await;
            assert_eq!(told["params"]["_meta"][TAG], id, "{server}: {told}");
            assert!(told.get("id").is_none(), "{told}");
        }
        let told =
            heard_at_once(&mut stream, &caller, "test_trigger_resource_update", "notifications/resources/updated")
                .await;
        assert_eq!((&told["params"]["uri"], &told["params"]["_meta"][TAG]), (&json!(WATCHED), &id), "{server}: {told}");
    }
}

#[tokio::test]
async fn only_what_was_asked_for_is_told() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["new", "old"] {
        let caller = Caller::modern(gateway(), &tokens.access, server);
        let wanted = json!({"notifications": {"promptsListChanged": true}});
        let mut stream = caller.send("subscriptions/listen", wanted).await;
        let first = stream.next().await.unwrap();
        assert_eq!(first["params"]["notifications"], json!({"promptsListChanged": true}), "{server}");
        let start = Instant::now();
        loop {
            for (tool, _) in TRIGGERS {
                caller.call(tool, json!({})).await;
            }
            caller.call("test_trigger_resource_update", json!({})).await;
            if let Ok(message) = tokio::time::timeout(Duration::from_millis(700), stream.next()).await {
                assert_eq!(message.unwrap()["method"], "notifications/prompts/list_changed", "{server}");
                break;
            }
            assert!(start.elapsed() < TOLD, "{server}: nothing is told");
        }
        while let Ok(message) = tokio::time::timeout(Duration::from_millis(300), stream.next()).await {
            assert_eq!(message.unwrap()["method"], "notifications/prompts/list_changed", "{server}");
        }
    }
}

#[tokio::test]
async fn a_watched_resource_is_told_under_its_shown_address() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let caller = Caller::modern(gateway(), &tokens.access, "always");
    for upstream in ["old", "new"] {
        let shown = format!("mcp+{upstream}+{WATCHED}");
        let mut stream = subscribe(&caller, &json!(5), &shown).await;
        let tool = format!("{upstream}__test_trigger_resource_update");
        let told = heard(&mut stream, &caller, &tool, "notifications/resources/updated").await;
        assert_eq!(told["params"]["uri"], shown, "{told}");
    }
}

#[tokio::test]
async fn a_session_hears_of_changes_on_its_own_stream() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["old", "new"] {
        let caller = Caller::legacy(gateway(), &tokens.access, server, json!({"roots": {}})).await;
        let mut stream = caller.listen().await;
        for (tool, method) in TRIGGERS {
            let told = heard(&mut stream, &caller, tool, method).await;
            assert!(told["params"]["_meta"].get(TAG).is_none(), "{server}: {told}");
        }
        assert_eq!(caller.result("resources/subscribe", json!({"uri": WATCHED})).await, json!({}));
        let told = heard(&mut stream, &caller, "test_trigger_resource_update", "notifications/resources/updated").await;
        assert_eq!(told["params"]["uri"], WATCHED, "{server}: {told}");
        assert_eq!(caller.result("resources/unsubscribe", json!({"uri": WATCHED})).await, json!({}));
    }
    let caller = Caller::legacy(gateway(), &tokens.access, "always", json!({"roots": {}})).await;
    for uri in [WATCHED, "mcp+other+test://watched-resource"] {
        assert_eq!(caller.error("resources/subscribe", json!({"uri": uri})).await, -32002, "{uri}");
    }
}

#[tokio::test]
async fn a_resource_that_was_subscribed_to_before_the_stream_was_opened_is_told_of_too() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["old", "new"] {
        let caller = Caller::legacy(gateway(), &tokens.access, server, json!({"roots": {}})).await;
        caller.result("resources/subscribe", json!({"uri": WATCHED})).await;
        let mut stream = caller.listen().await;
        let told = heard(&mut stream, &caller, "test_trigger_resource_update", "notifications/resources/updated").await;
        assert_eq!(told["params"]["uri"], WATCHED, "{server}: {told}");
    }
}

async fn log_out(tokens: &Tokens) -> Instant {
    let revoked = Instant::now();
    assert_eq!(send(gateway().request(Method::POST, "/auth/logout").bearer_auth(&tokens.access)).await.status, 204);
    revoked
}

#[tokio::test]
async fn a_subscription_ends_soon_after_its_token_is_revoked() {
    for server in ["new", "old"] {
        let (_, tokens) = logged_in(Tools::Fixtures).await;
        let caller = Caller::modern(gateway(), &tokens.access, server);
        let mut stream = subscribe(&caller, &json!(1), WATCHED).await;
        stream.next().await.expect("an acknowledgement");
        let revoked = log_out(&tokens).await;
        stream.drain().await;
        assert!(revoked.elapsed() < CUT, "{server}: {:?}", revoked.elapsed());
    }
}

#[tokio::test]
async fn a_sessions_stream_of_a_tool_server_ends_soon_after_its_token_is_revoked() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let caller = Caller::legacy(gateway(), &tokens.access, "old", json!({"roots": {}})).await;
    let stream = caller.listen().await;
    let revoked = log_out(&tokens).await;
    stream.drain().await;
    assert!(revoked.elapsed() < CUT, "{:?}", revoked.elapsed());
    assert_eq!(caller.send("ping", json!({})).await.status(), 401);
}
