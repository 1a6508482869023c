//! What is claimed holds for every value that is tried, by two validators; and what is known to widen is claimed.

use super::{Pair, Reading, Shown, Side};
use crate::tool::schema::Schema;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Choices drawn from one seed, so that a failure is one number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())].clone()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "x1"];

fn number(dice: &mut Dice) -> Value {
    dice.pick(&[json!(-1), json!(0), json!(1), json!(1.5), json!(2), json!(3), json!(4), json!(2.5), json!(6)])
}

fn plain(dice: &mut Dice) -> Value {
    let others =
        [json!(null), json!(true), json!(false), json!(""), json!("a"), json!("ab"), json!("abc"), json!("b1")];
    if dice.chance(50) { number(dice) } else { dice.pick(&others) }
}

fn value(dice: &mut Dice, depth: usize) -> Value {
    match dice.roll(if depth == 0 { 2 } else { 5 }) {
        0 | 1 => plain(dice),
        2 => (0..dice.roll(4)).map(|_| value(dice, depth - 1)).collect(),
        _ => {
            let count = dice.roll(4);
            let members =
                (0..count).map(|_| (dice.pick(&["a", "b", "c", "x1", "zz"]).to_owned(), value(dice, depth - 1)));
            Value::Object(members.collect())
        }
    }
}

/// A keyword with a value it may have.
fn keyword(dice: &mut Dice, depth: usize) -> (&'static str, Value) {
    let count = |dice: &mut Dice| json!(dice.roll(4));
    let names = |dice: &mut Dice| json!((0..=dice.roll(2)).map(|at| NAMES[at]).collect::<Vec<_>>());
    let word = dice.pick(if depth == 0 { &PLAIN[..] } else { &ALL[..] });
    let content = match word {
        "type" if dice.chance(50) => json!(dice.pick(&KINDS)),
        "type" => {
            let first = dice.roll(KINDS.len() - 1);
            json!([KINDS[first], KINDS[first + 1]])
        }
        "enum" => (0..=dice.roll(4)).map(|_| value(dice, 1)).collect(),
        "const" => value(dice, 1),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => number(dice),
        "multipleOf" => dice.pick(&[json!(1), json!(2), json!(0.5), json!(3), json!(4)]),
        "pattern" => json!(dice.pick(&["^a", "b$", "^[a-c]*$", ".*"])),
        "uniqueItems" => json!(true),
        "required" => names(dice),
        "dependentRequired" => json!({dice.pick(&NAMES): names(dice)}),
        "items"
        | "contains"
        | "not"
        | "if"
        | "then"
        | "else"
        | "additionalProperties"
        | "propertyNames"
        | "unevaluatedProperties"
        | "unevaluatedItems" => schema(dice, depth - 1),
        "prefixItems" | "allOf" | "anyOf" | "oneOf" => (0..=dice.roll(3)).map(|_| schema(dice, depth - 1)).collect(),
        "properties" => members(dice, &NAMES, depth),
        "patternProperties" => members(dice, &["^x", "^[ab]$"], depth),
        "dependentSchemas" => members(dice, &["a", "b"], depth),
        "$ref" => json!(dice.pick(&["#", "#/$defs/one", "#/$defs/two"])),
        _ => count(dice),
    };
    (word, content)
}

fn members(dice: &mut Dice, names: &[&str], depth: usize) -> Value {
    let members = (0..=dice.roll(3)).map(|_| (dice.pick(names).to_owned(), schema(dice, depth - 1)));
    Value::Object(members.collect())
}

const KINDS: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
const PLAIN: [&str; 16] = [
    "type",
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "required",
    "maxProperties",
    "dependentRequired",
];
const ALL: [&str; 33] = [
    "type",
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "minLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "required",
    "required",
    "items",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
    "prefixItems",
    "allOf",
    "anyOf",
    "oneOf",
    "properties",
    "properties",
    "properties",
    "patternProperties",
    "dependentSchemas",
    "minProperties",
    "$ref",
];

fn schema(dice: &mut Dice, depth: usize) -> Value {
    if dice.chance(6) {
        return Value::Bool(dice.chance(60));
    }
    let keywords = (0..=dice.roll(3)).map(|_| keyword(dice, depth));
    let mut keywords: Map<String, Value> = keywords.map(|(word, content)| (word.to_owned(), content)).collect();
    if keywords.contains_key("contains") && dice.chance(50) {
        keywords.insert("minContains".into(), json!(dice.roll(3)));
        keywords.insert("maxContains".into(), json!(dice.roll(4)));
    }
    Value::Object(keywords)
}

