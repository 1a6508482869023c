//! The two tools that stand for all others at an endpoint with the face `search`: their definitions are the JSON files
//! beside this one.

use crate::mcp::wire::Tool;
use serde_json::{Map, Value};

/// Most tools of one page.
pub const MAX_LIMIT: usize = 20;
/// Tools of a page when nobody says how many.
pub const DEFAULT_LIMIT: usize = 5;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceTool {
    /// `search_tools`.
    Search,
    /// `call_tool`.
    Call,
}

/// What `search_tools` is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is looked for.
    pub query: String,
    /// Most tools of the page, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// How many of the found tools the pages before had.
    pub skip: usize,
}

/// Why `search_tools` cannot be asked that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderProblem {
    /// No text is looked for.
    #[error("there is no query")]
    Query,
    /// The cursor is none that a page has given.
    #[error("the cursor is not the nextCursor of a page")]
    Cursor,
}

impl FaceTool {
    /// Both, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Search, Self::Call];

    /// The one with exactly this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Search => "search_tools",
            Self::Call => "call_tool",
        }
    }

    /// Its definition; always there, as a test shows.
    pub fn definition(self) -> Option<Tool> {
        let source = match self {
            Self::Search => include_str!("search_tools.json"),
            Self::Call => include_str!("call_tool.json"),
        };
        serde_json::from_str(source).ok()
    }
}

impl Order {
    /// Reads the arguments of `search_tools`, which fit its schema already. A limit out of bounds is taken for the nearest
    /// in them.
    pub fn read(arguments: &Map<String, Value>) -> Result<Self, OrderProblem> {
        let query = arguments.get("query").and_then(Value::as_str).ok_or(OrderProblem::Query)?.to_owned();
        let skip = match arguments.get("cursor") {
            None => 0,
            Some(Value::String(text)) if text.is_empty() => 0,
            Some(Value::String(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map_err(|_| OrderProblem::Cursor)?
            }
            Some(_) => return Err(OrderProblem::Cursor),
        };
        // A schema takes `5.0` for a whole number too.
        let limit = arguments.get("limit").and_then(Value::as_f64).unwrap_or(f64::NAN);
        let limit = (1..=MAX_LIMIT).rev().find(|most| limit >= to_float(*most));
        let limit = limit.unwrap_or(if arguments.contains_key("limit") { 1 } else { DEFAULT_LIMIT });
        Ok(Self { query, limit, skip })
    }
}

fn to_float(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// The call in the arguments of `call_tool`: the tool's shown name, and its arguments; `None` without a name.
pub fn carried(mut arguments: Map<String, Value>) -> Option<(String, Map<String, Value>)> {
    let Some(Value::String(name)) = arguments.shift_remove("name") else { return None };
    match arguments.shift_remove("arguments") {
        None => Some((name, Map::new())),
        Some(Value::Object(arguments)) => Some((name, arguments)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_LIMIT, FaceTool, MAX_LIMIT, Order, OrderProblem, carried};
    use crate::search::index::MAX_QUERY_BYTES;
    use crate::tool::builtin::BuiltIn;
    use crate::tool::schema::Schema;
    use serde_json::{Map, Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn both_definitions_are_there_and_say_what_is_read() {
        for tool in FaceTool::ALL {
            let definition = tool.definition().unwrap();
            assert!(definition.name == tool.name() && FaceTool::named(tool.name()) == Some(tool));
            assert!(BuiltIn::named(tool.name()).is_none() && !tool.name().contains("__"));
            Schema::compile(&definition.input_schema).unwrap();
            definition.output_schema.as_ref().map(Schema::compile).transpose().unwrap();
        }
        assert_eq!(FaceTool::named("search"), None);
        let asked = FaceTool::Search.definition().unwrap().input_schema;
        assert_eq!(asked["properties"]["limit"]["maximum"], json!(MAX_LIMIT));
        assert_eq!(asked["properties"]["limit"]["default"], json!(DEFAULT_LIMIT));
        assert!(asked["properties"]["query"]["maxLength"].as_u64().unwrap() * 4 <= MAX_QUERY_BYTES as u64);
    }

    #[test]
    fn hostile_queries_do_not_fit_the_schema() {
        let schema = Schema::compile(&FaceTool::Search.definition().unwrap().input_schema).unwrap();
        assert!(schema.validate(&json!({"query": "mail", "limit": 20, "cursor": "20"})).is_ok());
        for bad in [
            json!({}),
            json!({"query": ""}),
            json!({"query": "x".repeat(1_000_000)}),
            json!({"query": ["mail"]}),
            json!({"query": "mail", "limit": 0}),
            json!({"query": "mail", "limit": 21}),
            json!({"query": "mail", "cursor": 5}),
            json!({"query": "mail", "tenant": "other"}),
        ] {
            assert!(schema.validate(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_order_is_read_and_a_made_up_cursor_is_refused() {
        let order = |arguments| Order::read(&object(arguments));
        let plain = Order { query: "mail".into(), limit: DEFAULT_LIMIT, skip: 0 };
        assert_eq!(order(json!({"query": "mail"})), Ok(plain.clone()));
        assert_eq!(
            order(json!({"query": "mail", "limit": 7.0, "cursor": "14"})),
            Ok(Order { limit: 7, skip: 14, ..plain.clone() })
        );
        for (limit, read) in [(json!(0), 1), (json!(-3), 1), (json!(1e300), MAX_LIMIT), (json!("x"), 1)] {
            assert_eq!(order(json!({"query": "mail", "limit": limit})).unwrap().limit, read);
        }
        for cursor in [json!("-1"), json!("1e3"), json!("99999999999999999999999"), json!("+1"), json!(3), json!(null)]
        {
            assert_eq!(order(json!({"query": "mail", "cursor": cursor})), Err(OrderProblem::Cursor), "{cursor}");
        }
        assert_eq!(order(json!({"limit": 1})), Err(OrderProblem::Query));
    }

    #[test]
    fn a_carried_call_has_a_name_and_an_object_or_nothing_for_arguments() {
        let read = |arguments| carried(object(arguments));
        assert_eq!(read(json!({"name": "a"})), Some(("a".into(), Map::new())));
        let inner = object(json!({"name": "b", "arguments": {}}));
        assert_eq!(read(json!({"arguments": inner, "name": "a"})), Some(("a".into(), inner)));
        for bad in [
            json!({}),
            json!({"name": 1}),
            json!({"name": "a", "arguments": []}),
            json!({"name": "a", "arguments": null}),
        ] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
    }
}
