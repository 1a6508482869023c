use super::{Fingerprint, Unreadable, Version};
use crate::drift::definition::{Definition, Kind};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn version(kind: Kind, name: &str, members: &Value) -> Version {
    Version::of(Definition::new(kind, name, members.as_object().cloned().unwrap()))
}

#[test]
fn order_and_spelling_are_no_drift() {
    let one = version(Kind::Tool, "a", &serde_json::from_str(r#"{"x":{"b":1.0,"a":[1,2]},"y":"é"}"#).unwrap());
    let other = version(Kind::Tool, "a", &serde_json::from_str(r#"{"y":"\u00e9","x":{"a":[1,2],"b":1}}"#).unwrap());
    assert_eq!(one.fingerprint(), other.fingerprint());
}

#[test]
fn whatever_differs_has_another_fingerprint() {
    let members = json!({"description": "x", "inputSchema": {"type": "object"}});
    let mut all: Vec<Fingerprint> = Vec::new();
    for (kind, name, members) in [
        (Kind::Tool, "a", members.clone()),
        (Kind::Prompt, "a", members.clone()),
        (Kind::Tool, "b", members.clone()),
        (Kind::Tool, "a", json!({"description": "x ", "inputSchema": {"type": "object"}})),
        (Kind::Tool, "a", json!({"inputSchema": {"type": "object"}})),
        (
            Kind::Tool,
            "a",
            json!({"description": "x", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}}),
        ),
        (
            Kind::Tool,
            "a",
            json!({"description": "x", "inputSchema": {"type": "object"}, "outputSchema": {"type": "object"}}),
        ),
        (Kind::Tool, "a", json!({"description": "x", "inputSchema": {"type": "object", "required": []}})),
    ] {
        all.push(version(kind, name, &members).fingerprint().clone());
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

// Computed with another implementation of RFC 8785 and SHA-256.
#[test]
fn a_fingerprint_is_the_same_for_good() {
    let version = version(Kind::Tool, "find", &json!({"description": "Finds it", "inputSchema": {"type": "object"}}));
    assert_eq!(version.fingerprint().as_str(), "785498e2ae6734f75b3323af1883104c37031a6d4a684f5392f413103800b6c4");
}

#[test]
fn what_was_stored_reads_back_and_nothing_else_does() {
    let version = version(Kind::Resource, "a:b", &json!({"name": "b", "x": [1.5, null, {"y": "z"}]}));
    let (stored, fingerprint) = (version.stored(), version.fingerprint().clone());
    assert_eq!(Version::read(&stored, &fingerprint), Ok(version));
    for text in
        ["", "null", "[]", "{}", "{\"kind\":\"tool\"}", &stored.replace("resource", "thing"), &format!("{stored}x")]
    {
        assert_eq!(Version::read(text, &fingerprint), Err(Unreadable::Malformed), "{text}");
    }
    for text in [stored.replace("a:b", "a:c"), stored.replace("1.5", "1.25"), stored.replace("resource", "template")] {
        assert_eq!(Version::read(&text, &fingerprint), Err(Unreadable::Altered), "{text}");
    }
    let more = stored.replacen('{', "{\"more\":1,", 1);
    assert_eq!(Version::read(&more, &fingerprint), Err(Unreadable::Malformed));
}

#[test]
fn a_fingerprint_is_written_in_one_way() {
    let good = "0123456789abcdef".repeat(4);
    assert_eq!(Fingerprint::try_from(good.clone()).unwrap().to_string(), good);
    for bad in ["", &good[1..], &good.to_uppercase(), &format!("{good}0"), &good.replace('0', "g")] {
        assert!(Fingerprint::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}
