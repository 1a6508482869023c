//! Plans: as many calls as they say and none more, whoever makes them, and a refusal that says which limit and when to come
//! back.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::Answer;
use gateway_contract::fake::mcp::LATER;
use gateway_contract::team::{self, Team, order, refused, within};
use reqwest::Method;
use serde_json::{Value, json};

/// A rate that gets in nobody's way, and tells by its numbers that a plan is seen.
fn rate(burst: u32) -> Value {
    json!({"burst": burst, "per_minute": 6_000_000})
}

async fn call(access: &str, tool: &str) -> Answer {
    gateway().execute(access, tool, &json!({})).await
}

/// Calls at the same time, of everybody in turn.
async fn storm(callers: &[&str], calls: usize) -> Vec<Answer> {
    let mut storm = tokio::task::JoinSet::new();
    for at in 0..calls {
        let access = callers[at % callers.len()].to_owned();
        storm.spawn(async move { call(&access, "server_time").await });
    }
    storm.join_all().await
}

/// How many calls were made; the others must say so of the limit.
#[track_caller]
fn made(answers: &[Answer], words: &str) -> usize {
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        is_limited(answer, words);
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

/// When to come back, in seconds.
#[track_caller]
fn is_limited(answer: &Answer, words: &str) -> u64 {
    let problem = refused(answer, 429, "rate-limited");
    let wait: u64 = answer.must("retry-after").parse().expect("seconds");
    let told = problem["detail"].as_str().expect("words");
    assert!(told.starts_with(words) && told.contains("retry after"), "{told}");
    assert!(wait >= 1, "{wait}");
    wait
}

/// Gives a user a plan, and waits until it is seen.
async fn give(team: &Team, user: &str, access: &str, name: &str, mut limits: Value, burst: u32) -> String {
    limits["rate"] = rate(burst);
    let plan = team.plan(name, &limits).await;
    let path = format!("/admin/users/{user}");
    team.order("owner", Method::PATCH, &path, Some(&json!({"plan": plan}))).await.json(200);
    has_rate(access, burst).await;
    plan
}

/// Waits until a caller is under a plan with that rate; no call of a tool is made.
async fn has_rate(access: &str, burst: u32) {
    let seen = || async {
        let answer = gateway().get_as(access, "/auth/me").await;
        answer.must("ratelimit-policy").starts_with(&format!("\"calls\";q={burst};"))
    };
    within(team::SEEN, "seen", seen).await;
}

#[tokio::test]
async fn of_200_parallel_calls_a_daily_quota_of_100_lets_exactly_100_be_made() {
    let team = Team::new();
    let (access, user) = (team.token("developer").await, team.id("developer"));
    let plan = give(&team, &user, &access, "a hundred", json!({"daily": 100}), 1_001).await;
    let words = "your limit of 100 calls a day (UTC) is reached";
    let answers = storm(&[&access], 200).await;
    assert_eq!(made(&answers, words), 100);
    let limited = call(&access, "server_time").await;
    assert!(is_limited(&limited, words) <= 86_400);
    assert_eq!(limited.must("ratelimit-policy"), "\"daily\";q=100");
    assert!(limited.must("ratelimit").starts_with("\"daily\";r=0;t="), "{limited:?}");
    // Another credential of the same user has no other quota, and a colleague has a quota of its own.
    let key = team.key("developer", &json!({"name": "second way"})).await;
    is_limited(&call(&key.secret, "server_time").await, words);
    call(&team.token("other").await, "server_time").await.json(200);
    // Within the protocol it is told in band: as a result that says what to do.
    let legacy = Caller::legacy(gateway(), &access, "", json!({})).await;
    for caller in [Caller::modern(gateway(), &access, ""), Caller::modern(gateway(), &access, "always"), legacy] {
        let tool = if caller.names("tools/list", "name").await.iter().any(|name| name == "server_time") {
            "server_time"
        } else {
            "old__test_simple_text"
        };
        let result = caller.call(tool, json!({})).await;
        let told = result["content"][0]["text"].as_str().unwrap_or_default();
        assert!(result["isError"] == true && told.contains(words) && told.contains("retry after"), "{result}");
    }
    // What is refused for another reason is not counted, and a larger quota lets go on.
    let path = format!("/admin/plans/{plan}");
    let more = json!({"name": "more", "limits": {"daily": 110, "rate": rate(1_002)}});
    team.order("owner", Method::PUT, &path, Some(&more)).await.json(200);
    has_rate(&access, 1_002).await;
    refused(&gateway().execute(&access, "server_time", &json!({"wrong": 1})).await, 422, "invalid-arguments");
    refused(&call(&access, "no_such_tool").await, 404, "unknown-tool");
    assert_eq!(made(&storm(&[&access], 30).await, "your limit of 110 calls a day"), 10);
    refused(&team.order("owner", Method::DELETE, &path, None).await, 409, "conflict");
}

#[tokio::test]
async fn no_more_calls_run_at_the_same_time_than_a_plan_says() {
    let team = Team::new();
    let (access, user) = (team.token("developer").await, team.id("developer"));
    give(&team, &user, &access, "two at a time", json!({"concurrent": 2}), 1_003).await;
    let later = json!({"text": LATER});
    let words = "your limit of 2 calls at the same time is reached";
    gateway().tool_names(&access).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (access, later) = (access.clone(), later.clone());
        calls.spawn(async move { gateway().execute(&access, "modern__repeat", &later).await });
    }
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    is_limited(&call(&access, "server_time").await, words);
    assert_eq!(made(&calls.join_all().await, words), 2);
    // What is over holds no place, also when it failed.
    let free = || async { call(&access, "server_time").await.status == 200 };
    within(std::time::Duration::from_secs(3), "free", free).await;
    for _ in 0..4 {
        assert_eq!(gateway().execute(&access, "modern__crash", &json!({})).await.status, 502);
        within(std::time::Duration::from_secs(3), "free", free).await;
    }
}

