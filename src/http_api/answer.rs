//! An answer as a tool's result.
//!
//! | answer | result |
//! |---|---|
//! | 2xx, JSON | its shown part as text, and as structured content where the tool has an output schema |
//! | 2xx, a text | the text |
//! | 2xx, an image | an image |
//! | 2xx, something else | an error with its media type and size |
//! | any other status | an error with the status, and nothing of the answer unless the tool is to show errors |
//!
//! A client refuses a result without structured content, or with other than the schema says, unless it is an error. So what
//! is too long or does not fit is an error with the text: the model can still read it.

use super::api::HttpTool;
use super::page::page;
use super::style::plain;
use crate::catalogue::listing::is_hidden;
use crate::json::{self, ANSWER_CAPS};
use crate::mcp::wire::{CallToolResult, text_block};
use crate::outbound::OutboundAnswer;
use crate::tool::schema::Schema;
use base64ct::{Base64, Encoding};
use serde_json::{Map, Value};

/// Longest text of one result where nothing else is set, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Largest image, in bytes.
pub const MAX_IMAGE_BYTES: usize = 1024 * 1024;
/// Longest part of an error that is shown, in bytes.
pub const MAX_ERROR_BYTES: usize = 1024;

/// What a call gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The result. Where there is a rest, its last content block says how long that is.
    pub result: CallToolResult,
    /// What did not fit in.
    pub rest: Option<Rest>,
    /// The result as it came, of an answer that is not what the tool's output schema says.
    pub misfit: Option<Box<CallToolResult>>,
}

/// A text of which a part was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// The whole text, to be read on with [`page`].
    pub text: String,
    /// Where the part begins that was not shown, in bytes.
    pub next: usize,
}

impl Rest {
    /// What a model is told of it.
    pub fn marker(&self) -> String {
        let (whole, left) = (self.text.len(), self.text.len() - self.next);
        format!("[The answer has {whole} bytes. The last {left} of them are not shown.]")
    }
}

/// The result of a call.
///
/// `output` is the tool's output schema, compiled, where it has one. `max_text` is the longest text in bytes.
pub fn show(tool: &HttpTool, output: Option<&Schema>, answer: &OutboundAnswer, max_text: usize) -> Shown {
    if !(200..300).contains(&answer.status) {
        return Shown::of(refusal(tool, answer));
    }
    if answer.body.is_empty() {
        let said = format!("The API answered with HTTP status {} and no content.", answer.status);
        return unpromised(Shown::of(CallToolResult::text(said)), output);
    }
    let media_type = answer.media_type().unwrap_or_default();
    match kind(&media_type) {
        Kind::Json => show_json(tool, output, &answer.body, max_text),
        Kind::Text => match std::str::from_utf8(&answer.body) {
            Ok(text) => unpromised(show_text(text.to_owned(), max_text), output),
            Err(_) => Shown::of(CallToolResult::failed("The API answered with a text that is not UTF-8.")),
        },
        Kind::Image if answer.body.len() <= MAX_IMAGE_BYTES => show_image(media_type, output, &answer.body),
        Kind::Image | Kind::Other => {
            let (named, bytes) = (printable(&media_type), answer.body.len());
            let said = format!("The API answered with {bytes} bytes of the type {named:?}, which cannot be shown.");
            Shown::of(CallToolResult::failed(said))
        }
    }
}

impl Shown {
    /// A result that is all there is.
    const fn of(result: CallToolResult) -> Self {
        Self { result, rest: None, misfit: None }
    }
}

/// What is not JSON: an error where the tool has an output schema.
fn unpromised(mut shown: Shown, output: Option<&Schema>) -> Shown {
    if output.is_some() {
        shown.misfit = Some(Box::new(shown.result.clone()));
        shown.result.is_error = true;
    }
    shown
}

enum Kind {
    Json,
    Text,
    Image,
    Other,
}

