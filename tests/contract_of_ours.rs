//! What the gateway itself promises: its REST contract and the administrators' tools must not break who uses them.
//!
//! `tests/data/contract/` has both as they were released. A change that breaks nobody passes; one that does fails with the
//! difference. When it is meant, `UPDATE_CONTRACT=1 cargo test -p mcp-secure-gateway --test contract_of_ours` takes the present
//! state as the one to keep.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a failed step of the test fails the test")]

use mcp_secure_gateway::drift::diff::report_lines;
use mcp_secure_gateway::drift::neighbours::Neighbours;
use mcp_secure_gateway::drift::offer::{Report, compare_offers};
use mcp_secure_gateway::drift::verdict::Verdict;
use mcp_secure_gateway::http_api::contract;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The promises, each with where it stands now.
const PROMISES: [(&str, &str); 2] = [("openapi.json", "src/api/openapi.json"), ("tools.json", "src/admin/tools.json")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn kept(name: &str) -> PathBuf {
    root().join("tests/data/contract").join(name)
}

fn compare(old: &[u8], new: &[u8]) -> Report {
    compare_offers(&contract::read(old).unwrap(), &contract::read(new).unwrap(), &Neighbours::default())
}

fn document(path: &str) -> Value {
    serde_json::from_slice(&fs::read(root().join(path)).unwrap()).unwrap()
}

#[test]
fn nothing_that_was_promised_is_broken() {
    for (name, now) in PROMISES {
        let now = fs::read(root().join(now)).unwrap();
        if std::env::var_os("UPDATE_CONTRACT").is_some_and(|value| value == "1") {
            fs::write(kept(name), &now).unwrap();
        }
        let report = compare(&fs::read(kept(name)).unwrap(), &now);
        assert!(
            !report.verdict.needs_a_person(),
            "{name} breaks what was promised. If it is meant, run `UPDATE_CONTRACT=1 cargo test -p mcp-secure-gateway --test \
             contract_of_ours` and commit it.\n{}",
            report_lines(&report).join("\n")
        );
    }
}

#[test]
fn every_operation_and_tool_of_ours_can_be_compared() {
    for (name, path) in PROMISES {
        let document = document(path);
        let offer = contract::offer(&document).unwrap();
        let operations = document["paths"]
            .as_object()
            .map(|paths| paths.values().flat_map(|item| item.as_object().unwrap().values()).count() + 1);
        let tools = document.as_array().map(Vec::len);
        assert_eq!(Some(offer.len()), operations.or(tools), "{name}");
        assert!(
            !offer.iter().any(|version| version.stored().contains("x-components")),
            "{name} has what is not translated"
        );
    }
}

#[test]
fn a_broken_promise_is_noticed() {
    let old = fs::read(root().join(PROMISES[0].1)).unwrap();
    let mut document: Value = serde_json::from_slice(&old).unwrap();
    let login = &mut document["components"]["schemas"]["TokenResponse"];
    assert!(login["properties"].as_object_mut().unwrap().shift_remove("expires_in").is_some());
    login["required"].as_array_mut().unwrap().retain(|name| name != "expires_in");
    let report = compare(&old, document.to_string().as_bytes());
    assert_eq!(report.verdict, Verdict::Breaking);
    assert!(report.changed.iter().any(|changed| changed.name == "POST /auth/login"));

    let old = fs::read(root().join(PROMISES[1].1)).unwrap();
    let mut tools: Value = serde_json::from_slice(&old).unwrap();
    tools[0]["annotations"]["readOnlyHint"] = json!(false);
    assert_eq!(compare(&old, tools.to_string().as_bytes()).verdict, Verdict::Suspicious);
}

/// A schema of the document, without its reference.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.map_or(schema, |target| document.pointer(target).unwrap())
}

#[test]
fn logging_in_gives_two_tokens_their_type_and_their_life() {
    let document = document(PROMISES[0].1);
    let login = &document["paths"]["/auth/login"]["post"];
    let body = resolved(&document, &login["requestBody"]["content"]["application/json"]["schema"]);
    for name in ["username", "password"] {
        assert_eq!(resolved(&document, &body["properties"][name])["type"], "string", "{name}");
        assert!(body["required"].as_array().unwrap().contains(&json!(name)), "{name}");
    }
    let answer = resolved(&document, &login["responses"]["200"]["content"]["application/json"]["schema"]);
    for (name, kind) in [("access_token", "string"), ("token_type", "string"), ("expires_in", "integer")] {
        assert_eq!(resolved(&document, &answer["properties"][name])["type"], kind, "{name}");
        assert!(answer["required"].as_array().unwrap().contains(&json!(name)), "{name}");
    }
    // Other answers of this form have none, where a client may not refresh; a login always has one.
    assert!(answer["properties"]["refresh_token"]["type"].as_array().unwrap().contains(&json!("string")));
    let example = &login["responses"]["200"]["content"]["application/json"]["examples"]["example"]["value"];
    assert!(example["refresh_token"].is_string(), "{example}");
    let word = resolved(&document, &answer["properties"]["token_type"]);
    assert_eq!(word.get("const").or_else(|| word["enum"].get(0)), Some(&json!("bearer")), "{word}");
}
