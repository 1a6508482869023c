//! What is claimed holds for every value that is tried, by two validators; and what is known to widen is claimed.

use super::sample::{Dice, NAMES, document, guided, mutate, mutated};
use super::{Pair, Reading, Shown, Side};
use crate::tool::schema::Schema;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

struct Both {
    own: Schema,
    reference: jsonschema::Validator,
}

impl Both {
    fn new(schema: &Value) -> Option<Self> {
        let own = Schema::compile_value(schema).ok()?;
        Some(Self { own, reference: jsonschema::draft202012::new(schema).ok()? })
    }

    fn takes(&self, value: &Value) -> bool {
        self.own.validate(value).is_ok()
    }
}

/// Whether a schema refers to itself without going down in the instance; the other validator does not take those.
fn circles(schema: &Value) -> bool {
    let text = schema.to_string();
    text.contains("$ref")
}

/// What a check says that would have cost too much.
const TOO_DEAR: &str = "cost more to check than is allowed";

fn holds(one: &Value, other: &Value, dice: &mut Dice) -> Result<usize, TestCaseError> {
    let Ok(pair) = Pair::compile(one, other) else { return Ok(0) };
    let mut relation = pair.relate();
    let mut claimed = 0;
    for (from, to, side) in [(one, other, Side::Old), (other, one, Side::New)] {
        if relation.includes(side, "", "", Reading::Strict) != Shown::Yes {
            continue;
        }
        claimed += 1;
        let validators = if circles(from) || circles(to) { None } else { Both::new(from).zip(Both::new(to)) };
        let (ours, theirs) = (Schema::compile_value(from).unwrap(), Schema::compile_value(to).unwrap());
        for _ in 0..30 {
            let source = if dice.chance(50) { from } else { to };
            let value = guided(dice, source, source, 5);
            let (in_from, in_to) = (ours.validate(&value).is_ok(), theirs.validate(&value));
            // A check that was given up says nothing of the value.
            let given_up = matches!(&in_to, Err(found) if found.iter().any(|found| found.problem == TOO_DEAR));
            prop_assert!(!in_from || in_to.is_ok() || given_up, "{from}\n{to}\n{value}\n{in_to:?}");
            if let Some((from_both, to_both)) = &validators
                && in_from
                && from_both.reference.is_valid(&value)
            {
                prop_assert!(to_both.takes(&value) && to_both.reference.is_valid(&value), "{from}\n{to}\n{value}");
            }
        }
    }
    Ok(claimed)
}

/// A schema of arguments, as servers write them.
fn arguments(dice: &mut Dice, depth: usize) -> Value {
    let mut members = Map::new();
    for name in NAMES.iter().take(1 + dice.roll(4)) {
        members.insert((*name).to_owned(), argument(dice, depth));
    }
    let required: Vec<&str> =
        NAMES.iter().copied().filter(|name| members.contains_key(*name) && dice.chance(40)).collect();
    let mut schema = json!({"type": "object", "properties": members, "required": required});
    match dice.roll(4) {
        0 => schema["additionalProperties"] = json!(false),
        1 => schema["additionalProperties"] = json!({"type": "string"}),
        _ => {}
    }
    schema
}

fn argument(dice: &mut Dice, depth: usize) -> Value {
    match dice.roll(if depth == 0 { 4 } else { 6 }) {
        0 => json!({"type": "string", "minLength": 1, "maxLength": 3}),
        1 => json!({"type": "integer", "minimum": 1, "maximum": 5}),
        2 => json!({"type": "string", "enum": ["a", "ab"]}),
        3 => json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        4 => json!({"type": "array", "items": argument(dice, depth - 1), "maxItems": 3}),
        _ => arguments(dice, depth - 1),
    }
}

/// Makes a schema of arguments take more than it did, in one place; `false` where there was nothing to widen.
fn widen(dice: &mut Dice, schema: &mut Value) -> bool {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    match kind.as_str() {
        "object" if dice.chance(50) => {
            let members = schema["properties"].as_object_mut().unwrap();
            let place = dice.roll(members.len());
            widen(dice, members.values_mut().nth(place).unwrap())
        }
        "object" => match dice.roll(3) {
            0 if schema["required"].as_array().is_some_and(|names| !names.is_empty()) => {
                schema["required"].as_array_mut().unwrap().pop();
                true
            }
            1 if schema.get("additionalProperties") == Some(&json!(false)) => {
                schema.as_object_mut().unwrap().shift_remove("additionalProperties");
                true
            }
            _ if schema.get("additionalProperties").is_none_or(|others| others == &json!(false)) => {
                schema["properties"]["fresh"] = json!({"type": "boolean"});
                true
            }
            _ => false,
        },
        "array" if dice.chance(50) => widen(dice, &mut schema["items"]),
        "array" => {
            schema["maxItems"] = json!(4);
            true
        }
        "integer" => {
            let (word, limit) = dice.pick(&[("minimum", json!(0)), ("maximum", json!(9)), ("type", json!("number"))]);
            schema[word] = limit;
            true
        }
        "string" if schema.get("enum").is_some() => {
            schema["enum"] = json!(["b", "ab", "a"]);
            true
        }
        "string" => {
            let (word, limit) =
                dice.pick(&[("minLength", json!(0)), ("maxLength", json!(9)), ("type", json!(["string", "null"]))]);
            schema[word] = limit;
            true
        }
        _ => {
            let Some(Value::Array(branches)) = schema.get_mut("anyOf") else { return false };
            branches.insert(dice.roll(2), json!({"type": "boolean"}));
            true
        }
    }
}

