//! Browsers: which pages may call which routes and read what they answer, and what a browser asks before.

use crate::known_keys::{NEXT, SIGNING};
use crate::resource_server::request;
use crate::{gateway, logged_in, modern_params};
use gateway_contract::client::{Answer, Tokens, send};
use gateway_contract::seed::{PASSWORD, Tools};
use gateway_contract::token::encode;
use gateway_contract::{Gateway, Plan, raw};
use reqwest::Method;
use serde_json::json;
use std::sync::OnceLock;

const APP: &str = "https://app.example.com";

/// A gateway in production, with a page that may call it.
fn gateway_with_a_page() -> &'static Gateway {
    static GATEWAY: OnceLock<Gateway> = OnceLock::new();
    GATEWAY.get_or_init(|| {
        let plan = Plan::default()
            .with("PROFILE", "production")
            .with("ISSUER", "https://gateway.example.com")
            .with("ALLOWED_ORIGINS", format!("{APP}, https://other.example.com:8443"))
            .with("SIGNING_KEY", encode(&SIGNING))
            .with("ENCRYPTION_KEY", encode(&NEXT));
        Gateway::start(&plan)
    })
}

/// A request of a page to that gateway.
fn from_page(method: &str, path: &str, origin: &str, more: &[(&str, &[u8])]) -> Answer {
    let own: [(&str, &[u8]); 2] = [("Host", b"gateway.example.com"), ("Origin", origin.as_bytes())];
    raw::request(gateway_with_a_page(), method, path, &[&own, more].concat(), b"")
}

