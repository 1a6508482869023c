//! What `search_tools` answers: some of the found tools, as much of each as it takes to call it.

use super::face::Order;
use crate::mcp::wire::Tool;
use serde::Serialize;
use serde_json::{Map, Value};

/// Longest page, in bytes of its tools as compact JSON. The first tool of a page is on it however long it is, and what is
/// listed at all is bounded.
pub const MAX_PAGE_BYTES: usize = 64 * 1024;
/// Longest description, in characters; a longer one is cut.
pub const MAX_DESCRIPTION: usize = 300;

const NOTHING: &str = "No tool fits. Say what you want to do in other words, or in fewer.";

/// A tool that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    input_schema: &'a Map<String, Value>,
}

/// A page of found tools, as `outputSchema` of `search_tools` says it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<'a> {
    /// The tools, the best first.
    pub tools: Vec<FoundTool<'a>>,
    /// What asks for the next page; none on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// What to do when nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    /// The names of upstreams whose listing is old or not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degraded: Vec<String>,
}

impl<'a> Page<'a> {
    /// The page an order asks for, of everything that was found, each tool with the name it is shown as.
    pub fn of(order: &Order, found: &[(&'a str, &'a Tool)], degraded: Vec<String>) -> Self {
        let mut tools = Vec::new();
        let mut bytes = 0;
        for (name, tool) in found.iter().skip(order.skip).take(order.limit) {
            let one = FoundTool::of(name, tool);
            // What came as JSON is written as JSON.
            bytes += serde_json::to_vec(&one).map_or(MAX_PAGE_BYTES, |text| text.len());
            if bytes > MAX_PAGE_BYTES && !tools.is_empty() {
                break;
            }
            tools.push(one);
        }
        let next = order.skip.saturating_add(tools.len());
        let more = !tools.is_empty() && next < found.len();
        let hint = found.is_empty().then_some(NOTHING);
        Self { tools, next_cursor: more.then(|| next.to_string()), hint, degraded }
    }
}

impl<'a> FoundTool<'a> {
    fn of(name: &'a str, tool: &'a Tool) -> Self {
        let description = tool.description.as_deref().map(short).filter(|text| !text.is_empty());
        Self { name, title: tool.title.as_deref(), description, input_schema: &tool.input_schema }
    }
}

/// The beginning of a description: up to the end of a sentence where one ends in its second half, else of a word.
fn short(text: &str) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(MAX_DESCRIPTION) else { return text.to_owned() };
    let head = text.get(..end).unwrap_or_default();
    let sentence = head.rfind(". ").filter(|at| *at > end / 2).and_then(|at| head.get(..=at));
    match (sentence, head.rfind(char::is_whitespace)) {
        (Some(sentence), _) => sentence.to_owned(),
        (None, Some(at)) => format!("{}…", head.get(..at).unwrap_or_default().trim_end()),
        (None, None) => format!("{head}…"),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DESCRIPTION, MAX_PAGE_BYTES, Page, short};
    use crate::mcp::wire::Tool;
    use crate::search::face::{FaceTool, Order};
    use crate::tool::schema::Schema;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn tool(name: &str, description: &str) -> Tool {
        let described = json!({"a": {"type": "string", "description": description}});
        let schema = json!({"type": "object", "properties": described});
        let tool =
            json!({"name": name, "title": "T", "description": description, "inputSchema": schema, "outputSchema": {}});
        serde_json::from_value(tool).unwrap()
    }

    fn order(limit: usize, skip: usize) -> Order {
        Order { query: "x".into(), limit, skip }
    }

    fn page(order: &Order, tools: &[Tool]) -> Value {
        let found: Vec<_> = tools.iter().map(|tool| (tool.name.as_str(), tool)).collect();
        let page = serde_json::to_value(Page::of(order, &found, Vec::new())).unwrap();
        let promised = FaceTool::Search.definition().unwrap().output_schema.unwrap();
        Schema::compile(&promised).unwrap().validate(&page).unwrap();
        page
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let tools: Vec<Tool> = (0..7).map(|n| tool(&format!("t{n}"), "d")).collect();
        let mut names = Vec::new();
        let mut skip = 0;
        loop {
            let page = page(&order(3, skip), &tools);
            names
                .extend(page["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()));
            let Some(next) = page["nextCursor"].as_str() else { break };
            skip = next.parse().unwrap();
        }
        assert_eq!(names, ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]);
        let beyond = page(&order(3, usize::MAX), &tools);
        assert_eq!(beyond, json!({"tools": []}));
    }

    #[test]
    fn a_page_says_what_it_takes_to_call_and_no_more() {
        let found = page(&order(1, 0), &[tool("a", "does it")]);
        let schema = json!({"type": "object", "properties": {"a": {"type": "string", "description": "does it"}}});
        let one = json!({"name": "a", "title": "T", "description": "does it", "inputSchema": schema});
        assert_eq!(found, json!({"tools": [one]}));
        let nothing = page(&order(5, 0), &[]);
        assert!(nothing["hint"].as_str().unwrap().starts_with("No tool fits."));
    }

    #[test]
    fn a_page_is_bounded_and_never_stops_before_its_first_tool() {
        let tools: Vec<Tool> = (0..20).map(|n| tool(&format!("t{n:02}"), &"x".repeat(8_000))).collect();
        let first = page(&order(20, 0), &tools);
        let count = first["tools"].as_array().unwrap().len();
        assert!(first["tools"].to_string().len() <= MAX_PAGE_BYTES + 100 && (5..10).contains(&count), "{count}");
        assert_eq!(first["nextCursor"], json!(count.to_string()));
        let huge = [tool("a", &"x".repeat(100_000)), tool("b", "y")];
        let first = page(&order(20, 0), &huge);
        assert_eq!((first["tools"].as_array().unwrap().len(), &first["nextCursor"]), (1, &json!("1")));
    }

    #[test]
    fn a_long_description_ends_with_a_sentence_or_a_word() {
        let sentence = format!("{}. ", "word ".repeat(40).trim_end());
        assert_eq!(short(&sentence.repeat(3)), sentence.trim_end());
        let words = short(&"word ".repeat(100));
        assert!(words.ends_with(" word…") && words.chars().count() <= MAX_DESCRIPTION + 1, "{words}");
        assert_eq!(short(&"ü".repeat(1000)).chars().count(), MAX_DESCRIPTION + 1);
        assert_eq!(short("  as it is  "), "as it is");
    }
}
