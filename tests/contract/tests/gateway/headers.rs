//! What every response carries, whatever it answers.

use crate::{gateway, legacy, logged_in, modern};
use gateway_contract::client::{Answer, send};
use gateway_contract::raw;
use gateway_contract::seed::Tools;
use reqwest::Method;
use serde_json::json;

/// An answer of every kind this gateway gives.
async fn of_every_kind() -> Vec<(&'static str, Answer)> {
    let (_, tokens) = logged_in(Tools::Own).await;
    let access = tokens.access.as_str();
    let json_body = |kind: &str| gateway().request(Method::POST, "/auth/login").header("content-type", kind.to_owned());
    let notice = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    vec![
        ("login", gateway().try_login("nobody", "wrong").await),
        ("malformed", send(json_body("application/json").body("{")).await),
        ("form", send(json_body("application/x-www-form-urlencoded").body("a=b")).await),
        ("too big", send(json_body("application/json").body("x".repeat(1_100_000))).await),
        ("me", gateway().get_as(access, "/auth/me").await),
        ("no token", gateway().get("/auth/me").await),
        ("introspection", gateway().introspect(access, access).await),
        ("tools", gateway().get_as(access, "/mcp/tools").await),
        ("call", gateway().execute(access, "server_time", &json!({})).await),
        ("unknown tool", gateway().execute(access, "no_such_tool", &json!({})).await),
        ("bad arguments", gateway().execute(access, "server_time", &json!({"x": 1})).await),
        ("discover", modern(access, "server/discover", json!({})).await),
        ("not found method", modern(access, "no/such", json!({})).await),
        ("ping", legacy(access, "ping", json!({})).await),
        ("notification", crate::post_mcp(access, &[("mcp-protocol-version", "2025-11-25")], &notice).await),
        ("wrong method", send(gateway().request(Method::PUT, "/auth/me")).await),
        ("options", send(gateway().request(Method::OPTIONS, "/auth/login")).await),
        ("unknown route", gateway().get("/no/such/route").await),
        ("root", gateway().get("/").await),
        ("health", gateway().get("/health").await),
        ("live", gateway().get("/health/live").await),
        ("ready", gateway().get("/health/ready").await),
        ("keys", gateway().get("/.well-known/jwks.json").await),
        ("description", gateway().get("/openapi.json").await),
        ("page", gateway().get("/docs").await),
        ("console", gateway().get("/console").await),
        ("missing file", gateway().get("/docs/no-such-file.js").await),
        ("wrong host", raw::request(gateway(), "GET", "/health", &[("Host", b"evil.example.com")], b"")),
        (
            "wrong origin",
            send(gateway().request(Method::GET, "/health").header("origin", "https://evil.example.com")).await,
        ),
        ("logout", gateway().post_as(access, "/auth/logout", &json!({})).await),
    ]
}

#[tokio::test]
async fn every_response_has_the_security_headers_and_a_correlation_id() {
    for (what, answer) in of_every_kind().await {
        assert_eq!(answer.must("x-content-type-options"), "nosniff", "{what}");
        let transport = answer.must("strict-transport-security");
        let age = transport.split(';').find_map(|part| part.trim().strip_prefix("max-age=")).expect("max-age");
        assert!(
            age.parse::<u64>().unwrap() >= 31_536_000 && transport.contains("includeSubDomains"),
            "{what}: {transport}"
        );
        let policy = answer.must("content-security-policy");
        assert!(policy.contains("default-src") && policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
        assert_eq!(answer.must("referrer-policy"), "no-referrer", "{what}");
        let id = answer.must("x-correlation-id");
        let clean = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        assert!(clean && (1..=64).contains(&id.len()), "{what}: {id}");
        for telling in ["x-powered-by", "server", "access-control-allow-credentials", "set-cookie"] {
            assert!(answer.header(telling).is_none(), "{what}: {telling}");
        }
        let for_anyone = ["keys", "description"].contains(&what);
        assert_eq!(answer.header("access-control-allow-origin"), for_anyone.then_some("*"), "{what}");
        if !answer.body.is_empty() {
            assert!(answer.must("content-type").contains('/'), "{what}");
        }
    }
}

#[tokio::test]
async fn what_is_personal_is_kept_by_no_cache() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for answer in [
        gateway().get_as(&tokens.access, "/auth/me").await,
        gateway().introspect(&tokens.access, &tokens.access).await,
        gateway().get_as(&tokens.access, "/mcp/tools").await,
        gateway().execute(&tokens.access, "server_time", &json!({})).await,
        modern(&tokens.access, "tools/list", json!({})).await,
        gateway().get("/auth/me").await,
    ] {
        let policy = answer.must("cache-control");
        assert!(policy.contains("no-store"), "{policy}");
    }
}
