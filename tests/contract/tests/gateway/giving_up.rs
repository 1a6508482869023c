//! Requests that the gateway gives up: their upstream is told, in the way of its revision.

use crate::{gateway, logged_in};
use gateway_contract::World;
use gateway_contract::caller::Caller;
use gateway_contract::fake::{Reply, Request, Server};
use gateway_contract::seed::Tools;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long after the end of a call, or after its client has gone, its upstream may not yet have heard of it: until the next
/// comment on a stream, and what a busy machine takes. With the comment after that one it would be nine seconds and more.
const HEARD: Duration = Duration::from_secs(8);

/// Those of the messages that carry this mark, by their ids.
fn ids(messages: &[Request], mark: &str) -> Vec<Value> {
    let bodies = messages.iter().map(Request::json);
    bodies.filter(|body| body["params"]["arguments"]["mark"] == mark).map(|body| body["id"].clone()).collect()
}

/// Waits until the recorder's place was told that the call with this mark is over: a server of 2025 by a message, and one
/// of either era by the end of the connection.
async fn is_told(tenant: &str, place: &str, mark: &str) {
    let recorder = &World::shared().recorder;
    let start = Instant::now();
    loop {
        let calls = ids(&recorder.messages(tenant, place, "tools/call"), mark);
        let left = ids(&recorder.left(tenant, place, "tools/call"), mark);
        let cancelled = recorder.messages(tenant, place, "notifications/cancelled");
        let cancelled: Vec<Value> =
            cancelled.iter().map(|request| request.json()["params"]["requestId"].clone()).collect();
        let told = if place == "old" { cancelled.contains(&calls[0]) } else { cancelled.is_empty() };
        if calls.len() == 1 && left == calls && told {
            return;
        }
        let waited = start.elapsed();
        assert!(waited < HEARD, "{place} {mark}: called {calls:?}, hung up {left:?}, cancelled {cancelled:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn thinking(mark: &str) -> Value {
    json!({"name": "think", "arguments": {"mark": mark}})
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_cancelled_whoever_made_it() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let (tenant, access) = (user.tenant.as_str(), tokens.access.as_str());
    let given_up = async |caller: Caller, place: &str, mark: &str| {
        let result = caller.result("tools/call", thinking(mark)).await;
        assert_eq!(result["isError"], true, "{place} {mark}: {result}");
        is_told(tenant, place, mark).await;
    };
    let over_rest = async |place: &str| {
        let tool = format!("{place}__think");
        gateway().execute(access, &tool, &json!({"mark": "rest"})).await.problem(504);
        is_told(tenant, place, "rest").await;
    };
    let everybody = async |place: &str| {
        let plain = Caller::modern(gateway(), access, place);
        let without_session = Caller::legacy(gateway(), access, place, json!({})).await.outside_sessions();
        let in_session = Caller::legacy(gateway(), access, place, json!({"roots": {}})).await;
        let that_asks = Caller::modern(gateway(), access, place).that_can(json!({"elicitation": {}}));
        tokio::join!(
            given_up(plain, place, "plain"),
            given_up(without_session, place, "without a session"),
            given_up(in_session, place, "in a session"),
            given_up(that_asks, place, "that asks"),
            over_rest(place),
        );
    };
    tokio::join!(everybody("old"), everybody("new"));
}

#[tokio::test]
async fn a_call_whose_connection_breaks_is_cancelled_and_not_made_again() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let recorder = &World::shared().recorder;
    for place in ["old", "new"] {
        let caller = Caller::modern(gateway(), &tokens.access, place);
        let result = caller.call("break", json!({})).await;
        assert_eq!(result["isError"], true, "{result}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let told = recorder.messages(&user.tenant, place, "notifications/cancelled").len();
        let calls = recorder.messages(&user.tenant, place, "tools/call").len();
        assert_eq!((calls, told), (1, usize::from(place == "old")), "{place}");
    }
}

#[tokio::test]
async fn a_call_that_was_answered_is_not_cancelled_whatever_the_answer() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let caller = Caller::modern(gateway(), &tokens.access, "old");
    caller.call("note", json!({"text": "fine"})).await;
    caller.ask("prompts/get", json!({"name": "greeting"})).await;
    caller.ask("resources/read", json!({"uri": "note://one"})).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = World::shared().recorder.messages(&user.tenant, "old", "notifications/cancelled");
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn a_silent_stream_that_is_closed_is_noticed_with_the_next_comment() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let (tenant, access) = (user.tenant.as_str(), tokens.access.as_str());
    // Going on for 25 s, with words that the client has not asked for.
    let call = |mark: &str| {
        let loud = json!({"io.modelcontextprotocol/logLevel": "error"});
        json!({"name": "wait", "arguments": {"mark": mark}, "_meta": loud})
    };
    let closes = async |caller: Caller, place: &str, mark: &str, patience: u64| {
        let asked = async { caller.send("tools/call", call(mark)).await.drain().await };
        let gone = tokio::time::timeout(Duration::from_millis(patience), asked).await;
        assert!(gone.is_err(), "{mark}: the call has ended before its client has gone");
        is_told(tenant, place, mark).await;
    };
    let everybody = async |place: &str| {
        let plain = || Caller::modern(gateway(), access, place);
        let that_asks = || plain().that_can(json!({"elicitation": {}}));
        tokio::join!(
            // Before there is a stream, after its first comment, and after its second.
            closes(plain(), place, "at once", 1_000),
            closes(plain(), place, "plain", 6_000),
            closes(plain(), place, "later", 10_500),
            closes(that_asks(), place, "at once that asks", 1_000),
            closes(that_asks(), place, "that asks", 6_000),
        );
    };
    tokio::join!(everybody("old"), everybody("new"));
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_is_not_cancelled() {
    let server = Server::start(|request| match request.json()["method"].as_str() {
        Some("initialize") => Reply::Late(Duration::from_mins(1), Box::new(Reply::empty(200))),
        _ => Reply::empty(400),
    });
    let (user, tokens) = logged_in(Tools::Own).await;
    gateway().upstream(&user, "mute", &server.url("/mcp"));
    let caller = Caller::modern(gateway(), &tokens.access, "");
    let start = Instant::now();
    while server.asked().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "the new server is not asked");
        caller.result("tools/list", json!({})).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let methods: Vec<Value> = server.asked().iter().map(|request| request.json()["method"].clone()).collect();
    assert_eq!(methods, ["server/discover", "initialize"]);
    assert_eq!(server.left().len(), 1, "the connection is closed");
}
