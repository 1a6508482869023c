//! Bad input: the right status, a clear problem document, and a next request that is fine.

use crate::{gateway, logged_in};
use gateway_contract::client::{Answer, send};
use gateway_contract::raw;
use gateway_contract::seed::Tools;
use reqwest::Method;
use serde_json::json;

async fn still_fine(after: &str) {
    let answer = gateway().get("/health/live").await;
    assert_eq!(answer.status, 200, "after {after}");
}

#[tokio::test]
async fn a_body_that_is_not_strict_json_is_refused_on_every_route_with_a_body() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let bearer = format!("Bearer {}", tokens.access);
    let deep = format!("{{\"tool\":\"server_time\",\"arguments\":{{\"a\":{}1{}}}}}", "[".repeat(100), "]".repeat(100));
    let long = format!("{{\"tool\":\"{}\"}}", "x".repeat(1024 * 1024));
    let bodies: [(&str, &[u8], u16); 12] = [
        ("nothing", b"", 400),
        ("a cut", b"{\"username\":", 400),
        ("two documents", b"{}{}", 400),
        ("a comment", b"{/**/}", 400),
        ("a trailing comma", b"{\"tool\":\"a\",}", 400),
        ("a byte order mark", b"\xef\xbb\xbf{}", 400),
        ("invalid UTF-8", b"{\"tool\":\"\xc3\x28\"}", 400),
        ("half a surrogate", b"{\"tool\":\"\\ud800\"}", 400),
        ("a name twice", b"{\"tool\":\"a\",\"tool\":\"b\"}", 400),
        ("not a number", b"{\"tool\":NaN}", 400),
        ("too deep", deep.as_bytes(), 400),
        ("too long", long.as_bytes(), 413),
    ];
    for path in ["/auth/login", "/auth/refresh", "/mcp/execute"] {
        for (what, body, status) in bodies {
            let lines: [(&str, &[u8]); 2] =
                [("Authorization", bearer.as_bytes()), ("Content-Type", b"application/json")];
            let answer = raw::request(gateway(), "POST", path, &lines, body);
            assert_eq!(answer.status, status, "{path}: {what}: {}", answer.text());
            answer.problem(status);
            still_fine(what).await;
        }
    }
}

#[tokio::test]
async fn only_json_is_read() {
    for content in [
        None,
        Some("text/plain"),
        Some("application/json2"),
        Some("application/json; charset=utf-16"),
        Some("multipart/form-data; boundary=x"),
    ] {
        let mut request = gateway().request(Method::POST, "/auth/login").body(r#"{"username":"a","password":"b"}"#);
        if let Some(content) = content {
            request = request.header("content-type", content);
        }
        send(request).await.problem(415);
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    for (path, right, wrong) in [
        ("/auth/login", "POST", &["GET", "PUT", "DELETE", "PATCH"][..]),
        ("/auth/refresh", "POST", &["GET"]),
        ("/auth/logout", "POST", &["GET", "DELETE"]),
        ("/auth/me", "GET", &["POST", "DELETE"]),
        ("/auth/introspect", "POST", &["GET", "DELETE"]),
        ("/mcp/tools", "GET", &["POST"]),
        ("/mcp/execute", "POST", &["GET", "HEAD"]),
        ("/health", "GET", &["POST", "PUT"]),
        ("/openapi.json", "GET", &["POST"]),
        ("/docs", "GET", &["POST"]),
    ] {
        for method in wrong {
            let method: Method = method.parse().unwrap();
            let answer = send(gateway().request(method.clone(), path)).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            if method != Method::HEAD {
                answer.problem(405);
            }
            assert!(answer.must("allow").split(", ").any(|allowed| allowed == right), "{method} {path}");
        }
    }
    let unheard = raw::request(gateway(), "BREW", "/auth/login", &[], b"");
    assert!(matches!(unheard.status, 400 | 405 | 501), "{}", unheard.status);
    let echo = raw::request(gateway(), "TRACE", "/health", &[("X-Canary", b"canary")], b"");
    assert!(matches!(echo.status, 400 | 405 | 501) && !echo.text().contains("canary"), "{}", echo.status);
    still_fine("odd methods").await;
}

#[tokio::test]
async fn an_unknown_route_is_not_found() {
    for path in [
        "/",
        "/auth",
        "/auth/login/",
        "/AUTH/LOGIN",
        "/mcp/",
        "/mcp/tools/1",
        "/health/deep",
        "/.env",
        "/%2e%2e/etc/passwd",
        "//auth/me",
        "/auth%2flogin",
    ] {
        gateway().get(path).await.problem(404);
        gateway().post(path, &json!({})).await.problem(404);
    }
    let query = gateway().get("/health/live?x=%00&y=../..").await;
    assert_eq!(query.status, 200);
    let long = gateway().get(&format!("/{}", "x".repeat(9000))).await;
    assert!(matches!(long.status, 404 | 414 | 431), "{}", long.status);
    still_fine("unknown routes").await;
}

/// Asks with correlation ids byte for byte.
fn correlated(ids: &[&[u8]]) -> Answer {
    let lines: Vec<(&str, &[u8])> = ids.iter().map(|id| ("X-Correlation-ID", *id)).collect();
    raw::request(gateway(), "GET", "/no/such/route", &lines, b"")
}

#[tokio::test]
async fn a_good_correlation_id_is_kept_and_an_odd_one_is_replaced() {
    let longest = "a".repeat(64);
    for good in ["x", "req-42_A", &longest] {
        let answer = correlated(&[good.as_bytes()]);
        assert_eq!(answer.must("x-correlation-id"), good);
        assert_eq!(answer.problem(404)["correlation_id"], good);
    }
    let too_long = "a".repeat(65);
    let odd: [&[&[u8]]; 9] = [
        &[b""],
        &[b"a b"],
        &[too_long.as_bytes()],
        &["é".as_bytes()],
        &[b"\xff\xfe"],
        &[b"a\",\"level\":\"error"],
        &[b"a;b"],
        &[b"<script>"],
        &[b"one", b"two"],
    ];
    for ids in odd {
        let answer = correlated(ids);
        let made = answer.must("x-correlation-id").to_owned();
        let clean = made.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        assert!(clean && made.len() >= 16 && made.len() <= 64, "{ids:?}: {made}");
        answer.problem(404);
    }
    let (one, other) = (correlated(&[]), correlated(&[]));
    assert_ne!(one.must("x-correlation-id"), other.must("x-correlation-id"));
}

#[tokio::test]
async fn another_host_is_misdirected_and_another_origin_is_forbidden() {
    for host in ["evil.example.com", "127.0.0.1.evil.example.com", "localhost.evil.example.com:8787", "10.0.0.1"] {
        let answer = raw::request(gateway(), "GET", "/health", &[("Host", host.as_bytes())], b"");
        assert!(matches!(answer.status, 400 | 421), "{host}: {} {}", answer.status, answer.text());
    }
    let plain = raw::request(gateway(), "GET", "/health", &[("Host", b"evil.example.com")], b"");
    plain.problem(421);
    let ask = async |origin: &str| send(gateway().request(Method::GET, "/health").header("origin", origin)).await;
    for origin in [
        "https://evil.example.com",
        "null",
        "http://127.0.0.1.evil.example.com",
        "file://",
        "http://localhost@evil.example.com",
    ] {
        ask(origin).await.problem(403);
    }
    assert_eq!(ask(&gateway().url("")).await.status, 200);
    still_fine("other hosts").await;
}
