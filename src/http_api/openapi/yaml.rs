//! YAML 1.2 → the values that JSON has.
//!
//! Tags mean nothing, plain scalars are read by the core schema (YAML 1.2.2 section 10.3), and a key is its text. What makes a
//! small document a large one, anchors that name anchors, is counted. Merge keys are not of YAML 1.2 and are refused, as is
//! a key that stands twice. Why this library: `docs/decisions/0005-yaml.md`.

use crate::json::Caps;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

/// Most values of one document, those counted again that an alias repeats.
pub const MAX_VALUES: usize = 1_000_000;

/// Why bytes are not read as YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// Not UTF-8.
    #[error("the document is not UTF-8")]
    Encoding,
    /// More bytes than allowed.
    #[error("the document is longer than {0} bytes")]
    TooLarge(usize),
    /// More nesting than allowed.
    #[error("the document is nested deeper than {0} levels")]
    TooDeep(usize),
    /// More values than allowed.
    #[error("the document has more than {MAX_VALUES} values")]
    TooMany,
    /// Not YAML.
    #[error("the document is not YAML: line {0}")]
    Malformed(usize),
    /// Not one document.
    #[error("there is not exactly one document")]
    NotOne,
    /// A key twice in one mapping.
    #[error("a key stands twice in one mapping: line {0}")]
    Duplicate(usize),
    /// A key that is no scalar, or a merge key.
    #[error("a key is not a plain one: line {0}")]
    Key(usize),
    /// An alias of something that is not there.
    #[error("an alias refers to nothing: line {0}")]
    Alias(usize),
}

/// A list or a mapping that is being read, with its anchor.
enum Open {
    List(usize, Vec<Value>),
    Mapping(usize, Map<String, Value>, Option<String>),
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    root: Option<Value>,
    anchors: HashMap<usize, (Value, usize)>,
    values: usize,
    line: usize,
}

/// Reads one document.
pub fn parse(bytes: &[u8], caps: Caps) -> Result<Value, YamlError> {
    if bytes.len() > caps.max_bytes {
        return Err(YamlError::TooLarge(caps.max_bytes));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| YamlError::Encoding)?;
    let mut reader = Reader::default();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| YamlError::Malformed(error.marker().line()))?;
        reader.line = span.start.line();
        match event {
            Event::DocumentStart(_) => documents += 1,
            Event::Scalar(text, style, anchor, _) => reader.scalar(&text, style, anchor)?,
            Event::SequenceStart(anchor, _) => reader.begin(Open::List(anchor, Vec::new()), caps.max_depth)?,
            Event::MappingStart(anchor, _) => reader.begin(Open::Mapping(anchor, Map::new(), None), caps.max_depth)?,
            Event::SequenceEnd | Event::MappingEnd => reader.end()?,
            Event::Alias(anchor) => reader.alias(anchor, caps.max_depth)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        if documents > 1 {
            return Err(YamlError::NotOne);
        }
    }
    reader.root.ok_or(YamlError::NotOne)
}

impl Reader {
    fn count(&mut self, values: usize) -> Result<(), YamlError> {
        self.values += values;
        if self.values > MAX_VALUES { Err(YamlError::TooMany) } else { Ok(()) }
    }

    fn begin(&mut self, open: Open, max_depth: usize) -> Result<(), YamlError> {
        if let Some(Open::Mapping(_, _, None)) = self.open.last() {
            return Err(YamlError::Key(self.line));
        }
        self.open.push(open);
        if self.open.len() > max_depth { Err(YamlError::TooDeep(max_depth)) } else { Ok(()) }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize) -> Result<(), YamlError> {
        if let Some(Open::Mapping(_, members, key @ None)) = self.open.last_mut() {
            if text == "<<" && style == ScalarStyle::Plain {
                return Err(YamlError::Key(self.line));
            }
            if members.contains_key(text) {
                return Err(YamlError::Duplicate(self.line));
            }
            *key = Some(text.to_owned());
            if anchor > 0 {
                self.anchors.insert(anchor, (Value::String(text.to_owned()), 1));
            }
            return Ok(());
        }
        let value = if style == ScalarStyle::Plain { plain(text) } else { Value::String(text.to_owned()) };
        self.put(value, anchor)
    }

    fn end(&mut self) -> Result<(), YamlError> {
        match self.open.pop() {
            Some(Open::List(anchor, items)) => self.put(Value::Array(items), anchor),
            Some(Open::Mapping(anchor, members, _)) => self.put(Value::Object(members), anchor),
            None => Err(YamlError::Malformed(self.line)),
        }
    }

    fn alias(&mut self, anchor: usize, max_depth: usize) -> Result<(), YamlError> {
        let Some((value, size)) = self.anchors.get(&anchor) else { return Err(YamlError::Alias(self.line)) };
        let size = *size;
        if self.values + size > MAX_VALUES {
            return Err(YamlError::TooMany);
        }
        let value = value.clone();
        if self.open.len() + depth(&value) > max_depth {
            return Err(YamlError::TooDeep(max_depth));
        }
        if let Some(Open::Mapping(_, members, key @ None)) = self.open.last_mut() {
            let Value::String(text) = value else { return Err(YamlError::Key(self.line)) };
            if members.contains_key(&text) {
                return Err(YamlError::Duplicate(self.line));
            }
            *key = Some(text);
            return Ok(());
        }
        self.values += size;
        self.put(value, 0)
    }

    fn put(&mut self, value: Value, anchor: usize) -> Result<(), YamlError> {
        self.count(1)?;
        if anchor > 0 {
            let size = size(&value);
            // What is kept under an anchor is a copy.
            self.count(size)?;
            self.anchors.insert(anchor, (value.clone(), size));
        }
        match self.open.last_mut() {
            None if self.root.is_none() => self.root = Some(value),
            None => return Err(YamlError::NotOne),
            Some(Open::List(_, items)) => items.push(value),
            Some(Open::Mapping(_, members, key)) => {
                let key = key.take().ok_or(YamlError::Key(self.line))?;
                members.insert(key, value);
            }
        }
        Ok(())
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// A plain scalar by the core schema. A number that JSON does not have is a text.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let radix = |prefix: &str, radix: u32| {
        let digits = text.strip_prefix(prefix).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        digits.and_then(|digits| u64::from_str_radix(digits, radix).ok())
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number.into());
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let begins = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let numeric = unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if !begins || !numeric || !unsigned.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        if let Ok(number) = text.parse::<i64>() {
            return Some(number.into());
        }
        if let Ok(number) = text.parse::<u64>() {
            return Some(number.into());
        }
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
