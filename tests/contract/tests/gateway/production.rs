//! The production profile on this machine: refuses to serve without its secrets, and knows no demo account.

use gateway_contract::client::Answer;
use gateway_contract::token::encode;
use gateway_contract::{Gateway, Plan, raw};
use serde_json::json;

const HOST: &[u8] = b"gateway.example.com";

fn ask(gateway: &Gateway, method: &str, path: &str, body: &str) -> Answer {
    let lines: [(&str, &[u8]); 2] = [("Host", HOST), ("Content-Type", b"application/json")];
    raw::request(gateway, method, path, &lines, body.as_bytes())
}

#[test]
fn without_its_secrets_the_gateway_serves_nothing_and_names_them() {
    let plan = Plan::default()
        .with("PROFILE", "production")
        .with("ISSUER", "https://gateway.example.com")
        .with("SIGNING_KEY", "")
        .with("ENCRYPTION_KEY", "");
    let gateway = Gateway::start(&plan);
    for (method, path) in [
        ("POST", "/auth/login"),
        ("GET", "/auth/me"),
        ("GET", "/mcp/tools"),
        ("POST", "/mcp"),
        ("GET", "/health/ready"),
    ] {
        let answer = ask(&gateway, method, path, if method == "POST" { "{}" } else { "" });
        let problem = answer.problem(503);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("SIGNING_KEY") && detail.contains("ENCRYPTION_KEY"), "{method} {path}: {problem}");
    }
}

#[test]
fn the_demo_account_does_not_exist_in_production() {
    let (signing, sealing) = (crate::known_keys::SIGNING, crate::known_keys::NEXT);
    let plan = Plan::default()
        .with("PROFILE", "production")
        .with("ISSUER", "https://gateway.example.com")
        .with("SIGNING_KEY", encode(&signing))
        .with("ENCRYPTION_KEY", encode(&sealing));
    let gateway = Gateway::start(&plan);
    assert_eq!(ask(&gateway, "GET", "/health/live", "").status, 200);
    // The account stands in this local database, and the profile still refuses it, like any wrong login.
    let demo = json!({"username": "demo", "password": "demo123"}).to_string();
    let nobody = json!({"username": "nobody", "password": "demo123"}).to_string();
    let (demo, nobody) = (ask(&gateway, "POST", "/auth/login", &demo), ask(&gateway, "POST", "/auth/login", &nobody));
    let (demo, nobody) = (demo.problem(401), nobody.problem(401));
    assert_eq!((&demo["title"], &demo["detail"]), (&nobody["title"], &nobody["detail"]));
    let loopback = raw::request(&gateway, "GET", "/auth/me", &[], b"");
    assert_eq!(loopback.status, 421, "{}", loopback.text());
}
