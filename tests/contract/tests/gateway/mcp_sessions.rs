//! Sessions of the revisions with a handshake: who gets one, whose it is, and how it ends.

use crate::{gateway, logged_in, post_mcp};
use gateway_contract::client::{Answer, send};
use gateway_contract::seed::Tools;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a stream may outlive its token: five seconds, and the time to ask and be answered.
const CUT: Duration = Duration::from_secs(8);

fn initialize(capabilities: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25",
        "capabilities": capabilities, "clientInfo": {"name": "contract", "version": "1.0.0"}}})
}

/// Opens a session for a client that takes questions.
async fn open(access: &str) -> String {
    let answer = post_mcp(access, &[], &initialize(&json!({"elicitation": {}}))).await;
    let message = answer.json(200);
    assert_eq!(message["result"]["protocolVersion"], "2025-11-25", "{message}");
    answer.must("mcp-session-id").to_owned()
}

async fn within(access: &str, session: &str, body: &Value) -> Answer {
    post_mcp(access, &[("mcp-protocol-version", "2025-11-25"), ("mcp-session-id", session)], body).await
}

fn request(method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 2, "method": method, "params": {}})
}

async fn end(access: &str, session: &str) -> Answer {
    send(gateway().request(Method::DELETE, "/mcp").bearer_auth(access).header("mcp-session-id", session)).await
}

/// Opens a stream of a session.
async fn listen(access: &str, session: &str, last: Option<&str>) -> Response {
    let mut request = gateway().request(Method::GET, "/mcp").bearer_auth(access);
    request = request.header("accept", "text/event-stream").header("mcp-session-id", session);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    request.send().await.unwrap()
}

/// The next event or comment of a stream; `None` at its end.
async fn piece(stream: &mut Response) -> Option<String> {
    let mut whole = String::new();
    loop {
        let piece = tokio::time::timeout(Duration::from_secs(20), stream.chunk()).await.expect("something comes");
        whole.push_str(std::str::from_utf8(&piece.ok().flatten()?).unwrap());
        if whole.ends_with("\n\n") {
            return Some(whole);
        }
    }
}

#[tokio::test]
async fn a_client_that_needs_nothing_kept_gets_no_session() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let answer = post_mcp(&tokens.access, &[], &initialize(&json!({"experimental": {"x": {}}}))).await;
    answer.json(200);
    assert!(answer.header("mcp-session-id").is_none(), "{answer:?}");
    for method in [Method::GET, Method::DELETE] {
        let request = gateway().request(method, "/mcp").bearer_auth(&tokens.access);
        let answer = send(request.header("accept", "text/event-stream")).await;
        answer.problem(405);
        assert_eq!(answer.must("allow"), "POST, OPTIONS");
    }
}

