//! Metrics and what happened minute by minute: everything once, soon after it happened, and to whom it belongs.

use crate::gateway;
use gateway_contract::OPERATOR;
use gateway_contract::fake::faulty::faults;
use gateway_contract::fake::shifting::{Shifting, tool};
use gateway_contract::team::{SEEN, Team, within};
use reqwest::Method;
use serde_json::{Value, json};

/// The value of a sample of this name with all of these labels; zero where there is none.
async fn sample(name: &str, labels: &[(&str, &str)]) -> f64 {
    let text = gateway().get_as(OPERATOR, "/metrics").await.text();
    let wanted: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let of_it = |line: &&str| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
            && wanted.iter().all(|label| line.contains(label))
    };
    let values = text.lines().filter(of_it).map(|line| line.rsplit_once(' ').expect("a value").1);
    values.map(|value| value.parse::<f64>().expect("a number")).sum()
}

async fn activity(team: &Team) -> Value {
    team.order("auditor", Method::GET, "/admin/activity?minutes=10", None).await.json(200)
}

/// The sum of a member over all minutes of an upstream's series.
fn sum(activity: &Value, upstream: &Value, member: &str) -> u64 {
    let all = activity["series"].as_array().expect("series").iter();
    let points = all
        .filter(|series| series["upstream"] == *upstream)
        .flat_map(|series| series["points"].as_array().expect("points"));
    points.map(|point| point[member].as_u64().expect("a number")).sum()
}

#[tokio::test]
async fn every_call_is_counted_once_by_tenant_upstream_tool_and_outcome() {
    let server = Shifting::start(json!([tool("echo", "Repeats a text.", &["text"])]));
    let (team, other) = (Team::new(), Team::new());
    team.make("owner", "/admin/upstreams", &json!({"name": "shift", "url": server.server.url("/mcp")})).await;
    let access = team.token("agent").await;
    let call = async |tool: &str, arguments: &Value| gateway().execute(&access, tool, arguments).await.status;
    within(SEEN, "served", || async { call("shift__echo", &json!({"text": "x"})).await == 200 }).await;
    let before = server.calls();
    for _ in 0..5 {
        assert_eq!(call("shift__echo", &json!({"text": "x"})).await, 200);
    }
    assert_eq!(call("shift__echo", &json!({"text": 7})).await, 422);
    assert_eq!(call("server_time", &json!({})).await, 200);
    let tenant = ("tenant", team.tenant());
    let before = u64::try_from(before).expect("few");
    let made = f64::from(u32::try_from(before + 5).expect("few"));
    let of = |outcome| [tenant, ("upstream", "shift"), ("tool", "shift__echo"), ("outcome", outcome)];
    within(SEEN, "counted", || async { sample("mcp_gateway_tool_calls_total", &of("ok")).await >= made }).await;
    assert!((sample("mcp_gateway_tool_calls_total", &of("ok")).await - made).abs() < 0.5, "once");
    let count = |name: &'static str, labels: Vec<(&'static str, &'static str)>| {
        let labels: Vec<(&str, &str)> = labels.into_iter().chain([tenant]).collect();
        async move { sample(name, &labels).await }
    };
    within(SEEN, "all of it", || async {
        count("mcp_gateway_tool_calls_total", vec![("upstream", "builtin"), ("tool", "server_time")]).await > 0.5
    })
    .await;
    assert!((sample("mcp_gateway_tool_calls_total", &of("bad_arguments")).await - 1.0).abs() < 0.5);
    let operations = count("mcp_server_operation_duration_seconds_count", vec![("upstream", "shift")]).await;
    assert!(operations >= made + 1.0, "{operations}");
    assert!(count("http_client_request_duration_seconds_count", vec![("upstream", "shift")]).await >= made);

    let told = activity(&team).await;
    assert_eq!(sum(&told, &json!("shift"), "ok"), before + 5);
    assert_eq!(sum(&told, &json!("shift"), "refused"), 1);
    assert_eq!(sum(&told, &json!("builtin"), "calls"), 1);
    assert!(sum(&told, &Value::Null, "ok") > 0, "requests that called no tool");
    assert!(told["series"].as_array().expect("series").iter().all(|series| series["tenant"] == team.tenant()));
    let others = activity(&other).await;
    assert_eq!(sum(&others, &json!("shift"), "calls"), 0, "another team sees nothing of it");
    for (who, status) in [("agent", 403), ("developer", 403)] {
        assert_eq!(team.order(who, Method::GET, "/admin/activity", None).await.status, status);
    }
    for minutes in ["0", "1441", "x", "-1"] {
        let path = format!("/admin/activity?minutes={minutes}");
        team.order("owner", Method::GET, &path, None).await.problem(400);
    }
}

#[tokio::test]
async fn an_upstream_that_fails_shows_with_its_minute_and_as_left_alone() {
    let server = faults();
    let team = Team::new();
    team.make("owner", "/admin/upstreams", &json!({"name": "broken", "url": server.url("/crash")})).await;
    let access = team.token("agent").await;
    let tenant = [("tenant", team.tenant()), ("upstream", "broken")];
    within(SEEN * 3, "left alone", || async {
        gateway().execute(&access, "broken__go", &json!({})).await;
        sample("mcp_gateway_upstream_breaker_open", &tenant).await > 0.5
    })
    .await;
    let opened = [tenant[0], tenant[1], ("state", "open")];
    assert!(sample("mcp_gateway_upstream_breaker_changes_total", &opened).await > 0.5);
    let failed = sum(&activity(&team).await, &json!("broken"), "failed");
    assert!(failed > 0, "{failed}");
    let status = [tenant[0], tenant[1], ("error_type", "status")];
    assert!(sample("http_client_request_duration_seconds_count", &status).await > 0.5);
}

#[tokio::test]
async fn what_is_asked_of_the_platform_and_remembered_is_counted() {
    let team = Team::new();
    let access = team.token("agent").await;
    for _ in 0..3 {
        gateway().execute(&access, "server_time", &json!({})).await.json(200);
    }
    let parts =
        ["d1", "gate", "audit_trail", "metrics"].map(|part| ("mcp_gateway_platform_operations_total", ("part", part)));
    let others = [
        ("mcp_gateway_leases_total", ("result", "granted")),
        ("mcp_gateway_cache_lookups_total", ("cache", "token")),
        ("mcp_gateway_auth_results_total", ("credential", "access_token")),
        ("mcp_gateway_auth_results_total", ("credential", "password")),
        ("mcp_gateway_log_events_total", ("event", "request")),
        ("http_server_request_duration_seconds_count", ("http_route", "/mcp/execute")),
    ];
    for (name, label) in parts.into_iter().chain(others) {
        within(SEEN, name, || async { sample(name, &[label]).await > 0.5 }).await;
    }
    assert!(sample("mcp_gateway_isolate_starts_total", &[]).await > 0.5);
    gateway().get_as("not-the-operators-token-0123456789", "/metrics").await.problem(401);
}
