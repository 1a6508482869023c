//! The log's contract: every event with its levels and fields, as a JSON Schema (2020-12) and as a table for people. Both are
//! made from the types that are logged, and stand in `docs/`.

use super::{Event, Level};
use schemars::JsonSchema;
use serde_json::{Map, Value};
use std::fmt::Write;

/// What every line has, whatever it tells.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is wanted; the line itself borrows what it shows")]
struct Line {
    /// When, in milliseconds since 1970.
    time_ms: u64,
    /// How much it matters.
    level: Level,
    /// What ties together everything one request did; absent outside of requests.
    #[schemars(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    /// The W3C trace the request belongs to; absent outside of requests.
    #[schemars(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

/// Events that are not of level `info`, or not always.
const LEVELS: [(&str, &[Level]); 13] = [
    ("request", &[Level::Info, Level::Warn, Level::Error]),
    ("auth.sign_in_refused", &[Level::Warn]),
    ("auth.session_revoked", &[Level::Info, Level::Warn]),
    ("auth.revocation_unpublished", &[Level::Error]),
    ("audit.unwritten", &[Level::Error]),
    ("upstream.degraded", &[Level::Warn]),
    ("drift.happened", &[Level::Info, Level::Warn]),
    ("schedule.failed", &[Level::Error]),
    ("webhook.failed", &[Level::Warn]),
    ("trace.spans_lost", &[Level::Warn]),
    ("entropy.provider_failed", &[Level::Warn]),
    ("entropy.provider_quarantined", &[Level::Error]),
    ("entropy.label_changed", &[Level::Warn]),
];

/// The levels that an event of that name may have.
fn levels(event: &str) -> &'static [Level] {
    LEVELS.iter().find(|(name, _)| *name == event).map_or(&[Level::Info], |(_, levels)| levels)
}

/// The schema of a line: one of the events, each with all the fields it may have and no other.
pub fn schema() -> Value {
    let mut generator =
        schemars::SchemaGenerator::new(schemars::generate::SchemaSettings::draft2020_12().for_serialize());
    let line = generator.root_schema_for::<Line>().to_value();
    let events = generator.root_schema_for::<Event>().to_value();
    let mut definitions = object(line.get("$defs"));
    definitions.extend(object(events.get("$defs")));
    let of_events = events.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
    let lines = of_events.iter().map(|event| of_one(&line, event, &definitions)).collect();
    let members = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema".into()),
        ("title", "A line of the log".into()),
        ("oneOf", Value::Array(lines)),
        ("$defs", Value::Object(definitions)),
    ];
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The lines of one event: its own fields after those that every line has.
fn of_one(line: &Value, event: &Value, definitions: &Map<String, Value>) -> Value {
    let mut merged = object(Some(event));
    // Fields that have a type of their own.
    let named = merged.shift_remove("$ref").map_or(Value::Null, |_| resolved(event, definitions).clone());
    let mut properties = object(line.get("properties"));
    let own = object(event.get("properties"));
    let name = own.get("event").and_then(|event| event.get("const")).and_then(Value::as_str).unwrap_or_default();
    let allowed = levels(name).iter().map(|level| serde_json::to_value(level).unwrap_or_default()).collect();
    if let Some(Value::Object(level)) = properties.get_mut("level") {
        level.insert("enum".to_owned(), Value::Array(allowed));
    }
    properties.extend(own);
    properties.extend(object(named.get("properties")));
    // What may be absent is absent, and never null.
    properties.values_mut().for_each(not_null);
    let mut required = array(line.get("required"));
    required.extend(array(event.get("required")));
    required.extend(array(named.get("required")));
    merged.insert("properties".to_owned(), Value::Object(properties));
    merged.insert("required".to_owned(), Value::Array(required));
    merged.insert("additionalProperties".to_owned(), false.into());
    Value::Object(merged)
}

