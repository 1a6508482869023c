//! An upstream's tools under the gateway's names.
//!
//! A tool is called `{upstream}__{tool}`: letters, digits, `-` and `_`, at most 64 characters, which is what every model
//! vendor's interface takes. An upstream's name has no `__` and no `_` at its end, so the first `__` of a name ends the
//! upstream's part and two tools never share a name. A definition is what a model reads, so one with invisible or
//! direction-changing characters is left out, as is one that is too large, cannot be named, or has a schema that cannot be
//! checked. What is left out is listed with its reason.

use super::schema::{Schema, SchemaError};
use crate::id::UpstreamId;
use crate::mcp::wire::Tool;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::rc::Rc;

/// What stands between an upstream's name and a tool's name.
pub const SEPARATOR: &str = "__";
/// Longest exposed name, in characters.
pub const MAX_NAME: usize = 64;
/// Longest name of an upstream, in characters.
pub const MAX_PREFIX: usize = 32;
/// Longest description, in bytes.
pub const MAX_DESCRIPTION_BYTES: usize = 8 * 1024;
/// Longest definition as compact JSON, in bytes.
pub const MAX_DEFINITION_BYTES: usize = 160 * 1024;
/// Most tools of one upstream.
pub const MAX_TOOLS: usize = 500;

/// An upstream's name as the beginning of tool names.
///
/// 1 to 32 letters, digits, `-` and `_`; it starts with a letter or digit, has no `__` and does not end with `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prefix(String);

/// Why a text cannot be an upstream's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an upstream's name has 1 to 32 letters, digits, '-' or single '_', and starts and ends with a letter or digit"
)]
pub struct InvalidPrefix;

impl Prefix {
    /// Parses an upstream's name.
    pub fn parse(text: &str) -> Result<Self, InvalidPrefix> {
        let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let ends_well = !text.ends_with('_') && !text.ends_with('-');
        let fits = text.len() <= MAX_PREFIX && is_plain(text) && !text.contains(SEPARATOR);
        if starts_well && ends_well && fits { Ok(Self(text.to_owned())) } else { Err(InvalidPrefix) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a tool of this upstream is called; `None` when that would not be a name.
    pub fn expose(&self, tool: &str) -> Option<String> {
        let name = format!("{}{SEPARATOR}{tool}", self.0);
        (!tool.is_empty() && name.len() <= MAX_NAME && is_plain(&name)).then_some(name)
    }
}

/// The upstream's part and the tool's part of an exposed name; `None` for the name of a built-in tool.
pub fn split(name: &str) -> Option<(&str, &str)> {
    name.split_once(SEPARATOR)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// A tool that is not offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The upstream's name.
    pub upstream: String,
    /// The tool's own name, cut to 128 characters; everything but visible ASCII as `?`.
    pub tool: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a tool is not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeftOutReason {
    /// The exposed name would have other characters than it may, or too many.
    #[error("its name cannot be exposed")]
    Name,
    /// The upstream lists the name twice.
    #[error("its name stands twice in the list")]
    Duplicate,
    /// An invisible, direction-changing or control character.
    #[error("its definition has an invisible or control character")]
    HiddenCharacter,
    /// Too long a description.
    #[error("its description is longer than {MAX_DESCRIPTION_BYTES} bytes")]
    Description,
    /// Too long a definition.
    #[error("its definition is longer than {MAX_DEFINITION_BYTES} bytes")]
    TooLarge,
    /// The input schema's root is not an object's.
    #[error("its input schema is not for an object")]
    NotAnObject,
    /// The input schema cannot be checked.
    #[error("its input schema cannot be checked: {0}")]
    InputSchema(SchemaError),
    /// The output schema cannot be checked.
    #[error("its output schema cannot be checked: {0}")]
    OutputSchema(SchemaError),
    /// One upstream has too many tools.
    #[error("its upstream has more than {MAX_TOOLS} tools")]
    TooMany,
}

/// A tool as it is offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// The definition, with the exposed name.
    pub definition: Rc<Tool>,
    /// What the upstream calls it.
    pub own_name: String,
}

/// The tools of one upstream, in the order of their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The upstream.
    pub upstream: UpstreamId,
    /// Its name.
    pub prefix: Prefix,
    offered: Vec<Rc<Offered>>,
    left_out: Vec<LeftOut>,
}

impl Listing {
    /// Takes what an upstream listed.
    pub fn admit(upstream: UpstreamId, prefix: Prefix, tools: Vec<Tool>) -> Self {
        let mut listing = Self { upstream, prefix, offered: Vec::new(), left_out: Vec::new() };
        let mut names = HashSet::new();
        for tool in tools {
            let own_name = tool.name.clone();
            let outcome = match listing.check(&tool) {
                Ok(_) if listing.offered.len() >= MAX_TOOLS => Err(LeftOutReason::TooMany),
                Ok(_) if !names.insert(own_name.clone()) => Err(LeftOutReason::Duplicate),
                outcome => outcome,
            };
            match outcome {
                Ok(name) => {
                    let definition = Rc::new(Tool { name, ..tool });
                    listing.offered.push(Rc::new(Offered { definition, own_name }));
                }
                Err(reason) => {
                    let (upstream, tool) = (listing.prefix.0.clone(), shown(&own_name));
                    listing.left_out.push(LeftOut { upstream, tool, reason });
                }
            }
        }
        listing.offered.sort_unstable_by(|left, right| left.definition.name.cmp(&right.definition.name));
        listing
    }

