//! Calls that wait for a person: each is approved for exactly what it is, and made once.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::Answer;
use gateway_contract::team::{self, Team, refused, within};
use reqwest::Method;
use serde_json::{Value, json};

const GREET: &str = "old__greet";

async fn greet(access: &str, name: &str) -> Answer {
    gateway().execute(access, GREET, &json!({"name": name})).await
}

/// The id of what waits, as the refusal of the call tells it.
#[track_caller]
fn waits(answer: &Answer) -> String {
    let problem = refused(answer, 403, "approval-needed");
    let told = problem["detail"].as_str().expect("words");
    told.split_once('(').and_then(|(_, rest)| rest.split_once(')')).expect("an id").0.to_owned()
}

async fn decide(team: &Team, who: &str, id: &str, approve: bool) -> Answer {
    team.order(who, Method::POST, &format!("/admin/approvals/{id}"), Some(&json!({"approve": approve}))).await
}

/// A team in which greeting waits for approval, its developer's token, and the policy.
async fn cautious() -> (Team, String, String) {
    let team = Team::new();
    let rule = json!({"name": "Ask first", "effect": "approve", "actions": ["call"], "what": {"tools": [GREET]}});
    let (access, policy) = (team.token("developer").await, team.policy(&rule).await);
    within(team::SEEN, "asked about", || async { greet(&access, "nobody").await.status == 403 }).await;
    (team, access, policy)
}

async fn listed(team: &Team, who: &str, state: &str) -> Vec<Value> {
    let page = team.order(who, Method::GET, &format!("/admin/approvals?state={state}"), None).await.json(200);
    page["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn a_call_that_was_approved_is_made_once_and_no_other_call_is() {
    let (team, access, policy) = cautious().await;
    assert!(gateway().tool_names(&access).await.iter().any(|name| name == GREET), "it is listed");
    let id = waits(&greet(&access, "Eve").await);
    assert_eq!(waits(&greet(&access, "Eve").await), id, "asked once");
    let caller = Caller::modern(gateway(), &access, "");
    let result = caller.call(GREET, json!({"name": "Eve"})).await;
    assert!(
        result["isError"] == true && result["content"][0]["text"].as_str().unwrap_or_default().contains(&id),
        "{result}"
    );
    let waiting = team.order("auditor", Method::GET, &format!("/admin/approvals/{id}"), None).await.json(200);
    for (member, wanted) in [
        ("tool", json!(GREET)),
        ("user", json!(team.id("developer"))),
        ("policy", json!(policy)),
        ("state", json!("asked")),
    ] {
        assert_eq!(waiting[member], wanted, "{waiting}");
    }
    // Nobody without the office decides, and nobody decides twice.
    for who in ["developer", "other", "auditor", "agent"] {
        refused(&decide(&team, who, &id, true).await, 403, "forbidden");
    }
    assert_eq!(decide(&team, "admin", &id, true).await.json(200)["state"], "approved");
    refused(&decide(&team, "owner", &id, false).await, 409, "conflict");
    // Another argument, another user and another credential of the same user are other calls.
    waits(&greet(&access, "Adam").await);
    waits(&greet(&team.token("other").await, "Eve").await);
    let key = team.key("developer", &json!({"name": "another way"})).await;
    waits(&greet(&key.secret, "Eve").await);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let access = access.clone();
        calls.spawn(async move { greet(&access, "Eve").await });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:#?}");
    answers.iter().filter(|answer| answer.status != 200).for_each(|answer| {
        waits(answer);
    });
}

#[tokio::test]
async fn what_was_refused_stays_refused_and_a_changed_policy_asks_anew() {
    let (team, access, policy) = cautious().await;
    let id = waits(&greet(&access, "Eve").await);
    assert_eq!(decide(&team, "owner", &id, false).await.json(200)["state"], "refused");
    refused(&greet(&access, "Eve").await, 403, "call-forbidden");
    let adam = waits(&greet(&access, "Adam").await);
    assert_eq!(decide(&team, "owner", &adam, true).await.json(200)["state"], "approved");
    let rule = json!({"name": "Ask first", "effect": "approve", "actions": ["call"], "what": {"tools": [GREET, "server_time"]}});
    team.order("owner", Method::PUT, &format!("/admin/policies/{policy}"), Some(&rule)).await.json(200);
    let seen = || async { gateway().execute(&access, "server_time", &json!({})).await.status == 403 };
    within(team::SEEN, "seen", seen).await;
    for name in ["Eve", "Adam"] {
        let anew = waits(&greet(&access, name).await);
        assert!(anew != id && anew != adam, "{name}");
    }
}

#[tokio::test]
async fn nobody_approves_its_own_call_and_a_developer_sees_its_own_alone() {
    let (team, developer, _) = cautious().await;
    let (owner, other) = (team.token("owner").await, team.token("other").await);
    let own = waits(&greet(&owner, "Eve").await);
    refused(&decide(&team, "owner", &own, true).await, 403, "forbidden");
    decide(&team, "admin", &own, true).await.json(200);
    greet(&owner, "Eve").await.json(200);
    waits(&greet(&other, "Eve").await);
    let (mine, hers) = (waits(&greet(&developer, "Eve").await), waits(&greet(&other, "Adam").await));
    let seen = listed(&team, "developer", "asked").await;
    assert!(
        seen.iter().all(|one| one["user"] == team.id("developer")) && seen.iter().any(|one| one["id"] == mine),
        "{seen:?}"
    );
    refused(
        &team.order("developer", Method::GET, &format!("/admin/approvals/{hers}"), None).await,
        404,
        "no-such-thing",
    );
    assert!(listed(&team, "auditor", "asked").await.len() > seen.len());
    assert_eq!(listed(&team, "owner", "used").await.len(), 1);
    let elsewhere = Team::new();
    refused(&decide(&elsewhere, "owner", &mine, true).await, 404, "no-such-thing");
}
