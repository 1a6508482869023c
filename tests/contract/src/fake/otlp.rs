//! A collector of traces: it takes what OTLP/HTTP says in JSON, read by the types that OpenTelemetry generates from its own
//! protocol definitions, and refuses everything else.

use super::{Reply, Request, Server};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What a sender must show.
pub const KEY: &str = "canary-collector-key-3c1d9a";

/// A running collector.
#[derive(Clone, Debug)]
pub struct Collector {
    /// The server, with every request it got.
    pub server: Server,
}

/// A span as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace, in hexadecimal.
    pub trace: String,
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its parent's id; empty for none.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SpanKind,
    /// Its attributes, in words.
    pub attributes: BTreeMap<String, String>,
    /// Whether it ended with an error.
    pub failed: bool,
    /// How long it took, in nanoseconds.
    pub nanos: u64,
}

impl Collector {
    /// Starts a collector that wants [`KEY`].
    pub fn start() -> Self {
        let server = Server::start(|request| match read(request) {
            Ok(_) => Reply::json(200, &serde_json::json!({})),
            Err(why) => Reply::text(400, "text/plain", why),
        });
        Self { server }
    }

    /// Every span so far. What was not in the protocol's form is a failed test.
    #[track_caller]
    pub fn spans(&self) -> Vec<Span> {
        let asked = self.server.asked();
        asked.iter().flat_map(|request| spans(&read(request).unwrap_or_else(|why| panic!("{why}")))).collect()
    }

    /// The spans of a trace, once its request's own is among them.
    pub async fn trace(&self, trace: &str) -> Vec<Span> {
        let start = Instant::now();
        loop {
            let all: Vec<Span> = self.spans().into_iter().filter(|span| span.trace == trace).collect();
            if all.iter().any(|span| span.attributes.contains_key("http.route")) {
                return all;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "the trace {trace} does not come: {all:#?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn read(request: &Request) -> Result<ExportTraceServiceRequest, String> {
    let (method, path) = (request.method.as_str(), request.path.as_str());
    if (method, path, request.header("content-type")) != ("POST", "/v1/traces", Some("application/json")) {
        return Err(format!("{method} {path} is no OTLP in JSON"));
    }
    if request.header("authorization") != Some(&format!("Bearer {KEY}")) {
        return Err("not the sender's key".into());
    }
    let sent: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    let message: ExportTraceServiceRequest = serde_json::from_value(sent.clone()).map_err(|error| error.to_string())?;
    let known = serde_json::to_value(&message).map_err(|error| error.to_string())?;
    unknown(&sent, &known, "").map_or(Ok(message), Err)
}

/// The first member of a message that its reader did not know, or understood as something else.
fn unknown(sent: &Value, known: &Value, at: &str) -> Option<String> {
    match (sent, known) {
        (Value::Object(sent), Value::Object(known)) => sent.iter().find_map(|(name, value)| {
            let at = format!("{at}/{name}");
            known.get(name).map_or_else(|| Some(format!("{at} is unknown")), |known| unknown(value, known, &at))
        }),
        (Value::Array(sent), Value::Array(known)) if sent.len() == known.len() => {
            sent.iter().zip(known).find_map(|(sent, known)| unknown(sent, known, at))
        }
        // A 64-bit number may be written as a text or as a number.
        (Value::String(text), Value::Number(number)) if *text == number.to_string() => None,
        (sent, known) => (sent != known).then(|| format!("{at} is read as {known}: {sent}")),
    }
}

fn spans(message: &ExportTraceServiceRequest) -> Vec<Span> {
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let mut all = Vec::new();
    for resource in &message.resource_spans {
        let about = attributes(&resource.resource.as_ref().expect("a resource").attributes);
        assert_eq!(about["service.name"], "mcp-secure-gateway");
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            all.push(Span {
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                name: span.name.clone(),
                kind: span.kind(),
                attributes: attributes(&span.attributes),
                failed: span.status.as_ref().is_some_and(|status| status.code == 2),
                nanos: span.end_time_unix_nano.checked_sub(span.start_time_unix_nano).expect("an end after its start"),
            });
        }
    }
    all
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    let word = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        other => panic!("{}: {other:?}", pair.key),
    };
    pairs.iter().map(|pair| (pair.key.clone(), word(pair))).collect()
}

#[cfg(test)]
mod tests {
    use super::unknown;
    use serde_json::json;

    #[test]
    fn what_a_message_should_not_have_is_found() {
        let known = json!({"spans": [{"name": "x", "start": 5}]});
        assert_eq!(unknown(&json!({"spans": [{"name": "x", "start": "5"}]}), &known, ""), None);
        assert_eq!(unknown(&json!({"spans": [{"nam": "x"}]}), &known, "").unwrap(), "/spans/nam is unknown");
        assert!(unknown(&json!({"spans": [{"start": "6"}]}), &known, "").is_some());
    }
}
