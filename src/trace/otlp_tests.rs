use super::{lost, request};
use crate::config::Profile;
use crate::outbound::{OutboundAnswer, OutboundFailure};
use crate::time::Timestamp;
use crate::trace::id::{SpanId, TraceId};
use crate::trace::settings::Collector;
use crate::trace::span::{Finished, Kind, Span};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn collector() -> Collector {
    let lookup = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("https://otlp.example.com/prefix/".to_owned()),
        "OTEL_EXPORTER_OTLP_HEADERS" => Some("x-key=canary%20value".to_owned()),
        _ => None,
    };
    Collector::read(&lookup, Profile::Production).unwrap().unwrap()
}

fn finished(parent: Option<[u8; 8]>) -> Finished {
    let span = Span {
        id: SpanId::from_random([2; 8]),
        parent: parent.map(SpanId::from_random),
        name: "GET /mcp/tools".into(),
        kind: Kind::Server,
        start: Timestamp::from_millis(1_700_000_000_123),
        end: Timestamp::from_millis(1_700_000_000_456),
        attributes: vec![("http.route", "/mcp/tools".into()), ("http.response.status_code", 503_u16.into())],
        error: parent.is_some().then(|| "503".into()),
    };
    Finished { trace: TraceId::from_random([1; 16]), random: true, remote: parent.is_some(), span }
}

#[test]
fn a_message_has_the_protocols_form() {
    let request = request(&collector(), &[finished(Some([3; 8])), finished(None)]);
    assert_eq!(request.url.url().as_str(), "https://otlp.example.com/prefix/v1/traces");
    let sent: Value = serde_json::from_slice(request.body.as_deref().unwrap()).unwrap();
    let attributes = json!([
        {"key": "http.route", "value": {"stringValue": "/mcp/tools"}},
        {"key": "http.response.status_code", "value": {"intValue": "503"}},
    ]);
    let mut failed = attributes.clone();
    failed.as_array_mut().unwrap().push(json!({"key": "error.type", "value": {"stringValue": "503"}}));
    let span = |flags: u32, attributes: &Value, status: Value| {
        json!({
            "traceId": "01".repeat(16), "spanId": "02".repeat(8), "flags": flags, "name": "GET /mcp/tools", "kind": 2,
            "startTimeUnixNano": "1700000000123000000", "endTimeUnixNano": "1700000000456000000",
            "attributes": attributes, "status": status,
        })
    };
    let mut child = span(0x303, &failed, json!({"code": 2}));
    child["parentSpanId"] = json!("03".repeat(8));
    let resource = json!({"attributes": [
        {"key": "service.name", "value": {"stringValue": "mcp-secure-gateway"}},
        {"key": "service.version", "value": {"stringValue": crate::VERSION}},
    ]});
    let scope = json!({"name": "mcp-secure-gateway", "version": crate::VERSION});
    let spans = json!([child, span(0x103, &attributes, json!({}))]);
    assert_eq!(
        sent,
        json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]})
    );
}

#[test]
fn the_operators_headers_go_along_and_are_not_shown() {
    let request = request(&collector(), &[]);
    let sent: Vec<_> = request.headers.iter().map(|(name, value)| (name.as_ref(), value.expose())).collect();
    assert_eq!(sent, [("content-type", "application/json"), ("x-key", "canary value")]);
    assert!(!format!("{request:?}").contains("canary"));
}

#[test]
fn what_a_collector_did_not_take_is_counted() {
    let answer = |status, body: &str| Ok(OutboundAnswer { status, headers: Vec::new(), body: body.into() });
    for good in ["", "{}", "{\"partialSuccess\":null}", "{\"partialSuccess\":{\"rejectedSpans\":\"0\"}}", "not JSON"] {
        assert_eq!(lost(5, answer(200, good)), None, "{good}");
    }
    let count = |answer| lost(5, answer).unwrap().0;
    assert_eq!(count(answer(200, "{\"partialSuccess\":{\"rejectedSpans\":\"2\"}}")), 2);
    assert_eq!(count(answer(202, "{\"partialSuccess\":{\"rejectedSpans\":900}}")), 5);
    assert_eq!(lost(5, answer(401, "canary")).unwrap(), (5, "the collector answered with HTTP status 401".into()));
    assert_eq!(count(Err(OutboundFailure::Timeout)), 5);
}
