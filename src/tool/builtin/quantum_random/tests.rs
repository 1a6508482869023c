use super::{BadOrder, Encoding, Order, What};
use crate::entropy::provenance::Provenance;
use crate::tool::builtin::BuiltIn;
use crate::tool::schema::Schema;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn order(arguments: &Value) -> Result<Order, BadOrder> {
    Order::read(arguments.as_object().unwrap())
}

/// Bytes nothing is wrong with, the same in every run.
fn noise() -> impl FnMut(&mut [u8]) {
    let mut counter = 0_u64;
    move |out| {
        for block in out.chunks_mut(32) {
            counter += 1;
            block.copy_from_slice(&Sha256::digest(counter.to_be_bytes())[..block.len()]);
        }
    }
}

/// The structured content of a call, checked against the tool's schemas.
fn call(arguments: &Value, draw: &mut dyn FnMut(&mut [u8])) -> Value {
    let definition = BuiltIn::QuantumRandom.definition().unwrap();
    Schema::compile(&definition.input_schema).unwrap().validate(arguments).unwrap();
    let result = order(arguments).unwrap().fill(draw, &Provenance::classical());
    let value = result.structured_content.unwrap();
    Schema::compile(&definition.output_schema.unwrap()).unwrap().validate(&value).unwrap();
    assert_eq!(value["provenance"]["label"], "classical", "every kind says where it comes from");
    assert_eq!(value["kind"], *arguments.get("kind").unwrap_or(&json!("bytes")));
    value
}

fn values(arguments: &Value) -> Vec<Value> {
    call(arguments, &mut noise())["values"].as_array().unwrap().clone()
}

#[test]
fn what_is_absent_is_the_default() {
    let bytes = |bytes, encoding, direct| Order { what: What::Bytes { bytes, encoding }, direct };
    assert_eq!(order(&json!({})).unwrap(), bytes(32, Encoding::Hex, false));
    let full = json!({"kind": "bytes", "bytes": 2.0, "encoding": "base64url", "direct": true});
    assert_eq!(order(&full).unwrap(), bytes(2, Encoding::Base64Url, true));
    let number = What::Integers { min: 0, max: 6, count: 1 };
    assert_eq!(order(&json!({"kind": "integer", "max": 6})).unwrap().what, number);
}

#[test]
fn bytes_are_written_as_asked() {
    for (encoding, text) in [("hex", "00ff10fe"), ("base64", "AP8Q/g=="), ("base64url", "AP8Q_g")] {
        let mut draw = |out: &mut [u8]| out.copy_from_slice(&[0, 255, 16, 254]);
        let value = call(&json!({"encoding": encoding, "bytes": 4}), &mut draw);
        assert_eq!((&value["value"], &value["bytes"]), (&json!(text), &json!(4)));
    }
}

#[test]
fn arguments_that_do_not_fit_each_other_are_refused_in_words() {
    for (arguments, refusal) in [
        (json!({"count": 2}), BadOrder::Foreign("count")),
        (json!({"kind": "integer", "max": 2, "bytes": 3}), BadOrder::Foreign("bytes")),
        (json!({"kind": "uuid", "items": ["a"]}), BadOrder::Foreign("items")),
        (json!({"kind": "choice", "items": ["a"], "min": 1}), BadOrder::Foreign("min")),
        (json!({"kind": "shuffle", "items": ["a"], "count": 1}), BadOrder::Foreign("count")),
        (json!({"kind": "integer"}), BadOrder::NoMax),
        (json!({"kind": "integer", "min": 3, "max": 2}), BadOrder::EmptyRange),
        (json!({"kind": "integer", "max": -1}), BadOrder::EmptyRange),
        (json!({"kind": "choice"}), BadOrder::NoItems),
        (json!({"kind": "shuffle", "items": []}), BadOrder::NoItems),
    ] {
        assert_eq!(order(&arguments).unwrap_err(), refusal, "{arguments}");
    }
}

#[test]
fn integers_fill_their_range_to_both_ends() {
    let mut counts = BTreeMap::<i64, u32>::new();
    let arguments = json!({"kind": "integer", "min": -2, "max": 4, "count": 256});
    let mut draw = noise();
    for _ in 0..40 {
        for value in call(&arguments, &mut draw)["values"].as_array().unwrap() {
            *counts.entry(value.as_i64().unwrap()).or_default() += 1;
        }
    }
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [-2, -1, 0, 1, 2, 3, 4]);
    // 10,240 draws: 1,463 expected of each, with a deviation of 35.
    assert!(counts.values().all(|count| (1250..1680).contains(count)), "{counts:?}");
}

#[test]
fn the_widest_range_and_a_range_of_one_number_work() {
    let largest = 9_007_199_254_740_991_i64;
    let wide = values(&json!({"kind": "integer", "min": -largest, "max": largest, "count": 256}));
    assert_eq!(wide.iter().map(|value| value.as_i64().unwrap()).collect::<HashSet<_>>().len(), 256);
    assert!(wide.iter().all(|value| (-largest..=largest).contains(&value.as_i64().unwrap())));
    assert_eq!(values(&json!({"kind": "integer", "min": 7, "max": 7, "count": 2})), [7, 7]);
}

#[test]
fn a_uuid_is_of_version_4_and_keeps_every_other_bit() {
    let of = |fill: u8| call(&json!({"kind": "uuid"}), &mut |out| out.fill(fill))["values"][0].clone();
    assert_eq!(of(0), "00000000-0000-4000-8000-000000000000");
    assert_eq!(of(0xff), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_eq!(values(&json!({"kind": "uuid", "count": 256})).iter().collect::<HashSet<_>>().len(), 256);
}

#[test]
fn choices_come_from_the_list_and_each_item_comes() {
    let chosen = values(&json!({"kind": "choice", "items": ["a", 2, true], "count": 256}));
    assert_eq!(chosen.len(), 256);
    for item in [json!("a"), json!(2), json!(true)] {
        // 85 expected, with a deviation of 8.
        let count = chosen.iter().filter(|value| **value == item).count();
        assert!((45..125).contains(&count), "{item}: {count}");
    }
    assert_eq!(values(&json!({"kind": "choice", "items": ["only"]})), ["only"]);
}

#[test]
fn a_shuffle_keeps_every_item_and_gives_each_order_equally_often() {
    let items: Vec<u32> = (0..256).collect();
    let shuffled = values(&json!({"kind": "shuffle", "items": items}));
    assert_ne!(shuffled, items);
    assert_eq!(shuffled.iter().map(|item| item.as_u64().unwrap()).collect::<HashSet<_>>().len(), 256);
    let mut orders = BTreeMap::<String, u32>::new();
    let mut draw = noise();
    for _ in 0..6000 {
        let arguments = json!({"kind": "shuffle", "items": [1, 2, 3]});
        let result = order(&arguments).unwrap().fill(&mut draw, &Provenance::classical());
        *orders.entry(result.structured_content.unwrap()["values"].to_string()).or_default() += 1;
    }
    // Six orders, 1,000 expected of each, with a deviation of 29.
    assert!(orders.len() == 6 && orders.values().all(|count| (825..1175).contains(count)), "{orders:?}");
}