    fn check(&self, tool: &Tool) -> Result<String, LeftOutReason> {
        let name = self.prefix.expose(&tool.name).ok_or(LeftOutReason::Name)?;
        if tool.description.as_ref().is_some_and(|text| text.len() > MAX_DESCRIPTION_BYTES) {
            return Err(LeftOutReason::Description);
        }
        let whole = serde_json::to_value(tool).map_err(|_| LeftOutReason::TooLarge)?;
        if whole.to_string().len() > MAX_DEFINITION_BYTES {
            return Err(LeftOutReason::TooLarge);
        }
        if has_hidden_characters(&whole) {
            return Err(LeftOutReason::HiddenCharacter);
        }
        if tool.input_schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(LeftOutReason::NotAnObject);
        }
        Schema::compile(&tool.input_schema).map_err(LeftOutReason::InputSchema)?;
        tool.output_schema.as_ref().map(Schema::compile).transpose().map_err(LeftOutReason::OutputSchema)?;
        Ok(name)
    }

    /// The tools that are offered, in the order of their names.
    pub fn offered(&self) -> &[Rc<Offered>] {
        &self.offered
    }

    /// The tools that are not.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The tool with exactly this exposed name.
    pub fn find(&self, name: &str) -> Option<&Rc<Offered>> {
        let at = self.offered.binary_search_by(|offered| offered.definition.name.as_str().cmp(name)).ok()?;
        self.offered.get(at)
    }
}

fn shown(name: &str) -> String {
    name.chars().take(128).map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

fn has_hidden_characters(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().any(is_hidden),
        Value::Array(items) => items.iter().any(has_hidden_characters),
        Value::Object(members) => has_hidden_members(members),
        _ => false,
    }
}

fn has_hidden_members(members: &Map<String, Value>) -> bool {
    members.iter().any(|(name, value)| name.chars().any(is_hidden) || has_hidden_characters(value))
}

