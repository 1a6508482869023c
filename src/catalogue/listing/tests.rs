use super::{Kind, LeftOutReason, Listing, MAX_ITEMS};
use crate::catalogue::naming::Prefix;
use crate::id::UpstreamId;
use crate::upstream::survey::{Introduction, Survey};
use crate::upstream::{Unusable, UnusableReason};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn read<T: DeserializeOwned>(items: Vec<Value>) -> Vec<T> {
    items.into_iter().map(|item| serde_json::from_value(item).unwrap()).collect()
}

fn admit(survey: Survey) -> Listing {
    Listing::admit(UpstreamId::parse("u1").unwrap(), Prefix::parse("files").unwrap(), survey)
}

fn tools(items: Vec<Value>) -> Listing {
    admit(Survey { tools: read(items), ..Survey::default() })
}

fn reasons(listing: &Listing) -> Vec<(Kind, &LeftOutReason)> {
    listing.left_out().iter().map(|left_out| (left_out.kind, &left_out.reason)).collect()
}

#[test]
fn items_keep_their_names_and_order_and_are_found_by_them() {
    let schema = json!({"type": "object", "x-kept": 1});
    let listing = tools(vec![
        json!({"name": "write", "inputSchema": schema, "title": "Write"}),
        json!({"name": "_read", "inputSchema": schema}),
        json!({"name": "edit.all", "inputSchema": schema}),
    ]);
    let names: Vec<_> = listing.tools().iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["write", "_read", "edit.all"]);
    for name in names {
        assert_eq!(listing.tool(name).unwrap().name, name);
    }
    assert_eq!(Value::Object(listing.tool("write").unwrap().input_schema.clone()), schema);
    assert!(listing.tool("Write").is_none() && listing.tool("files__write").is_none());
    assert_eq!(reasons(&listing), [(Kind::Tool, &LeftOutReason::Prefixed)], "a point is for endpoints without prefix");
}

#[test]
fn a_tool_that_cannot_be_shown_is_left_out_with_its_reason() {
    let object = json!({"type": "object"});
    let big = "x".repeat(9000);
    let cases = [
        (json!({"name": "a b", "inputSchema": object}), LeftOutReason::Name),
        (json!({"name": "", "inputSchema": object}), LeftOutReason::Name),
        (json!({"name": "x".repeat(129), "inputSchema": object}), LeftOutReason::Name),
        (json!({"name": "a", "inputSchema": {}}), LeftOutReason::NotAnObject),
        (json!({"name": "a", "inputSchema": object, "description": big}), LeftOutReason::Description),
        (json!({"name": "a", "inputSchema": object, "_meta": {"x": big.repeat(20)}}), LeftOutReason::TooLarge),
        (json!({"name": "a", "inputSchema": object, "description": "a\u{200b}b"}), LeftOutReason::HiddenCharacter),
        (json!({"name": "a", "inputSchema": object, "title": "a\u{e0041}"}), LeftOutReason::HiddenCharacter),
        (json!({"name": "a", "inputSchema": object, "title": "a\u{1b}[8m"}), LeftOutReason::HiddenCharacter),
        (
            json!({"name": "a", "inputSchema": {"type": "object", "properties": {"p\u{202e}": {}}}}),
            LeftOutReason::HiddenCharacter,
        ),
    ];
    for (value, reason) in cases {
        let listing = tools(vec![value.clone()]);
        assert_eq!(reasons(&listing), [(Kind::Tool, &reason)], "{value}");
        assert!(listing.tools().is_empty());
    }
    let remote = json!({"type": "object", "$ref": "https://evil.example/"});
    let listing = tools(vec![
        json!({"name": "a", "inputSchema": remote}),
        json!({"name": "b", "inputSchema": object, "outputSchema": remote}),
        json!({"name": "c", "inputSchema": object}),
        json!({"name": "c", "inputSchema": object}),
    ]);
    assert!(matches!(
        reasons(&listing).as_slice(),
        [(_, LeftOutReason::InputSchema(_)), (_, LeftOutReason::OutputSchema(_)), (_, LeftOutReason::Duplicate)]
    ));
    assert_eq!(listing.tools().len(), 1);
}

