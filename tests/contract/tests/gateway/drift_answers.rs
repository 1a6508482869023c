//! Answers that do not fit what is pinned of their tool: refused or given as they came, and told in any case.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::Answer;
use gateway_contract::fake::shifting::{Shifting, tool};
use gateway_contract::fake::{Reply, Server};
use gateway_contract::team::{SEEN, Team, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};

/// What is promised of every answer.
fn promise() -> Value {
    json!({"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]})
}

async fn call(team: &Team, name: &str, arguments: &Value) -> Answer {
    gateway().execute(&team.token("agent").await, name, arguments).await
}

async fn agree(team: &Team, upstream: &str, answers: &str) {
    let reaction = json!({"first_sight": "approve", "cosmetic": "accept", "additive": "accept", "quarantined": "hidden", "answers": answers});
    let path = format!("/admin/upstreams/{upstream}/reaction");
    assert_eq!(team.order("admin", Method::PUT, &path, Some(&reaction)).await.json(200)["answers"], answers);
}

/// The events that tell of answers of a tool of a team.
fn told(team: &Team, name: &str) -> Vec<Value> {
    let is_of =
        |event: &Value| event["event"] == "drift.happened" && event["happening"] == "misfit" && event["name"] == name;
    let events = gateway().lines().into_iter().filter_map(|line| serde_json::from_str(&line).ok());
    events.filter(|event: &Value| is_of(event) && event["tenant"] == team.tenant()).collect()
}

#[tokio::test]
async fn an_answer_that_breaks_its_pinned_schema_is_refused_or_reported_and_told_once_a_minute() {
    let mut adds = tool("add", "Adds two numbers.", &[]);
    adds["outputSchema"] = promise();
    let (team, server) = (Team::new(), Shifting::start(json!([adds])));
    let made = json!({"name": "shift", "url": server.server.url("/mcp")});
    let upstream = text(&team.make("owner", "/admin/upstreams", &made).await, "id");
    let fits = json!({"sum": 3});
    within(SEEN, "served", || async { call(&team, "shift__add", &fits).await.status == 200 }).await;
    assert!(told(&team, "add").is_empty());
    for _ in 0..3 {
        let answer = call(&team, "shift__add", &json!({"sum": "three"})).await;
        assert!(
            text(&refused(&answer, 502, "upstream-failed"), "detail").contains("output schema"),
            "{}",
            answer.text()
        );
    }
    agree(&team, &upstream, "report").await;
    let given = || async { call(&team, "shift__add", &json!({"sum": "three"})).await.status == 200 };
    within(SEEN, "given as it came", given).await;
    let caller = Caller::modern(gateway(), &team.token("agent").await, "");
    let result = caller.result("tools/call", json!({"name": "shift__add", "arguments": {"sum": "three"}})).await;
    assert_eq!((&result["structuredContent"]["sum"], &result["isError"]), (&json!("three"), &Value::Null), "{result}");
    let events = told(&team, "add");
    assert_eq!(events.len(), 1, "one tool, one minute: {events:?}");
    assert_eq!((&events[0]["verdict"], &events[0]["upstream"]), (&json!("breaking"), &json!("shift")));
}

#[tokio::test]
async fn an_api_that_answers_outside_its_document_is_told_and_its_answer_is_an_error_unless_it_is_only_reported() {
    let api = Server::start(|request| match request.path.as_str() {
        "/openapi.json" => {
            let content = json!({"application/json": {"schema": promise()}});
            let get =
                json!({"operationId": "addUp", "responses": {"200": {"description": "A sum", "content": content}}});
            Reply::json(
                200,
                &json!({"openapi": "3.1.0", "info": {"title": "Sums", "version": "1"}, "servers": [{"url": "/v1"}],
                    "paths": {"/sum": {"get": get}}}),
            )
        }
        _ => Reply::json(200, &json!({"total": 3})),
    });
    let team = Team::new();
    let made =
        team.make("owner", "/admin/upstreams/import", &json!({"name": "sums", "url": api.url("/openapi.json")})).await;
    let upstream = text(&made["upstream"], "id");
    within(SEEN, "served", || async { call(&team, "sums__addUp", &json!({})).await.status == 200 }).await;
    let answer = call(&team, "sums__addUp", &json!({})).await.json(200);
    assert!(answer["success"] == false && answer.to_string().contains("does not fit"), "{answer}");
    agree(&team, &upstream, "report").await;
    let given = || async { call(&team, "sums__addUp", &json!({})).await.json(200)["success"] == true };
    within(SEEN, "given as it came", given).await;
    let answer = call(&team, "sums__addUp", &json!({})).await.json(200);
    assert_eq!(answer["result"], json!({"total": 3}), "{answer}");
    assert_eq!(told(&team, "addUp").len(), 1);
}