fn document(dice: &mut Dice) -> Value {
    let mut root = schema(dice, 3);
    if !root.is_object() {
        root = json!({"allOf": [root]});
    }
    root["$defs"] = json!({"one": schema(dice, 2), "two": schema(dice, 1)});
    root
}

/// Another schema that is like this one: changed in a place or two.
fn mutated(dice: &mut Dice, from: &Value) -> Value {
    let mut to = from.clone();
    for _ in 0..=dice.roll(2) {
        mutate(dice, &mut to, 4);
    }
    to
}

fn mutate(dice: &mut Dice, at: &mut Value, depth: usize) {
    let inner = |value: &Value| value.is_object() || value.is_array();
    if depth > 0 && dice.chance(65) {
        let children: Vec<&mut Value> = match at {
            Value::Object(members) => members.values_mut().filter(|value| inner(value)).collect(),
            Value::Array(items) => items.iter_mut().filter(|value| inner(value)).collect(),
            _ => Vec::new(),
        };
        let count = children.len();
        if count > 0 {
            let at = dice.roll(count);
            return mutate(dice, children.into_iter().nth(at).unwrap(), depth - 1);
        }
    }
    match at {
        Value::Array(items) => match dice.roll(3) {
            0 if items.len() > 1 => drop(items.remove(dice.roll(items.len()))),
            1 if items.iter().all(Value::is_string) => items.push(json!(dice.pick(&NAMES))),
            1 if items.iter().any(|item| item.is_number()) => items.push(plain(dice)),
            _ => items.reverse(),
        },
        Value::Object(keywords) if dice.chance(40) && !keywords.is_empty() => {
            let name = keywords.keys().nth(dice.roll(keywords.len())).unwrap().clone();
            if name != "$defs" {
                keywords.shift_remove(&name);
            }
        }
        Value::Object(keywords) => {
            let (word, content) = keyword(dice, 1);
            keywords.insert(word.to_owned(), content);
        }
        _ => {}
    }
}

/// A value that is likely to fit a schema, or to miss it narrowly.
fn guided(dice: &mut Dice, root: &Value, at: &Value, depth: usize) -> Value {
    let Some(keywords) = at.as_object().filter(|_| depth > 0 && !dice.chance(8)) else { return value(dice, 2) };
    if let Some(values) = keywords.get("enum").and_then(Value::as_array).filter(|values| !values.is_empty()) {
        return dice.pick(values);
    }
    if let Some(value) = keywords.get("const") {
        return value.clone();
    }
    if let Some(target) = keywords.get("$ref").and_then(Value::as_str).and_then(|text| root.pointer(&text[1..])) {
        return guided(dice, root, target, depth - 1);
    }
    for word in ["oneOf", "anyOf", "allOf"] {
        if let Some(branches) = keywords.get(word).and_then(Value::as_array).filter(|_| dice.chance(50)) {
            let branch = dice.pick(branches);
            return guided(dice, root, &branch, depth - 1);
        }
    }
    if keywords.contains_key("properties")
        || keywords.contains_key("required")
        || keywords.contains_key("patternProperties")
    {
        let mut object = value(dice, 1).as_object().cloned().unwrap_or_default();
        for (name, member) in keywords.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if dice.chance(70) {
                object.insert(name.clone(), guided(dice, root, member, depth - 1));
            }
        }
        for name in keywords.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = name.as_str().unwrap();
            if !object.contains_key(name) {
                object.insert(name.to_owned(), plain(dice));
            }
        }
        return Value::Object(object);
    }
    if let Some(items) = keywords.get("items").or_else(|| keywords.get("contains")) {
        return (0..dice.roll(4)).map(|_| guided(dice, root, items, depth - 1)).collect();
    }
    for word in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
        if let Some(limit) = keywords.get(word).and_then(Value::as_f64) {
            return json!(limit + dice.pick(&[-1.0, -0.5, 0.0, 0.5, 1.0]));
        }
    }
    value(dice, 2)
}

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
            prop_assert!(!in_from || in_to.is_ok(), "{from}\n{to}\n{value}\n{in_to:?}");
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
