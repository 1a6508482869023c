//! A value for a schema: good enough that most of them fit.

use serde_json::{Map, Number, Value, json};

/// Deepest nesting of a sample.
const MAX_DEPTH: usize = 8;

/// A sample with what is required, or with everything there is a place for.
pub fn of(schema: &Value, full: bool) -> Value {
    sample(schema, schema, full, MAX_DEPTH)
}

/// The same value with every text replaced.
pub fn with_texts(value: &Value, text: &str) -> Value {
    match value {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(items) => items.iter().map(|item| with_texts(item, text)).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), with_texts(member, text))).collect())
        }
        other => other.clone(),
    }
}

fn sample(schema: &Value, root: &Value, full: bool, depth: usize) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return if depth == 0 { Value::Null } else { sample(target, root, full, depth - 1) };
    }
    let first = |list: &str| schema.get(list).and_then(Value::as_array).and_then(|values| values.first());
    if let Some(value) = schema.get("const").or_else(|| first("enum")).or_else(|| first("examples")) {
        return value.clone();
    }
    let kind = schema.get("type").and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    let mut value = match kind {
        Some("string") => text(schema),
        Some("integer" | "number") => number(schema),
        Some("boolean") => json!(true),
        Some("array") => {
            let wanted = schema["minItems"].as_u64().is_some_and(|least| least > 0) || (full && depth > 0);
            let item = wanted.then(|| sample(&schema["items"], root, full, depth.saturating_sub(1)));
            item.into_iter().collect()
        }
        Some("null") => Value::Null,
        Some(_) => object(schema, root, full, depth),
        None if schema.get("properties").is_some() => object(schema, root, full, depth),
        None => match first("oneOf").or_else(|| first("anyOf")) {
            Some(part) => sample(part, root, full, depth.saturating_sub(1)),
            None if schema.get("allOf").is_some() => json!({}),
            None => json!("text"),
        },
    };
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        match (&mut value, sample(part, root, full, depth.saturating_sub(1))) {
            (Value::Object(members), Value::Object(more)) => members.extend(more),
            (value, other) => *value = other,
        }
    }
    value
}

fn text(schema: &Value) -> Value {
    let least = schema["minLength"].as_u64().unwrap_or(1).max(1);
    Value::String("a".repeat(usize::try_from(least).unwrap().min(100)))
}

fn number(schema: &Value) -> Value {
    let exclusive = schema["exclusiveMinimum"].as_f64().map(|least| least + 1.0);
    match schema["minimum"].as_number().cloned().or_else(|| exclusive.and_then(Number::from_f64)) {
        Some(least) => Value::Number(least),
        None => json!(1),
    }
}

fn object(schema: &Value, root: &Value, full: bool, depth: usize) -> Value {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut members = Map::new();
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if required.contains(&name.as_str()) || (full && depth > 3) {
            members.insert(name.clone(), sample(property, root, full, depth.saturating_sub(1)));
        }
    }
    Value::Object(members)
}
