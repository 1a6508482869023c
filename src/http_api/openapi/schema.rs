//! Schemas of OpenAPI → JSON Schema 2020-12.
//!
//! What a schema refers to goes to `$defs`, once, so that schemas that go round in circles have an end. The keywords of OpenAPI 3.0
//! that mean something else (`nullable`, `exclusiveMinimum: true`, `example`) are translated wherever they stand; what is
//! no keyword of JSON Schema is dropped, but `discriminator` is kept for whoever reads it.

use super::reference::{Library, Node};
use super::refusal::Refusal;
use crate::catalogue::listing::is_hidden;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet, VecDeque};

/// Most schemas and values of one tool: more than that is no schema that could be checked.
const MAX_NODES: usize = 10_000;
/// Deepest nesting of one schema without its references.
const MAX_DEPTH: usize = 60;
/// Longest example, as JSON, in bytes.
const MAX_EXAMPLE_BYTES: usize = 200;

/// What a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Arguments: members that are only read are left out.
    Input,
    /// Answers: members that are only written are left out.
    Output,
}

/// Translates the schemas of one tool's arguments, or of its answer.
pub(super) struct Translator<'l> {
    library: &'l Library,
    mode: Mode,
    /// Whether keywords beside `$ref` count, as from 3.1 on.
    siblings: bool,
    defs: Map<String, Value>,
    names: HashMap<usize, String>,
    pending: VecDeque<(String, Node<'l>)>,
    nodes: usize,
}

impl<'l> Translator<'l> {
    pub(super) fn new(library: &'l Library, mode: Mode) -> Self {
        let siblings = !library.root().text("openapi").is_some_and(|version| version.starts_with("3.0"));
        Self { library, mode, siblings, defs: Map::new(), names: HashMap::new(), pending: VecDeque::new(), nodes: 0 }
    }

    /// One schema. What it refers to is translated by [`Self::definitions`].
    pub(super) fn schema(&mut self, node: Node<'l>) -> Result<Value, Refusal> {
        self.at(node, 0)
    }

    /// Everything that was referred to.
    pub(super) fn definitions(mut self) -> Result<Map<String, Value>, Refusal> {
        while let Some((name, node)) = self.pending.pop_front() {
            let schema = self.at(node, 0)?;
            self.defs.insert(name, schema);
        }
        Ok(self.defs)
    }

    /// The keywords of a schema that stands for itself, even where it is referred to.
    pub(super) fn root(&mut self, node: Node<'l>) -> Result<Value, Refusal> {
        self.keywords(self.library.follow(node)?, 0)
    }

    fn at(&mut self, node: Node<'l>, depth: usize) -> Result<Value, Refusal> {
        self.nodes += 1;
        if self.nodes > MAX_NODES || depth > MAX_DEPTH {
            return Err(Refusal::TooLarge);
        }
        match node.value {
            Value::Bool(always) => Ok(Value::Bool(*always)),
            Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.reference(node, reference, depth),
                None => self.keywords(node, depth),
            },
            _ => Err(Refusal::Malformed("schema")),
        }
    }

    fn reference(&mut self, node: Node<'l>, reference: &str, depth: usize) -> Result<Value, Refusal> {
        let name = self.define(node, reference)?;
        let mut schema = if self.siblings { self.keywords(node, depth)? } else { Value::Object(Map::new()) };
        if let Value::Object(keywords) = &mut schema {
            keywords.shift_insert(0, "$ref".to_owned(), Value::String(format!("#/$defs/{name}")));
        }
        Ok(schema)
    }

    /// The name under which the target of a reference is defined.
    fn define(&mut self, node: Node<'l>, reference: &str) -> Result<String, Refusal> {
        let target = self.library.resolve(node, reference)?;
        // One that does not end could never be checked.
        self.library.follow(target)?;
        if let Some(name) = self.names.get(&target.identity()) {
            return Ok(name.clone());
        }
        let last = reference.rsplit(['/', '#']).find(|part| !part.is_empty()).unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
        let wished: String = last.chars().take(64).map(plain).collect();
        let mut name = if wished.is_empty() { "schema".to_owned() } else { wished.clone() };
        let mut number = 1;
        while self.defs.contains_key(&name) {
            number += 1;
            name = format!("{wished}_{number}");
        }
        self.names.insert(target.identity(), name.clone());
        self.defs.insert(name.clone(), Value::Bool(true));
        self.pending.push_back((name.clone(), target));
        Ok(name)
    }

    fn keywords(&mut self, node: Node<'l>, depth: usize) -> Result<Value, Refusal> {
        let mut schema = Map::new();
        let left_out = self.left_out(node);
        for (keyword, value) in node.members() {
            let translated = match keyword {
                "not"
                | "items"
                | "additionalProperties"
                | "contains"
                | "propertyNames"
                | "if"
                | "then"
                | "else"
                | "unevaluatedItems"
                | "unevaluatedProperties" => self.at(value, depth + 1)?,
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => match self.list(value, depth + 1)? {
                    // An empty list is none (JSON Schema Core, section 10.2.1), and some write it.
                    Value::Array(schemas) if schemas.is_empty() => continue,
                    list => list,
                },
                "properties" => self.map(value, &left_out, depth + 1)?,
                "patternProperties" | "dependentSchemas" => self.map(value, &HashSet::new(), depth + 1)?,
                "required" => match required(value.value, &left_out) {
                    Some(names) => names,
                    None => continue,
                },
                "discriminator" => self.discriminator(value),
                "title" | "description" => match value.value.as_str() {
                    Some(text) => Value::String(visible(text)),
                    None => continue,
                },
                "$dynamicRef" => return Err(Refusal::Keyword("$dynamicRef")),
                "$id" => return Err(Refusal::Keyword("$id")),
                _ if is_kept(keyword) => {
                    self.nodes += value.value.as_array().map_or(0, Vec::len);
                    value.value.clone()
                }
                _ => continue,
            };
            schema.insert(keyword.to_owned(), translated);
        }
        bounds(&mut schema);
        examples(node, &mut schema);
        Ok(if node.is("nullable") { nullable(schema) } else { Value::Object(schema) })
    }

    fn list(&mut self, node: Node<'l>, depth: usize) -> Result<Value, Refusal> {
        let items = node.value.as_array().ok_or(Refusal::Malformed("schema"))?;
        items.iter().map(|value| self.at(Node { value, ..node }, depth)).collect::<Result<_, _>>().map(Value::Array)
    }

    fn map(&mut self, node: Node<'l>, left_out: &HashSet<&str>, depth: usize) -> Result<Value, Refusal> {
        if !node.value.is_object() {
            return Err(Refusal::Malformed("schema"));
        }
        let kept = node.members().filter(|(name, _)| !left_out.contains(name));
        kept.map(|(name, member)| Ok((name.to_owned(), self.at(member, depth)?)))
            .collect::<Result<_, _>>()
            .map(Value::Object)
    }

    /// The properties of a schema that are not for this mode.
    fn left_out(&self, node: Node<'l>) -> HashSet<&'l str> {
        let properties = node.get("properties").into_iter().flat_map(Node::members);
        properties.filter(|(_, member)| self.is_left_out(*member)).map(|(name, _)| name).collect()
    }

    /// Whether a property is not for this mode.
    pub(super) fn is_left_out(&self, property: Node<'l>) -> bool {
        let keyword = match self.mode {
            Mode::Input => "readOnly",
            Mode::Output => "writeOnly",
        };
        property.is(keyword) || self.library.follow(property).is_ok_and(|target| target.is(keyword))
    }

    /// `propertyName`, and the mapping with the names that the schemas have here.
    fn discriminator(&mut self, node: Node<'l>) -> Value {
        let mut kept = Map::new();
        if let Some(name) = node.text("propertyName") {
            kept.insert("propertyName".to_owned(), name.into());
        }
        let mut mapping = Map::new();
        for (value, target) in node.get("mapping").into_iter().flat_map(Node::members) {
            let Some(target) = target.value.as_str() else { continue };
            let named = format!("#/components/schemas/{target}");
            let reference = if target.contains(['/', '#', '.']) { target } else { &named };
            // A note that leads nowhere is no reason to have no tool.
            let Ok(name) = self.define(node, reference) else { continue };
            mapping.insert(value.to_owned(), Value::String(format!("#/$defs/{name}")));
        }
        if !mapping.is_empty() {
            kept.insert("mapping".to_owned(), Value::Object(mapping));
        }
        Value::Object(kept)
    }
}

