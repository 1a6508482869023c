//! Upstreams that send the user to a page (elicitation in the mode `url`), and clients of either era that can show one, or
//! cannot.

use crate::{gateway, logged_in};
use gateway_contract::caller::Caller;
use gateway_contract::fake::pages::{PAGE, Pages, VISIT};
use gateway_contract::seed::Tools;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What a client says that can show pages.
fn shows_pages() -> Value {
    json!({"elicitation": {"url": {}}})
}

/// What clients say that can show forms only: one of 2025-06-18 or before, and one that says it.
fn shows_forms() -> [Value; 2] {
    [json!({"elicitation": {}}), json!({"elicitation": {"form": {}}})]
}

/// A user with the servers of this test, named `old` and `new`: the user's token.
async fn user_of(pages: &Pages) -> String {
    let (user, tokens) = logged_in(Tools::Own).await;
    for place in ["old", "new"] {
        gateway().upstream(&user, place, &pages.server.url(&format!("/{place}")));
    }
    let caller = Caller::modern(gateway(), &tokens.access, "");
    let start = Instant::now();
    loop {
        let names = caller.names("tools/list", "name").await;
        if ["old__consent", "new__consent"].iter().all(|tool| names.iter().any(|name| name == tool)) {
            return tokens.access;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{names:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn call(tool: &str) -> Value {
    json!({"name": tool, "arguments": {}})
}

/// The one question of a result that needs input, with its key.
#[track_caller]
fn question(result: &Value) -> (String, Value) {
    assert_eq!(result["resultType"], "input_required", "{result}");
    let requests = result["inputRequests"].as_object().unwrap_or_else(|| panic!("no requests: {result}"));
    let (key, question) = requests.iter().next().unwrap_or_else(|| panic!("no request: {result}"));
    assert_eq!(requests.len(), 1, "{result}");
    (key.clone(), question.clone())
}

/// The same call again, with this answer to what the result asks for.
#[track_caller]
fn retry(tool: &str, result: &Value, action: &str) -> Value {
    let (key, _) = question(result);
    let mut params = call(tool);
    params["inputResponses"] = json!({key: {"action": action}});
    params["requestState"] = result["requestState"].clone();
    params
}

/// The text of a result.
#[track_caller]
fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"))
}

#[tokio::test]
async fn a_client_of_2026_is_asked_to_show_a_page_and_calls_again() {
    let access = user_of(&Pages::start()).await;
    let caller = Caller::modern(gateway(), &access, "").that_can(shows_pages());
    for (tool, said) in [("old__consent", r#"{"action":"ACTION"}"#), ("new__consent", r#"{"action":"ACTION"} true"#)] {
        for action in ["accept", "decline", "cancel"] {
            let asked = caller.result("tools/call", call(tool)).await;
            let (_, question) = question(&asked);
            // The newer era has no name for the visit.
            let params = json!({"mode": "url", "message": "Please agree on the page", "url": PAGE});
            assert_eq!(question, json!({"method": "elicitation/create", "params": params}), "{tool}");
            let answered = caller.result("tools/call", retry(tool, &asked, action)).await;
            assert_eq!(text(&answered), said.replace("ACTION", action), "{tool}");
        }
    }
}

#[tokio::test]
async fn a_client_of_2025_is_asked_to_show_a_page_on_its_stream_and_told_when_the_visit_is_over() {
    let access = user_of(&Pages::start()).await;
    let caller = Caller::legacy(gateway(), &access, "", shows_pages()).await;
    for (tool, said) in [("old__consent", r#"{"action":"accept"}"#), ("new__consent", r#"{"action":"accept"} true"#)] {
        let mut stream = caller.send("tools/call", call(tool)).await;
        let question = stream.told("elicitation/create").await;
        let params = &question["params"];
        assert_eq!((&params["mode"], &params["url"]), (&json!("url"), &json!(PAGE)), "{question}");
        let visit = params["elicitationId"].as_str().unwrap_or_else(|| panic!("{tool}: {question}"));
        caller.answer(&question, json!({"action": "accept"})).await;
        if tool == "old__consent" {
            assert_eq!(visit, VISIT);
            let told = stream.told("notifications/elicitation/complete").await;
            assert_eq!(told["params"]["elicitationId"], VISIT, "{told}");
        }
        let result = stream.until(|message| message.get("result").is_some()).await;
        assert_eq!(text(&result["result"]), said, "{tool}");
    }
}

#[tokio::test]
async fn a_client_that_shows_forms_only_is_not_sent_to_a_page() {
    let pages = Pages::start();
    let access = user_of(&pages).await;
    for can in shows_forms() {
        let modern = Caller::modern(gateway(), &access, "").that_can(can.clone());
        let legacy = Caller::legacy(gateway(), &access, "", can).await;
        for caller in [modern, legacy] {
            for (tool, expected) in [("old__consent", Some("-32602")), ("new__consent", None), ("old__locked", None)] {
                let messages = caller.send("tools/call", call(tool)).await.rest().await;
                let seen = serde_json::to_string(&messages).unwrap();
                assert!(!seen.contains(PAGE) && !seen.contains("elicitation/create"), "{caller:?} {tool}: {seen}");
                let result = &messages.last().unwrap_or_else(|| panic!("{tool}: nothing"))["result"];
                match expected {
                    // The server that asked was told that it may not.
                    Some(told) => assert_eq!(text(result), told, "{caller:?} {tool}"),
                    None => assert_eq!(result["isError"], true, "{caller:?} {tool}: {seen}"),
                }
            }
        }
    }
    gateway().execute(&access, "old__locked", &json!({})).await.problem(502);
}

#[tokio::test]
async fn a_server_of_2025_that_refuses_until_a_page_is_visited_makes_clients_of_2026_be_asked() {
    let pages = Pages::start();
    let access = user_of(&pages).await;
    let caller = Caller::modern(gateway(), &access, "").that_can(shows_pages());
    let asked = caller.result("tools/call", call("old__locked")).await;
    let (_, question) = question(&asked);
    let params = json!({"mode": "url", "message": "Please agree on the page", "url": PAGE});
    assert_eq!(question, json!({"method": "elicitation/create", "params": params}));
    let asked = caller.result("tools/call", retry("old__locked", &asked, "accept")).await;
    let before = pages.calls("old").len();
    assert_eq!(before, 2, "the user has agreed, and has not been there");
    for action in ["decline", "cancel"] {
        let refused = caller.result("tools/call", retry("old__locked", &asked, action)).await;
        assert_eq!(refused["isError"], true, "{refused}");
        assert!(text(&refused).contains("declined"), "{refused}");
    }
    assert_eq!(pages.calls("old").len(), before, "who declined is not asked for again");
    let mut other = retry("old__locked", &asked, "accept");
    other["requestState"] = "made-up".into();
    assert_eq!(caller.error("tools/call", other).await, -32602);
    pages.visit();
    let opened = caller.result("tools/call", retry("old__locked", &asked, "accept")).await;
    assert_eq!(text(&opened), "open");
    for seen in pages.calls("old") {
        let params = &seen["params"];
        assert!(params.get("inputResponses").is_none() && params.get("requestState").is_none(), "{seen}");
    }
}

#[tokio::test]
async fn the_error_that_names_a_page_is_one_of_2025_only() {
    let pages = Pages::start();
    let access = user_of(&pages).await;
    let legacy = Caller::legacy(gateway(), &access, "", shows_pages()).await;
    let refused = legacy.ask("tools/call", call("old__locked")).await;
    let page = &refused["error"]["data"]["elicitations"][0];
    assert_eq!(refused["error"]["code"], -32042, "{refused}");
    assert_eq!((&page["elicitationId"], &page["url"]), (&json!(VISIT), &json!(PAGE)), "{refused}");
    // A server of 2026 gives it against its revision: nobody is told.
    let modern = Caller::modern(gateway(), &access, "").that_can(shows_pages());
    for caller in [&legacy, &modern] {
        let refused = caller.ask("tools/call", call("new__locked")).await;
        assert_eq!(refused["error"]["code"], -32603, "{refused}");
        assert!(!refused.to_string().contains(PAGE), "{refused}");
    }
    pages.visit();
    for tool in ["old__locked", "new__locked"] {
        assert_eq!(text(&legacy.result("tools/call", call(tool)).await), "open");
    }
}
