//! Traces: accepted, made, passed on, and handed to a collector.

use crate::gateway;
use gateway_contract::client::{Answer, Tokens, note_secret, secrets, send};
use gateway_contract::fake::closed_port;
use gateway_contract::fake::mcp::Upstream;
use gateway_contract::fake::otlp::{Collector, KEY, Span};
use gateway_contract::fake::server::Request;
use gateway_contract::guard::Guarded;
use gateway_contract::seed::{Addresses, Tools};
use gateway_contract::{Gateway, Plan, World};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A gateway whose traces are collected, and a tool server of its own.
struct Traced {
    gateway: Gateway,
    collector: Collector,
    modern: Upstream,
    legacy: Upstream,
}

fn traced() -> &'static Traced {
    static TRACED: OnceLock<Traced> = OnceLock::new();
    TRACED.get_or_init(|| {
        let collector = Collector::start();
        note_secret(KEY);
        let (modern, legacy) = (Upstream::modern(), Upstream::legacy());
        let plan = plan(&modern, &legacy).with("OTEL_EXPORTER_OTLP_ENDPOINT", collector.server.url(""));
        let plan = plan.with("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization=Bearer%20{KEY}"));
        Traced { gateway: Gateway::start(&plan), collector, modern, legacy }
    })
}

fn plan(modern: &Upstream, legacy: &Upstream) -> Plan {
    let nowhere = format!("http://127.0.0.1:{}/mcp", closed_port());
    let addresses = Addresses {
        everything: nowhere.clone(),
        modern: modern.server.url("/mcp"),
        legacy: legacy.server.url("/mcp"),
        gone: nowhere.clone(),
        old: nowhere.clone(),
        new: nowhere.clone(),
        recorded: nowhere,
    };
    Plan::default().with_accounts(&addresses).with("LOGIN_SOURCE_BURST", "1000").with("LOGIN_SOURCE_PER_MINUTE", "1000")
}

/// A trace of a caller's own, and its `traceparent`.
fn own_trace(flags: &str) -> (String, String) {
    let bytes: [u8; 24] = std::array::from_fn(|_| rand());
    let hex = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let (trace, span) = hex.split_at(32);
    (trace.to_owned(), format!("00-{trace}-{span}-{flags}"))
}

/// A random byte that is not zero.
fn rand() -> u8 {
    use std::hash::{BuildHasher, Hasher};
    let hash = std::collections::hash_map::RandomState::new().build_hasher().finish();
    u8::try_from(hash % 255 + 1).unwrap()
}

async fn log_in(gateway: &Gateway, tools: Tools) -> Tokens {
    gateway.login(&gateway.user(tools)).await
}

async fn execute(gateway: &Gateway, access: &str, tool: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"tool": tool, "arguments": {"text": "canary-argument-of-a-trace"}});
    let mut request = gateway.request(Method::POST, "/mcp/execute").bearer_auth(access).json(&body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request).await
}

/// The call that reached a tool server with this correlation of its own: the last one.
#[track_caller]
fn last_call(upstream: &Upstream) -> Request {
    upstream.calls("tools/call").pop().expect("a call at the tool server")
}

/// `traceparent` of a request, in its header and in its message, which must be one.
#[track_caller]
fn passed_on(request: &Request) -> (String, String) {
    let header = request.header("traceparent").expect("a traceparent header").to_owned();
    assert_eq!(request.json()["params"]["_meta"]["traceparent"], header, "{}", request.json());
    let parts: Vec<&str> = header.split('-').collect();
    assert_eq!((parts.len(), parts[0]), (4, "00"), "{header}");
    (parts[1].to_owned(), parts[2].to_owned())
}

#[track_caller]
fn the<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

