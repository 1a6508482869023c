//! Texts that have broken other programs, at every place where somebody can write one: each is taken as it is, or refused
//! for what it is.

use crate::gateway;
use gateway_contract::client::{Answer, send};
use gateway_contract::team::{Team, order};
use naughty_strings::BLNS;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many are tried at the same time.
const LANES: usize = 6;

/// What is said about one of them, and where.
type Complaint = Option<String>;

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

fn complain(place: &str, text: &str, answer: &Answer) -> String {
    format!("{place} {text:?}: {} {}", answer.status, answer.text())
}

/// Whether it is a problem document of one of these statuses.
fn is_refusal(answer: &Answer, statuses: &[u16]) -> bool {
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let kind = told["type"].as_str().unwrap_or_default();
    statuses.contains(&answer.status) && kind.starts_with("urn:mcp-secure-gateway:problem:")
}

/// As an id it names nothing.
async fn as_an_id(owner: &str, at: usize, text: &str) -> Complaint {
    let kinds = ["users", "keys", "policies", "plans", "tenants", "approvals"];
    let path = format!("/admin/{}/{}", kinds[at % kinds.len()], encoded(text));
    let answer = order(owner, Method::GET, &path, None).await;
    (!is_refusal(&answer, &[404, 400])).then(|| complain(&path, text, &answer))
}

/// As a name it is kept to the letter, or refused.
async fn as_a_name(owner: &str, text: &str) -> Complaint {
    let made = order(owner, Method::POST, "/admin/policies", Some(&json!({"name": text, "effect": "allow"}))).await;
    if made.status != 201 {
        return (!is_refusal(&made, &[400])).then(|| complain("a name", text, &made));
    }
    let made = made.json(201);
    let path = format!("/admin/policies/{}", made["id"].as_str().expect("an id"));
    let read = order(owner, Method::GET, &path, None).await;
    let gone = order(owner, Method::DELETE, &path, None).await;
    let same = read.status == 200 && read.json(200)["rule"]["name"] == text;
    (!same || gone.status != 204).then(|| complain("a name that was read again", text, &read))
}

/// As a condition it is one, or refused.
async fn as_a_condition(owner: &str, at: usize, text: &str) -> Complaint {
    let rule = json!({"name": format!("condition {at}"), "effect": "deny", "when": text, "what": {"tools": ["nobody-has-it"]}});
    let made = order(owner, Method::POST, "/admin/policies", Some(&rule)).await;
    if made.status != 201 {
        return (!is_refusal(&made, &[400])).then(|| complain("a condition", text, &made));
    }
    let path = format!("/admin/policies/{}", made.json(201)["id"].as_str().expect("an id"));
    let gone = order(owner, Method::DELETE, &path, None).await;
    (gone.status != 204).then(|| complain("a condition that was taken", text, &gone))
}

/// As a tool's name it is no tool, and as an argument it reaches the tool and comes back to the letter.
async fn as_a_tool_and_an_argument(agent: &str, text: &str) -> Complaint {
    let execute = |body: Value| send(gateway().request(Method::POST, "/mcp/execute").bearer_auth(agent).json(&body));
    let unknown = execute(json!({"tool": text, "arguments": {}})).await;
    if !is_refusal(&unknown, &[404, 400]) {
        return Some(complain("a tool", text, &unknown));
    }
    // The tool itself wants a letter at least.
    if text.is_empty() {
        return None;
    }
    let repeated = execute(json!({"tool": "modern__repeat", "arguments": {"text": text}})).await;
    let same = repeated.status == 200 && repeated.json(200)["result"]["text"] == text;
    (!same).then(|| complain("an argument", text, &repeated))
}

/// As something to look for it is found nowhere, or refused.
async fn as_a_filter(owner: &str, text: &str) -> Complaint {
    let path = format!("/admin/audit?kind=auth.&target={}", encoded(text));
    let answer = order(owner, Method::GET, &path, None).await;
    let nothing = answer.status == 200 && answer.json(200)["items"] == json!([]);
    let all = text.is_empty() && answer.status == 200;
    (!nothing && !all && !is_refusal(&answer, &[400])).then(|| complain("a filter", text, &answer))
}

async fn lane(team: Arc<Team>, lane: usize) -> Vec<String> {
    let (owner, agent) = (team.token("owner").await, team.token("agent").await);
    let mut complaints = Vec::new();
    // One stands twice in the list, and no name is given twice at the same time.
    let texts: BTreeSet<&str> = BLNS.iter().copied().collect();
    for (at, text) in texts.into_iter().enumerate().filter(|(at, _)| at % LANES == lane) {
        complaints.extend(as_an_id(&owner, at, text).await);
        complaints.extend(as_a_name(&owner, text).await);
        complaints.extend(as_a_condition(&owner, at, text).await);
        complaints.extend(as_a_tool_and_an_argument(&agent, text).await);
        complaints.extend(as_a_filter(&owner, text).await);
    }
    complaints
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_naughty_string_is_taken_as_it_is_or_refused_for_what_it_is() {
    assert!(BLNS.len() >= 500, "{}", BLNS.len());
    let team = Arc::new(Team::new());
    // One login each, before the lanes ask for it at the same time.
    for role in ["owner", "agent"] {
        team.token(role).await;
    }
    let lanes: Vec<_> = (0..LANES).map(|number| tokio::spawn(lane(Arc::clone(&team), number))).collect();
    let mut complaints = Vec::new();
    for lane in lanes {
        complaints.extend(lane.await.expect("a lane"));
    }
    assert!(complaints.is_empty(), "{} of them:\n{}", complaints.len(), complaints.join("\n"));
}
