//! What an upstream notices: one request for one request, a session of its own for every user, nothing done twice.

use crate::{gateway, logged_in};
use gateway_contract::World;
use gateway_contract::caller::Caller;
use gateway_contract::fake::sessions::Recorder;
use gateway_contract::seed::{Tools, colleague};
use serde_json::{Value, json};

fn recorder() -> &'static Recorder {
    &World::shared().recorder
}

/// One call of each kind that an upstream answers.
fn calls() -> [(&'static str, Value); 3] {
    [
        ("tools/call", json!({"name": "note", "arguments": {"text": "once"}})),
        ("prompts/get", json!({"name": "greeting"})),
        ("resources/read", json!({"uri": "note://one"})),
    ]
}

/// The sessions in which these messages came, each once.
fn sessions(tenant: &str, mark: &str) -> Vec<String> {
    let calls = recorder().messages(tenant, "old", "tools/call");
    let marked = calls.iter().filter(|call| call.json()["params"]["arguments"]["text"] == mark);
    let mut sessions: Vec<String> =
        marked.map(|call| call.header("mcp-session-id").expect("a session").to_owned()).collect();
    sessions.dedup();
    sessions
}

async fn note(caller: &Caller, text: &str) {
    let result = caller.call("note", json!({"text": text})).await;
    assert_eq!(result["content"][0]["text"], text, "{result}");
}

#[tokio::test]
async fn one_request_is_one_request_of_the_upstream() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    for place in ["old", "new"] {
        let plain = Caller::modern(gateway(), &tokens.access, place);
        let asked = Caller::modern(gateway(), &tokens.access, place).that_can(json!({"elicitation": {}}));
        let session = Caller::legacy(gateway(), &tokens.access, place, json!({"elicitation": {}})).await;
        for caller in [plain, asked, session] {
            for (method, params) in calls() {
                caller.result(method, params).await;
            }
            let before = recorder().asked(&user.tenant, place).len();
            for (method, params) in calls() {
                caller.result(method, params).await;
            }
            let since = recorder().asked(&user.tenant, place).split_off(before);
            let methods: Vec<Value> = since.iter().map(|request| request.json()["method"].clone()).collect();
            assert_eq!(methods, ["tools/call", "prompts/get", "resources/read"], "{place} {caller:?}");
        }
    }
}

#[tokio::test]
async fn a_session_of_an_upstream_is_used_again_and_never_by_another_user() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let mate = gateway().login(&colleague(&user)).await;
    let (own, theirs) =
        (Caller::modern(gateway(), &tokens.access, "old"), Caller::modern(gateway(), &mate.access, "old"));
    for _ in 0..3 {
        note(&own, "mine").await;
        note(&theirs, "theirs").await;
    }
    let (mine, others) = (sessions(&user.tenant, "mine"), sessions(&user.tenant, "theirs"));
    assert_eq!((mine.len(), others.len()), (1, 1), "{mine:?} {others:?}");
    assert_ne!(mine, others);
    // Two sessions of one client are two clients.
    for mark in ["first", "second"] {
        let caller = Caller::legacy(gateway(), &tokens.access, "old", json!({"roots": {}})).await;
        note(&caller, mark).await;
    }
    let (first, second) = (sessions(&user.tenant, "first"), sessions(&user.tenant, "second"));
    assert!(first != second && first != mine && second != mine, "{first:?} {second:?} {mine:?}");
}

#[tokio::test]
async fn a_session_that_the_upstream_forgot_is_made_again_once() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let count = |method: &str| recorder().messages(&user.tenant, "old", method).len();
    let alone = Caller::modern(gateway(), &tokens.access, "old");
    let in_session = Caller::legacy(gateway(), &tokens.access, "old", json!({"roots": {}})).await;
    for (caller, mark) in [(alone, "alone"), (in_session, "in a session")] {
        note(&caller, mark).await;
        let (handshakes, calls) = (count("initialize"), count("tools/call"));
        recorder().forget(&user.tenant);
        note(&caller, mark).await;
        assert_eq!((count("initialize"), count("tools/call")), (handshakes + 1, calls + 2), "{mark}");
        note(&caller, mark).await;
        assert_eq!((count("initialize"), count("tools/call")), (handshakes + 1, calls + 3), "{mark}");
        let both = sessions(&user.tenant, mark);
        assert_eq!(both.len(), 2, "{both:?}");
    }
}

#[tokio::test]
async fn a_call_that_may_have_been_done_is_never_done_again() {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    for place in ["old", "new"] {
        let alone = Caller::modern(gateway(), &tokens.access, place);
        let in_session = Caller::legacy(gateway(), &tokens.access, place, json!({"elicitation": {}})).await;
        for (index, caller) in [alone, in_session].into_iter().enumerate() {
            let result = caller.call("break", json!({})).await;
            assert_eq!(result["isError"], true, "{result}");
            let calls = recorder().messages(&user.tenant, place, "tools/call");
            let broken = calls.iter().filter(|call| call.json()["params"]["name"] == "break").count();
            assert_eq!(broken, index + 1, "{place}");
            note(&caller, "afterwards").await;
        }
    }
}
