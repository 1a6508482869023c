//! Results the gateway writes itself.

use crate::mcp::wire::CallToolResult;
use serde::Serialize;
use serde_json::Value;

/// A text block of a result's content.
#[derive(Serialize)]
struct Text<'a> {
    r#type: &'static str,
    text: &'a str,
}

fn text_block(text: &str) -> Value {
    // Two texts always serialize.
    serde_json::to_value(Text { r#type: "text", text }).unwrap_or_default()
}

/// A result that is a value: structured, and the same as JSON text for clients that read only text (MCP `server/tools`,
/// "Structured Content"). `value` must serialize to JSON with text keys.
pub fn structured<T: Serialize>(value: &T) -> CallToolResult {
    let value = serde_json::to_value(value).unwrap_or_default();
    CallToolResult {
        content: vec![text_block(&value.to_string())],
        structured_content: Some(value),
        is_error: false,
        meta: None,
    }
}

/// A tool that failed, with the reason in words the model can act on.
pub fn failed(reason: &str) -> CallToolResult {
    CallToolResult { content: vec![text_block(reason)], structured_content: None, is_error: true, meta: None }
}

#[cfg(test)]
mod tests {
    use super::{failed, structured};
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_value_is_there_structured_and_as_text() {
        let result = serde_json::to_value(structured(&[1, 2])).unwrap();
        assert_eq!(result, json!({"content": [{"type": "text", "text": "[1,2]"}], "structuredContent": [1, 2]}));
    }

    #[test]
    fn a_failure_says_so() {
        let result = serde_json::to_value(failed("no such place")).unwrap();
        assert_eq!(result, json!({"content": [{"type": "text", "text": "no such place"}], "isError": true}));
    }
}
