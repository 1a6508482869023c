//! The headers of a POST, and whether they agree with its body (2026-07-28, `basic/transports`, "Standard Request
//! Headers").
//!
//! An intermediary routes on headers without reading the body, so a header that says something else than the body, or
//! says it twice, is refused. Names are matched without regard to case, values exactly, with surrounding blanks removed.
//!
//! A runtime that joins repeated headers with `", "` (the Fetch standard does) hides repetition: the joined value then
//! fails to match, because no version, method or tool name contains a comma. Only an `Mcp-Param-*` header for a string
//! argument that itself contains `", "` cannot be told from a repeated one.

use super::refusal::{Fault, HeaderProblem};
use serde_json::{Map, Number, Value};

/// The header that names the protocol's revision.
pub const PROTOCOL_VERSION: &str = "MCP-Protocol-Version";
/// The header that repeats the body's `method`.
pub const METHOD: &str = "Mcp-Method";
/// The header that repeats the tool, prompt or resource a request names.
pub const NAME: &str = "Mcp-Name";
/// What the names of headers that repeat a tool's arguments begin with.
pub const PARAM_PREFIX: &str = "Mcp-Param-";

/// The headers of one request that the protocol reads. Every occurrence of a header is kept, so repetition is visible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHeaders {
    /// `Content-Type`.
    pub content_type: Vec<String>,
    /// `Accept`.
    pub accept: Vec<String>,
    /// `MCP-Protocol-Version`.
    pub protocol_version: Vec<String>,
    /// `Mcp-Method`.
    pub method: Vec<String>,
    /// `Mcp-Name`.
    pub name: Vec<String>,
    /// `Mcp-Param-*`: what follows the prefix, in lower case, and the value.
    pub params: Vec<(String, String)>,
}

/// Whether a tool's input schema marks any property with `x-mcp-header` along a chain of `properties`.
pub fn repeats_arguments(input_schema: &Map<String, Value>) -> bool {
    let properties = input_schema.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| {
        let mut schemas = properties.values().filter_map(Value::as_object);
        schemas.any(|schema| schema.contains_key("x-mcp-header") || repeats_arguments(schema))
    })
}

/// Whether a routing header must be there, or must only be honest when it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

impl RequestHeaders {
    /// Takes what the protocol reads out of all headers of a request, given as name and value.
    pub fn collect<N: AsRef<str>, V: Into<String>>(headers: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut collected = Self::default();
        for (name, value) in headers {
            collected.take(&name.as_ref().to_ascii_lowercase(), value.into());
        }
        collected
    }

    fn take(&mut self, name: &str, value: String) {
        match name {
            "content-type" => self.content_type.push(value),
            "accept" => self.accept.push(value),
            "mcp-protocol-version" => self.protocol_version.push(value),
            "mcp-method" => self.method.push(value),
            "mcp-name" => self.name.push(value),
            _ => {
                if let Some(param) = name.strip_prefix("mcp-param-") {
                    self.params.push((param.to_owned(), value));
                }
            }
        }
    }

    /// Checks that the body is JSON (415 otherwise) and that the client takes JSON and event streams (406 otherwise),
    /// as every client of the protocol must say.
    pub(super) fn check_media_types(&self) -> Result<(), Fault> {
        match self.content_type.as_slice() {
            [one] if essence(one).eq_ignore_ascii_case("application/json") => {}
            _ => return Err(Fault::ContentType),
        }
        let accepts = |wanted: &str| self.accept.iter().any(|value| lists(value, wanted));
        (accepts("application/json") && accepts("text/event-stream")).then_some(()).ok_or(Fault::NotAcceptable)
    }

    /// The one value of `MCP-Protocol-Version`, if any.
    pub(super) fn version(&self) -> Result<Option<&str>, Fault> {
        single(&self.protocol_version, PROTOCOL_VERSION)
    }

    /// Checks `Mcp-Method` and, for a method that has a name in `params`, `Mcp-Name` against the body.
    pub(super) fn check_route(
        &self,
        method: &str,
        params: &Map<String, Value>,
        presence: Presence,
    ) -> Result<(), Fault> {
        match (single(&self.method, METHOD)?, presence) {
            (None, Presence::Required) => return Err(Fault::header(METHOD, HeaderProblem::Missing)),
            (Some(value), _) if value != method => return Err(Fault::header(METHOD, HeaderProblem::Differs)),
            _ => {}
        }
        let value = single(&self.name, NAME)?;
        let Some(expected) = named_in(method, params) else {
            return Ok(());
        };
        match (value, presence) {
            (None, Presence::Required) => Err(Fault::header(NAME, HeaderProblem::Missing)),
            (None, Presence::Optional) => Ok(()),
            (Some(value), _) => matches_text(NAME, value, expected),
        }
    }