#[test]
fn prompts_resources_and_templates_are_looked_at_as_tools_are() {
    let long = "x".repeat(9000);
    let listing = admit(Survey {
        prompts: read(vec![
            json!({"name": "plan", "arguments": [{"name": "goal", "description": "What"}]}),
            json!({"name": "plan"}),
            json!({"name": "a b"}),
            json!({"name": "c", "arguments": [{"name": "x", "description": "\u{202e}"}]}),
        ]),
        resources: read(vec![
            json!({"uri": "file:///a", "name": "a", "size": 3}),
            json!({"uri": "notes", "name": "no scheme"}),
            json!({"uri": "file:///b", "name": "b", "description": long}),
            json!({"uri": "file:///c\u{200b}", "name": "c"}),
        ]),
        templates: read(vec![
            json!({"uriTemplate": "file:///{name}", "name": "files"}),
            json!({"uriTemplate": "file:///{name", "name": "open"}),
            json!({"uriTemplate": "{x}", "name": "\u{7}"}),
        ]),
        ..Survey::default()
    });
    assert_eq!((listing.prompts().len(), listing.resources().len(), listing.templates().len()), (1, 1, 1));
    assert_eq!(listing.resource("file:///a").unwrap().rest.get("size"), Some(&json!(3)));
    assert!(listing.prompt("plan").unwrap().rest.contains_key("arguments"));
    assert!(listing.template("file:///{name}").is_some() && listing.template("file:///a").is_none());
    let (prompt, resource, template) = (Kind::Prompt, Kind::Resource, Kind::Template);
    assert_eq!(
        reasons(&listing),
        [
            (prompt, &LeftOutReason::Duplicate),
            (prompt, &LeftOutReason::Name),
            (prompt, &LeftOutReason::HiddenCharacter),
            (resource, &LeftOutReason::Name),
            (resource, &LeftOutReason::Description),
            (resource, &LeftOutReason::HiddenCharacter),
            (template, &LeftOutReason::Name),
            (template, &LeftOutReason::HiddenCharacter),
        ]
    );
}

#[test]
fn a_uri_is_served_when_it_is_listed_or_a_template_may_give_it() {
    let listing = admit(Survey {
        resources: read(vec![json!({"uri": "file:///a/b", "name": "a"})]),
        templates: read(vec![json!({"uriTemplate": "file:///{name}", "name": "files"})]),
        ..Survey::default()
    });
    assert!(listing.serves("file:///a/b") && listing.serves("file:///c"));
    assert!(!listing.serves("file:///c/d") && !listing.serves("other:c"));
    assert_eq!(listing.templates_giving("file:///c").count(), 1);
}

#[test]
fn one_upstream_has_at_most_500_of_a_kind() {
    let many =
        (0..MAX_ITEMS + 2).map(|n| json!({"name": format!("t{n}"), "inputSchema": {"type": "object"}})).collect();
    let listing = tools(many);
    assert_eq!((listing.tools().len(), listing.left_out().len()), (500, 2));
    assert!(listing.tool("t499").is_some() && listing.tool("t500").is_none());
}

#[test]
fn an_introduction_is_kept_without_what_must_not_be_read() {
    let admit = |instructions: &str, server: &Value| {
        let introduction = Introduction {
            instructions: Some(instructions.to_owned()),
            server: server.as_object().cloned(),
            ..Introduction::default()
        };
        admit(Survey { introduction, ..Survey::default() })
    };
    let good = admit("Ask first.", &json!({"name": "files"}));
    assert_eq!(good.introduction().instructions.as_deref(), Some("Ask first."));
    assert!(good.introduction().server.is_some() && good.left_out().is_empty());
    let bad = admit("Ask\u{200b} first.", &json!({"name": "fi\u{202e}les"}));
    assert!(bad.introduction().instructions.is_none() && bad.introduction().server.is_none());
    assert_eq!(reasons(&bad), [(Kind::Introduction, &LeftOutReason::HiddenCharacter); 2]);
    assert!(admit(&"x".repeat(8193), &json!({})).introduction().instructions.is_none());
}

#[test]
fn what_the_upstream_could_not_be_understood_in_is_told_too() {
    let unusable = vec![Unusable { tool: "a\nb".into(), reason: UnusableReason::Malformed }];
    let listing = admit(Survey { unusable, ..Survey::default() });
    let left_out = listing.left_out().first().unwrap();
    assert_eq!((left_out.kind, left_out.own.as_str(), left_out.upstream.as_str()), (Kind::Unread, "a?b", "files"));
    assert_eq!(left_out.reason.to_string(), "it is not a tool definition");
}