fn not_null(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    }
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn array(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The events as a list for people: a heading for each, and a table of what it tells besides what every line has.
pub fn tables() -> String {
    let schema = schema();
    let definitions = object(schema.get("$defs"));
    let common = object(schemars::schema_for!(Line).to_value().get("properties"));
    let mut text = String::new();
    for event in array(schema.get("oneOf")) {
        let properties = object(event.get("properties"));
        let named = |field: &str, member: &str| {
            properties.get(field).and_then(|of| of.get(member)).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let name = named("event", "const");
        let allowed: Vec<String> = array(properties.get("level").and_then(|level| level.get("enum")))
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let told = description(&event);
        // Writing to a text never fails.
        let _ = writeln!(text, "### `{name}` ({})\n\n{told}\n", allowed.join(", "));
        let required = array(event.get("required"));
        let own: Vec<_> =
            properties.iter().filter(|(field, _)| *field != "event" && !common.contains_key(*field)).collect();
        if !own.is_empty() {
            text.push_str("| field | type | what |\n|---|---|---|\n");
        }
        for (field, of) in own {
            let optional = if required.iter().any(|name| name == field) { "" } else { "?" };
            let _ = writeln!(text, "| `{field}{optional}` | {} | {} |", kind(of, &definitions), description(of));
            if let Some(items) = of.get("items") {
                for (inner, of) in object(resolved(items, &definitions).get("properties")) {
                    let _ =
                        writeln!(text, "| `{field}[].{inner}` | {} | {} |", kind(&of, &definitions), description(&of));
                }
            }
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn description(schema: &Value) -> String {
    let told = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    told.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn resolved<'a>(schema: &'a Value, definitions: &'a Map<String, Value>) -> &'a Value {
    let choice = schema.get("anyOf").and_then(Value::as_array).and_then(|choices| choices.first()).unwrap_or(schema);
    let named = choice.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next());
    named.and_then(|name| definitions.get(name)).unwrap_or(choice)
}

/// A field's type in a few words: the names it may have where it is one of a few.
fn kind(schema: &Value, definitions: &Map<String, Value>) -> String {
    let of = resolved(schema, definitions);
    let names = array(of.get("enum"))
        .into_iter()
        .chain(array(of.get("oneOf")).into_iter().filter_map(|choice| choice.get("const").cloned()));
    let names: Vec<String> = names.filter_map(|name| name.as_str().map(|name| format!("`{name}`"))).collect();
    if !names.is_empty() {
        return names.join(", ");
    }
    of.get("type").and_then(Value::as_str).unwrap_or("any").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{levels, schema};
    use crate::observe::audited::tests::all;
    use crate::time::Timestamp;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn every_event_keeps_to_the_schema_and_its_levels() {
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        let mut seen = BTreeSet::new();
        for event in all() {
            let line: Value = serde_json::from_str(&event.render(Timestamp::from_millis(1), None, None)).unwrap();
            let errors: Vec<String> = validator.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{line}: {errors:?}");
            let name = line["event"].as_str().unwrap();
            assert!(levels(name).contains(&event.level()), "{line}");
            seen.insert(name.to_owned());
        }
        let listed = schema()["oneOf"].as_array().unwrap().len();
        assert_eq!(seen.len(), listed, "an event is missing from the samples: {seen:?}");
    }

    #[test]
    fn a_line_with_a_field_too_many_or_too_few_breaks_the_schema() {
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        let good = serde_json::json!({"time_ms": 1, "level": "error", "event": "schedule.failed", "reason": "x"});
        assert!(validator.is_valid(&good));
        for (name, value) in [("secret", "x".into()), ("level", "info".into()), ("correlation_id", Value::Null)] {
            let mut bad = good.clone();
            bad[name] = value;
            assert!(!validator.is_valid(&bad), "{bad}");
        }
        let mut bad = good;
        bad.as_object_mut().unwrap().shift_remove("reason");
        assert!(!validator.is_valid(&bad));
    }
}
