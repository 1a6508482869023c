//! What the gateway says about itself.

use crate::{gateway, logged_in};
use gateway_contract::client::send;
use gateway_contract::seed::Tools;
use gateway_contract::workspace;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn health_names_the_version_the_features_and_every_provider() {
    let mut body = Value::Null;
    for _ in 0..30 {
        body = gateway().get("/health").await.json(200);
        if body["qrng"]["anu"].to_string().contains("healthy") || body["status"] == "healthy" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(matches!(body["status"].as_str(), Some("healthy" | "degraded")), "{body}");
    let manifest = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = ")).unwrap().trim_matches('"');
    assert_eq!(body["version"], version);
    let features = body["features"].as_object().unwrap();
    for name in ["quantum_auth", "mcp_streaming", "rate_limiting"] {
        assert!(features.get(name).is_some_and(Value::is_boolean), "{body}");
    }
    assert_eq!(features["rate_limiting"], true);
    for provider in ["anu", "anu_legacy", "quantinuum", "idq"] {
        assert!(body["qrng"].to_string().contains(&format!("\"{provider}\"")), "no {provider} in {body}");
    }
}

#[tokio::test]
async fn a_live_and_ready_gateway_says_so() {
    gateway().get("/health/live").await.json(200);
    let body = gateway().get("/health/ready").await.json(200);
    assert_eq!(body["ready"], true, "{body}");
    for part in ["d1", "kv", "durable_objects"] {
        assert!(body.to_string().contains(part), "{part} was not asked: {body}");
    }
    for path in ["/health", "/health/live", "/health/ready"] {
        let head = send(gateway().request(Method::HEAD, path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
}

#[tokio::test]
async fn health_tells_nothing_of_the_configuration() {
    let text = gateway().get("/health").await.text();
    for hidden in ["127.0.0.1", "http://", gateway_contract::fake::entropy::ANU_KEY, "canary", "SIGNING"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert_ne!(serde_json::from_str::<Value>(&text).unwrap(), json!({}));
}

#[tokio::test]
async fn anybody_sees_what_the_gateway_promises_and_how_it_does_and_nobodys_name() {
    let ((user, tokens), start) = (logged_in(Tools::Team).await, Instant::now());
    gateway().execute(&tokens.access, "server_time", &json!({})).await.json(200);
    let page = loop {
        let page = gateway().get("/status").await;
        if page.text().contains(" %") && page.text().contains("<h1>Everything answers</h1>") {
            break page;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{}", page.text());
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let text = page.text();
    for told in ["Database", "answered in", "A revoked token", "1 second", "UTC"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    for hidden in [user.tenant.as_str(), &user.username, "127.0.0.1", "<script", "server_time", "everything__"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert!(page.header("set-cookie").is_none() && page.header("content-security-policy").is_some());
    let head = send(gateway().request(Method::HEAD, "/status")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}
