//! How well tools are found, and what it saves: 1,000 definitions made of written seeds, 100 written questions, and the
//! tokens an agent reads. The table is printed; `docs/TOOL_SEARCH.md` repeats it.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step of the test fails the test"
)]

use mcp_secure_gateway::mcp::wire::{CallToolResult, Tool};
use mcp_secure_gateway::search::face::{FaceTool, Order};
use mcp_secure_gateway::search::index::Index;
use mcp_secure_gateway::search::page::Page;
use mcp_secure_gateway::tool::result;
use mcp_secure_gateway::tool::schema::Schema;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::time::Duration;

const TOOLS: &str = include_str!("data/tool_search/tools.txt");
const QUESTIONS: &str = include_str!("data/tool_search/questions.txt");

/// A server of the seeds.
#[derive(Default)]
struct Server<'a> {
    name: &'a str,
    style: &'a str,
    verbs: Vec<&'a str>,
}

/// A tool and the name it is shown as.
struct Shown {
    name: String,
    tool: Tool,
}

impl Server<'_> {
    /// Words as a name in the server's style.
    fn styled(&self, words: &str) -> String {
        let words: Vec<&str> = words.split([' ', '_', '-', '/']).collect();
        match self.style {
            "kebab" => words.join("-"),
            "camel" => {
                let capital = |word: &&str| format!("{}{}", word[..1].to_uppercase(), &word[1..]);
                format!("{}{}", words[0], words[1..].iter().map(capital).collect::<String>())
            }
            _ => words.join("_"),
        }
    }

    fn shown(&self, own: &str, description: &str, required: &[&str], properties: &Map<String, Value>) -> Shown {
        let schema = json!({"type": "object", "properties": properties, "required": required});
        let tool = json!({"name": own, "description": description, "inputSchema": schema});
        Shown { name: format!("{}__{own}", self.name), tool: serde_json::from_value(tool).unwrap() }
    }

    /// The tools by which things of one kind are made, read, listed, changed and removed.
    fn things(&self, line: &str) -> Vec<Shown> {
        let [thing, things, what, said] = line.split(" | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        let noun = thing.replace(['_', '-'], " ");
        let id = self.styled(&format!("{noun} id"));
        let (of_id, own) = (json!({"type": "string", "description": format!("Id of the {noun}.")}), fields(said));
        let with_id = |mut rest: Map<String, Value>| {
            rest.insert(id.clone(), of_id.clone());
            rest
        };
        let page = object(&json!({
            "query": {"type": "string", "description": "Words to filter by."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Most items of a page."},
            "cursor": {"type": "string", "description": "Where the next page begins."},
        }));
        let first = own.keys().next().unwrap().clone();
        let made = self.verbs.iter().enumerate().map(|(at, verb)| {
            let name = self.styled(&format!("{verb} {}", if at == 2 { things } else { thing }));
            let verb = format!("{}{}", verb[..1].to_uppercase(), &verb[1..]);
            match at {
                0 => self.shown(&name, &format!("{verb} a new {noun}. {what} Returns its id."), &[&first], &own),
                1 => self.shown(
                    &name,
                    &format!("{verb} one {noun} by its id, with all details. {what}"),
                    &[&id],
                    &with_id(Map::new()),
                ),
                2 => self.shown(&name, &format!("{verb} {things}, the newest first, page by page. {what}"), &[], &page),
                3 => {
                    let said = format!("{verb} an existing {noun}. Fields that are left out stay as they are.");
                    self.shown(&name, &said, &[&id], &with_id(own.clone()))
                }
                _ => {
                    self.shown(&name, &format!("{verb} a {noun}. This cannot be undone."), &[&id], &with_id(Map::new()))
                }
            }
        });
        made.collect()
    }

    fn single(&self, line: &str) -> Shown {
        let [name, description, said] = line.split(" | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
        let fields = fields(said);
        let first = fields.keys().next().unwrap().clone();
        self.shown(name, description, &[&first], &fields)
    }
}

/// The properties of `name:description; name=a/b:description`.
fn fields(said: &str) -> Map<String, Value> {
    let field = |field: &str| {
        let (name, description) = field.split_once(':').unwrap_or_else(|| panic!("{field}"));
        match name.split_once('=') {
            Some((name, values)) => {
                let values: Vec<&str> = values.split('/').collect();
                (name.to_owned(), json!({"type": "string", "enum": values, "description": description}))
            }
            None => (name.to_owned(), json!({"type": "string", "description": description})),
        }
    };
    said.split("; ").map(field).collect()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn tools() -> Vec<Shown> {
    let mut server = Server::default();
    let mut tools = Vec::new();
    for line in TOOLS.lines() {
        match line.split_at(2) {
            ("! ", rest) => {
                let [name, style, verbs] = rest.split(" | ").collect::<Vec<_>>()[..] else { panic!("{line}") };
                server = Server { name, style, verbs: verbs.split(' ').collect() };
            }
            ("@ ", rest) => tools.extend(server.things(rest)),
            _ => tools.push(server.single(line)),
        }
    }
    tools
}

fn questions() -> Vec<(&'static str, Vec<&'static str>)> {
    let read = |line: &'static str| {
        let (question, right) = line.split_once(" | ").unwrap();
        (question, right.split(", ").collect())
    };
    QUESTIONS.lines().map(read).collect()
}

fn index(tools: &[Shown]) -> Index {
    Index::build(tools.iter().map(|shown| (shown.name.as_str(), &shown.tool)))
}

fn page(index: &Index, tools: &[Shown], query: &str) -> CallToolResult {
    let order = Order { query: query.to_owned(), limit: 5, skip: 0 };
    let places = index.find(query, &|_| true).into_iter();
    let found: Vec<(&str, &Tool)> = places.map(|at| (tools[at].name.as_str(), &tools[at].tool)).collect();
    result::structured(&Page::of(&order, &found, Vec::new()))
}

/// Tokens of a text as the vocabulary `o200k_base` counts them.
fn tokens(text: &Value) -> usize {
    tiktoken_rs::o200k_base_singleton().count_ordinary(&text.to_string())
}

/// The time that something takes, at best of several times.
#[allow(clippy::disallowed_methods, reason = "a measurement, which is printed and not asserted")]
fn timed(run: impl Fn()) -> Duration {
    let once = |_| {
        let start = std::time::Instant::now();
        run();
        start.elapsed()
    };
    (0..10).map(once).min().unwrap()
}

#[test]
fn the_seeds_are_a_thousand_different_tools_that_can_be_checked() {
    let tools = tools();
    let names: HashSet<&str> = tools.iter().map(|shown| shown.name.as_str()).collect();
    let descriptions: HashSet<_> = tools.iter().map(|shown| shown.tool.description.clone().unwrap()).collect();
    assert_eq!((tools.len(), names.len(), questions().len()), (1_000, 1_000, 100));
    assert!(descriptions.len() >= 990, "{}", descriptions.len());
    for shown in &tools {
        Schema::compile(&shown.tool.input_schema).unwrap();
        assert!(shown.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "{}", shown.name);
    }
    for (question, right) in questions() {
        assert!(right.iter().all(|name| names.contains(name)), "{question}: {right:?}");
    }
}

#[test]
fn nine_of_ten_questions_find_their_tool_among_the_first_five() {
    let tools = tools();
    let index = index(&tools);
    let (mut first, mut five, mut missed) = (0, 0, Vec::new());
    for (question, right) in questions() {
        let found = index.find(question, &|_| true);
        let names: Vec<&str> = found.iter().take(5).map(|at| tools[*at].name.as_str()).collect();
        first += usize::from(names.first().is_some_and(|name| right.contains(name)));
        if names.iter().any(|name| right.contains(name)) {
            five += 1;
        } else {
            missed.push(format!("{question} → {right:?}, not {names:?}"));
        }
    }
    println!("recall@1 {first} %, recall@5 {five} %; missed:\n{}", missed.join("\n"));
    assert!(five >= 90, "{five} of 100: {missed:#?}");
}

#[test]
fn the_exact_name_of_each_of_a_thousand_tools_finds_it_first() {
    let tools = tools();
    let index = index(&tools);
    for (at, shown) in tools.iter().enumerate() {
        assert_eq!(index.find(&shown.name, &|_| true)[0], at, "{}", shown.name);
    }
}

#[test]
fn a_thousand_tools_cost_an_agent_a_few_hundred_tokens() {
    let tools = tools();
    let index = index(&tools);
    let shown = |shown: &Shown| Tool { name: shown.name.clone(), ..shown.tool.clone() };
    let all = json!({"tools": tools.iter().map(shown).collect::<Vec<_>>()});
    let face = json!({"tools": FaceTool::ALL.map(|tool| tool.definition().unwrap())});
    let searches = questions().into_iter().map(|(question, _)| {
        let answered = page(&index, &tools, question);
        tokens(&answered.structured_content.unwrap())
    });
    let mut searches: Vec<usize> = searches.collect();
    searches.sort_unstable();
    let (all_tokens, listed, search) = (tokens(&all), tokens(&face), searches[searches.len() / 2]);
    let build = timed(|| drop(std::hint::black_box(self::index(&tools))));
    let find = timed(|| drop(std::hint::black_box(index.find("give the customer their money back", &|_| true))));
    println!("| what an agent reads | tokens | bytes |\n|---|---|---|");
    println!("| `tools/list` of 1,000 tools | {all_tokens} | {} |", all.to_string().len());
    println!("| `tools/list` of the face `search` | {listed} | {} |", face.to_string().len());
    println!("| one search of 5 tools, median of 100 | {search} (longest {}) | |", searches[searches.len() - 1]);
    println!("| list and one search | {} ({:.1} % of all) | |", listed + search, percent(listed + search, all_tokens));
    println!(
        "building the index: {build:?}; one search: {find:?} (this build: {})",
        if cfg!(debug_assertions) { "debug" } else { "release" }
    );
    assert!(listed < 600 && (listed + search) * 20 < all_tokens, "{listed} + {search} of {all_tokens}");
}

fn percent(part: usize, whole: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap());
    100.0 * float(part) / float(whole)
}