#[tokio::test]
async fn a_session_serves_its_client_from_the_handshake_to_the_end() {
    let (_, tokens) = logged_in(Tools::Modern).await;
    let access = &tokens.access;
    let session = open(access).await;
    assert!(session.len() >= 32 && session.bytes().all(|byte| (0x21..=0x7e).contains(&byte)), "{session}");
    let ready = within(access, &session, &json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    assert_eq!((ready.status, ready.body.len()), (202, 0));
    assert_eq!(within(access, &session, &request("ping")).await.json(200)["result"], json!({}));
    let list = within(access, &session, &request("tools/list")).await.json(200);
    assert!(list["result"]["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "modern__repeat"), "{list}");
    let call = json!({"jsonrpc": "2.0", "id": "c", "method": "tools/call",
        "params": {"name": "modern__repeat", "arguments": {"text": "held"}}});
    let called = within(access, &session, &call).await.json(200);
    assert_eq!((&called["id"], &called["result"]["structuredContent"]), (&json!("c"), &json!({"text": "held"})));
    // An answer to a question nobody asked is taken, and dropped.
    let stray = within(access, &session, &json!({"jsonrpc": "2.0", "id": 77, "result": {}})).await;
    assert_eq!((stray.status, stray.body.len()), (202, 0));
    // Without the header of the revision it speaks what was agreed on: no batches.
    let batch = post_mcp(access, &[("mcp-session-id", &session)], &json!([request("ping")])).await;
    assert_eq!(batch.json(400)["error"]["code"], -32600);
    let ended = end(access, &session).await;
    assert_eq!((ended.status, ended.body.len()), (204, 0));
    for body in
        [request("tools/list"), request("ping"), json!({"jsonrpc": "2.0", "method": "notifications/initialized"})]
    {
        let gone = within(access, &session, &body).await.json(404);
        assert_eq!((&gone["id"], &gone["error"]["code"]), (&Value::Null, &json!(-32001)), "{gone}");
    }
    assert_eq!(end(access, &session).await.status, 404);
    assert_eq!(listen(access, &session, None).await.status(), 404);
}

#[tokio::test]
async fn a_session_of_somebody_else_looks_like_none() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let (_, other) = logged_in(Tools::Own).await;
    let session = open(&tokens.access).await;
    let unknown = format!("{}{}", &session[1..], &session[..1]);
    let theirs = within(&other.access, &session, &request("ping")).await;
    let nobodys = within(&other.access, &unknown, &request("ping")).await;
    assert_eq!((theirs.json(404), theirs.body.len()), (nobodys.json(404), nobodys.body.len()));
    assert_eq!(end(&other.access, &session).await.status, 404);
    assert_eq!(listen(&other.access, &session, None).await.status(), 404);
    let elsewhere = gateway().request(Method::POST, "/mcp/elsewhere").bearer_auth(&tokens.access);
    let elsewhere =
        elsewhere.header("accept", "application/json, text/event-stream").header("mcp-session-id", &session);
    assert_eq!(send(elsewhere.json(&request("ping"))).await.status, 404);
    // Its owner notices nothing, not even with another token.
    let again = crate::gateway().try_refresh(&tokens.refresh).await;
    let fresh = again.json(200)["access_token"].as_str().unwrap().to_owned();
    within(&fresh, &session, &request("ping")).await.json(200);
}

#[tokio::test]
async fn the_revision_without_sessions_ignores_their_header() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/list"), ("mcp-session-id", "nothing")];
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": crate::modern_params(json!({}))});
    let answer = post_mcp(&tokens.access, &headers, &body).await;
    answer.json(200);
    assert!(answer.header("mcp-session-id").is_none());
}

#[tokio::test]
async fn a_stream_of_a_session_begins_with_an_id_to_come_back_with_and_is_kept_alive() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let session = open(&tokens.access).await;
    let refused = gateway().request(Method::GET, "/mcp").bearer_auth(&tokens.access).header("mcp-session-id", &session);
    assert_eq!(send(refused.header("accept", "application/json")).await.json(406)["error"]["code"], -32600);
    let mut stream = listen(&tokens.access, &session, None).await;
    assert_eq!(stream.status(), 200);
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(stream.headers()[name], value);
    }
    assert_eq!(piece(&mut stream).await.as_deref(), Some("id: 0-0\nretry: 1000\ndata: \n\n"));
    assert_eq!(piece(&mut stream).await.as_deref(), Some(": alive\n\n"));
    // A second one beside it, and one that resumes the first.
    let mut second = listen(&tokens.access, &session, None).await;
    assert_eq!(piece(&mut second).await.as_deref(), Some("id: 1-0\nretry: 1000\ndata: \n\n"));
    let mut resumed = listen(&tokens.access, &session, Some("1-0")).await;
    assert_eq!(piece(&mut resumed).await.as_deref(), Some(": alive\n\n"));
    for gone in ["99-0", "nonsense"] {
        let mut empty = listen(&tokens.access, &session, Some(gone)).await;
        assert_eq!((empty.status().as_u16(), piece(&mut empty).await), (200, None));
    }
    end(&tokens.access, &session).await;
    while piece(&mut stream).await.is_some() {}
}

#[tokio::test]
async fn a_stream_ends_soon_after_its_token_is_revoked() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let session = open(&tokens.access).await;
    let mut stream = listen(&tokens.access, &session, None).await;
    piece(&mut stream).await;
    let revoked = Instant::now();
    assert_eq!(send(gateway().request(Method::POST, "/auth/logout").bearer_auth(&tokens.access)).await.status, 204);
    while piece(&mut stream).await.is_some() {}
    assert!(revoked.elapsed() < CUT, "{:?}", revoked.elapsed());
}