#[tokio::test]
async fn a_sampled_call_is_a_tree_of_spans_at_the_collector_and_its_upstream_hangs_on_it() {
    let Traced { gateway, collector, modern, .. } = traced();
    let tokens = log_in(gateway, Tools::Modern).await;
    let (trace, parent) = own_trace("01");
    execute(gateway, &tokens.access, "modern__repeat", &[("traceparent", &parent), ("tracestate", "vendor=a1")])
        .await
        .json(200);
    let request = modern.calls("tools/call").into_iter().rfind(|request| request.header("tracestate").is_some());
    let request = request.expect("the call at the tool server");
    let (seen, client) = passed_on(&request);
    assert_eq!((seen.as_str(), request.header("tracestate")), (trace.as_str(), Some("vendor=a1")));
    assert_eq!(request.json()["params"]["_meta"]["tracestate"], "vendor=a1");
    let spans = collector.trace(&trace).await;
    let root = the(&spans, "POST /mcp/execute");
    assert_eq!((root.kind, root.parent.as_str()), (SpanKind::Server, &parent[36..52]));
    assert_eq!(root.attributes["http.response.status_code"], "200");
    assert_eq!(root.attributes["gen_ai.tool.name"], "modern__repeat");
    let admission = the(&spans, "admission");
    let policy = the(&spans, "policy");
    let upstream = the(&spans, "tools/call repeat");
    for child in [admission, policy, upstream] {
        assert_eq!(child.parent, root.id, "{child:#?} in {spans:#?}");
    }
    assert_eq!((upstream.kind, upstream.id.as_str()), (SpanKind::Client, client.as_str()));
    assert_eq!(upstream.attributes["server.address"], "127.0.0.1");
    assert_eq!(upstream.attributes["mcp.method.name"], "tools/call");
    let gate = the(&spans, "ask gate");
    assert_eq!((gate.kind, &gate.parent), (SpanKind::Client, &admission.id), "{spans:#?}");
    assert!(spans.iter().any(|span| span.name == "SELECT users" && span.parent == admission.id), "{spans:#?}");
    assert!(spans.iter().any(|span| span.name == "ask audit_trail"), "{spans:#?}");
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    assert_eq!(ids.len(), spans.len(), "two spans with one id: {spans:#?}");
    for span in spans.iter().filter(|span| span.id != root.id) {
        assert!(ids.contains(span.parent.as_str()), "{span:#?} hangs on nothing");
        assert!(!span.failed && span.nanos < 60_000_000_000, "{span:#?}");
    }
}

#[tokio::test]
async fn a_message_of_the_protocol_names_its_trace_where_no_header_does() {
    let Traced { gateway, collector, modern, .. } = traced();
    let tokens = log_in(gateway, Tools::Modern).await;
    let (trace, parent) = own_trace("01");
    let call = |in_header: Option<String>| {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
            "traceparent": parent, "tracestate": "in=meta"
        });
        let params = json!({"name": "modern__repeat", "arguments": {"text": "x"}, "_meta": meta});
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let headers = [
            ("accept", "application/json, text/event-stream"),
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "modern__repeat"),
        ];
        let request = gateway.request(Method::POST, "/mcp").bearer_auth(&tokens.access).json(&body);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        send(in_header.into_iter().fold(request, |request, parent| request.header("traceparent", parent)))
    };
    call(None).await.json(200);
    let spans = collector.trace(&trace).await;
    assert_eq!(the(&spans, "POST /mcp").parent, &parent[36..52]);
    let client = &the(&spans, "tools/call repeat").id;
    let asked = modern.calls("tools/call");
    let seen = asked.iter().find(|request| request.header("traceparent").is_some_and(|seen| seen.contains(client)));
    let seen = seen.expect("the call at the tool server");
    assert_eq!(passed_on(seen).0, trace);
    assert_eq!(seen.json()["params"]["_meta"]["tracestate"], "in=meta");
    // The header, where there is one, is what counts.
    let (other, header) = own_trace("01");
    call(Some(header)).await.json(200);
    let spans = collector.trace(&other).await;
    let client = &the(&spans, "tools/call repeat").id;
    let asked = modern.calls("tools/call");
    assert!(asked.iter().any(|request| passed_on(request) == (other.clone(), client.clone())));
}

#[tokio::test]
async fn a_malformed_parent_is_ignored_and_a_new_trace_begins() {
    let Traced { gateway, collector, legacy, .. } = traced();
    let tokens = log_in(gateway, Tools::Legacy).await;
    let (trace, parent) = own_trace("01");
    for (bad, id) in [
        (parent.to_uppercase(), "trace-upper"),
        (parent.replacen("00-", "ff-", 1), "trace-version"),
        (format!("{parent}-x"), "trace-longer"),
        (format!("00-{}-{}-01", "0".repeat(32), &parent[36..52]), "trace-zero"),
    ] {
        let headers = [("traceparent", bad.as_str()), ("tracestate", "vendor=bad"), ("x-correlation-id", id)];
        execute(gateway, &tokens.access, "legacy__repeat", &headers).await.json(200);
        let request = last_call(legacy);
        let (seen, _) = passed_on(&request);
        assert_ne!(seen, trace, "{bad}");
        assert_eq!(request.header("tracestate"), None);
        let spans = collector.trace(&seen).await;
        let root = the(&spans, "POST /mcp/execute");
        assert_eq!((root.attributes["mcp_gateway.correlation_id"].as_str(), root.parent.as_str()), (id, ""));
        assert_eq!(logged(gateway, id).await["trace_id"], seen);
    }
}