/// Characters a person does not see in a definition but a model reads: zero-width, direction, tags, controls.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
        || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::{LeftOutReason, Listing, Prefix, split};
    use crate::id::UpstreamId;
    use crate::mcp::wire::Tool;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn tool(value: Value) -> Tool {
        serde_json::from_value(value).unwrap()
    }

    fn listing(tools: Vec<Value>) -> Listing {
        let tools = tools.into_iter().map(tool).collect();
        Listing::admit(UpstreamId::parse("u1").unwrap(), Prefix::parse("files").unwrap(), tools)
    }

    #[test]
    fn tools_are_offered_under_the_upstreams_name_in_order() {
        let schema = json!({"type": "object", "x-kept": 1});
        let listing = listing(vec![
            json!({"name": "write", "inputSchema": schema, "title": "Write"}),
            json!({"name": "_read", "inputSchema": schema}),
        ]);
        let names: Vec<_> = listing.offered().iter().map(|offered| offered.definition.name.as_str()).collect();
        assert_eq!(names, ["files___read", "files__write"]);
        let found = listing.find("files__write").unwrap();
        assert_eq!((found.own_name.as_str(), found.definition.title.as_deref()), ("write", Some("Write")));
        assert_eq!(Value::Object(found.definition.input_schema.clone()), schema);
        assert!(listing.find("files__Write").is_none() && listing.find("write").is_none());
        assert_eq!(split("files___read"), Some(("files", "_read")));
    }

    #[test]
    fn what_cannot_be_offered_is_left_out_with_its_reason() {
        let object = json!({"type": "object"});
        let big = "x".repeat(9000);
        let cases = [
            (json!({"name": "a.b", "inputSchema": object}), LeftOutReason::Name),
            (json!({"name": "", "inputSchema": object}), LeftOutReason::Name),
            (json!({"name": "x".repeat(60), "inputSchema": object}), LeftOutReason::Name),
            (json!({"name": "a", "inputSchema": {}}), LeftOutReason::NotAnObject),
            (json!({"name": "a", "inputSchema": object, "description": big}), LeftOutReason::Description),
            (json!({"name": "a", "inputSchema": object, "description": "a\u{200b}b"}), LeftOutReason::HiddenCharacter),
            (json!({"name": "a", "inputSchema": object, "title": "a\u{e0041}"}), LeftOutReason::HiddenCharacter),
            (json!({"name": "a", "inputSchema": object, "title": "a\u{1b}[8m"}), LeftOutReason::HiddenCharacter),
            (
                json!({"name": "a", "inputSchema": {"type": "object", "properties": {"p\u{202e}": {}}}}),
                LeftOutReason::HiddenCharacter,
            ),
        ];
        for (value, reason) in cases {
            let listing = listing(vec![value.clone()]);
            assert_eq!(listing.left_out().first().map(|left_out| &left_out.reason), Some(&reason), "{value}");
            assert!(listing.offered().is_empty());
        }
        let remote = json!({"type": "object", "$ref": "https://evil.example/"});
        let listing = listing(vec![
            json!({"name": "a", "inputSchema": remote}),
            json!({"name": "b", "inputSchema": object, "outputSchema": remote}),
            json!({"name": "c", "inputSchema": object}),
            json!({"name": "c", "inputSchema": object}),
        ]);
        let reasons: Vec<_> = listing.left_out().iter().map(|left_out| &left_out.reason).collect();
        assert!(matches!(
            reasons.as_slice(),
            [LeftOutReason::InputSchema(_), LeftOutReason::OutputSchema(_), LeftOutReason::Duplicate]
        ));
        assert_eq!(listing.offered().len(), 1);
    }

    #[test]
    fn one_upstream_has_at_most_500_tools() {
        let many = (0..502).map(|n| json!({"name": format!("t{n}"), "inputSchema": {"type": "object"}})).collect();
        let listing = listing(many);
        assert_eq!((listing.offered().len(), listing.left_out().len()), (500, 2));
    }

    #[test]
    fn an_upstreams_name_cannot_hide_the_separator() {
        for bad in ["", "a__b", "a_", "_a", "-a", "a-", "a.b", "a b", "é", &"x".repeat(33)] {
            assert!(Prefix::parse(bad).is_err(), "{bad}");
        }
        for good in ["a", "files", "my-files_2", "9"] {
            assert!(Prefix::parse(good).is_ok(), "{good}");
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn an_exposed_name_names_one_tool_of_one_upstream(
            left in "[ab_-]{1,4}", left_tool in "[ab_-]{1,4}", right in "[ab_-]{1,4}", right_tool in "[ab_-]{1,4}",
        ) {
            if let (Ok(left), Ok(right)) = (Prefix::parse(&left), Prefix::parse(&right)) {
                let (left_name, right_name) = (left.expose(&left_tool), right.expose(&right_tool));
                proptest::prop_assert_eq!(left_name == right_name, left == right && left_tool == right_tool);
                let name = left_name.unwrap();
                proptest::prop_assert_eq!(split(&name), Some((left.as_str(), left_tool.as_str())));
            }
        }
    }
}
