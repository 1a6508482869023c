//! The log's contract in `docs/` is what the types say.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::expect_used, reason = "a failed step of the test fails the test")]

use mcp_secure_gateway::observe::schema::{schema, tables};
use std::fs;
use std::path::Path;

const SCHEMA: &str = "docs/log-schema.json";
const PAGE: &str = "docs/LOGS.md";
/// What stands above the part of the page that is made from the types.
const MARK: &str = "<!-- Made from the types: UPDATE_LOGS=1 cargo test -p mcp-secure-gateway --test log_schema -->\n";

fn held(file: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_LOGS").is_some_and(|value| value == "1") {
        fs::write(&path, wanted).expect("the file can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == wanted,
        "{file} is not what the code says. Run `UPDATE_LOGS=1 cargo test -p mcp-secure-gateway --test log_schema` and commit it."
    );
}

#[test]
fn the_schema_is_what_is_logged() {
    held(SCHEMA, &(serde_json::to_string_pretty(&schema()).unwrap() + "\n"));
}

#[test]
fn the_page_tells_every_event_and_field() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).expect(PAGE);
    let (words, _) = page.split_once(MARK).expect("the mark above the tables");
    held(PAGE, &format!("{words}{MARK}\n{}\n", tables()));
}

#[test]
fn what_the_log_reader_is_told_of_is_logged() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("observability/lnav/formats/mcp_gateway/format.json");
    let format: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).expect("the format")).expect("JSON");
    let format = &format["mcp_gateway"];
    let schema = serde_json::to_value(schema()).expect("JSON");
    let events = schema["oneOf"].as_array().expect("the events");
    let logged = |field: &str| events.iter().any(|event| !event["properties"][field].is_null());
    let values = format["value"].as_object().expect("fields");
    assert!(values.len() >= 10, "{values:?}");
    for field in values.keys() {
        assert!(logged(field), "no event has {field}");
    }
    for member in ["timestamp-field", "level-field", "opid-field"] {
        let field = format[member].as_str().expect(member);
        assert!(events.iter().all(|event| !event["properties"][field].is_null()), "{field} is not in every event");
    }
    let levels: Vec<_> = format["level"].as_object().expect("levels").values().collect();
    for level in events[0]["properties"]["level"]["enum"].as_array().expect("levels") {
        assert!(levels.contains(&level), "{level}");
    }
}