/// The request's own line in the log.
async fn logged(gateway: &Gateway, correlation: &str) -> Value {
    let wanted = format!("\"correlation_id\":\"{correlation}\"");
    for _ in 0..100 {
        let lines = gateway.lines();
        let found = lines.iter().find(|line| line.contains(&wanted) && line.contains("\"event\":\"request\""));
        if let Some(line) = found {
            return serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no line with {correlation}");
}

#[tokio::test]
async fn what_is_not_sampled_or_comes_from_nobody_is_passed_on_and_not_collected() {
    let Traced { gateway, collector, modern, .. } = traced();
    let tokens = log_in(gateway, Tools::Modern).await;
    let (unsampled, parent) = own_trace("00");
    execute(gateway, &tokens.access, "modern__repeat", &[("traceparent", &parent)]).await.json(200);
    let asked = modern.calls("tools/call");
    let passed =
        asked.iter().find(|request| request.header("traceparent").is_some_and(|seen| seen.contains(&unsampled)));
    assert!(passed.expect("the call").header("traceparent").unwrap().ends_with("-00"));
    // Whoever shows no good credential has nothing recorded.
    let (strangers, parent) = own_trace("01");
    let request = gateway.request(Method::GET, "/mcp/tools").bearer_auth("not a token").header("traceparent", &parent);
    send(request).await.problem(401);
    // When a later request has come, so would have these.
    let (last, parent) = own_trace("01");
    execute(gateway, &tokens.access, "modern__repeat", &[("traceparent", &parent)]).await.json(200);
    collector.trace(&last).await;
    let spans = collector.spans();
    assert!(!spans.iter().any(|span| span.trace == unsampled || span.trace == strangers));
}

#[tokio::test]
async fn a_gateway_without_a_collector_passes_on_what_came_and_begins_what_did_not() {
    let world = World::shared();
    let user = gateway().user(Tools::Modern);
    let tokens = gateway().login(&user).await;
    let (trace, parent) = own_trace("01");
    execute(
        gateway(),
        &tokens.access,
        "modern__repeat",
        &[("traceparent", &parent), ("x-correlation-id", "trace-none")],
    )
    .await
    .json(200);
    let calls = world.modern.calls("tools/call");
    assert!(calls.iter().any(|request| request.header("traceparent") == Some(&parent)), "not passed on");
    assert_eq!(logged(gateway(), "trace-none").await["trace_id"], trace);
    gateway()
        .post_as(&tokens.access, "/mcp/execute", &json!({"tool": "modern__repeat", "arguments": {"text": "x"}}))
        .await;
    assert!(world.modern.calls("tools/call").iter().all(|request| request.header("traceparent").is_some()));
}

#[tokio::test]
async fn no_span_has_a_secret_or_an_argument_in_it() {
    let Traced { gateway, collector, .. } = traced();
    let tokens = log_in(gateway, Tools::Modern).await;
    let (access, id) = (tokens.access.as_str(), "trace-secrets");
    execute(gateway, access, "modern__repeat", &[]).await.json(200);
    execute(gateway, access, access, &[]).await;
    execute(gateway, access, "modern__crash", &[]).await;
    gateway.get(&format!("/auth/me?access_token={access}")).await;
    gateway.get(&format!("/{}", tokens.refresh)).await;
    let request =
        gateway.request(Method::GET, "/auth/me").bearer_auth(access).header("tracestate", "canary=state-of-another");
    send(request).await.json(200);
    let tokens = Tokens::read(&gateway.try_refresh(&tokens.refresh).await);
    execute(gateway, &tokens.access, "modern__repeat", &[("x-correlation-id", id)]).await.json(200);
    let trace = logged(gateway, id).await["trace_id"].as_str().unwrap().to_owned();
    collector.trace(&trace).await;
    let known: Vec<String> = secrets().into_iter().filter(|secret| secret.len() >= 12).collect();
    assert!(known.len() > 3);
    let canaries = ["canary-argument-of-a-trace".to_owned(), "state-of-another".to_owned()];
    for request in collector.server.asked() {
        let sent = String::from_utf8_lossy(&request.body).into_owned();
        for secret in known.iter().chain(&canaries) {
            assert!(!sent.contains(secret.as_str()), "{secret} in {sent}");
        }
    }
}

#[tokio::test]
async fn a_collector_that_is_away_costs_nobody_anything_and_the_log_says_what_was_lost() {
    let (modern, legacy) = (Upstream::modern(), Upstream::legacy());
    let nowhere = format!("http://127.0.0.1:{}", closed_port());
    let gateway = Gateway::start(&plan(&modern, &legacy).with("OTEL_EXPORTER_OTLP_ENDPOINT", nowhere));
    let tokens = log_in(&gateway, Tools::Modern).await;
    execute(&gateway, &tokens.access, "modern__repeat", &[]).await.json(200);
    let start = Instant::now();
    let lost = loop {
        let lines = gateway.lines();
        if let Some(line) = lines.iter().find(|line| line.contains("\"event\":\"trace.spans_lost\"")) {
            break serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
        assert!(start.elapsed() < Duration::from_secs(20), "nothing is said of lost spans");
        execute(&gateway, &tokens.access, "modern__repeat", &[]).await.json(200);
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    assert_eq!((&lost["level"], &lost["reason"]), (&json!("warn"), &json!("the connection failed")), "{lost}");
    assert!(lost["spans"].as_u64().is_some_and(|spans| spans > 0) && lost["trace_id"].is_null(), "{lost}");
}

/// The program `rotel`, a collector of others' making; see `docs/TRACES.md`.
fn rotel() -> Option<PathBuf> {
    let given = std::env::var_os("ROTEL").map(PathBuf::from).filter(|path| path.is_file());
    if given.is_none() {
        assert!(!std::env::var("COLLECTOR_TESTS").is_ok_and(|value| value == "required"), "ROTEL names no program");
        let told = "\nSKIPPED: a_collector_of_others_takes_the_spans: no collector (pip install rotel, and ROTEL=…/rotel-agent)\n";
        let _ = std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes());
    }
    given
}

#[tokio::test]
async fn a_collector_of_others_takes_the_spans() {
    let Some(program) = rotel() else { return };
    let (http, grpc) = (closed_port(), closed_port());
    let folder = gateway_contract::fresh_state();
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(program);
    command.args(["start", "--debug-log", "traces", "--debug-log-verbosity", "detailed", "--exporter", "blackhole"]);
    command.arg("--otlp-http-endpoint").arg(format!("127.0.0.1:{http}"));
    command.arg("--otlp-grpc-endpoint").arg(format!("127.0.0.1:{grpc}"));
    command.arg("--pid-file").arg(folder.join("pid")).arg("--log-file").arg(folder.join("log"));
    let collector = Guarded::start(command);
    let (modern, legacy) = (Upstream::modern(), Upstream::legacy());
    let address = format!("http://127.0.0.1:{http}");
    let gateway = Gateway::start(&plan(&modern, &legacy).with("OTEL_EXPORTER_OTLP_ENDPOINT", address));
    let tokens = log_in(&gateway, Tools::Modern).await;
    let (trace, parent) = own_trace("01");
    execute(&gateway, &tokens.access, "modern__repeat", &[("traceparent", &parent)]).await.json(200);
    let start = Instant::now();
    let printed = loop {
        let lines = collector.lines();
        let of_trace = lines.iter().filter(|line| line.contains("Trace ID") && line.contains(&trace)).count();
        if of_trace >= 4 {
            break lines;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "the collector has not got them:\n{}", lines.join("\n"));
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    for wanted in [
        "service.name: Str(mcp-secure-gateway)".to_owned(),
        format!("Parent ID      : {}", &parent[36..52]),
        "Name           : POST /mcp/execute".into(),
        "Name           : tools/call repeat".into(),
        "Name           : admission".into(),
        "Kind           : SPAN_KIND_SERVER".into(),
        "http.response.status_code: Int(200)".into(),
    ] {
        assert!(printed.iter().any(|line| line.contains(&wanted)), "no {wanted} in:\n{}", printed.join("\n"));
    }
    assert!(!gateway.lines().iter().any(|line| line.contains("trace.spans_lost")));
}
