use super::{Definition, Kind, SERVER};
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::wire::{Prompt, Resource, ResourceTemplate, Tool};
use crate::upstream::survey::Introduction;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn object(value: &Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[test]
fn everything_that_a_tool_says_is_pinned() {
    let said = json!({
        "name": "find", "title": "Find", "description": "Finds it", "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}, "icons": [{"src": "a:b"}],
        "_meta": {"ui": {"resourceUri": "ui://a"}},
    });
    let tool: Tool = serde_json::from_value(said.clone()).unwrap();
    let definition = Definition::of_tool(&tool);
    let mut rest = object(&said);
    rest.shift_remove("name");
    assert_eq!((definition.kind, definition.name.as_str()), (Kind::Tool, "find"));
    assert_eq!(Value::Object(definition.members), Value::Object(rest));
}

#[test]
fn what_changes_without_the_thing_changing_is_not_pinned() {
    let resource: Resource = serde_json::from_value(json!({
        "uri": "a:b", "name": "b", "size": 7, "title": null,
        "annotations": {"lastModified": "2026-01-01T00:00:00Z"},
        "_meta": {"progressToken": 1, "traceparent": "00", "io.modelcontextprotocol/related-task": {}},
    }))
    .unwrap();
    assert_eq!(Value::Object(Definition::of_resource(&resource).members), json!({"name": "b"}));
    let kept = json!({"ui": {}, "io.modelcontextprotocol/ui": {}, "com.example/any": 1});
    let template: ResourceTemplate =
        serde_json::from_value(json!({"uriTemplate": "a:{b}", "name": "b", "_meta": kept})).unwrap();
    assert_eq!(Definition::of_template(&template).members.get("_meta"), Some(&kept));
}

#[test]
fn a_prompt_and_an_introduction_are_pinned_as_they_are() {
    let prompt: Prompt = serde_json::from_value(json!({"name": "p", "arguments": [{"name": "a"}]})).unwrap();
    assert_eq!(Value::Object(Definition::of_prompt(&prompt).members), json!({"arguments": [{"name": "a"}]}));
    let introduction = Introduction {
        offered: ServerCapabilities::read(&object(&json!({"tools": {"listChanged": true}}))),
        server: Some(object(&json!({"name": "s", "version": "1"}))),
        instructions: Some("Be kind".to_owned()),
    };
    let definition = Definition::of_introduction(&introduction);
    let pinned = json!({
        "serverInfo": {"name": "s", "version": "1"}, "capabilities": {"tools": {"listChanged": true}},
        "instructions": "Be kind",
    });
    assert_eq!((definition.kind, definition.name.as_str()), (Kind::Server, SERVER));
    assert_eq!(Value::Object(definition.members), pinned);
}

#[test]
fn every_kind_has_its_word() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}
