//! Keywords without subschemas, and the readers of plain values.

use super::{Keywords, below, cut, malformed};
use crate::tool::schema::pattern::Pattern;
use crate::tool::schema::{Bound, Kind, Rule, SchemaError, equal};
use serde_json::Value;

pub(super) fn any_value(at: &str, keywords: &Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
    if let Some(types) = keywords.get("type") {
        let kinds = match types {
            Value::Array(names) => names.iter().map(kind).collect(),
            name => kind(name).map(|kind| vec![kind]),
        };
        let kinds = kinds.filter(|kinds| !kinds.is_empty()).ok_or_else(|| malformed(at, "type"))?;
        rules.push(Rule::Types(kinds));
    }
    if let Some(values) = keywords.get("enum") {
        rules.push(one_of_values(values.as_array().ok_or_else(|| malformed(at, "enum"))?));
    }
    rules.extend(keywords.get("const").map(|value| one_of_values(std::slice::from_ref(value))));
    Ok(())
}

fn one_of_values(values: &[Value]) -> Rule {
    let shown: Vec<String> = values.iter().take(20).map(Value::to_string).collect();
    let mut shown: String = shown.join(", ").chars().take(200).collect();
    if values.len() > 20 {
        shown.push_str(", …");
    }
    Rule::OneOfValues { canonical: values.iter().map(equal::canonical).collect(), shown }
}

fn kind(name: &Value) -> Option<Kind> {
    Some(match name.as_str()? {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "string" => Kind::String,
        "array" => Kind::Array,
        "object" => Kind::Object,
        _ => return None,
    })
}

pub(super) fn numbers(at: &str, keywords: &Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
    let bounds = [
        ("minimum", Bound::Minimum),
        ("maximum", Bound::Maximum),
        ("exclusiveMinimum", Bound::ExclusiveMinimum),
        ("exclusiveMaximum", Bound::ExclusiveMaximum),
    ];
    for (keyword, bound) in bounds {
        let Some(limit) = keywords.get(keyword) else { continue };
        let limit = limit.as_number().ok_or_else(|| malformed(at, keyword))?;
        rules.push(Rule::Bound(bound, limit.clone()));
    }
    if let Some(factor) = keywords.get("multipleOf") {
        let positive = factor.as_number().filter(|factor| factor.as_f64().is_some_and(|factor| factor > 0.0));
        rules.push(Rule::MultipleOf(positive.ok_or_else(|| malformed(at, "multipleOf"))?.clone()));
    }
    Ok(())
}

pub(super) fn strings(at: &str, keywords: &Keywords, rules: &mut Vec<Rule>) -> Result<(), SchemaError> {
    rules.extend(count(at, keywords, "minLength")?.map(Rule::MinLength));
    rules.extend(count(at, keywords, "maxLength")?.map(Rule::MaxLength));
    if let Some(text) = keywords.get("pattern") {
        let text = text.as_str().ok_or_else(|| malformed(at, "pattern"))?;
        let shown = text.chars().take(100).collect();
        rules.push(Rule::Pattern(Box::new(pattern(at, "pattern", text)?), shown));
    }
    Ok(())
}

pub(super) fn pattern(at: &str, keyword: &str, text: &str) -> Result<Pattern, SchemaError> {
    Pattern::compile(text).map_err(|reason| SchemaError::Pattern { at: cut(&below(at, keyword)), reason })
}

pub(super) fn count(at: &str, keywords: &Keywords, keyword: &str) -> Result<Option<u64>, SchemaError> {
    let Some(value) = keywords.get(keyword) else { return Ok(None) };
    let whole = value.as_number().and_then(equal::whole).filter(|whole| *whole >= 0);
    // A limit beyond 64 bits can never be reached.
    whole.map(|whole| Some(u64::try_from(whole).unwrap_or(u64::MAX))).ok_or_else(|| malformed(at, keyword))
}

pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}
