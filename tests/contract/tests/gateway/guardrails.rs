//! Guardrails: what of a call's texts is redacted, what is refused, and what is told of it.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::{Answer, note_secret, send};
use gateway_contract::fake::Request;
use gateway_contract::fake::mcp::Upstream;
use gateway_contract::fake::shifting::{Shifting, tool};
use gateway_contract::team::{SEEN, Team, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const MAIL: &str = "ada@example.com";
const MARK: &str = "[redacted: email]";
const KEY: &str = "sk-canary-0123456789-ABCDEF-guardrails";
const ECHO: &str = "shift__echo";

/// A team that has a server which answers with the arguments it got.
async fn started(server: &Shifting) -> Team {
    let team = Team::new();
    team.make("owner", "/admin/upstreams", &json!({"name": "shift", "url": server.server.url("/mcp")})).await;
    within(SEEN, "served", || async { echo(&team, "x").await.status == 200 }).await;
    team
}

fn server() -> Shifting {
    Shifting::start(json!([tool("echo", "Repeats a text.", &["text"])]))
}

async fn echo(team: &Team, text: &str) -> Answer {
    gateway().execute(&team.token("agent").await, ECHO, &json!({"text": text})).await
}

/// The arguments of the last call that reached a server.
fn arrived(server: &Shifting) -> Value {
    let asked = server.server.asked();
    let last = asked.iter().rev().map(Request::json).find(|body| body["method"] == "tools/call");
    last.expect("a call")["params"]["arguments"].clone()
}

async fn guarded(team: &Team, guardrails: &Value) {
    team.set(&json!({"guardrails": guardrails})).await;
}

/// Clients of both eras.
async fn callers(access: &str) -> [Caller; 2] {
    [Caller::modern(gateway(), access, ""), Caller::legacy(gateway(), access, "", json!({})).await]
}

/// The line of the log about a request.
async fn line(correlation: &str) -> Value {
    for _ in 0..50 {
        let lines = gateway().lines();
        let mut found =
            lines.iter().filter(|line| line.contains(correlation) && line.contains("\"event\":\"request\""));
        if let Some(line) = found.next() {
            return serde_json::from_str(line).expect("JSON");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no line with {correlation}");
}

#[tokio::test]
async fn arguments_are_redacted_or_refused_before_anything_is_sent_and_only_counts_are_told() {
    note_secret(KEY);
    let server = server();
    let (team, other) = (started(&server).await, started(&server).await);
    echo(&team, MAIL).await.json(200);
    assert_eq!(arrived(&server), json!({"text": MAIL}), "off until somebody says otherwise");
    let rail = json!({"detectors": {"email": "redact", "api_key": "refuse"}, "deny": ["project nightfall"]});
    guarded(&team, &json!({ "arguments": rail })).await;
    let sent = format!("write to {MAIL} and {MAIL}");
    within(SEEN, "redacted", || async { echo(&team, &sent).await.text().contains(MARK) }).await;
    assert_eq!(arrived(&server), json!({"text": format!("write to {MARK} and {MARK}")}));
    let before = server.calls();
    for (text, found) in [(KEY, "(api_key)"), ("of Project\n NIGHTFALL", "(deny[0])")] {
        let answer = echo(&team, text).await;
        let detail = refused(&answer, 403, "guarded")["detail"].to_string();
        assert!(detail.contains(found) && !detail.contains(text), "{detail}");
        for caller in callers(&team.token("agent").await).await {
            let told = caller.call(ECHO, json!({ "text": text })).await;
            assert!(
                told["isError"] == true && told.to_string().contains(found) && !told.to_string().contains(KEY),
                "{told}"
            );
        }
    }
    assert_eq!(server.calls(), before, "nothing was sent");
    echo(&other, KEY).await.json(200);
    assert_eq!(arrived(&server), json!({"text": KEY}), "another tenant's calls are its own");
    // What policies, the log and the record see is what was sent.
    team.policy(&json!({"name": "none", "effect": "deny", "what": {"tools": [ECHO]}, "when": "arguments.text == '[redacted: email]!'"})).await;
    within(SEEN, "denied", || async { echo(&team, &format!("{MAIL}!")).await.status == 403 }).await;
    let request = gateway().request(Method::POST, "/mcp/execute").bearer_auth(team.token("agent").await);
    let request = request.header("x-correlation-id", "guardrails-counted");
    send(request.json(&json!({"tool": ECHO, "arguments": {"text": sent}}))).await.json(200);
    let line = line("guardrails-counted").await;
    assert_eq!(line["calls"][0]["guarded"], json!({"email": 2}), "{line}");
    // An isolate adds what it gathered with the first finding after a while.
    let counted = || async {
        echo(&team, &sent).await.json(200);
        let metrics = gateway().get_as(gateway_contract::OPERATOR, "/metrics").await.text();
        metrics.lines().any(|line| line.starts_with("mcp_gateway_guard_findings_total{detector=\"email\"}"))
    };
    within(SEEN, "counted", counted).await;
    for (kind, counts) in [("tool.call", json!({"email": 2})), ("tool.refused", json!({"api_key": 1}))] {
        let path = format!("/admin/audit?tool={ECHO}&kind={kind}&limit=200");
        let page = team.order("auditor", Method::GET, &path, None).await.json(200);
        let items = page["items"].as_array().expect("records");
        assert!(items.iter().any(|record| record["record"]["guarded"] == counts), "{page}");
    }
    assert_eq!(team.order("auditor", Method::GET, "/admin/audit/verify", None).await.json(200)["faults"], json!([]));
}

#[tokio::test]
async fn results_are_redacted_on_every_way_and_one_that_is_withheld_was_made() {
    let team = Team::new();
    let (modern, legacy) = (Upstream::modern(), Upstream::legacy());
    for (name, upstream) in [("fresh", &modern), ("aged", &legacy)] {
        team.make("owner", "/admin/upstreams", &json!({"name": name, "url": upstream.server.url("/mcp")})).await;
    }
    let rail = json!({"detectors": {"email": "redact", "us_ssn": "refuse"}, "tools": ["*__repeat"]});
    guarded(&team, &json!({ "results": rail })).await;
    let access = team.token("agent").await;
    let arguments = json!({"text": format!("{MAIL} ")});
    let repeated = json!({"text": format!("{MARK} ")});
    for name in ["fresh__repeat", "aged__repeat"] {
        let called = || async { gateway().execute(&access, name, &arguments).await };
        within(SEEN, "redacted", || async { called().await.text().contains(MARK) }).await;
        assert_eq!(called().await.json(200)["result"], repeated);
        for caller in callers(&access).await {
            let result = caller.call(name, arguments.clone()).await;
            assert_eq!(result["structuredContent"], repeated, "{result}");
            let shown = text(&result["content"][0], "text");
            assert_eq!(serde_json::from_str::<Value>(&shown).expect("still JSON"), repeated);
            let withheld = caller.call(name, json!({"text": "123-45-6789"})).await;
            assert!(withheld["isError"] == true && withheld.to_string().contains("(us_ssn)"), "{withheld}");
            assert!(withheld.to_string().contains("the call was made") && !withheld.to_string().contains("123-45"));
        }
    }
    let before = modern.calls("tools/call").len();
    let order = |key: &str| {
        let request =
            gateway().request(Method::POST, "/mcp/execute").bearer_auth(&access).header("idempotency-key", key);
        send(request.json(&json!({"tool": "fresh__repeat", "arguments": {"text": "123-45-6789"}})))
    };
    for _ in 0..2 {
        let problem = refused(&order("guardrails-1").await, 403, "guarded");
        assert!(text(&problem, "detail").contains("(us_ssn)"), "{problem}");
    }
    assert_eq!(modern.calls("tools/call").len(), before + 1, "what was withheld is not made again");
    assert_eq!(modern.calls("tools/call").last().expect("a call").json()["params"]["arguments"]["text"], "123-45-6789");
    assert_eq!((modern.complaints(), legacy.complaints()), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn prompts_resources_and_messages_of_the_log_are_guarded_too() {
    let team = Team::new();
    let rail = json!({"detectors": {"email": "redact"}, "deny": ["tool processing"]});
    guarded(&team, &json!({"arguments": {"deny": ["nightfall"]}, "results": rail})).await;
    let access = team.token("agent").await;
    let caller = Caller::modern(gateway(), &access, "");
    let prompt =
        |one: &str| json!({"name": "old__test_prompt_with_arguments", "arguments": {"arg1": one, "arg2": "x"}});
    let got = || async { caller.result("prompts/get", prompt(MAIL)).await.to_string() };
    within(SEEN, "guarded", || async { got().await.contains(&format!("arg1='{MARK}'")) }).await;
    assert!(caller.ask("prompts/get", prompt("Nightfall")).await["error"]["message"].to_string().contains("(deny[0])"));
    let uri = |id: &str| format!("mcp+old+test://template/{id}/data");
    let read = caller.result("resources/read", json!({"uri": uri(MAIL)})).await;
    let contents = &read["contents"][0];
    assert!(text(contents, "text").contains(MARK) && text(contents, "uri") == uri(MAIL), "{read}");
    assert!(caller.ask("resources/read", json!({"uri": uri("nightfall")})).await.to_string().contains("(deny[0])"));
    let mut params = json!({"name": "old__test_tool_with_logging", "arguments": {}});
    params["_meta"] = json!({"io.modelcontextprotocol/logLevel": "info"});
    let told = caller.send("tools/call", params).await.rest().await;
    let said: Vec<_> = told.iter().filter(|message| message["method"] == "notifications/message").collect();
    assert!(said.len() == 2 && !said.iter().any(|message| message.to_string().contains("processing")), "{told:?}");
}

#[tokio::test]
async fn only_what_is_a_document_of_guardrails_is_taken_and_null_turns_them_off() {
    let server = server();
    let team = started(&server).await;
    let path = format!("/admin/tenants/{}", team.tenant());
    let set = |guardrails: Value| {
        let (team, path) = (&team, &path);
        async move { team.order("owner", Method::PATCH, path, Some(&json!({ "guardrails": guardrails }))).await }
    };
    for (bad, says) in [
        (json!([]), "expected a map"),
        (json!({"arguments": {"detectors": {"mail": "redact"}}}), "unknown variant"),
        (json!({"arguments": {"detectors": {"email": "hide"}}}), "unknown variant"),
        (json!({"results": {"deny": ["*"]}}), "an entry of deny"),
        (json!({"results": {"tools": [" "]}}), "without blanks"),
        (json!({"answers": {}}), "unknown field"),
    ] {
        let problem = refused(&set(bad).await, 400, "invalid-body");
        assert!(text(&problem, "detail").contains(says), "{problem}");
    }
    let one = json!({"arguments": {"detectors": {"email": "redact"}}});
    assert_eq!(set(one.clone()).await.json(200)["guardrails"], one);
    assert_eq!(team.order("auditor", Method::GET, &path, None).await.json(200)["guardrails"], one);
    team.set(&json!({"audit_days": 30})).await;
    assert_eq!(team.order("auditor", Method::GET, &path, None).await.json(200)["guardrails"], one, "absent keeps");
    refused(&team.order("developer", Method::PATCH, &path, Some(&json!({"guardrails": null}))).await, 403, "forbidden");
    within(SEEN, "redacted", || async { echo(&team, MAIL).await.text().contains(MARK) }).await;
    assert_eq!(set(Value::Null).await.json(200)["guardrails"], Value::Null);
    within(SEEN, "off", || async { echo(&team, MAIL).await.text().contains(MAIL) }).await;
}
