//! What the gateway itself says over the protocol, in each era, is a promise of its own.
//!
//! `tests/data/contract/mcp/` has it as it was released: an introduction, the list of its own tools, a result, and an error of each kind.
//! A change that breaks nobody passes; one that does fails with the difference, judged as a change of an upstream is. When it is meant, or
//! something new is to be kept, `UPDATE_CONTRACT=1 cargo test -p gateway-contract --test gateway -- wire_promises` takes the present state.

use crate::{gateway, legacy, logged_in, modern};
use gateway_contract::caller::Caller;
use gateway_contract::seed::Tools;
use mcp_secure_gateway::drift::definition::{Definition, Kind};
use mcp_secure_gateway::drift::diff::report_lines;
use mcp_secure_gateway::drift::neighbours::Neighbours;
use mcp_secure_gateway::drift::offer::{Offer, Report, compare_offers};
use mcp_secure_gateway::drift::verdict::Verdict;
use mcp_secure_gateway::drift::version::Version;
use mcp_secure_gateway::http_api::contract;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::PathBuf;

/// Members whose values are part of the promise, not only their form.
const FIXED: [&str; 6] = ["jsonrpc", "protocolVersion", "resultType", "type", "code", "isError"];
/// Lists of names, each of which is part of it.
const NAMES: [&str; 2] = ["supportedVersions", "supported"];
/// Members that are compared as what a server offers.
const OFFERED: [&str; 5] =
    ["tools", "capabilities", "serverInfo", "instructions", "io.modelcontextprotocol/serverInfo"];

fn kept(era: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/contract/mcp").join(format!("{era}.json"))
}

/// A message without what is another one each time.
fn steady(mut message: Value) -> Value {
    fn blank(value: &mut Value) {
        match value {
            Value::String(text) => "…".clone_into(text),
            Value::Number(number) => *number = 0.into(),
            Value::Array(items) => items.iter_mut().for_each(blank),
            Value::Object(members) => members.values_mut().for_each(blank),
            Value::Null | Value::Bool(_) => {}
        }
    }
    if let Some(structured) = message.pointer_mut("/result/structuredContent") {
        blank(structured);
    }
    for block in message.pointer_mut("/result/content").and_then(Value::as_array_mut).into_iter().flatten() {
        block["text"] = "…".into();
    }
    message["id"] = 0.into();
    message
}

/// The schema that a message like this fits, with what `name` it has.
fn shape(name: &str, value: &Value) -> Value {
    match value {
        fixed if FIXED.contains(&name) => json!({"const": fixed}),
        Value::Array(names) if NAMES.contains(&name) => {
            let names = names.iter().map(|name| (name.as_str().expect("a name").to_owned(), json!({})));
            required(&names.collect())
        }
        Value::Object(members) => {
            let told = members.iter().filter(|(name, _)| !OFFERED.contains(&name.as_str()));
            required(&told.map(|(name, value)| (name.clone(), shape(name, value))).collect())
        }
        Value::Array(items) => {
            let mut shapes: Vec<Value> = Vec::new();
            for item in items.iter().map(|item| shape("", item)) {
                if !shapes.contains(&item) {
                    shapes.push(item);
                }
            }
            json!({"type": "array", "items": {"anyOf": shapes}})
        }
        Value::String(_) => json!({"type": "string"}),
        Value::Number(_) => json!({"type": "number"}),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Null => json!({"type": "null"}),
    }
}

fn required(properties: &Map<String, Value>) -> Value {
    let names: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "required": names, "properties": properties})
}

/// The form of every message, as what answers promise.
fn forms(messages: &Map<String, Value>) -> Offer {
    let form = |(name, message): (&String, &Value)| {
        let members = [("outputSchema".to_owned(), shape("", message))].into_iter().collect();
        Version::of(Definition::new(Kind::Operation, name.as_str(), members))
    };
    Offer::new(messages.iter().map(form))
}

/// What a message offers, where it offers something.
fn offered(message: &Value) -> Offer {
    let result = message.get("result").filter(|result| OFFERED.iter().any(|name| result.get(name).is_some()));
    result.map_or_else(Offer::default, |result| contract::offer(result).expect("an offer"))
}

/// Everything that is between two sets of messages.
fn compare(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<Report> {
    let nobody = Neighbours::default();
    let offers = old.iter().filter_map(|(name, message)| Some((offered(message), offered(new.get(name)?))));
    let offers = offers.map(|(old, new)| compare_offers(&old, &new, &nobody));
    offers.chain([compare_offers(&forms(old), &forms(new), &nobody)]).collect()
}

fn worst(reports: &[Report]) -> Verdict {
    reports.iter().map(|report| report.verdict).max().unwrap_or_default()
}

fn read(era: &str) -> Map<String, Value> {
    let text = fs::read(kept(era)).unwrap_or_else(|error| panic!("{era}: {error}"));
    serde_json::from_slice(&text).expect("messages by name")
}

/// A change of an object within a message.
type Change<'a> = &'a dyn Fn(&mut Map<String, Value>);

/// Holds messages to those that were released.
fn hold(era: &str, messages: Map<String, Value>) {
    let now: Map<String, Value> = messages.into_iter().map(|(name, message)| (name, steady(message))).collect();
    if std::env::var_os("UPDATE_CONTRACT").is_some_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(&now).expect("JSON") + "\n";
        fs::create_dir_all(kept(era).parent().expect("a folder")).expect("a folder");
        fs::write(kept(era), text).expect("written");
    }
    let reports = compare(&read(era), &now);
    let lines: Vec<String> = reports.iter().flat_map(report_lines).collect();
    assert!(
        !worst(&reports).needs_a_person(),
        "what {era} clients are told breaks what was promised. If it is meant, run `UPDATE_CONTRACT=1 cargo test -p gateway-contract \
         --test gateway -- wire_promises` and commit it.\n{}",
        lines.join("\n")
    );
    for (name, message) in &now {
        assert!(message["result"].is_object() != message["error"].is_object(), "{name}: {message}");
    }
}

