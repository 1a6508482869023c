//! What is chosen, what is wanted, and what is no document.

use super::{begin, convert, convert_with, document, source};
use crate::catalogue::naming::Prefix;
use crate::http_api::openapi::document::{CAPS, InvalidDocument};
use crate::http_api::openapi::reference::BrokenReference;
use crate::http_api::openapi::{Choice, Conversion, Converted, InvalidOpenApi, Refusal, Settings, Step};
use crate::json::JsonError;
use crate::outbound::{Method, OutboundUrl, Reach};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn names(converted: &Converted) -> Vec<&str> {
    converted.api.tools().iter().map(|tool| tool.definition.name.as_str()).collect()
}

fn pets() -> Value {
    let operation = |id: &str, tag: &str| json!({"operationId": id, "tags": [tag]});
    document(
        json!({
            "/pets": {"get": operation("pets/list", "pets"), "post": operation("pets/create", "pets")},
            "/users": {"get": operation("users/list", "people of it"), "x-more": 1},
            "/users/me": {"delete": {"tags": ["people of it"]}},
            "x-paths": {"get": {}},
        }),
        json!({}),
    )
}

#[test]
fn what_is_chosen_is_what_every_list_has() {
    let chosen = |choice: Value| {
        let converted = convert_with(&pets(), serde_json::from_value(choice).unwrap());
        assert_eq!(converted.api.tools().len() + converted.not_chosen, 4);
        names(&converted).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(chosen(json!({})), ["pets_list", "pets_create", "users_list", "delete_users_me"]);
    assert_eq!(chosen(json!({"operations": ["pets/*"]})), ["pets_list", "pets_create"]);
    assert_eq!(chosen(json!({"operations": ["*/list"], "tags": ["pets"]})), ["pets_list"]);
    assert_eq!(chosen(json!({"tags": ["people of it"]})), ["users_list", "delete_users_me"]);
    assert_eq!(chosen(json!({"methods": ["GET", "DELETE"], "paths": ["/users*"]})), ["users_list", "delete_users_me"]);
    assert!(chosen(json!({"operations": ["delete*"]})).is_empty(), "one without an id fits no pattern of ids");
    assert!(serde_json::from_value::<Choice>(json!({"tag": ["pets"]})).is_err());
    let bad = Choice { paths: vec!["a b".into()], ..Choice::default() };
    assert!(matches!(begin(&pets(), bad), Err(InvalidOpenApi::Choice(_))));
}

#[test]
fn every_operation_is_a_tool_or_refused_with_its_reason() {
    let paths = json!({
        "/a": {"get": {"operationId": "fine"}, "trace": {"operationId": "never"}},
        "/b/{x}": {"get": {"operationId": "lost\u{200b}"}},
        "/c": {"$ref": "#/nowhere"},
        "/d": {"$ref": "https://evil.com/x.json"},
    });
    let converted = convert(&document(paths, json!({})));
    assert_eq!(names(&converted), ["fine"]);
    let refused: Vec<_> = converted
        .refused
        .iter()
        .map(|refused| {
            (refused.method.as_str(), refused.path.as_str(), refused.operation.as_str(), refused.reason.clone())
        })
        .collect();
    let expected = [
        ("TRACE", "/a", "never", Refusal::Method),
        ("GET", "/b/{x}", "lost", Refusal::Placeholder("x".into())),
        ("", "/c", "", Refusal::Reference(BrokenReference::Dangling)),
        ("", "/d", "", Refusal::Reference(BrokenReference::Foreign)),
    ];
    assert_eq!(refused, expected);
}

#[test]
fn more_operations_than_an_upstream_may_have_tools_are_refused() {
    let paths: serde_json::Map<_, _> = (0..501).map(|at| (format!("/{at}"), json!({"get": {}}))).collect();
    let converted = convert(&document(Value::Object(paths), json!({})));
    assert_eq!(converted.api.tools().len(), 500);
    assert_eq!(converted.refused[0].reason, Refusal::TooMany);
}

#[test]
fn more_paths_than_are_read_make_no_api() {
    let paths: serde_json::Map<_, _> = (0..2001).map(|at| (format!("/{at}"), json!({}))).collect();
    let refused = begin(&document(Value::Object(paths), json!({})), Choice::default()).err();
    assert_eq!(refused, Some(InvalidOpenApi::TooManyPaths));
    let paths: serde_json::Map<_, _> = (0..1500).map(|at| (format!("/{at}"), json!({"trace": {}}))).collect();
    let converted = convert(&document(Value::Object(paths), json!({})));
    let tried = converted.refused.iter().filter(|refused| refused.reason == Refusal::Method).count();
    assert_eq!((tried, converted.refused.len()), (1000, 1500));
}

#[test]
fn documents_of_the_same_origin_are_wanted_one_after_the_other() {
    let paths = json!({
        "/a": {"get": {"operationId": "a", "parameters": [{"$ref": "common/p.yaml#/q"}]}},
        "/b": {"$ref": "paths.json#/b"},
        "/c": {"get": {"operationId": "c", "parameters": [{"$ref": "https://evil.com/p.json"}]}},
    });
    let mut conversion = begin(&document(paths, json!({})), Choice::default()).unwrap();
    let mut asked = Vec::new();
    let converted = loop {
        match conversion.step() {
            Step::Done(converted) => break converted,
            Step::Want(url) => {
                let path = url.url().path().to_owned();
                assert_eq!(url.origin(), source().origin());
                let bytes: &[u8] = match path.as_str() {
                    "/api/common/p.yaml" => b"q: {name: q, in: query, schema: {$ref: '../s.json#/text'}}",
                    "/api/paths.json" => br#"{"b": {"get": {"operationId": "b"}}}"#,
                    "/api/s.json" => br#"{"text": {"type": "string"}}"#,
                    other => panic!("{other} is wanted"),
                };
                conversion.supply(&url, Some(bytes));
                asked.push(path);
            }
        }
    };
    assert_eq!(asked, ["/api/common/p.yaml", "/api/paths.json", "/api/s.json"]);
    assert_eq!(names(&converted), ["a", "b"]);
    assert_eq!(converted.api.tools()[0].definition.input_schema["properties"], json!({"q": {"type": "string"}}));
    assert_eq!(converted.refused[0].reason, Refusal::Reference(BrokenReference::Foreign));
}

#[test]
fn a_document_that_cannot_be_had_costs_only_what_refers_to_it() {
    let paths = json!({"/a": {"get": {"parameters": [{"$ref": "p.json"}]}}, "/b": {"get": {"operationId": "b"}}});
    for bytes in [None, Some(&b"{"[..]), Some(&vec![b' '; 9 * 1024 * 1024][..])] {
        let mut conversion = begin(&document(paths.clone(), json!({})), Choice::default()).unwrap();
        let Step::Want(url) = conversion.step() else { panic!("p.json is wanted") };
        conversion.supply(&url, bytes);
        let Step::Done(converted) = conversion.step() else { panic!("nothing else is wanted") };
        assert_eq!(names(&converted), ["b"]);
        assert_eq!(converted.refused[0].reason, Refusal::Reference(BrokenReference::Unavailable));
    }
}

#[test]
fn an_api_elsewhere_than_its_document_is_said_to_be_there() {
    assert!(convert(&pets()).elsewhere);
    let here = document(json!({}), json!({"servers": [{"url": "/v2"}]}));
    let converted = convert(&here);
    assert!(!converted.elsewhere);
    assert_eq!(converted.api.base().url().as_str(), "https://docs.shop.com/v2");
    assert_eq!(converted.title.as_deref(), Some("Shop"));
}

#[test]
fn a_base_that_is_given_counts_more_than_the_documents() {
    let base = OutboundUrl::parse("https://other.shop.com/v9/?key=1", Reach::Public).unwrap();
    let settings = Settings::new(Some(base), Reach::Public, None);
    let unusable = document(json!({"/a": {"get": {}}}), json!({"servers": [{"url": "http://10.0.0.1"}]}));
    let mut conversion =
        Conversion::begin(source(), unusable.to_string().as_bytes(), Choice::default(), settings).unwrap();
    let Step::Done(converted) = conversion.step() else { panic!("nothing is wanted") };
    assert_eq!(converted.api.document().base, "https://other.shop.com/v9/");
}

#[test]
fn names_fit_behind_the_name_of_their_upstream() {
    let long = document(json!({"/a": {"get": {"operationId": "x".repeat(100)}}}), json!({}));
    for (prefix, longest) in [(None, 30), (Some("shop"), 58)] {
        let prefix = prefix.map(|name| Prefix::parse(name).unwrap());
        let settings = Settings::new(None, Reach::Public, prefix.as_ref());
        let mut conversion =
            Conversion::begin(source(), long.to_string().as_bytes(), Choice::default(), settings).unwrap();
        let Step::Done(converted) = conversion.step() else { panic!("nothing is wanted") };
        assert_eq!(names(&converted)[0].len(), longest);
    }
}

#[test]
fn what_is_not_openapi_3_0_or_3_1_is_no_document() {
    let refused = |bytes: &[u8]| {
        let settings = Settings::new(None, Reach::Public, None);
        Conversion::begin(source(), bytes, Choice::default(), settings).err().unwrap()
    };
    for other in [
        r#"{"swagger": "2.0", "paths": {}}"#,
        r#"{"openapi": "4.0.0", "paths": {}}"#,
        r#"{"openapi": 3.1}"#,
        "a text",
        "[]",
    ] {
        assert_eq!(refused(other.as_bytes()), InvalidOpenApi::Version, "{other}");
    }
    assert_eq!(refused(br#"{"openapi": "3.1.0", "webhooks": {}}"#), InvalidOpenApi::NoPaths);
    let twice = JsonError::DuplicateMember { name: "a".into() };
    assert_eq!(refused(br#"{"a": 1, "a": 2}"#), InvalidOpenApi::Document(InvalidDocument::Json(twice)));
    assert!(matches!(refused(b"a: [1"), InvalidOpenApi::Document(InvalidDocument::Yaml(_))));
    assert!(matches!(refused(&vec![b'{'; 9 * 1024 * 1024]), InvalidOpenApi::Document(_)));
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_document() {
    let mut text = pets().to_string();
    text.push_str(&" ".repeat(CAPS.max_bytes - text.len()));
    let bytes = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    let settings = Settings::new(None, Reach::Public, None);
    assert!(Conversion::begin(source(), &bytes, Choice::default(), settings).is_ok());
}

#[test]
fn a_choice_is_stored_as_it_was() {
    let choice = Choice { methods: vec![Method::Get], tags: vec!["a b".into()], ..Choice::default() };
    let stored = serde_json::to_string(&choice).unwrap();
    assert_eq!(stored, r#"{"tags":["a b"],"methods":["GET"],"outputs":true}"#);
    assert_eq!(serde_json::from_str::<Choice>(&stored).unwrap(), choice);
}
