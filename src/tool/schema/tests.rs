use super::{MAX_VIOLATIONS, Schema, SchemaError, Violation};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn schema(value: &Value) -> Schema {
    Schema::compile_value(value).unwrap_or_else(|error| panic!("{error}: {value}"))
}

fn refusal(value: &Value) -> SchemaError {
    Schema::compile_value(value).expect_err(&value.to_string())
}

fn violations(of: &Value, value: &Value) -> Vec<(String, String)> {
    let found = schema(of).validate(value).expect_err(&value.to_string());
    found.into_iter().map(|Violation { pointer, problem }| (pointer, problem)).collect()
}

#[test]
fn every_violation_says_where_and_what() {
    let of = json!({
        "type": "object",
        "properties": {
            "location": {"type": "string", "minLength": 1},
            "units": {"enum": ["metric", "imperial"]},
            "a/b": {"type": "array", "items": {"type": "integer", "minimum": 3}},
        },
        "required": ["location", "day"],
        "additionalProperties": false,
    });
    let found = violations(&of, &json!({"location": 5, "units": "x", "a/b": [3, 2.5, 1], "more": 1}));
    let expected = [
        ("/location", "must be a text"),
        ("/units", "must be one of \"metric\", \"imperial\""),
        ("/a~1b/1", "must be a whole number"),
        ("/a~1b/1", "must be at least 3"),
        ("/a~1b/2", "must be at least 3"),
        ("/more", "is not allowed here"),
        ("", "must have the member \"day\""),
    ];
    for (pointer, problem) in expected {
        assert!(found.contains(&(pointer.to_owned(), problem.to_owned())), "{pointer} {problem}: {found:?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
}

#[test]
fn a_violation_never_repeats_the_value() {
    let of = json!({"properties": {"key": {"maxLength": 3, "pattern": "^x", "const": 1, "type": "null", "not": {}}}});
    let found = violations(&of, &json!({"key": "hunter2-hunter2"}));
    assert_eq!(found.len(), 5);
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn the_number_of_violations_is_bounded() {
    let found = violations(&json!({"items": false}), &json!(vec![0; 500]));
    assert_eq!(found.len(), MAX_VIOLATIONS);
}

#[test]
fn nothing_is_ever_fetched() {
    for reference in ["https://evil.example/x.json", "other.json", "//evil.example/#/a", "file:///etc/passwd"] {
        let at = "/properties/a/$ref".to_owned();
        let of = json!({"$id": "https://tool.example/schema", "properties": {"a": {"$ref": reference}}});
        assert_eq!(refusal(&of), SchemaError::RemoteReference { at: at.clone() }, "{reference}");
        assert_eq!(refusal(&json!({"properties": {"a": {"$ref": reference}}})), SchemaError::RemoteReference { at });
    }
}

#[test]
fn references_inside_the_document_are_followed() {
    let of = json!({
        "$id": "https://tool.example/schema",
        "$defs": {"small": {"$anchor": "small", "maximum": 9}, "a/b%": {"type": "string"}, "tree": {
            "properties": {"left": {"$ref": "#/$defs/tree"}, "value": {"$ref": "#small"}}, "required": ["value"]}},
        "properties": {
            "one": {"$ref": "#small"},
            "two": {"$ref": "https://tool.example/schema#/$defs/small"},
            "three": {"$ref": "#/$defs/a~1b%25"},
            "tree": {"$ref": "schema#/$defs/tree"},
        },
    });
    assert!(
        schema(&of)
            .validate(&json!({"one": 9, "two": 1, "three": "x", "tree": {"value": 1, "left": {"value": 2}}}))
            .is_ok()
    );
    let found = violations(&of, &json!({"one": 10, "two": 10, "three": 1, "tree": {"value": 1, "left": {"left": {}}}}));
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(refusal(&json!({"$ref": "#/$defs/no"})), SchemaError::DanglingReference { at: "/$ref".into() });
    assert_eq!(refusal(&json!({"$ref": "#no"})), SchemaError::DanglingReference { at: "/$ref".into() });
}

#[test]
fn a_reference_that_goes_round_in_circles_ends() {
    let too_dear = [(String::new(), "cost more to check than is allowed".to_owned())];
    assert_eq!(violations(&json!({"$ref": "#"}), &json!(1)), too_dear);
    assert_eq!(violations(&json!({"not": {"$ref": "#"}}), &json!(1)), too_dear);
    let doubling =
        json!({"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"});
    assert_eq!(violations(&doubling, &json!(1)), too_dear);
}

#[test]
fn a_schema_that_doubles_its_work_at_every_level_runs_out_of_fuel() {
    let mut definitions = serde_json::Map::new();
    definitions.insert("d0".into(), json!({"not": {"type": "null"}}));
    for level in 1..30 {
        let below = json!({"$ref": format!("#/$defs/d{}", level - 1)});
        definitions.insert(format!("d{level}"), json!({"allOf": [below, below]}));
    }
    let of = json!({"$defs": definitions, "$ref": "#/$defs/d29"});
    assert_eq!(violations(&of, &json!(1)).len(), 1);
}

#[test]
fn long_lists_inside_a_schema_are_paid_for_too() {
    let names: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
    let objects: Vec<Value> = (0..5000).map(|_| json!({})).collect();
    let found = violations(&json!({"items": {"not": {"required": names}}}), &json!(objects));
    assert_eq!(found, [(String::new(), "cost more to check than is allowed".to_owned())]);
    let counted: Vec<Value> = (0..2000).map(|n| json!({"minLength": n})).collect();
    let found = violations(&json!({"allOf": counted}), &json!("x".repeat(100_000)));
    assert_eq!(found, [(String::new(), "cost more to check than is allowed".to_owned())]);
}

#[test]
fn a_pattern_made_to_take_forever_fails_the_check() {
    let found = violations(&json!({"pattern": "^(a|a)*$"}), &json!(format!("{}b", "a".repeat(64))));
    assert_eq!(found, [(String::new(), "cost more to check than is allowed".to_owned())]);
}

#[test]
fn a_long_text_against_a_plain_pattern_is_within_the_budget() {
    let text = json!("a".repeat(300_000));
    assert!(schema(&json!({"pattern": "^[\\s\\S]*$"})).validate(&text).is_ok());
}

#[test]
fn a_schema_that_cannot_be_checked_exactly_is_refused() {
    assert_eq!(refusal(&json!({"$schema": "http://json-schema.org/draft-04/schema#"})), SchemaError::UnknownDialect);
    assert!(matches!(refusal(&json!({"$vocabulary": {}})), SchemaError::Unsupported { .. }));
    assert!(matches!(refusal(&json!({"$defs": {"a": {"$id": "x"}}})), SchemaError::Unsupported { .. }));
    assert!(matches!(refusal(&json!({"pattern": "(a)\\1"})), SchemaError::Pattern { .. }));
    let malformed = [
        json!({"type": "text"}),
        json!({"type": []}),
        json!({"properties": []}),
        json!({"required": true}),
        json!({"minLength": -1}),
        json!({"minLength": 1.5}),
        json!({"exclusiveMinimum": true}),
        json!({"allOf": []}),
        json!({"anyOf": {}}),
        json!({"items": [{}]}),
        json!({"multipleOf": 0}),
        json!({"enum": 1}),
        json!({"uniqueItems": 1}),
        json!({"not": 5}),
        json!({"$ref": 5}),
        json!({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}),
    ];
    for of in malformed {
        assert!(matches!(refusal(&of), SchemaError::Malformed { .. }), "{of}");
    }
    assert_eq!(refusal(&json!({"description": "x".repeat(70_000)})), SchemaError::TooLarge);
    let deep = (0..100).fold(json!({}), |inner, _| json!({"not": inner}));
    assert_eq!(refusal(&deep), SchemaError::TooDeep);
}

#[test]
fn older_dialects_keep_their_own_spelling() {
    let seven = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"name": {"type": "string"}},
        "items": [{"$ref": "#/definitions/name", "minLength": 99}],
        "additionalItems": false,
        "dependencies": {"a": ["b"], "c": {"required": ["d"]}},
        "unevaluatedProperties": false,
    });
    assert!(schema(&seven).validate(&json!(["x"])).is_ok());
    assert_eq!(violations(&seven, &json!([1, 2])).len(), 2);
    assert_eq!(violations(&seven, &json!({"a": 1, "c": 1})).len(), 2);
    assert!(schema(&seven).validate(&json!({"z": 1})).is_ok());
}