    /// Checks the `Mcp-Param-*` headers of a call against its arguments, for each property that the tool's input schema
    /// marks with `x-mcp-header` along a chain of `properties`. An argument that is absent or null must have no header,
    /// one that is there must have its header; whole numbers are compared as numbers. Headers the schema does not ask for
    /// are ignored.
    pub(super) fn check_params(
        &self,
        input_schema: &Map<String, Value>,
        arguments: &Map<String, Value>,
    ) -> Result<(), Fault> {
        let Some(properties) = input_schema.get("properties").and_then(Value::as_object) else {
            return Ok(());
        };
        for (name, schema) in properties {
            let argument = arguments.get(name);
            if let Some(suffix) = schema.get("x-mcp-header").and_then(Value::as_str).filter(|s| !s.is_empty()) {
                self.check_param(suffix, argument)?;
            }
            if let Some(inner) = schema.as_object() {
                self.check_params(inner, argument.and_then(Value::as_object).unwrap_or(&Map::new()))?;
            }
        }
        Ok(())
    }

    fn check_param(&self, suffix: &str, argument: Option<&Value>) -> Result<(), Fault> {
        let header = format!("{PARAM_PREFIX}{suffix}");
        let mut values = self.params.iter().filter(|(name, _)| name.eq_ignore_ascii_case(suffix));
        let value = values.next().map(|(_, value)| trim(value));
        if values.next().is_some() {
            return Err(Fault::header(header, HeaderProblem::Repeated));
        }
        let expected = argument.filter(|value| matches!(value, Value::String(_) | Value::Bool(_) | Value::Number(_)));
        match (value, expected) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(Fault::header(header, HeaderProblem::Missing)),
            (Some(_), None) => Err(Fault::header(header, HeaderProblem::Unexpected)),
            (Some(value), Some(Value::String(text))) => matches_text(&header, value, text),
            (Some(value), Some(Value::Number(number))) => {
                let text = decode(&header, value)?;
                let same = serde_json::from_str(&text).is_ok_and(|given| same_whole_number(&given, number));
                same.then_some(()).ok_or_else(|| Fault::header(header, HeaderProblem::Differs))
            }
            (Some(value), Some(other)) => matches_text(&header, value, &other.to_string()),
        }
    }
}

/// What `Mcp-Name` must repeat for a method, when the body says it as text.
fn named_in<'a>(method: &str, params: &'a Map<String, Value>) -> Option<&'a str> {
    let member = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
        _ => return None,
    };
    params.get(member).and_then(Value::as_str)
}

fn matches_text(header: &str, value: &str, expected: &str) -> Result<(), Fault> {
    let same = decode(header, value)? == expected;
    same.then_some(()).ok_or_else(|| Fault::header(header, HeaderProblem::Differs))
}

/// Undoes the `=?base64?…?=` form that carries what a bare header cannot. Without the exact prefix and suffix the value
/// is literal, and then it must be visible ASCII, blanks and tabs.
fn decode(header: &str, value: &str) -> Result<String, Fault> {
    use base64ct::Encoding;
    let unreadable = || Fault::header(header, HeaderProblem::Unreadable);
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => {
            let bytes = base64ct::Base64::decode_vec(encoded).map_err(|_| unreadable())?;
            String::from_utf8(bytes).map_err(|_| unreadable())
        }
        None if value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) => Ok(value.to_owned()),
        None => Err(unreadable()),
    }
}

fn same_whole_number(given: &Number, expected: &Number) -> bool {
    match (whole(given), whole(expected)) {
        (Some(given), Some(expected)) => given == expected,
        _ => false,
    }
}

/// The integer a JSON number stands for, `1.0` included; `None` for a fraction or a float too large to be exact.
pub(super) fn whole(number: &Number) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(signed) = number.as_i64() {
        return Some(i128::from(signed));
    }
    if let Some(unsigned) = number.as_u64() {
        return Some(i128::from(unsigned));
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT)?;
    // Rust has no checked conversion from a float; an integral float prints as exactly its digits.
    format!("{float:.0}").parse().ok()
}

fn single<'a>(values: &'a [String], header: &'static str) -> Result<Option<&'a str>, Fault> {
    match values {
        [] => Ok(None),
        [one] => Ok(Some(trim(one))),
        _ => Err(Fault::header(header, HeaderProblem::Repeated)),
    }
}

fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

fn essence(media_type: &str) -> &str {
    trim(media_type.split(';').next().unwrap_or_default())
}

/// Whether an `Accept` value lists event streams, as one for a stream must.
pub fn accepts_stream(accept: &str) -> bool {
    lists(accept, super::sse::MEDIA_TYPE)
}

/// Whether an `Accept` value lists exactly this media type with a weight that is not zero (RFC 9110 section 12.5.1).
fn lists(accept: &str, wanted: &str) -> bool {
    accept.split(',').any(|range| {
        let weightless = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            trim(name).eq_ignore_ascii_case("q") && trim(value).parse::<f32>().is_ok_and(|weight| weight <= 0.0)
        };
        essence(range).eq_ignore_ascii_case(wanted) && !range.split(';').skip(1).any(weightless)
    })
}
