//! How a client learns that its call waits for a person, and where that person decides: on a page, and with a tool.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::Answer;
use gateway_contract::oauth::{Visitor, hidden};
use gateway_contract::team::{Team, order, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const GREET: &str = "old__greet";

/// A team whose calls of one tool wait for approval.
async fn careful_team() -> Team {
    let team = Team::new();
    let rule = json!({"name": "Ask first", "effect": "approve", "what": {"tools": [GREET]}, "actions": ["call"]});
    team.policy(&rule).await;
    team
}

async fn greet(access: &str, name: &str) -> Answer {
    gateway().execute(access, GREET, &json!({"name": name})).await
}

/// The id of what waits, once the policy is known everywhere.
async fn waits(access: &str, name: &str) -> String {
    within(Duration::from_secs(6), "the call waits", || async { greet(access, name).await.status == 403 }).await;
    let problem = refused(&greet(access, name).await, 403, "approval-needed");
    let detail = text(&problem, "detail");
    let id = detail.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(id, _)| id.to_owned());
    id.unwrap_or_else(|| panic!("{detail}"))
}

#[tokio::test]
async fn a_client_that_shows_pages_is_sent_to_one_and_goes_on_after_it() {
    let team = careful_team().await;
    let access = team.token("developer").await;
    waits(&access, "Zoe").await;
    let plain = Caller::modern(gateway(), &access, "");
    let told = plain.call(GREET, json!({"name": "Ada"})).await;
    assert_eq!(told["isError"], true, "{told}");
    assert!(
        told["content"][0]["text"].as_str().is_some_and(|text| text.contains("administrator's approval")),
        "{told}"
    );
    let caller = plain.that_can(json!({"elicitation": {"url": {}}}));
    let asked = caller.result("tools/call", json!({"name": GREET, "arguments": {"name": "Ada"}})).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let question = &asked["inputRequests"]["approval"];
    assert_eq!((&question["method"], &question["params"]["mode"]), (&json!("elicitation/create"), &json!("url")));
    assert!(question["params"]["url"].as_str().is_some_and(|url| url.ends_with("/account/approvals")), "{question}");
    let again = json!({"name": GREET, "arguments": {"name": "Ada"}, "requestState": asked["requestState"],
                       "inputResponses": {"approval": {"action": "accept"}}});
    let waiting = caller.result("tools/call", again.clone()).await;
    assert_eq!(waiting["resultType"], "input_required", "an answer of the client approves nothing: {waiting}");

    let visitor = Visitor::at_home(gateway(), &team.member("admin")).await;
    let page = visitor.get("/account/approvals").await;
    assert!(page.text().contains(GREET) && page.text().contains("Ada"), "{}", page.text());
    let (csrf, id) = (hidden(&page, "csrf"), text(&find(&team, "Ada").await, "id"));
    let own = Visitor::at_home(gateway(), &team.member("developer")).await;
    let shown = own.get("/account/approvals").await;
    assert!(shown.text().contains("An administrator decides."), "{}", shown.text());
    let ticket = hidden(&own.get("/account").await, "csrf");
    let tried = own.post("/account/approvals", &[("csrf", &ticket), ("approval", &id), ("do", "approve")]).await;
    assert!(tried.text().contains("not for you to decide"), "{}", tried.text());
    let fields = [("csrf", csrf.as_str()), ("approval", &id), ("do", "approve")];
    assert!(visitor.post("/account/approvals", &fields).await.text().contains("Approved"));
    let done = caller.result("tools/call", again).await;
    assert_ne!(done["isError"], true, "{done}");
    assert!(done["content"][0]["text"].as_str().is_some_and(|text| text.contains("Ada")), "{done}");
}

async fn find(team: &Team, name: &str) -> Value {
    let owner = team.token("owner").await;
    let listed = order(&owner, Method::GET, "/admin/approvals?state=asked", None).await.json(200);
    let items = listed["items"].as_array().expect("items");
    items.iter().find(|item| item["arguments"]["name"] == name).unwrap_or_else(|| panic!("{listed}")).clone()
}

#[tokio::test]
async fn an_agent_of_an_administrator_decides_with_a_tool() {
    let team = careful_team().await;
    let access = team.token("developer").await;
    let id = waits(&access, "Ada").await;
    let agent = Caller::modern(gateway(), &team.token("admin").await, "");
    assert!(agent.names("tools/list", "name").await.iter().any(|name| name == "gateway_decide_approval"));
    let told = agent.call("gateway_decide_approval", json!({"id": id, "approve": true})).await;
    assert_eq!(told["structuredContent"]["state"], "approved", "{told}");
    assert_eq!(greet(&access, "Ada").await.status, 200);
    let plain = Caller::modern(gateway(), &access, "");
    let names = plain.names("tools/list", "name").await;
    assert!(!names.iter().any(|name| name == "gateway_decide_approval"), "a developer decides nothing: {names:?}");
}
