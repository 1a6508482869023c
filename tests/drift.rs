//! Labelled changes of definitions, and what the gateway makes of them.
//!
//! `tests/data/drift/changes.json` has changes with the one verdict that is right; `harmless.json` has changes as servers make
//! them every day, which must not cost a person's time. A case has the members of a definition before and after, or only the
//! part of it that changes.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failed step of the test fails the test, and the figures are for who runs it"
)]

use mcp_secure_gateway::drift::compare::compare;
use mcp_secure_gateway::drift::definition::{Definition, Kind};
use mcp_secure_gateway::drift::diff::{lines, report_lines};
use mcp_secure_gateway::drift::neighbours::Neighbours;
use mcp_secure_gateway::drift::offer::{Offer, compare_offers};
use mcp_secure_gateway::drift::verdict::Verdict;
use mcp_secure_gateway::drift::version::Version;
use serde_json::{Map, Value, json};

const CHANGES: &str = include_str!("data/drift/changes.json");
const HARMLESS: &str = include_str!("data/drift/harmless.json");

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn texts(case: &Value, name: &str) -> Vec<String> {
    case.get(name).map(|names| serde_json::from_value(names.clone()).unwrap()).unwrap_or_default()
}

fn version(kind: &Value, name: &str, members: &Value) -> Version {
    let kind: Kind = serde_json::from_value(kind.clone()).unwrap();
    Version::of(Definition::new(kind, name, members.as_object().unwrap().clone()))
}

fn offer(list: &Value) -> Offer {
    let version = |one: &Value| version(&one["kind"], one["name"].as_str().unwrap(), &one["members"]);
    Offer::new(list.as_array().unwrap().iter().map(version))
}

/// The members of a tool of which a part is given.
fn members(part: &str, value: &Value) -> Value {
    let argument = |schema: Value| json!({"type": "object", "properties": {"value": schema}});
    let mut members = json!({"description": "Does what it is for", "inputSchema": {"type": "object"}});
    match part {
        "members" => return value.clone(),
        "parameter" => members["inputSchema"] = argument(value.clone()),
        "arguments" => members["inputSchema"] = value.clone(),
        "answers" => members["outputSchema"] = value.clone(),
        "annotations" => members["annotations"] = value.clone(),
        "text" => members["description"] = value.clone(),
        part => panic!("{part}"),
    }
    members
}

/// What a case comes to, with the lines of the difference.
fn judge(case: &Value) -> (Verdict, String) {
    let neighbours = Neighbours::new(texts(case, "others"), texts(case, "siblings"));
    if let Some(pinned) = case.get("pinned") {
        let report = compare_offers(&offer(pinned), &offer(&case["now"]), &neighbours);
        return (report.verdict, report_lines(&report).join("\n"));
    }
    let parts = ["members", "parameter", "arguments", "answers", "annotations", "text"];
    let part = parts.into_iter().find(|part| case.get(part).is_some()).unwrap();
    let kind = case.get("kind").cloned().unwrap_or_else(|| json!("tool"));
    let name = case.get("name").and_then(Value::as_str).unwrap_or("find_orders");
    let [before, after] = [0, 1].map(|at| version(&kind, name, &members(part, &case[part][at])));
    let comparison = compare(&before, &after, &neighbours);
    (comparison.verdict, lines('~', &comparison).join("\n"))
}

#[test]
fn every_labelled_change_gets_its_verdict() {
    let cases = cases(CHANGES);
    let mut wrong = Vec::new();
    for case in &cases {
        let right: Verdict = serde_json::from_value(case["verdict"].clone()).unwrap();
        let (verdict, lines) = judge(case);
        if verdict != right {
            wrong.push(format!("{}: {right} expected\n{lines}", case["what"]));
        }
    }
    println!("{} labelled changes, {} with another verdict", cases.len(), wrong.len());
    assert!(cases.len() >= 120);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn no_breaking_or_suspicious_change_is_let_through() {
    let rank = |case: &Value| -> Verdict { serde_json::from_value(case["verdict"].clone()).unwrap() };
    let harmful: Vec<Value> = cases(CHANGES).into_iter().filter(|case| rank(case).needs_a_person()).collect();
    let through: Vec<&Value> =
        harmful.iter().filter(|case| judge(case).0 < rank(case)).map(|case| &case["what"]).collect();
    println!("{} harmful changes, {} let through", harmful.len(), through.len());
    assert!(harmful.len() >= 60 && through.is_empty(), "{through:?}");
}

#[test]
fn harmless_changes_seldom_need_a_person() {
    let cases = cases(HARMLESS);
    let judged: Vec<(&Value, (Verdict, String))> = cases.iter().map(|case| (case, judge(case))).collect();
    let alarms: Vec<String> = judged
        .iter()
        .filter(|(_, (verdict, _))| verdict.needs_a_person())
        .map(|(case, (_, lines))| format!("{}\n{lines}", case["what"]))
        .collect();
    println!("{} harmless changes, {} false alarms", cases.len(), alarms.len());
    assert!(cases.len() >= 100);
    assert!(alarms.len() * 100 <= cases.len() * 3, "{}", alarms.join("\n\n"));
}

#[test]
fn the_document_says_how_many_there_are() {
    let document = include_str!("../docs/DRIFT.md");
    let (changes, harmless) = (cases(CHANGES), cases(HARMLESS));
    let harmful = changes.iter().filter(|case| ["breaking", "suspicious"].iter().any(|word| case["verdict"] == *word));
    for said in [
        format!("`tests/data/drift/changes.json` has {} changes", changes.len()),
        format!("\n{} harmful ones", harmful.count()),
        format!("`harmless.json` has {} changes", harmless.len()),
    ] {
        assert!(document.contains(&said), "{said}");
    }
}

#[test]
fn every_case_has_a_name_of_its_own() {
    for text in [CHANGES, HARMLESS] {
        let cases = cases(text);
        let mut names: Vec<&str> = cases.iter().map(|case| case["what"].as_str().unwrap()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

/// Ten thousand tools, each with a schema whose comparison would take a while.
fn many(count: usize) -> Vec<Version> {
    let schema = |at: usize| {
        let branches: Vec<Value> =
            (0..8).map(|kind| json!({"properties": {"k": {"const": kind + at}}, "required": ["k"]})).collect();
        json!({"type": "object", "properties": {"a": {"oneOf": branches}}})
    };
    let tool = |at: usize| {
        let members: Map<String, Value> =
            [("inputSchema".to_owned(), schema(at)), ("description".to_owned(), json!(format!("Tool number {at}")))]
                .into_iter()
                .collect();
        Version::of(Definition::new(Kind::Tool, format!("tool_number_{at}"), members))
    };
    (0..count).map(tool).collect()
}

#[test]
fn ten_thousand_unchanged_tools_are_compared_by_their_fingerprints() {
    let (pinned, mut now) = (many(10_000), many(10_000));
    let neighbours = Neighbours::new((0..10_000).map(|at| format!("other_tool_{at}")), [""; 0]);
    let report = compare_offers(&Offer::new(pinned.clone()), &Offer::new(now.clone()), &neighbours);
    assert_eq!((report.unchanged, report.verdict), (10_000, Verdict::Identical));
    now.truncate(9_990);
    let report = compare_offers(&Offer::new(pinned), &Offer::new(now), &neighbours);
    assert_eq!((report.unchanged, report.removed.len()), (9_990, 10));
}