/// Keywords that are taken as they are.
fn is_kept(keyword: &str) -> bool {
    const KEPT: [&str; 23] = [
        "type",
        "enum",
        "const",
        "multipleOf",
        "maximum",
        "minimum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxContains",
        "minContains",
        "maxProperties",
        "minProperties",
        "dependentRequired",
        "default",
        "format",
        "deprecated",
        "contentEncoding",
    ];
    KEPT.contains(&keyword)
}

/// The names that are required without those that are left out; `None` for none, and for what is no list.
fn required(names: &Value, left_out: &HashSet<&str>) -> Option<Value> {
    let names = names.as_array()?.iter().filter(|name| name.as_str().is_some_and(|name| !left_out.contains(name)));
    let names: Vec<Value> = names.cloned().collect();
    (!names.is_empty()).then_some(Value::Array(names))
}

/// `exclusiveMinimum: true` makes `minimum` exclusive in 3.0.
fn bounds(schema: &mut Map<String, Value>) {
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match schema.get(flag) {
            Some(Value::Bool(true)) => {
                schema.shift_remove(flag);
                if let Some(limit) = schema.shift_remove(bound) {
                    schema.insert(flag.to_owned(), limit);
                }
            }
            Some(Value::Bool(false)) => {
                schema.shift_remove(flag);
            }
            _ => {}
        }
    }
}

/// Short examples are kept, as a list.
fn examples(node: Node<'_>, schema: &mut Map<String, Value>) {
    let listed = node.get("examples").and_then(|examples| examples.value.as_array().cloned());
    let examples = listed.or_else(|| node.get("example").map(|example| vec![example.value.clone()]));
    let Some(examples) = examples.filter(|examples| !examples.is_empty()) else { return };
    let examples = Value::Array(examples);
    if examples.to_string().len() <= MAX_EXAMPLE_BYTES {
        schema.insert("examples".to_owned(), examples);
    }
}

/// The same schema, or `null`.
fn nullable(mut schema: Map<String, Value>) -> Value {
    let null = || Value::String("null".to_owned());
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    let anything = schema.is_empty();
    match schema.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&null()) => types.push(null()),
        Some(Value::Array(_)) => {}
        Some(one) => *one = Value::Array(vec![one.take(), null()]),
        None if anything => {}
        None => {
            let mut outer = Map::new();
            for note in ["title", "description", "deprecated"] {
                outer.extend(schema.shift_remove(note).map(|text| (note.to_owned(), text)));
            }
            let or_null = Value::Object([("type".to_owned(), null())].into_iter().collect());
            outer.insert("anyOf".to_owned(), Value::Array(vec![Value::Object(schema), or_null]));
            return Value::Object(outer);
        }
    }
    Value::Object(schema)
}

/// A text without the characters that a person does not see: what both read is the same.
pub(super) fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c)).collect()
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