/// Requests that every client may make, by what they show.
fn requests() -> [(&'static str, &'static str, Value); 8] {
    [
        ("tools_list", "tools/list", json!({})),
        ("call", "tools/call", json!({"name": "server_time", "arguments": {}})),
        ("bad_arguments", "tools/call", json!({"name": "quantum_random", "arguments": {"bytes": "many"}})),
        ("unknown_tool", "tools/call", json!({"name": "nothing_of_that_name", "arguments": {}})),
        ("unknown_method", "nothing/of_that_name", json!({})),
        ("bad_params", "tools/call", json!({"arguments": {}})),
        ("unknown_resource", "resources/read", json!({"uri": "file:///nothing"})),
        ("unknown_prompt", "prompts/get", json!({"name": "nothing"})),
    ]
}

#[tokio::test]
async fn what_clients_of_2026_are_told_breaks_no_promise() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let caller = Caller::modern(gateway(), &tokens.access, "");
    let mut messages = Map::new();
    messages.insert("discover".to_owned(), caller.ask("server/discover", json!({})).await);
    for (name, method, params) in requests() {
        messages.insert(name.to_owned(), caller.ask(method, params).await);
    }
    let later = json!({"_meta": {"io.modelcontextprotocol/protocolVersion": "v999"}});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": later});
    let unsupported = caller.post(&body, &[("mcp-method", "tools/list"), ("mcp-protocol-version", "v999")]).await;
    messages.insert("unsupported_version".to_owned(), unsupported.rest().await.pop().expect("an answer"));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": crate::modern_params(json!({}))});
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call")];
    let contradicting = crate::post_mcp(&tokens.access, &headers, &body).await;
    messages.insert("contradicting_header".to_owned(), contradicting.json(400));
    assert_eq!(modern(&tokens.access, "tools/list", json!({})).await.status, 200);
    hold("modern", messages);
}

#[tokio::test]
async fn what_clients_of_2025_are_told_breaks_no_promise() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let caller = Caller::legacy(gateway(), &tokens.access, "", json!({})).await;
    let mut messages = Map::new();
    let introduced = caller.outside_sessions().post(&caller.initialize(), &[]).await;
    messages.insert("initialize".to_owned(), introduced.rest().await.pop().expect("an answer"));
    messages.insert("ping".to_owned(), caller.ask("ping", json!({})).await);
    for (name, method, params) in requests() {
        messages.insert(name.to_owned(), caller.ask(method, params).await);
    }
    assert_eq!(legacy(&tokens.access, "tools/list", json!({})).await.status, 200);
    hold("legacy", messages);
}

#[test]
fn a_broken_promise_of_the_wire_is_noticed_and_a_kept_one_is_not() {
    for era in ["modern", "legacy"] {
        let old = read(era);
        assert_eq!(worst(&compare(&old, &old)), Verdict::Identical, "{era}");
        let changed = |pointer: &str, change: Change<'_>| {
            let mut new = Value::Object(old.clone());
            change(new.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap_or_else(|| panic!("{era}{pointer}")));
            let new = new.as_object().expect("messages").clone();
            worst(&compare(&old, &new))
        };
        let introduction = if era == "modern" { "/discover/result" } else { "/initialize/result" };
        let breaks: [(&str, Change<'_>); 5] = [
            ("/unknown_tool/error", &|error| drop(error.insert("code".to_owned(), 1.into()))),
            ("/call/result", &|result| drop(result.remove("structuredContent"))),
            ("/call/result/content/0", &|block| drop(block.insert("type".to_owned(), "image".into()))),
            ("/tools_list/result/tools/0", &|tool| drop(tool.insert("name".to_owned(), "another".into()))),
            (introduction, &|result| drop(result["capabilities"].as_object_mut().and_then(|all| all.remove("tools")))),
        ];
        for (pointer, change) in breaks {
            assert!(changed(pointer, change).needs_a_person(), "{era}{pointer}");
        }
        let more = |error: &mut Map<String, Value>| drop(error.insert("hint".to_owned(), "new".into()));
        for pointer in ["/unknown_tool/error", "/call/result", introduction] {
            assert_eq!(changed(pointer, &more), Verdict::Additive, "{era}{pointer}");
        }
    }
}
