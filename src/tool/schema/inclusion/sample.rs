//! Schemas and values for properties.

use serde_json::{Map, Value, json};

/// Choices drawn from one seed, so that a failure is one number.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())].clone()
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

pub const NAMES: [&str; 4] = ["a", "b", "c", "x1"];

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

pub fn document(dice: &mut Dice) -> Value {
    let mut root = schema(dice, 3);
    if !root.is_object() {
        root = json!({"allOf": [root]});
    }
    root["$defs"] = json!({"one": schema(dice, 2), "two": schema(dice, 1)});
    root
}

/// Another schema that is like this one: changed in a place or two.
pub fn mutated(dice: &mut Dice, from: &Value) -> Value {
    let mut to = from.clone();
    for _ in 0..=dice.roll(2) {
        mutate(dice, &mut to, 4);
    }
    to
}

pub fn mutate(dice: &mut Dice, at: &mut Value, depth: usize) {
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
            1 if items.iter().any(Value::is_number) => items.push(plain(dice)),
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
pub fn guided(dice: &mut Dice, root: &Value, at: &Value, depth: usize) -> Value {
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