/// Arguments that fit a schema and say no more than it names, or what nobody names.
fn promised(dice: &mut Dice, schema: &Value) -> Value {
    if let Some(branches) = schema.get("anyOf") {
        let branch = dice.pick(branches.as_array().unwrap());
        return promised(dice, &branch);
    }
    if let Some(values) = schema.get("enum") {
        return dice.pick(values.as_array().unwrap());
    }
    let kind =
        schema["type"].as_str().map_or_else(|| dice.pick(schema["type"].as_array().unwrap()), |kind| json!(kind));
    match kind.as_str().unwrap() {
        "object" => {
            let mut object = Map::new();
            for (name, member) in schema["properties"].as_object().unwrap() {
                if dice.chance(60) || schema["required"].as_array().unwrap().contains(&json!(name)) {
                    object.insert(name.clone(), promised(dice, member));
                }
            }
            if dice.chance(30) {
                object.insert("zz".to_owned(), json!("a"));
            }
            Value::Object(object)
        }
        "array" => (0..dice.roll(5)).map(|_| promised(dice, &schema["items"])).collect(),
        "integer" => json!(dice.roll(7)),
        "string" => json!(dice.pick(&["", "a", "ab", "abc", "abcd"])),
        "null" => Value::Null,
        "boolean" => json!(true),
        _ => json!(1.5),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_value_contradicts_what_is_claimed_of_two_schemas(seed: u64) {
        let mut dice = Dice(seed);
        let one = document(&mut dice);
        let other = mutated(&mut dice, &one);
        holds(&one, &other, &mut dice)?;
    }

    #[test]
    fn a_schema_is_always_shown_to_include_itself(seed: u64) {
        let mut dice = Dice(seed);
        let one = document(&mut dice);
        if let Ok(pair) = Pair::compile(&one, &one) {
            prop_assert_eq!(pair.relate().includes(Side::Old, "", "", Reading::Strict), Shown::Yes);
        }
    }

    #[test]
    fn no_promised_arguments_contradict_what_is_claimed(seed: u64) {
        let mut dice = Dice(seed);
        let old = arguments(&mut dice, 2);
        let mut new = old.clone();
        for _ in 0..dice.roll(3) {
            widen(&mut dice, &mut new);
        }
        for _ in 0..dice.roll(3) {
            mutate(&mut dice, &mut new, 5);
        }
        let Ok(pair) = Pair::compile(&old, &new) else { return Ok(()) };
        if pair.relate().includes(Side::Old, "", "", Reading::Arguments) == Shown::Yes {
            let (before, after) = (Schema::compile_value(&old).unwrap(), Schema::compile_value(&new).unwrap());
            for _ in 0..30 {
                let value = promised(&mut dice, &old);
                prop_assert!(before.validate(&value).is_err() || after.validate(&value).is_ok(), "{}\n{}\n{}", old, new, value);
            }
        }
    }

    #[test]
    fn what_is_known_to_widen_arguments_is_recognised(seed: u64) {
        let mut dice = Dice(seed);
        let old = arguments(&mut dice, 2);
        let mut new = old.clone();
        if widen(&mut dice, &mut new) {
            let pair = Pair::compile(&old, &new).unwrap();
            prop_assert_eq!(pair.relate().includes(Side::Old, "", "", Reading::Arguments), Shown::Yes, "{}\n{}", old, new);
        }
    }
}

#[test]
fn enough_is_claimed_for_the_properties_to_say_something() {
    let mut claimed = 0;
    for seed in 0..500 {
        let mut dice = Dice(seed);
        let one = document(&mut dice);
        let other = mutated(&mut dice, &one);
        claimed += holds(&one, &other, &mut dice).unwrap();
    }
    assert!(claimed > 250, "{claimed} of 1000 inclusions were claimed");
}
