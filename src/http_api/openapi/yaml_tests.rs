use super::{MAX_VALUES, YamlError, parse};
use crate::json::Caps;
use serde_json::{Value, json};
use std::fmt::Write as _;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const CAPS: Caps = Caps { max_bytes: 1024 * 1024, max_depth: 20 };

fn read(text: &str) -> Result<Value, YamlError> {
    parse(text.as_bytes(), CAPS)
}

#[test]
fn a_document_is_read_as_the_same_document_in_json() {
    let text = "openapi: 3.1.0\ninfo:\n  title: 'Shop: all'\n  description: |\n    two\n    lines\n  x: >-\n    one\n    line\n\
                tags: [a, \"b\", {c: 1}]\nempty:\nlist:\n- - 1\n  - -2.5\n- {}\n";
    let value = json!({
        "openapi": "3.1.0",
        "info": {"title": "Shop: all", "description": "two\nlines\n", "x": "one line"},
        "tags": ["a", "b", {"c": 1}],
        "empty": null,
        "list": [[1, -2.5], {}],
    });
    assert_eq!(read(text), Ok(value));
}

#[test]
fn plain_scalars_are_read_by_the_core_schema_and_quoted_ones_are_texts() {
    for (text, value) in [
        ("~", json!(null)),
        ("null", json!(null)),
        ("true", json!(true)),
        ("FALSE", json!(false)),
        ("yes", json!("yes")),
        ("on", json!("on")),
        ("12", json!(12)),
        ("+12", json!(12)),
        ("-0", json!(0)),
        ("012", json!(12)),
        ("0x1F", json!(31)),
        ("0o17", json!(15)),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("18446744073709551615", json!(u64::MAX)),
        (".inf", json!(".inf")),
        (".nan", json!(".nan")),
        ("1_000", json!("1_000")),
        ("1.2.3", json!("1.2.3")),
        ("2026-11-27", json!("2026-11-27")),
        ("-", json!([null])),
        ("'12'", json!("12")),
        ("\"null\"", json!("null")),
        ("!!str 12", json!(12)),
        ("e5", json!("e5")),
        ("1e999", json!("1e999")),
    ] {
        assert_eq!(read(text), Ok(value), "{text}");
    }
}

#[test]
fn a_key_is_its_text_and_stands_once() {
    assert_eq!(read("200: a\ntrue: b\n\"200 \": c"), Ok(json!({"200": "a", "true": "b", "200 ": "c"})));
    assert_eq!(read("a: 1\nb: 2\na: 3"), Err(YamlError::Duplicate(3)));
    assert_eq!(read("200: a\n'200': b"), Err(YamlError::Duplicate(2)));
    assert!(matches!(read("[a]: 1"), Err(YamlError::Key(_))));
    assert!(matches!(read("a: &x {b: 1}\nc:\n  <<: *x"), Err(YamlError::Key(3))));
    assert_eq!(read("'<<': 1"), Ok(json!({"<<": 1})));
}

#[test]
fn an_alias_is_what_it_names() {
    assert_eq!(read("a: &x [1, 2]\nb: *x\nc: {d: *x}"), Ok(json!({"a": [1, 2], "b": [1, 2], "c": {"d": [1, 2]}})));
    assert_eq!(read("&k a: 1\nb: *k"), Ok(json!({"a": 1, "b": "a"})));
    assert!(read("a: *nothing").is_err());
    assert!(read("a: &x [*x]").is_err(), "what is not there yet cannot be repeated");
}

#[test]
fn a_small_document_cannot_become_a_large_one() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{below}]");
    }
    assert_eq!(read(&text), Err(YamlError::TooMany));
    let many = format!("[{}]", vec!["1"; MAX_VALUES].join(","));
    let caps = Caps { max_bytes: 8 * 1024 * 1024, max_depth: 2 };
    assert_eq!(parse(many.as_bytes(), caps), Err(YamlError::TooMany));
}

#[test]
fn depth_and_length_are_bounded() {
    assert!(read(&format!("{}{}", "[".repeat(20), "]".repeat(20))).is_ok());
    assert_eq!(read(&format!("{}{}", "[".repeat(21), "]".repeat(21))), Err(YamlError::TooDeep(20)));
    let nested = "a: &x [[[[[[[[[[1]]]]]]]]]]\nb: [[[[[[[[[[[*x]]]]]]]]]]]";
    assert_eq!(read(nested), Err(YamlError::TooDeep(20)));
    for deep in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        assert!(read(&deep).is_err());
    }
    assert_eq!(parse(&vec![b' '; 2 * 1024 * 1024], CAPS), Err(YamlError::TooLarge(CAPS.max_bytes)));
}

#[test]
fn what_is_not_exactly_one_document_is_refused() {
    assert_eq!(read(""), Err(YamlError::NotOne));
    assert_eq!(read("a: 1\n---\nb: 2"), Err(YamlError::NotOne));
    assert_eq!(read("--- \na: 1\n...\n"), Ok(json!({"a": 1})));
    assert!(matches!(read("a: [1"), Err(YamlError::Malformed(_))));
    assert!(matches!(read("a: 1\n b: 2"), Err(YamlError::Malformed(_))));
    assert_eq!(parse(b"a: \xff", CAPS), Err(YamlError::Encoding));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::{CAPS, parse, read};
    use proptest::prelude::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn no_text_makes_the_reader_stop(text in "[-\\[\\]{}:,&*!|>'\"%@`#?a-c0-9 \n\t~<.]{0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn no_bytes_make_the_reader_stop(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let _ = parse(&bytes, CAPS);
        }

        #[test]
        fn json_is_yaml(keys in proptest::collection::hash_set("[a-z ]{1,6}", 0..4), text in "[ -~é€]{0,20}", number in proptest::num::i64::ANY) {
            let members = keys.into_iter().map(|key| (key, serde_json::json!([text, number, null, {"a": true}])));
            let value = serde_json::Value::Object(members.collect());
            prop_assert_eq!(read(&value.to_string()), Ok(value));
        }
    }
}
