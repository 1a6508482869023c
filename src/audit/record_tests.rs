use super::{Actor, CredentialKind, Digest, Draft, Kind, Stamp, ToolUsed, version};
use crate::audit::Trail;
use crate::audit::chain::{Link, Record};
use crate::id::{CorrelationId, RecordId, UserId};
use crate::time::Timestamp;
use serde_json::{Map, Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

pub fn stamp(number: u8) -> Stamp {
    Stamp {
        id: RecordId::from_bytes(&[number; 16]),
        at: Timestamp::from_millis(1_800_000_000_000 + u64::from(number)),
        correlation: CorrelationId::parse("c-1").ok(),
    }
}

pub fn draft(number: u8) -> Draft {
    let actor = Actor { user: UserId::parse("u-1").ok(), ..Actor::default() };
    Draft::new(stamp(number), Kind::TOOL_CALL, actor).on("tool", "x")
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn the_digest_of_arguments_does_not_depend_on_their_order() {
    let one = Digest::of_arguments(&object(&json!({"a": 1, "b": [1.0]})));
    assert_eq!(one, Digest::of_arguments(&object(&json!({"b": [1], "a": 1}))));
    assert_ne!(one, Digest::of_arguments(&object(&json!({"b": ["1"], "a": 1}))));
}

#[test]
fn a_digest_is_checked_when_it_is_read() {
    assert!(serde_json::from_str::<Digest>(&format!("\"{}\"", Digest::of(b"x"))).is_ok());
    for bad in ["\"\"", "\"abc\"", "1"] {
        assert!(serde_json::from_str::<Digest>(bad).is_err());
    }
}

#[test]
fn another_definition_is_another_version() {
    let one = version(&json!({"name": "x", "description": "one"})).unwrap();
    assert_eq!(one.len(), 16);
    assert_eq!(version(&json!({"description": "one", "name": "x"})), Some(one.clone()));
    assert_ne!(version(&json!({"name": "x", "description": "two"})), Some(one));
}

#[test]
fn a_result_names_its_call_and_only_calls_have_results() {
    let call = draft(1);
    let result = call.result(stamp(2)).unwrap();
    assert_eq!((result.call.as_ref(), &result.kind), (Some(&call.id), &Kind::TOOL_RESULT));
    assert_eq!(result.result(stamp(3)), None);
    assert!(call.is_call() && !result.is_call());
}

#[test]
fn what_is_not_known_is_not_there() {
    let text = serde_json::to_string(&Draft::new(stamp(0), Kind::named("auth.login"), Actor::default())).unwrap();
    assert_eq!(
        text,
        r#"{"id":"AAAAAAAAAAAAAAAAAAAAAA","at":1800000000000,"kind":"auth.login","correlation":"c-1","actor":{}}"#
    );
    assert_eq!(serde_json::to_string(&CredentialKind::OneTimeCode).unwrap(), r#""one_time_code""#);
}

#[test]
fn what_guardrails_found_is_on_record_and_a_record_without_it_is_as_it_always_was() {
    let draft = draft(1).guarded(object(&json!({"email": 2, "deny": 1})));
    let text = serde_json::to_string(&draft).unwrap();
    assert!(text.contains(r#""guarded":{"email":2,"deny":1}"#), "{text}");
    assert_eq!(serde_json::from_str::<Draft>(&text).unwrap(), draft);
    let last = Link::start(&Trail::Operator);
    let sealed = Record::seal(draft, &last, Timestamp::from_millis(1));
    assert_eq!(Record::parse(&sealed.text()), Some(sealed));
    let plain = Record::seal(super::tests::draft(1).guarded(Map::new()), &last, Timestamp::from_millis(1)).text();
    assert!(!plain.contains("guarded") && Record::parse(&plain).is_some());
}

#[test]
fn a_resource_is_named_without_what_may_be_a_secret_in_its_uri() {
    for (uri, name) in [
        ("mcp+files+https://ada:pw@host.example/a?token=x#y", "mcp+files+https://host.example/a"),
        ("file:///etc/hosts", "file:///etc/hosts"),
        ("note:1?x", "note:1"),
        ("a://b@c", "a://c"),
    ] {
        assert_eq!(ToolUsed::resource(uri, "files").name, name);
    }
}

#[test]
fn long_words_are_cut() {
    let draft = draft(1).because(Some(&"é".repeat(600)));
    assert_eq!(draft.reason.unwrap().chars().count(), 513);
}