fn is_json(media_type: &str) -> bool {
    matches!(media_type, "application/json" | "text/json") || media_type.ends_with("+json")
}

fn kind(media_type: &str) -> Kind {
    const TEXTS: [&str; 9] = [
        "application/xml",
        "application/javascript",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
        "application/graphql",
        "application/x-ndjson",
        "application/jsonl",
        "application/x-www-form-urlencoded",
    ];
    match media_type {
        json if is_json(json) => Kind::Json,
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" => Kind::Image,
        text if text.starts_with("text/") || text.ends_with("+xml") || TEXTS.contains(&text) => Kind::Text,
        _ => Kind::Other,
    }
}

fn show_json(tool: &HttpTool, output: Option<&Schema>, body: &[u8], max_text: usize) -> Shown {
    let Ok(value) = json::parse(body, ANSWER_CAPS) else {
        return Shown::of(CallToolResult::failed("The API answered with JSON that is not well-formed or too deep."));
    };
    let Ok(value) = tool.answer.take(value) else {
        return Shown::of(CallToolResult::failed("The API's answer does not have the part that this tool shows."));
    };
    let mut shown = show_text(plain(&value).into_owned(), max_text);
    let Some(schema) = output else { return shown };
    let fits = value.is_object() && schema.validate(&value).is_ok();
    if shown.rest.is_none() {
        shown.result.structured_content = Some(value).filter(Value::is_object);
    }
    if !fits {
        shown.misfit = Some(Box::new(shown.result.clone()));
        shown.result.structured_content = None;
        shown.result.content.push(text_block("[The answer does not fit the tool's output schema.]".to_owned()));
    }
    shown.result.is_error = shown.result.structured_content.is_none();
    shown
}

fn show_text(text: String, max_text: usize) -> Shown {
    match page(&text, 0, max_text) {
        (_, None) => Shown::of(CallToolResult::text(text)),
        (part, Some(next)) => {
            let mut result = CallToolResult::text(part);
            let rest = Rest { text, next };
            result.content.push(text_block(rest.marker()));
            Shown { rest: Some(rest), ..Shown::of(result) }
        }
    }
}

fn show_image(media_type: String, output: Option<&Schema>, body: &[u8]) -> Shown {
    let members = [("type", "image".to_owned()), ("data", Base64::encode_string(body)), ("mimeType", media_type)];
    let block: Map<String, Value> =
        members.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
    let content = vec![Value::Object(block)];
    unpromised(Shown::of(CallToolResult { content, structured_content: None, is_error: false, meta: None }), output)
}

/// What is said of an answer that is no success: its status, and how long to wait where it says so.
fn refusal(tool: &HttpTool, answer: &OutboundAnswer) -> CallToolResult {
    let status = answer.status;
    let seconds = answer.header("retry-after").and_then(|text| text.parse::<u32>().ok());
    let said = match seconds {
        Some(seconds) => format!("The API answered with HTTP status {status}. It may be asked again in {seconds} s."),
        None => format!("The API answered with HTTP status {status}."),
    };
    let mut result = CallToolResult::failed(said);
    if tool.show_errors && (400..500).contains(&status) {
        result.content.extend(excerpt(answer).map(|text| text_block(format!("The API said: {text}"))));
    }
    result
}

/// The beginning of what a JSON answer says, without what a person would not see.
fn excerpt(answer: &OutboundAnswer) -> Option<String> {
    answer.media_type().filter(|media_type| is_json(media_type))?;
    let value = json::parse(&answer.body, ANSWER_CAPS).ok()?;
    let text = value.to_string();
    let (part, _) = page(&text, 0, MAX_ERROR_BYTES);
    Some(part.chars().map(|c| if is_hidden(c) || c.is_control() { ' ' } else { c }).collect())
}

fn printable(media_type: &str) -> String {
    media_type.chars().filter(char::is_ascii_graphic).take(64).collect()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