/// The routes of each kind: those that allowed pages may call, those that any may, and those that are the gateway's own.
const ALLOWED: [(&str, &str); 10] = [
    ("POST", "/auth/login"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/logout"),
    ("GET", "/auth/me"),
    ("POST", "/auth/introspect"),
    ("GET", "/mcp/tools"),
    ("POST", "/mcp/execute"),
    ("POST", "/mcp"),
    ("POST", "/mcp/any"),
    ("GET", "/no/such/route"),
];
const ANYONE: [(&str, &str); 7] = [
    ("GET", "/.well-known/oauth-protected-resource"),
    ("GET", "/.well-known/oauth-protected-resource/mcp/any"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/no-such-document"),
    ("GET", "/openapi.json"),
];
const OWN: [(&str, &str); 6] = [
    ("GET", "/console"),
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/entropy/status"),
];

#[tokio::test]
async fn pages_of_allowed_origins_may_read_the_api_and_no_others() {
    for (method, path) in ALLOWED {
        for origin in [APP, "https://other.example.com:8443"] {
            let answer = from_page(method, path, origin, &[]);
            assert!(answer.status >= 400 && answer.status != 403, "{method} {path} {origin}: {}", answer.text());
            assert_eq!(answer.must("access-control-allow-origin"), origin, "{method} {path}");
            assert_eq!(answer.must("vary"), "Origin", "{method} {path}");
            assert!(answer.must("access-control-expose-headers").contains("WWW-Authenticate"), "{method} {path}");
            assert!(answer.header("access-control-allow-credentials").is_none(), "{method} {path}");
        }
        for origin in [
            "https://evil.example.com",
            "https://app.example.com.evil.example",
            "https://app.example.com:8443",
            "http://app.example.com",
            "https://APP.example.com",
            "http://127.0.0.1:6274",
            "null",
        ] {
            let answer = from_page(method, path, origin, &[]);
            answer.problem(403);
            assert!(answer.header("access-control-allow-origin").is_none(), "{method} {path} {origin}");
        }
    }
    for (method, path) in ANYONE {
        for origin in [APP, "https://evil.example.com", "null"] {
            let answer = from_page(method, path, origin, &[]);
            assert!(matches!(answer.status, 200 | 404), "{method} {path}: {}", answer.status);
            assert_eq!(answer.must("access-control-allow-origin"), "*", "{method} {path}");
        }
    }
    for (method, path) in OWN {
        from_page(method, path, APP, &[]).problem(403);
        let own = send(gateway().request(method.parse().unwrap(), path).header("origin", gateway().url(""))).await;
        assert!(own.status != 403 && own.header("access-control-allow-origin").is_none(), "{method} {path}");
    }
    let elsewhere: [(&str, &[u8]); 2] = [("Host", b"evil.example.com"), ("Origin", APP.as_bytes())];
    let misdirected = raw::request(gateway_with_a_page(), "POST", "/mcp", &elsewhere, b"");
    misdirected.problem(421);
    assert!(misdirected.header("access-control-allow-origin").is_none(), "another host is nobody's");
}

#[tokio::test]
async fn a_browser_may_ask_before_its_request_without_credentials() {
    let asks: [(&str, &[u8]); 2] = [
        ("Access-Control-Request-Method", b"POST"),
        ("Access-Control-Request-Headers", b"authorization,mcp-param-city,mcp-protocol-version,x-evil"),
    ];
    for (path, methods) in [
        ("/mcp", "POST, GET, DELETE, OPTIONS"),
        ("/mcp/any", "POST, GET, DELETE, OPTIONS"),
        ("/auth/login", "POST, OPTIONS"),
        ("/mcp/execute", "POST, OPTIONS"),
        ("/.well-known/oauth-authorization-server", "GET, HEAD, OPTIONS"),
    ] {
        let answer = from_page("OPTIONS", path, APP, &asks);
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{path}");
        assert_eq!(answer.must("access-control-allow-methods"), methods, "{path}");
        let allowed = answer.must("access-control-allow-headers").to_ascii_lowercase();
        let allowed: Vec<&str> = allowed.split(", ").collect();
        for name in [
            "authorization",
            "content-type",
            "accept",
            "last-event-id",
            "mcp-protocol-version",
            "mcp-session-id",
            "mcp-method",
            "mcp-name",
            "x-correlation-id",
            "mcp-param-city",
        ] {
            assert!(allowed.contains(&name), "{path}: {name} in {allowed:?}");
        }
        assert!(!allowed.iter().any(|name| name.contains("evil") || *name == "*" || *name == "cookie"), "{allowed:?}");
        assert!(answer.must("access-control-max-age").parse::<u32>().is_ok_and(|age| age <= 7200));
        assert!(answer.header("access-control-allow-credentials").is_none());
        assert!(answer.header("www-authenticate").is_none());
        let plain = from_page("OPTIONS", path, APP, &[]);
        assert!(plain.status == 204 && plain.header("access-control-allow-methods").is_none(), "{path}: no preflight");
    }
    from_page("OPTIONS", "/mcp", "https://evil.example.com", &asks).problem(403);
    from_page("OPTIONS", "/metrics", APP, &asks).problem(403);
}

#[tokio::test]
async fn on_a_developers_machine_every_page_of_it_may_call() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for origin in ["http://localhost:6274", "http://127.0.0.1:1", "http://[::1]:5173"] {
        let refused = send(gateway().request(Method::POST, "/mcp").header("origin", origin)).await;
        refused.problem(401);
        assert_eq!(refused.must("access-control-allow-origin"), origin);
        assert!(refused.must("access-control-expose-headers").contains("WWW-Authenticate"), "{refused:?}");
        let called = request(gateway(), "/mcp", "tools/list", json!({})).bearer_auth(&tokens.access);
        let called = send(called.header("origin", origin)).await;
        assert_eq!((called.status, called.must("access-control-allow-origin")), (200, origin));
        let exposed = called.must("access-control-expose-headers").to_ascii_lowercase();
        for name in [
            "mcp-session-id",
            "mcp-protocol-version",
            "x-correlation-id",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
        ] {
            assert!(exposed.split(", ").any(|known| known == name), "{name} in {exposed}");
        }
    }
    for origin in ["http://evil.example.com", "https://localhost", "http://localhost.evil.com", "null"] {
        let answer = send(gateway().request(Method::POST, "/mcp").header("origin", origin)).await;
        answer.problem(403);
        assert!(answer.header("access-control-allow-origin").is_none(), "{origin}");
    }
    let user = gateway().user(Tools::Own);
    let login = gateway().request(Method::POST, "/auth/login").header("origin", "http://localhost:6274");
    let login = login.json(&json!({"username": user.username, "password": PASSWORD}));
    let login = send(login).await;
    assert_eq!(login.must("access-control-allow-origin"), "http://localhost:6274");
    Tokens::read(&login);
}

#[tokio::test]
async fn a_stream_tells_a_browser_that_its_page_may_read_it() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let origin = "http://localhost:6274";
    let progress = json!({"name": "test_tool_with_progress", "arguments": {}, "_meta": {"progressToken": 1}});
    let mut body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": modern_params(progress)});
    body["params"]["_meta"]["progressToken"] = 1.into();
    for server in ["old", "new"] {
        let request =
            request(gateway(), &format!("/mcp/{server}"), "tools/call", json!({"name": "test_tool_with_progress"}));
        let answer = send(request.json(&body).bearer_auth(&tokens.access).header("origin", origin)).await;
        assert_eq!((answer.status, answer.media_type()), (200, "text/event-stream"), "{}", answer.text());
        assert_eq!(answer.must("access-control-allow-origin"), origin, "{server}");
        assert_eq!(answer.must("vary"), "Origin", "{server}");
    }
    let open = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25",
        "capabilities": {"elicitation": {}}, "clientInfo": {"name": "contract", "version": "1.0.0"}}});
    let of_page = |method: Method| {
        let request = gateway().request(method, "/mcp/old").bearer_auth(&tokens.access).header("origin", origin);
        request.header("accept", "application/json, text/event-stream")
    };
    let opened = send(of_page(Method::POST).json(&open)).await;
    assert_eq!(opened.must("access-control-allow-origin"), origin);
    let session = opened.must("mcp-session-id").to_owned();
    let stream = of_page(Method::GET).header("mcp-session-id", &session).send().await.unwrap();
    let told =
        |name: &str| stream.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!((told("access-control-allow-origin"), told("vary")), (vec![origin], vec!["Origin"]));
    drop(stream);
    let ended = send(of_page(Method::DELETE).header("mcp-session-id", &session)).await;
    assert_eq!((ended.status, ended.must("access-control-allow-origin")), (204, origin));
}