#[tokio::test]
async fn a_rate_of_one_tool_is_of_that_tool_alone() {
    let team = Team::new();
    let (access, user) = (team.token("developer").await, team.id("developer"));
    let limits = json!({"tools": [{"tools": "*__test_simple_text", "rate": {"burst": 3, "per_minute": 1}}]});
    give(&team, &user, &access, "slowly", limits, 1_004).await;
    let (one, other) = ("old__test_simple_text", "new__test_simple_text");
    let words = |tool: &str| format!("your limit of 3 calls at once and 1 a minute for the tool {tool} is reached");
    for tool in [one, other] {
        for _ in 0..3 {
            call(&access, tool).await.json(200);
        }
        let wait = is_limited(&call(&access, tool).await, &words(tool));
        assert!((1..=60).contains(&wait), "{wait}");
    }
    call(&access, "server_time").await.json(200);
    // At a virtual server it has another name, and the same bucket.
    let result = Caller::modern(gateway(), &access, "old").call("test_simple_text", json!({})).await;
    let told = result["content"][0]["text"].as_str().unwrap_or_default();
    assert!(result["isError"] == true && told.contains(&words(one)), "{result}");
}

#[tokio::test]
async fn a_key_with_a_plan_of_its_own_is_held_to_it_and_to_its_owners() {
    let team = Team::new();
    let (access, user) = (team.token("developer").await, team.id("developer"));
    give(&team, &user, &access, "the owner's", json!({"daily": 8}), 1_005).await;
    let plan = team.plan("the key's", &json!({"daily": 5})).await;
    let body = json!({"name": "held", "user": user, "plan": plan});
    let held = team.key("owner", &body).await.secret;
    let free = team.key("developer", &json!({"name": "free"})).await.secret;
    // A plan that an isolate has not read yet limits nothing.
    tokio::time::sleep(team::SEEN).await;
    assert_eq!(made(&storm(&[&held], 20).await, "your limit of 5 calls a day"), 5);
    // Those five were the owner's too: three are left for all its other credentials together.
    assert_eq!(made(&storm(&[&free, &access], 20).await, "your limit of 8 calls a day"), 3);
    is_limited(&call(&held, "server_time").await, "your limit of");
    let theirs = Team::new().plan("another team's", &json!({"daily": 5})).await;
    for plan in [theirs.as_str(), "no-such-plan"] {
        let body = json!({"name": "beyond", "plan": plan});
        refused(&team.order("developer", Method::POST, "/admin/keys", Some(&body)).await, 409, "conflict");
    }
}

#[tokio::test]
async fn a_tenants_plan_is_shared_by_everybody_in_it() {
    let (team, neighbour) = (Team::new(), Team::new());
    let (one, other) = (team.token("developer").await, team.token("other").await);
    let plan = team.plan("all together", &json!({"daily": 30, "tools": [{"tools": "old__*", "daily": 4}]})).await;
    let usual = team.plan("each", &json!({"daily": 25, "rate": rate(1_006)})).await;
    team.set(&json!({"plan": plan, "user_plan": usual})).await;
    has_rate(&one, 1_006).await;
    let of_tool = "your tenant's limit of 4 calls a day (UTC) for the tool old__test_simple_text is reached";
    for access in [&one, &other] {
        for _ in 0..2 {
            call(access, "old__test_simple_text").await.json(200);
        }
    }
    is_limited(&call(&one, "old__test_simple_text").await, of_tool);
    // Twenty-six are left for the tenant: what was refused took none of them.
    let all = "your tenant's limit of 30 calls a day (UTC) is reached";
    assert_eq!(made(&storm(&[&one, &other], 44).await, all), 26);
    for access in [&one, &other] {
        is_limited(&call(access, "server_time").await, all);
    }
    call(&neighbour.token("developer").await, "server_time").await.json(200);
    let path = format!("/admin/plans/{plan}");
    refused(&team.order("owner", Method::DELETE, &path, None).await, 409, "conflict");
    team.set(&json!({"plan": null})).await;
    assert_eq!(team.order("owner", Method::DELETE, &path, None).await.status, 204);
}

#[tokio::test]
async fn what_is_no_plan_is_refused_when_it_is_written() {
    let team = Team::new();
    let owner = team.token("owner").await;
    for limits in [
        json!({"daily": 0}),
        json!({"daily": -1}),
        json!({"daily": 1.5}),
        json!({"daily": "1"}),
        json!({"daily": 1_000_000_001}),
        json!({"weekly": 1}),
        json!({"concurrent": 501}),
        json!({"rate": {"burst": 0, "per_minute": 1}}),
        json!({"rate": [1, 1]}),
        json!({"rate": {"burst": 1, "per_minute": 1, "per_hour": 1}}),
        json!({"tools": [{"daily": 1}]}),
        json!({"tools": [{"tools": "a b", "daily": 1}]}),
        json!({"tools": {"a": 1}}),
        json!([]),
        json!(null),
    ] {
        let body = json!({"name": "no plan", "limits": limits});
        refused(&order(&owner, Method::POST, "/admin/plans", Some(&body)).await, 400, "invalid-body");
    }
    let plan = team.plan("once", &json!({})).await;
    let body = json!({"name": "once", "limits": {}});
    refused(&order(&owner, Method::POST, "/admin/plans", Some(&body)).await, 409, "conflict");
    assert_eq!(order(&owner, Method::DELETE, &format!("/admin/plans/{plan}"), None).await.status, 204);
    order(&owner, Method::POST, "/admin/plans", Some(&body)).await.json(201);
}
