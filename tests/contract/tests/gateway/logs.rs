//! The log: one JSON line for each event, found by its correlation id, and nothing secret in it.

use crate::{gateway, logged_in, modern, weather_arguments};
use gateway_contract::client::{Tokens, note_secret, secrets, send};
use gateway_contract::seed::{PASSWORD, Tools};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The gateway's own lines with this correlation id, once there is one.
async fn events(correlation: &str) -> Vec<Value> {
    for _ in 0..50 {
        let lines = gateway().lines();
        let found = lines.iter().filter(|line| line.contains(correlation) && line.contains("\"event\""));
        let found: Vec<Value> = found.map(|line| parse(line)).collect();
        if found.iter().any(|event| event["event"] == "request") {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let lines = gateway().lines();
    panic!(
        "no line with {correlation} among {} lines; the last: {:#?}",
        lines.len(),
        lines.iter().rev().take(5).collect::<Vec<_>>()
    );
}

#[track_caller]
fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("a line that is no JSON ({error}): {line}"))
}

#[tokio::test]
async fn a_request_is_one_line_with_its_correlation_id() {
    let (user, tokens) = logged_in(Tools::Own).await;
    let request = gateway().request(Method::GET, "/auth/me").bearer_auth(&tokens.access);
    send(request.header("x-correlation-id", "log-test-me")).await.json(200);
    let events = events("log-test-me").await;
    let requests: Vec<&Value> = events.iter().filter(|event| event["event"] == "request").collect();
    assert_eq!(requests.len(), 1, "{events:#?}");
    let line = requests[0];
    assert_eq!((&line["method"], &line["route"], &line["status"]), (&json!("GET"), &json!("/auth/me"), &json!(200)));
    assert_eq!((&line["user"], &line["tenant"]), (&json!(user.id), &json!(user.tenant)));
    assert_eq!(line["correlation_id"], "log-test-me");
    assert!(line["time_ms"].is_u64() && line["duration_ms"].is_u64() && line["level"] == "info", "{line}");
}

#[tokio::test]
async fn a_refusal_says_why_in_the_log_and_only_there() {
    let user = gateway().user(Tools::Own);
    let body = json!({"username": user.username, "password": "wrong horse battery staple"});
    let request = gateway().request(Method::POST, "/auth/login").json(&body);
    let answer = send(request.header("x-correlation-id", "log-test-refusal")).await;
    answer.problem(401);
    let events = events("log-test-refusal").await;
    let line = events.iter().find(|event| event["event"] == "request").unwrap();
    assert_eq!((&line["level"], &line["problem"]), (&json!("warn"), &json!("invalid-login")), "{line}");
    let reason = line["reason"].as_str().expect("a reason");
    assert!(!answer.text().contains(reason), "{reason}");
}

#[tokio::test]
async fn a_tool_call_stands_in_its_requests_line_and_a_login_is_an_event_of_its_own() {
    let (user, tokens) = logged_in(Tools::Own).await;
    let call = json!({"tool": "server_time", "arguments": {}});
    let request = gateway().request(Method::POST, "/mcp/execute").bearer_auth(&tokens.access).json(&call);
    send(request.header("x-correlation-id", "log-test-call")).await.json(200);
    let called = events("log-test-call").await;
    let event = called.iter().find(|event| event["event"] == "request").unwrap_or_else(|| panic!("{called:#?}"));
    assert_eq!((&event["calls"][0]["tool"], &event["user"]), (&json!("server_time"), &json!(user.id)), "{event}");
    assert_eq!(event["calls"][0]["outcome"], "ok", "{event}");
    let body = json!({"username": user.username, "password": PASSWORD});
    let request = gateway().request(Method::POST, "/auth/login").json(&body);
    Tokens::read(&send(request.header("x-correlation-id", "log-test-login")).await);
    let logged_in = events("log-test-login").await;
    assert!(logged_in.iter().any(|event| event["event"] == "auth.login" && event["user"] == user.id), "{logged_in:#?}");
}

#[tokio::test]
async fn nothing_secret_is_ever_printed() {
    let (user, tokens) = logged_in(Tools::Modern).await;
    // Use every secret in every right and wrong place there is.
    let access = tokens.access.as_str();
    gateway().try_login(&user.username, "canary-wrong-password-1").await;
    gateway().try_login("canary-password-as-name-2", "canary-wrong-password-2").await;
    gateway().post("/auth/login", &json!({"username": "x", "password": ["canary-wrong-password-3"]})).await;
    note_secret("canary-wrong-password-3");
    gateway().post("/auth/refresh", &json!({"refresh_token": {"x": tokens.refresh}})).await;
    gateway().get(&format!("/auth/me?access_token={access}")).await;
    for token in [access, &tokens.refresh, &format!("{access}&token={access}")] {
        gateway().introspect(access, token).await;
    }
    gateway().introspect(access, &format!("x&token_type_hint={}", tokens.refresh)).await;
    send(gateway().request(Method::POST, &format!("/auth/introspect?token={access}")).bearer_auth(access)).await;
    let path = format!("/{}", tokens.refresh);
    gateway().get(&path).await;
    send(gateway().request(Method::GET, "/auth/me").header("authorization", format!("Basic {access}"))).await;
    send(gateway().request(Method::GET, "/auth/me").header("cookie", format!("token={access}"))).await;
    send(gateway().request(Method::GET, "/auth/me").header("x-correlation-id", access)).await;
    gateway().execute(access, access, &json!({access: tokens.refresh})).await;
    gateway().execute(access, "modern__crash", &json!({"password": "canary-argument-4"})).await;
    gateway().execute(access, "modern__repeat", &json!({"text": 5, "secret": "canary-argument-5"})).await;
    modern(access, access, json!({"name": "canary-argument-5"})).await;
    let place = weather_arguments(access, "canary-argument-6").await;
    gateway().execute(access, "get_weather", &place).await;
    for canary in ["canary-argument-4", "canary-argument-5", "canary-argument-6"] {
        note_secret(canary);
    }
    let refreshed = Tokens::read(&gateway().try_refresh(&tokens.refresh).await);
    gateway().post_as(&refreshed.access, "/auth/logout", &json!({})).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let known = secrets();
    assert!(known.len() > 10);
    // Short words such as "demo" or an empty password are no secrets to look for.
    let known: Vec<&String> = known.iter().filter(|secret| secret.len() >= 12).collect();
    for line in gateway().lines().iter().filter(|line| line.contains("\"event\"")) {
        for secret in &known {
            assert!(!line.contains(secret.as_str()), "a secret in the log: {line}");
        }
        // The signature alone would do, too.
        for signature in known.iter().filter_map(|secret| secret.rsplit_once('.')).map(|(_, signature)| signature) {
            assert!(signature.len() < 20 || !line.contains(signature), "a signature in the log: {line}");
        }
    }
}

#[tokio::test]
async fn every_line_of_the_gateway_is_whole_json() {
    logged_in(Tools::Own).await;
    send(gateway().request(Method::GET, "/a%0a%7b%22event%22:1%7d\u{1b}[31m")).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let lines = gateway().lines();
    let own: Vec<&String> =
        lines.iter().filter(|line| line.contains("\"event\"") || line.trim_start().starts_with('{')).collect();
    assert!(!own.is_empty());
    for line in own {
        let event = parse(line);
        assert!(event["event"].is_string() && event["level"].is_string() && event["time_ms"].is_u64(), "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}
