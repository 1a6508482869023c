//! Spans as a message of the OpenTelemetry Protocol in JSON over HTTP (OTLP 1, "JSON Protobuf Encoding"): ids in hexadecimal,
//! 64-bit numbers as texts, enums as numbers, names in lower camel case.

use super::settings::Collector;
use super::span::{Finished, Kind, Span, Value};
use crate::VERSION;
use crate::outbound::{HeaderValue, Method, OutboundAnswer, OutboundFailure, OutboundRequest};
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

/// How long the collector may take.
const DEADLINE: Lifetime = Lifetime::from_seconds(10);
/// Longest answer that is read.
const LONGEST_ANSWER: usize = 16 * 1024;
/// The name of what makes the spans.
const SCOPE: &str = "mcp-secure-gateway";

const SAMPLED: u32 = 0x001;
const RANDOM: u32 = 0x002;
/// It is known whether the parent is another program's, and it is.
const KNOWS_REMOTE: u32 = 0x100;
const REMOTE: u32 = 0x200;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: [Attribute<'a>; 2],
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<SpanForm<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanForm<'a> {
    trace_id: super::id::TraceId,
    span_id: super::id::SpanId,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<super::id::SpanId>,
    flags: u32,
    name: &'a str,
    kind: u8,
    #[serde(serialize_with = "nanos")]
    start_time_unix_nano: Timestamp,
    #[serde(serialize_with = "nanos")]
    end_time_unix_nano: Timestamp,
    attributes: Vec<Attribute<'a>>,
    status: Status,
}

#[derive(Serialize)]
struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u8>,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'a str,
    value: AnyValue<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum AnyValue<'a> {
    StringValue(&'a str),
    IntValue(#[serde(serialize_with = "text")] i64),
}

/// What a collector says of a message that it took, as far as it matters.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Taken {
    partial_success: Option<Partial>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Partial {
    rejected_spans: Option<Count>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u32),
    Text(String),
}

/// The request that hands spans to their collector.
pub fn request(collector: &Collector, spans: &[Finished]) -> OutboundRequest {
    let mut headers = vec![("content-type".into(), HeaderValue::fixed("application/json"))];
    headers.extend(collector.headers.iter().map(|(name, value)| (name.clone().into(), value.clone())));
    OutboundRequest {
        method: Method::Post,
        url: collector.traces.clone(),
        headers,
        // Texts, numbers and lists of them always serialize.
        body: Some(serde_json::to_vec(&message(collector, spans)).unwrap_or_default()),
        wanted: &[],
        deadline: DEADLINE,
        max_answer_bytes: LONGEST_ANSWER,
    }
}

/// How many spans of that many were not taken, and why.
pub fn lost(sent: usize, answer: Result<OutboundAnswer, OutboundFailure>) -> Option<(u32, String)> {
    let all = u32::try_from(sent).unwrap_or(u32::MAX);
    match answer {
        Err(failure) => Some((all, failure.to_string())),
        Ok(OutboundAnswer { status: 200..300, body, .. }) => {
            let taken: Taken = serde_json::from_slice(&body).unwrap_or_default();
            let rejected = match taken.partial_success.and_then(|partial| partial.rejected_spans) {
                Some(Count::Number(count)) => count,
                Some(Count::Text(count)) => count.parse().unwrap_or_default(),
                None => 0,
            };
            (rejected > 0).then(|| (rejected.min(all), "the collector did not take some of them".to_owned()))
        }
        Ok(OutboundAnswer { status, .. }) => Some((all, format!("the collector answered with HTTP status {status}"))),
    }
}

fn message<'a>(collector: &'a Collector, spans: &'a [Finished]) -> Message<'a> {
    let text = |key, value| Attribute { key, value: AnyValue::StringValue(value) };
    let resource =
        Resource { attributes: [text("service.name", &collector.service), text("service.version", VERSION)] };
    let scope = Scope { name: SCOPE, version: VERSION };
    let spans = spans.iter().map(form).collect();
    Message { resource_spans: [ResourceSpans { resource, scope_spans: [ScopeSpans { scope, spans }] }] }
}

fn form(finished: &Finished) -> SpanForm<'_> {
    let Finished { trace, random, remote, span } = finished;
    let Span { id, parent, name, kind, start, end, attributes, error } = span;
    let value = |value| match value {
        &Value::Whole(number) => AnyValue::IntValue(number),
        Value::Text(text) => AnyValue::StringValue(text),
    };
    let error_type = error.as_deref().map(|kind| Attribute { key: "error.type", value: AnyValue::StringValue(kind) });
    let attributes = attributes.iter().map(|(key, of)| Attribute { key, value: value(of) });
    SpanForm {
        trace_id: *trace,
        span_id: *id,
        parent_span_id: *parent,
        flags: SAMPLED | KNOWS_REMOTE | if *random { RANDOM } else { 0 } | if *remote { REMOTE } else { 0 },
        name,
        kind: match kind {
            Kind::Internal => 1,
            Kind::Server => 2,
            Kind::Client => 3,
        },
        start_time_unix_nano: *start,
        end_time_unix_nano: *end,
        attributes: attributes.chain(error_type).collect(),
        status: Status { code: error.is_some().then_some(2) },
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls; whether it is a large one depends on the target"
)]
fn nanos<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{}000000", moment.millis()))
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls; whether it is a large one depends on the target"
)]
fn text<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[cfg(test)]
#[path = "otlp_tests.rs"]
mod tests;