#[test]
fn what_was_evaluated_anywhere_is_not_unevaluated() {
    let of = json!({
        "properties": {"kind": {"const": "b"}},
        "if": {"properties": {"kind": {"const": "b"}}, "required": ["kind"]},
        "then": {"properties": {"extra": true}},
        "anyOf": [{"properties": {"left": {"type": "integer"}}}, {"properties": {"right": {"type": "integer"}}}],
        "unevaluatedProperties": false,
    });
    assert!(schema(&of).validate(&json!({"kind": "b", "extra": 1, "left": 1, "right": 2})).is_ok());
    assert_eq!(violations(&of, &json!({"kind": "b", "more": 1})), [("/more".into(), "is not allowed here".into())]);
    assert_eq!(violations(&of, &json!({"left": "x"})), [("/left".into(), "is not allowed here".into())]);
    let list = json!({"prefixItems": [true], "contains": {"type": "string"}, "unevaluatedItems": false});
    assert!(schema(&list).validate(&json!([1, "a", "b"])).is_ok());
    assert_eq!(violations(&list, &json!([1, "a", 2])), [("/2".into(), "is not allowed here".into())]);
}

#[test]
fn format_is_an_annotation() {
    assert!(schema(&json!({"format": "email", "contentMediaType": "application/json"})).validate(&json!("no")).is_ok());
}

/// Runs the official suite where `JSON_SCHEMA_TEST_SUITE` names its `draft2020-12` (or older) folder. Every group is either
/// refused at compile time, and then counted, or right in every case.
#[cfg(not(target_arch = "wasm32"))]
#[test]
#[ignore = "wants the official suite's folder in JSON_SCHEMA_TEST_SUITE"]
fn the_official_suite_agrees_wherever_the_schema_is_accepted() {
    let folder = std::env::var("JSON_SCHEMA_TEST_SUITE").expect("the folder of one draft");
    let dialect = std::env::var("JSON_SCHEMA_DIALECT").ok();
    let (mut right, mut refused, mut wrong) = (0, Vec::new(), Vec::new());
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let groups: Vec<Value> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for mut group in groups {
            if let (Some(dialect), Some(schema)) = (&dialect, group["schema"].as_object_mut()) {
                schema.entry("$schema").or_insert(json!(dialect));
            }
            let name = format!("{}: {}", file.file_stem().unwrap().to_string_lossy(), group["description"]);
            match Schema::compile_value(&group["schema"]) {
                Err(error) => refused.push(format!("{name}: {error}")),
                Ok(schema) => {
                    for case in group["tests"].as_array().unwrap() {
                        if schema.validate(&case["data"]).is_ok() == case["valid"] {
                            right += 1;
                        } else {
                            wrong.push(format!("{name}: {}", case["description"]));
                        }
                    }
                }
            }
        }
    }
    println!("{right} cases right, {} groups refused:\n{}", refused.len(), refused.join("\n"));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
