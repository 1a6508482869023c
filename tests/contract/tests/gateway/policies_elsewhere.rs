//! Policies where a call is not served where it came in, and where it is no call of a tool.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::team::{self, Team, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};

const GREET: &str = "old__greet";
const PROMPT: &str = "old__test_simple_prompt";

#[tokio::test]
async fn where_a_call_comes_from_is_known_in_the_objects_that_serve_it_too() {
    let team = Team::new();
    let access = team.token("developer").await;
    let rule = json!({"name": "From somewhere", "effect": "deny", "actions": ["call"], "what": {"tools": [GREET]},
                      "when": "network == null"});
    team.policy(&rule).await;
    let rule = json!({"name": "Not from there", "effect": "deny", "actions": ["call"], "what": {"tools": ["server_time"]},
                      "when": "network != null"});
    team.policy(&rule).await;
    let seen = || async { gateway().execute(&access, "server_time", &json!({})).await.status == 403 };
    within(team::SEEN, "seen", seen).await;
    let legacy = Caller::legacy(gateway(), &access, "", json!({"elicitation": {}})).await;
    assert!(legacy.session().is_some(), "it is served in an object");
    let asking = Caller::modern(gateway(), &access, "").that_can(json!({"elicitation": {}}));
    for caller in [Caller::modern(gateway(), &access, ""), legacy, asking] {
        let greeted = caller.call(GREET, json!({"name": "Ada"})).await;
        assert_ne!(greeted["isError"], true, "{greeted}");
        let refused = caller.call("server_time", json!({})).await;
        assert_eq!(refused["isError"], true, "{refused}");
    }
}

async fn decide(team: &Team) -> Value {
    let listed = team.order("owner", Method::GET, "/admin/approvals?state=asked", None).await.json(200);
    let id = text(&listed["items"][0], "id");
    team.order("owner", Method::POST, &format!("/admin/approvals/{id}"), Some(&json!({"approve": true})))
        .await
        .json(200);
    json!(id)
}

#[tokio::test]
async fn a_prompt_waits_for_an_approval_as_a_tool_does() {
    let team = Team::new();
    let access = team.token("developer").await;
    let rule = json!({"name": "Ask first", "effect": "approve", "actions": ["call"],
                      "what": {"prompts": [PROMPT], "tools": [GREET]}});
    team.policy(&rule).await;
    let waits = || async { gateway().execute(&access, GREET, &json!({"name": "nobody"})).await.status == 403 };
    within(team::SEEN, "asked about", waits).await;
    decide(&team).await;
    // The one that answers the client's questions asks its legacy upstream from an object: it is approved there, once.
    let asking = Caller::modern(gateway(), &access, "").that_can(json!({"elicitation": {}}));
    for caller in [Caller::modern(gateway(), &access, ""), asking] {
        let asked = caller.ask("prompts/get", json!({"name": PROMPT})).await;
        assert!(asked["error"]["message"].as_str().is_some_and(|told| told.contains("approval")), "{asked}");
        decide(&team).await;
        caller.result("prompts/get", json!({"name": PROMPT})).await;
        let again = caller.ask("prompts/get", json!({"name": PROMPT})).await;
        assert!(again["error"].is_object(), "an approval is for one: {again}");
        decide(&team).await;
        caller.result("prompts/get", json!({"name": PROMPT})).await;
    }
}

#[tokio::test]
async fn an_approval_is_not_lost_to_a_limit() {
    let team = Team::new();
    let access = team.token("developer").await;
    let rule = json!({"name": "Ask first", "effect": "approve", "actions": ["call"], "what": {"tools": [GREET]}});
    team.policy(&rule).await;
    let greet = |name: &'static str| gateway_call(access.clone(), name);
    within(team::SEEN, "asked about", || async { greet("Ada").await.0 == 403 }).await;
    decide(&team).await;
    let plan =
        team.plan("one", &json!({"tools": [{"tools": "server_time", "daily": 1}, {"tools": GREET, "daily": 1}]})).await;
    team.order("owner", Method::PATCH, &format!("/admin/users/{}", team.id("developer")), Some(&json!({"plan": plan})))
        .await
        .json(200);
    let limited = || async { gateway().execute(&access, "server_time", &json!({})).await.status == 429 };
    within(team::SEEN, "limited", limited).await;
    assert_eq!(greet("Ada").await.0, 200);
    greet("Ada").await;
    let id = decide(&team).await;
    let (status, told) = greet("Ada").await;
    assert_eq!(status, 429, "{told}");
    let path = format!("/admin/approvals/{}", id.as_str().expect("an id"));
    assert_eq!(team.order("owner", Method::GET, &path, None).await.json(200)["state"], "approved");
}

async fn gateway_call(access: String, name: &str) -> (u16, String) {
    let answer = gateway().execute(&access, GREET, &json!({"name": name})).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn an_explanation_of_a_keys_call_knows_what_the_key_leaves() {
    let team = Team::new();
    let made = team.make("developer", "/admin/keys", &json!({"name": "small", "tools": ["server_*"]})).await;
    let ask =
        |tool: &str| json!({"user": team.id("developer"), "key": made["key"]["id"], "tool": tool, "arguments": {}});
    for (tool, decision) in [("server_time", "allowed"), ("quantum_random", "hidden")] {
        let told = team.order("owner", Method::POST, "/admin/policies/explain", Some(&ask(tool))).await.json(200);
        assert_eq!(told["decision"], decision, "{told}");
    }
    let other = json!({"user": team.id("other"), "key": made["key"]["id"], "tool": "server_time"});
    let answer = team.order("owner", Method::POST, "/admin/policies/explain", Some(&other)).await;
    refused(&answer, 404, "no-such-thing");
}
