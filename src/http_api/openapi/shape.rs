//! Schemas made plainer and shorter.

use super::refusal::Refusal;
use crate::tool::schema::{Schema, SchemaError};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Longest description within a schema that is made shorter, in characters.
const SHORT_DESCRIPTION: usize = 120;

/// A schema that can be checked.
#[derive(Debug)]
pub(super) struct Shaped {
    pub(super) schema: Map<String, Value>,
    /// Whether descriptions or examples were cut.
    pub(super) shortened: bool,
}

/// Puts definitions beside a schema: those that are used once stand where they are used. What is too long loses its examples
/// and the length of its descriptions first, and then its descriptions.
pub(super) fn shape(mut schema: Map<String, Value>, definitions: Map<String, Value>) -> Result<Shaped, Refusal> {
    let mut plain = schema.clone();
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(definitions.clone()));
        inline(&mut plain, definitions);
    }
    for (level, shortened) in [(Level::Whole, false), (Level::Short, true), (Level::Bare, true)] {
        for candidate in [&plain, &schema] {
            let mut candidate = Value::Object(candidate.clone());
            shorten(&mut candidate, level);
            let Value::Object(candidate) = candidate else { continue };
            match Schema::compile(&candidate) {
                Ok(_) => return Ok(Shaped { schema: candidate, shortened }),
                Err(SchemaError::TooLarge | SchemaError::TooDeep) => {}
                Err(error) => return Err(Refusal::Schema(error)),
            }
        }
    }
    Err(Refusal::TooLarge)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Whole,
    Short,
    Bare,
}

fn shorten(value: &mut Value, level: Level) {
    if level == Level::Whole {
        return;
    }
    each_schema(value, &mut |keywords| {
        keywords.shift_remove("examples");
        for note in ["description", "title"] {
            match keywords.get_mut(note) {
                Some(Value::String(text)) if level == Level::Short && text.chars().count() > SHORT_DESCRIPTION => {
                    *text = text.chars().take(SHORT_DESCRIPTION).chain(['…']).collect();
                }
                Some(_) if level == Level::Bare => {
                    keywords.shift_remove(note);
                }
                _ => {}
            }
        }
    });
}

/// Visits the keywords of every schema within one: what stands in `default`, `enum` and the like is none.
fn each_schema(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(keywords) = value else { return };
    visit(keywords);
    for (keyword, value) in keywords.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "dependentSchemas" | "$defs", Value::Object(schemas)) => {
                for schema in schemas.values_mut() {
                    each_schema(schema, visit);
                }
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => {
                for schema in schemas {
                    each_schema(schema, visit);
                }
            }
            (
                "not"
                | "items"
                | "additionalProperties"
                | "contains"
                | "propertyNames"
                | "if"
                | "then"
                | "else"
                | "unevaluatedItems"
                | "unevaluatedProperties",
                schema,
            ) => each_schema(schema, visit),
            _ => {}
        }
    }
}

/// The definition that a reference names.
fn target(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/$defs/")
}

/// Counts how often each definition is used.
fn count(value: &mut Value, uses: &mut HashMap<String, usize>) {
    each_schema(value, &mut |keywords| {
        let mapping = keywords.get("discriminator").and_then(|discriminator| discriminator.get("mapping"));
        let mapped = mapping.and_then(Value::as_object).into_iter().flat_map(Map::values);
        for name in keywords.get("$ref").into_iter().chain(mapped).filter_map(target) {
            *uses.entry(name.to_owned()).or_default() += 1;
        }
    });
}

/// Puts each definition that is used once where it is used. One of those cannot be part of a circle: something outside
/// uses it, and nothing else does.
fn inline(schema: &mut Map<String, Value>, mut definitions: Map<String, Value>) {
    let mut uses = HashMap::new();
    let mut whole = Value::Object(std::mem::take(schema));
    count(&mut whole, &mut uses);
    definitions.values_mut().for_each(|definition| count(definition, &mut uses));
    let mut once = Map::new();
    let mut kept = Map::new();
    for (name, definition) in definitions {
        if uses.get(&name) == Some(&1) {
            once.insert(name, definition)
        } else {
            kept.insert(name, definition)
        };
    }
    place(&mut whole, &mut once);
    kept.values_mut().for_each(|definition| place(definition, &mut once));
    if let Value::Object(keywords) = whole {
        *schema = keywords;
    }
    if !kept.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(kept));
    }
}

/// The visit goes on into what was put in place.
fn place(value: &mut Value, once: &mut Map<String, Value>) {
    each_schema(value, &mut |keywords| {
        // What is put in place may be a reference again.
        while let Some(name) = keywords.get("$ref").and_then(target).map(str::to_owned)
            && let Some(definition) = once.shift_remove(&name)
        {
            keywords.shift_remove("$ref");
            merge(keywords, definition);
        }
    });
}

/// Puts a definition where its reference stood. Notes beside the reference count more; other keywords hold besides it.
fn merge(keywords: &mut Map<String, Value>, definition: Value) {
    const NOTES: [&str; 5] = ["title", "description", "default", "examples", "deprecated"];
    let only_notes = keywords.keys().all(|name| NOTES.contains(&name.as_str()));
    match definition {
        Value::Object(members) if only_notes => {
            for (name, value) in members {
                keywords.entry(name).or_insert(value);
            }
        }
        other => {
            let all = keywords.entry("allOf").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(schemas) = all {
                schemas.push(other);
            }
        }
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
