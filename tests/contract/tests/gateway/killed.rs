//! A gateway that is ended in the middle of its work: what was answered is on record.

use gateway_contract::client::{Tokens, note_secret, send};
use gateway_contract::seed::{PASSWORD, Tools, User, member};
use gateway_contract::team::ALL;
use gateway_contract::{Gateway, Plan, World};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Callers at the same time.
const CALLERS: usize = 8;
/// Answers that are waited for before the end.
const ANSWERS: usize = 200;

async fn token(gateway: &Gateway, user: &User, scope: &str) -> String {
    note_secret(PASSWORD);
    let body = json!({"username": user.username, "password": PASSWORD, "scope": scope});
    Tokens::read(&gateway.post("/auth/login", &body).await).access
}

/// Calls until the gateway is gone. Every call that was answered is noted.
async fn call_on(http: reqwest::Client, url: String, token: String, answered: Arc<Mutex<Vec<String>>>, caller: usize) {
    for at in 0.. {
        let correlation = format!("killed-{caller}-{at}");
        let request = http.post(&url).bearer_auth(&token).header("x-correlation-id", &correlation);
        let answer = request.json(&json!({"tool": "server_time", "arguments": {}})).send().await;
        // Headers alone are no answer: the whole of it arrived.
        let Ok(answer) = answer else { return };
        let status = answer.status().as_u16();
        let Ok(_) = answer.bytes().await else { return };
        if status == 200 {
            answered.lock().unwrap().push(correlation);
        }
    }
}

/// The correlation ids of all recorded calls.
async fn recorded(gateway: &Gateway, token: &str) -> BTreeSet<String> {
    let (mut found, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/admin/audit?tool=server_time&limit=200{cursor}");
        let page = send(gateway.request(Method::GET, &path).bearer_auth(token)).await.json(200);
        let items = page["items"].as_array().expect("records").iter();
        found.extend(items.filter_map(correlation).map(str::to_owned));
        match page["next"].as_u64() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn correlation(entry: &Value) -> Option<&str> {
    entry["record"]["correlation"].as_str()
}

#[tokio::test]
async fn every_call_that_was_answered_is_on_record_when_the_gateway_is_killed_at_its_work() {
    let plan = Plan::default().with_accounts(World::shared().addresses());
    let gateway = Gateway::start(&plan);
    let team = gateway.user(Tools::Team);
    let owner = token(&gateway, &member(&team, "owner"), ALL).await;
    let agent = token(&gateway, &member(&team, "agent"), "tools:read tools:call").await;
    let (answered, url) = (Arc::<Mutex<Vec<String>>>::default(), gateway.url("/mcp/execute"));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
            tokio::spawn(call_on(http, url.clone(), agent.clone(), Arc::clone(&answered), caller))
        })
        .collect();
    let start = Instant::now();
    while answered.lock().unwrap().len() < ANSWERS {
        assert!(start.elapsed() < Duration::from_mins(1), "{} answers", answered.lock().unwrap().len());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let gateway = gateway.killed_and_restarted(&plan);
    for caller in callers {
        caller.abort();
    }
    let answered: BTreeSet<String> = answered.lock().unwrap().drain(..).collect();
    let kept = recorded(&gateway, &owner).await;
    let lost: Vec<_> = answered.difference(&kept).collect();
    assert!(lost.is_empty(), "{} of {} answered calls are not on record: {lost:?}", lost.len(), answered.len());
    let verdict = send(gateway.request(Method::GET, "/admin/audit/verify").bearer_auth(&owner)).await.json(200);
    assert_eq!((&verdict["intact"], &verdict["complete"]), (&json!(true), &json!(true)), "{verdict}");
    // The trail goes on where it ended.
    let later = gateway.request(Method::POST, "/mcp/execute").bearer_auth(&agent);
    let later = later.header("x-correlation-id", "killed-later").json(&json!({"tool": "server_time", "arguments": {}}));
    assert_eq!(send(later).await.status, 200);
    assert!(recorded(&gateway, &owner).await.contains("killed-later"));
}
