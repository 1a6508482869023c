//! Parameters → arguments.

use super::name;
use super::reference::{Library, Node};
use super::refusal::Refusal;
use super::schema::{Translator, visible};
use crate::http_api::api::{Parameter, Place, Style, explodes};
use crate::http_api::encode::{is_reserved_header, is_token};
use serde_json::{Map, Value};

/// The arguments of one tool: its input schema, so far.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) properties: Map<String, Value>,
    pub(super) required: Vec<Value>,
}

impl Arguments {
    /// Adds an argument and says what it is called.
    pub(super) fn add(&mut self, wished: &str, place: &str, schema: Value, required: bool) -> String {
        let argument = name::argument(wished, place, &|name| self.properties.contains_key(name));
        self.properties.insert(argument.clone(), schema);
        if required {
            self.required.push(Value::String(argument.clone()));
        }
        argument
    }
}

/// The parameters of an operation: its own, and those of its path item that it does not have itself. What is about a
/// header that is not for a tool to set is left out if it may be.
pub(super) fn read<'l>(
    operation: Node<'l>,
    item: Node<'l>,
    library: &'l Library,
    translator: &mut Translator<'l>,
    arguments: &mut Arguments,
) -> Result<Vec<Parameter>, Refusal> {
    let mut all: Vec<(Place, &str, Node<'l>)> = Vec::new();
    for node in item.entries("parameters").chain(operation.entries("parameters")) {
        let node = library.follow(node)?;
        let (place, name) = (place(node)?, node.text("name").ok_or(Refusal::Malformed("parameters"))?);
        all.retain(|(other, known, _)| (*other, *known) != (place, name));
        all.push((place, name, node));
    }
    // Where two have one name, the first of this order keeps it.
    all.sort_by_key(|(place, ..)| *place as u8);
    let mut parameters = Vec::new();
    for (place, name, node) in all {
        parameters.extend(one(place, name, node, library, translator, arguments)?);
    }
    Ok(parameters)
}

fn place(node: Node<'_>) -> Result<Place, Refusal> {
    match node.text("in") {
        Some("path") => Ok(Place::Path),
        Some("query") => Ok(Place::Query),
        Some("header") => Ok(Place::Header),
        Some("cookie") => Ok(Place::Cookie),
        _ => Err(Refusal::Malformed("parameters")),
    }
}

fn one<'l>(
    place: Place,
    name: &str,
    node: Node<'l>,
    library: &'l Library,
    translator: &mut Translator<'l>,
    arguments: &mut Arguments,
) -> Result<Option<Parameter>, Refusal> {
    let required = place == Place::Path || node.is("required");
    let sendable = can_be_sent(place, name);
    // Of these the specification says that they are no parameters (OpenAPI 3.1.1 section 4.8.12.2).
    let no_parameter = ["accept", "content-type", "authorization"].iter().any(|own| name.eq_ignore_ascii_case(own));
    match sendable {
        Ok(()) => {}
        Err(_) if !required || (place == Place::Header && no_parameter) => return Ok(None),
        Err(reason) => return Err(Refusal::Parameter(cut(name), reason)),
    }
    if place == Place::Header && no_parameter {
        return Ok(None);
    }
    let (schema, style) = match described(place, node, library) {
        Ok(found) => found,
        Err(_) if !required => return Ok(None),
        Err(reason) => return Err(Refusal::Parameter(cut(name), reason)),
    };
    let schema = match schema {
        Some(schema) => translator.schema(schema)?,
        None => Value::Object(Map::new()),
    };
    let argument = arguments.add(name, place.as_str(), noted(schema, node), required);
    let explode = node.value.get("explode").and_then(Value::as_bool).filter(|given| *given != explodes(None, style));
    let mut parameter = Parameter { argument, place, name: None, style: None, explode };
    parameter.name = (parameter.argument != name).then(|| name.to_owned());
    parameter.style = (style != parameter.style()).then_some(style);
    Ok(Some(parameter))
}

fn can_be_sent(place: Place, name: &str) -> Result<(), &'static str> {
    match place {
        Place::Header | Place::Cookie if !is_token(name) => Err("its name cannot be one there"),
        Place::Header if is_reserved_header(name) => Err("it is a header that may not be set"),
        Place::Path | Place::Query if !(1..=256).contains(&name.len()) => Err("its name cannot be one there"),
        _ => Ok(()),
    }
}

/// The schema and the style of a parameter.
fn described<'l>(
    place: Place,
    node: Node<'l>,
    library: &'l Library,
) -> Result<(Option<Node<'l>>, Style), &'static str> {
    if let Some(content) = node.get("content") {
        let json = content.members().find(|(media_type, _)| is_json(media_type));
        let (_, json) = json.ok_or("its content is no JSON")?;
        let json = library.follow(json).map_err(|_| "its content cannot be found")?;
        return Ok((json.get("schema"), Style::Json));
    }
    let usual = if matches!(place, Place::Path | Place::Header) { Style::Simple } else { Style::Form };
    let style = match (place, node.text("style")) {
        (_, None) => usual,
        (Place::Path, Some("label")) => Style::Label,
        (Place::Path, Some("matrix")) => Style::Matrix,
        (Place::Path | Place::Header, Some("simple")) => Style::Simple,
        (Place::Query | Place::Cookie, Some("form")) => Style::Form,
        (Place::Query, Some("spaceDelimited")) => Style::SpaceDelimited,
        (Place::Query, Some("pipeDelimited")) => Style::PipeDelimited,
        (Place::Query, Some("deepObject")) => Style::DeepObject,
        _ => return Err("its style is not for that place"),
    };
    Ok((node.get("schema"), style))
}

/// Whether a media type is JSON.
pub(super) fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(essence.as_str(), "application/json" | "text/json") || essence.ends_with("+json")
}

/// A schema with what its parameter, or its body, says of itself.
pub(super) fn noted(schema: Value, holder: Node<'_>) -> Value {
    let mut keywords = match schema {
        Value::Object(keywords) => keywords,
        Value::Bool(true) => Map::new(),
        other => return other,
    };
    if let Some(description) = holder.text("description").filter(|text| !text.trim().is_empty()) {
        keywords.insert("description".to_owned(), Value::String(visible(description)));
    }
    if holder.is("deprecated") {
        keywords.insert("deprecated".to_owned(), Value::Bool(true));
    }
    Value::Object(keywords)
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
