//! Virtual servers with the face `search`: tools are found and called by two tools, and nothing else about them changes.

use crate::{gateway, logged_in};
use gateway_contract::caller::Caller;
use gateway_contract::seed::Tools;
use gateway_contract::team::{self, Team, order, within};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::time::Duration;

const GREET: &str = "old__greet";
const TEXT: &str = "old__test_simple_text";

/// Adds a server to a tenant and waits until it is there.
async fn searched(tenant: &str, access: &str, name: &str, options: &[&str]) {
    let mut words = vec!["server", "add", name, "--tenant", tenant, "--upstream", "old,new", "--face", "search"];
    words.extend(options);
    let output = gateway().add(&words, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let caller = Caller::modern(gateway(), access, name);
    let there = || async { caller.send("tools/list", json!({})).await.status() == 200 };
    within(team::SEEN, "there", there).await;
}

/// A client of either era.
async fn both(access: &str, server: &str, capabilities: Value) -> [Caller; 2] {
    let modern = Caller::modern(gateway(), access, server).that_can(capabilities.clone());
    [modern, Caller::legacy(gateway(), access, server, capabilities).await]
}

async fn search(caller: &Caller, query: &str) -> Value {
    let result = caller.call("search_tools", json!({"query": query, "limit": 20})).await;
    assert!(result["isError"] != true, "{result}");
    let told: Value = serde_json::from_str(result["content"][0]["text"].as_str().expect("a text")).expect("JSON");
    assert_eq!(told, result["structuredContent"], "{result}");
    told
}

async fn found(caller: &Caller, query: &str) -> Vec<String> {
    let told = search(caller, query).await;
    let tools = told["tools"].as_array().expect("tools").iter();
    tools.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

fn carried(name: &str, arguments: &Value) -> Value {
    json!({"name": "call_tool", "arguments": {"name": name, "arguments": arguments}})
}

/// A result without what is different each time.
fn said(mut message: Value) -> Value {
    if let Some(members) = message.as_object_mut() {
        members.remove("id");
    }
    message
}

#[tokio::test]
async fn a_list_is_short_and_everything_is_found_and_called() {
    let (user, tokens) = logged_in(Tools::Fixtures).await;
    searched(&user.tenant, &tokens.access, "short", &["--pinned", "old__test_simple_text,nothing"]).await;
    for caller in both(&tokens.access, "short", json!({})).await {
        assert_eq!(caller.names("tools/list", "name").await, ["search_tools", "call_tool", TEXT]);
        assert!(caller.names("prompts/list", "name").await.len() > 4, "other lists are as they were");
        assert_eq!(found(&caller, "say hello: greet somebody").await[0..2], ["new__greet", GREET]);
        assert_eq!(found(&caller, GREET).await[0], GREET);
        let told = search(&caller, "greet").await;
        let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
        assert_eq!(told["tools"][0]["inputSchema"], schema, "{told}");
        let hint = search(&caller, "zzzzzz").await;
        assert!(hint["tools"] == json!([]) && hint["hint"].is_string(), "{hint}");
        let greeted = caller.result("tools/call", carried(GREET, &json!({"name": "Ada"}))).await;
        let direct = caller.call(GREET, json!({"name": "Ada"})).await;
        assert!(greeted["content"].is_array() && greeted == direct, "{greeted} {direct}");
    }
    // A quick machine has used up the user's burst by now.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    // Pages follow each other, and a made-up cursor is refused.
    let caller = Caller::modern(gateway(), &tokens.access, "short");
    let first = caller.call("search_tools", json!({"query": "test", "limit": 2})).await;
    let cursor = first["structuredContent"]["nextCursor"].as_str().expect("more").to_owned();
    let second = caller.call("search_tools", json!({"query": "test", "limit": 2, "cursor": cursor})).await;
    assert_ne!(first["structuredContent"]["tools"], second["structuredContent"]["tools"]);
    for bad in [
        json!({"query": "test", "cursor": "made up"}),
        json!({"query": "x".repeat(100_000)}),
        json!({"query": ""}),
        json!({}),
        json!({"query": "test", "limit": 21}),
    ] {
        assert_eq!(caller.call("search_tools", bad).await["isError"], true);
    }
    // The endpoint of everything, and REST, know nothing of all this.
    let everything = caller.at("").names("tools/list", "name").await;
    assert!(everything.len() > 20 && !everything.iter().any(|name| name == "search_tools"), "{everything:?}");
    assert_eq!(caller.at("").error("tools/call", carried(GREET, &json!({"name": "Ada"}))).await, -32602);
    assert!(!gateway().tool_names(&tokens.access).await.iter().any(|name| name == "call_tool"));
}

#[tokio::test]
async fn a_carried_call_is_refused_as_the_call_itself_is() {
    let (user, tokens) = logged_in(Tools::Fixtures).await;
    searched(&user.tenant, &tokens.access, "short", &[]).await;
    for caller in both(&tokens.access, "short", json!({})).await {
        for (name, arguments) in
            [(GREET, json!({})), (GREET, json!({"name": 5})), ("old__nothing", json!({})), ("", json!({}))]
        {
            let direct = caller.ask("tools/call", json!({"name": name, "arguments": arguments})).await;
            if name.is_empty() {
                assert_eq!(caller.result("tools/call", carried(name, &arguments)).await["isError"], true);
            } else {
                assert_eq!(said(caller.ask("tools/call", carried(name, &arguments)).await), said(direct), "{name}");
            }
        }
        let nested = json!({"name": "call_tool", "arguments": {"name": "call_tool", "arguments": {"name": GREET}}});
        assert_eq!(caller.error("tools/call", nested).await, -32602);
        assert_eq!(caller.result("tools/call", json!({"name": "call_tool"})).await["isError"], true);
        let searching = caller.result("tools/call", carried("search_tools", &json!({"query": "greet"}))).await;
        assert!(searching["structuredContent"]["tools"].is_array(), "{searching}");
        // Its arguments stand in no header: the client has not been told to repeat them.
        let headed = caller.result("tools/call", carried("new__test_custom_header", &json!({"value": "x"}))).await;
        assert!(headed["isError"] != true, "{headed}");
    }
}

#[tokio::test]
async fn what_an_upstream_asks_and_tells_passes_through_a_carried_call() {
    let (user, tokens) = logged_in(Tools::Fixtures).await;
    searched(&user.tenant, &tokens.access, "short", &[]).await;
    let [modern, legacy] = both(&tokens.access, "short", json!({"elicitation": {}})).await;
    for tool in ["old__test_input_required_result_elicitation", "new__test_input_required_result_elicitation"] {
        // A client of 2026 calls again, with the same arguments of `call_tool`.
        let mut params = carried(tool, &json!({}));
        let asked = modern.result("tools/call", params.clone()).await;
        assert_eq!(asked["resultType"], "input_required", "{asked}");
        params["requestState"] = asked["requestState"].clone();
        params["inputResponses"] = answers(&asked["inputRequests"]);
        let told = modern.result("tools/call", params).await;
        assert_eq!(told["content"][0]["text"], "Hello, Ada!", "{told}");
        // A client of 2025 is asked on its stream.
        let mut stream = legacy.send("tools/call", carried(tool, &json!({}))).await;
        let told = loop {
            let message = stream.next().await.expect("a question or a result");
            if message.get("result").is_some() {
                break message;
            }
            if message.get("id").is_some() {
                legacy.answer(&message, answer(&message)).await;
            }
        };
        assert_eq!(told["result"]["content"][0]["text"], "Hello, Ada!", "{told}");
    }
    for caller in [modern, legacy] {
        let mut params = carried("old__test_tool_with_progress", &json!({}));
        params["_meta"] = json!({"progressToken": "p-1"});
        let messages = caller.send("tools/call", params).await.rest().await;
        let progress = messages.iter().filter(|message| message["method"] == "notifications/progress");
        assert!(progress.clone().all(|message| message["params"]["progressToken"] == "p-1"), "{messages:?}");
        assert_eq!(progress.count(), 3, "{messages:?}");
    }
}

fn answer(question: &Value) -> Value {
    let properties = question["params"]["requestedSchema"]["properties"].as_object().expect("a form");
    let content: Map<String, Value> = properties.keys().map(|name| (name.clone(), json!("Ada"))).collect();
    json!({"action": "accept", "content": content})
}

fn answers(requests: &Value) -> Value {
    let requests = requests.as_object().expect("requests").iter();
    requests.map(|(key, question)| (key.clone(), answer(question))).collect::<Map<_, _>>().into()
}

#[tokio::test]
async fn a_hidden_tool_is_neither_found_nor_called_and_changes_no_order() {
    let team = Team::new();
    let (access, other) = (team.token("developer").await, team.token("other").await);
    searched(team.tenant(), &access, "short", &["--pinned", "*"]).await;
    let rule = json!({"name": "no greeting", "effect": "deny", "who": {"users": [team.id("developer")]}, "what": {"tools": [GREET]}});
    team.policy(&rule).await;
    let caller = Caller::modern(gateway(), &access, "short");
    let gone = || async { !found(&caller, "greet").await.iter().any(|name| name == GREET) };
    within(team::SEEN, "hidden", gone).await;
    for caller in both(&access, "short", json!({})).await {
        for query in [GREET, "greet", "greets somebody at once"] {
            let names = found(&caller, query).await;
            assert!(!names.iter().any(|name| name == GREET), "{query}: {names:?}");
        }
        assert!(!caller.names("tools/list", "name").await.iter().any(|name| name == GREET));
        let hidden = caller.ask("tools/call", carried(GREET, &json!({"name": "Ada"}))).await;
        let unknown = caller.ask("tools/call", carried("old__grump", &json!({"name": "Ada"}))).await;
        assert_eq!((&hidden["error"]["code"], &unknown["error"]["code"]), (&json!(-32602), &json!(-32602)), "{hidden}");
    }
    assert!(found(&Caller::modern(gateway(), &other, "short"), "greet").await.iter().any(|name| name == GREET));
    // Who may list and not call finds, and calls nothing.
    let narrow = team::login(&team.member("other"), gateway_contract::seed::PASSWORD, "tools:read").await;
    let reader = Caller::modern(gateway(), &narrow.access, "short");
    assert!(found(&reader, "greet").await.iter().any(|name| name == GREET));
    assert_eq!(reader.send("tools/call", carried(GREET, &json!({"name": "Ada"}))).await.status(), 403);
}

#[tokio::test]
async fn a_carried_call_is_counted_and_put_on_record_as_the_tool_it_is() {
    let team = Team::new();
    let (access, user) = (team.token("developer").await, team.id("developer"));
    searched(team.tenant(), &access, "short", &[]).await;
    let rate = json!({"burst": 2_001, "per_minute": 6_000_000});
    let plan = team.plan("little", &json!({"rate": rate, "tools": [{"tools": "old__greet", "daily": 3}]})).await;
    team.order("owner", Method::PATCH, &format!("/admin/users/{user}"), Some(&json!({"plan": plan}))).await.json(200);
    let seen = || async {
        gateway().get_as(&access, "/auth/me").await.must("ratelimit-policy").starts_with("\"calls\";q=2001;")
    };
    within(team::SEEN, "seen", seen).await;
    let [modern, legacy] = both(&access, "short", json!({})).await;
    let greet = carried(GREET, &json!({"name": "Ada"}));
    for caller in [&modern, &legacy, &modern] {
        for _ in 0..2 {
            search(caller, "greet").await;
        }
        let result = caller.result("tools/call", greet.clone()).await;
        assert!(result["isError"] != true, "{result}");
    }
    for caller in [&modern, &legacy] {
        let result = caller.result("tools/call", greet.clone()).await;
        let told = result["content"][0]["text"].as_str().unwrap_or_default();
        assert!(result["isError"] == true && told.contains("3 calls a day") && told.contains(GREET), "{result}");
    }
    // Another tool has a quota of its own, and so `call_tool` has none.
    assert!(modern.result("tools/call", carried(TEXT, &json!({}))).await["isError"] != true);
    let owner = team.token("owner").await;
    let records = async |query: &str| {
        let path = format!("/admin/audit?limit=200&user={user}&{query}");
        let page = order(&owner, Method::GET, &path, None).await.json(200);
        page["items"].as_array().expect("records").len()
    };
    assert_eq!(records(&format!("tool={GREET}&kind=tool.call")).await, 3);
    assert!(records(&format!("tool={GREET}&kind=tool.refused&outcome=limited")).await >= 1);
    for name in ["call_tool", "search_tools"] {
        assert_eq!(records(&format!("tool={name}")).await, 0, "{name}");
    }
}
