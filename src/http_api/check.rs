//! Whether an API's document may be used, and where it is wrong if not.

use super::api::{ApiDocument, Body, Format, HttpTool, Parameter, Place, Style, annotations};
use super::credential::{Slot, SlotKind};
use super::encode::{is_reserved_header, is_token};
use super::template::{InvalidTemplate, Piece, pieces};
use crate::catalogue::listing::{self, LeftOutReason, MAX_ITEMS};
use crate::json::{self, Caps, JsonError};
use crate::outbound::{HeaderValue, OutboundUrl, Reach, RefusedUrl};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Limits on the document: 16 MiB, 80 levels (a schema has 64 at most).
pub const DOCUMENT_CAPS: Caps = Caps { max_bytes: 16 * 1024 * 1024, max_depth: 80 };

/// An API that may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    base: OutboundUrl,
    document: ApiDocument,
}

/// Why a document is no API that may be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidApi {
    /// Not one strict JSON object.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// JSON, and not an API: what is wrong, in words.
    #[error("not an API: {0}")]
    Document(String),
    /// A base that may not be asked.
    #[error("the base cannot be used: {0}")]
    Base(#[from] RefusedUrl),
    /// A base with a query.
    #[error("the base has a query")]
    BaseQuery,
    /// Too many tools.
    #[error("there are more than {MAX_ITEMS} tools")]
    TooMany,
    /// Two tools, or two credentials, of one name.
    #[error("the name {0:?} stands twice")]
    Twice(String),
    /// A credential that does not say where it goes.
    #[error(
        "the credential {0:?} is not complete: an apiKey has 'in' and a name of visible letters, others have neither"
    )]
    Slot(String),
    /// A tool that may not be used.
    #[error("the tool {tool:?}: {fault}")]
    Tool {
        /// Its name, cut to 128 characters.
        tool: String,
        /// What is wrong with it.
        fault: ToolFault,
    },
}

/// What is wrong with a tool.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ToolFault {
    /// Its definition could not be shown.
    #[error("{0}")]
    Definition(LeftOutReason),
    /// An output schema whose root is not an object's.
    #[error("its output schema is not for an object")]
    Output,
    /// Its path is no template.
    #[error(transparent)]
    Path(#[from] InvalidTemplate),
    /// A placeholder without a parameter.
    #[error("the path has {{{0}}}, and there is no parameter of the path of that name")]
    Placeholder(String),
    /// A parameter of the path without a placeholder, or with two.
    #[error("the path does not have {{{0}}} exactly once")]
    NotInPath(String),
    /// An argument of the path that may be left out.
    #[error("the argument {0:?} is part of the path and must be required")]
    Optional(String),
    /// One name twice in one place.
    #[error("the {1} has {0:?} twice")]
    Twice(String, &'static str),
    /// An argument that the input schema does not have.
    #[error("the argument {0:?} is not among the properties of the input schema")]
    Argument(String),
    /// A property that goes nowhere.
    #[error("the argument {0:?} goes nowhere")]
    Nowhere(String),
    /// A name that cannot be one there.
    #[error("the {1} cannot have the name {0:?}")]
    Name(String, &'static str),
    /// A header field that is not for a tool to set.
    #[error("the header {0:?} may not be set")]
    Header(String),
    /// A style that is not for that place.
    #[error("the parameter {0:?} cannot be written in that style")]
    Style(String),
    /// A fixed part in another place than the query and the header, or with a value that a header cannot carry.
    #[error("what is fixed goes to the query or a header, in visible ASCII characters: {0:?}")]
    Fixed(String),
    /// A body with a method that has none.
    #[error("the method has no body")]
    NoBody,
    /// A body that is not one argument or some members.
    #[error("the body is one argument or has members, and a text is one argument")]
    Body,
    /// A media type that is none.
    #[error("the content type of the body is none")]
    ContentType,
    /// A pointer that is none.
    #[error("the pointer of the answer is none")]
    Pointer,
    /// A credential that the API does not have.
    #[error("the API has no credential {0:?}")]
    Credential(String),
}

impl Api {
    /// Reads an API as it is stored or written by hand, and checks all of it.
    pub fn parse(text: &[u8], reach: Reach) -> Result<Self, InvalidApi> {
        Self::admit(read(text)?, reach)
    }

    /// Reads an API that was checked before it was stored. Only its base is judged again: checking every schema anew would be
    /// most of the work of an isolate that begins.
    pub fn restore(text: &[u8], reach: Reach) -> Result<Self, InvalidApi> {
        let document = read(text)?;
        Ok(Self { base: judged(&document.base, reach)?, document })
    }

    /// Checks an API. Annotations that a definition does not have are those of its method.
    pub fn admit(mut document: ApiDocument, reach: Reach) -> Result<Self, InvalidApi> {
        let base = judged(&document.base, reach)?;
        if document.tools.len() > MAX_ITEMS {
            return Err(InvalidApi::TooMany);
        }
        let mut names = HashSet::new();
        for slot in &document.credentials {
            if !is_complete(slot) {
                return Err(InvalidApi::Slot(cut(&slot.scheme)));
            }
            if !names.insert(slot.scheme.as_str()) {
                return Err(InvalidApi::Twice(cut(&slot.scheme)));
            }
        }
        let mut tools = HashSet::new();
        for tool in &document.tools {
            let name = &tool.definition.name;
            check_tool(tool, &names).map_err(|fault| InvalidApi::Tool { tool: cut(name), fault })?;
            if !tools.insert(name.as_str()) {
                return Err(InvalidApi::Twice(cut(name)));
            }
        }
        for tool in &mut document.tools {
            tool.definition.annotations.get_or_insert_with(|| annotations(tool.method));
        }
        Ok(Self { base, document })
    }

    /// An API whose base may be asked and whose tools were checked one by one.
    pub(super) const fn of_checked(base: OutboundUrl, document: ApiDocument) -> Self {
        Self { base, document }
    }

    /// Where it is.
    pub const fn base(&self) -> &OutboundUrl {
        &self.base
    }

    /// The path that every request begins with, without a slash at its end.
    pub(super) fn prefix(&self) -> &str {
        self.base.url().path().trim_end_matches('/')
    }

    /// The document, to be stored.
    pub const fn document(&self) -> &ApiDocument {
        &self.document
    }

    /// Its tools.
    pub fn tools(&self) -> &[HttpTool] {
        &self.document.tools
    }

    /// The tool of this own name.
    pub fn tool(&self, own: &str) -> Option<&HttpTool> {
        self.document.tools.iter().find(|tool| tool.definition.name == own)
    }

    /// The first of a tool's lists of credentials of which `has` says that each is there; an empty one where the tool needs
    /// none. `None` when one is missing from every list.
    pub fn slots(&self, tool: &HttpTool, has: impl Fn(&str) -> bool) -> Option<Vec<&Slot>> {
        if tool.security.is_empty() {
            return Some(Vec::new());
        }
        let fits = |names: &&Vec<String>| names.iter().all(|name| has(name));
        // With a credential rather than without.
        let chosen = tool.security.iter().filter(|names| !names.is_empty()).find(fits);
        let chosen = chosen.or_else(|| tool.security.iter().find(fits))?;
        let slot = |name: &String| self.document.credentials.iter().find(|slot| slot.scheme == *name);
        chosen.iter().map(slot).collect()
    }
}

fn read(text: &[u8]) -> Result<ApiDocument, InvalidApi> {
    let value = json::parse_object(text, DOCUMENT_CAPS)?;
    ApiDocument::deserialize(value).map_err(|error| InvalidApi::Document(error.to_string()))
}

fn judged(base: &str, reach: Reach) -> Result<OutboundUrl, InvalidApi> {
    let base = OutboundUrl::parse(base, reach)?;
    if base.url().query().is_some() { Err(InvalidApi::BaseQuery) } else { Ok(base) }
}

fn cut(text: &str) -> String {
    text.chars().take(128).collect()
}

fn is_complete(slot: &Slot) -> bool {
    let named = slot.name.as_deref().is_some_and(is_token);
    let keyed = slot.kind == SlotKind::ApiKey;
    (1..=128).contains(&slot.scheme.len()) && named == keyed && slot.place.is_some() == keyed
}

/// Whether a tool may be used, given the names of the API's credentials.
pub(super) fn check_tool(tool: &HttpTool, credentials: &HashSet<&str>) -> Result<(), ToolFault> {
    listing::check(&tool.definition).map_err(ToolFault::Definition)?;
    if let Some(output) = &tool.definition.output_schema
        && output.get("type").and_then(Value::as_str) != Some("object")
    {
        return Err(ToolFault::Output);
    }
    check_path(tool)?;
    for parameter in &tool.parameters {
        check_parameter(parameter)?;
    }
    check_names(tool)?;
    if let Some(body) = &tool.body {
        check_body(tool, body)?;
    }
    check_arguments(tool)?;
    let pointer = &tool.answer.pointer;
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(ToolFault::Pointer);
    }
    let unknown = tool.security.iter().flatten().find(|name| !credentials.contains(name.as_str()));
    unknown.map_or(Ok(()), |name| Err(ToolFault::Credential(cut(name))))
}

fn check_path(tool: &HttpTool) -> Result<(), ToolFault> {
    let pieces = pieces(&tool.path)?;
    let placeholders: Vec<&str> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Parameter(name) => Some(*name),
            Piece::Literal(_) => None,
        })
        .collect();
    let names: Vec<&str> = tool.parameters_in(Place::Path).map(Parameter::wire_name).collect();
    if let Some(name) = placeholders.iter().find(|name| !names.contains(name)) {
        return Err(ToolFault::Placeholder(cut(name)));
    }
    let once = |name: &&&str| placeholders.iter().filter(|other| other == name).count() == 1;
    match names.iter().find(|name| !once(name)) {
        Some(name) => Err(ToolFault::NotInPath(cut(name))),
        None => Ok(()),
    }
}

fn check_parameter(parameter: &Parameter) -> Result<(), ToolFault> {
    let name = parameter.wire_name();
    let named = match parameter.place {
        Place::Header | Place::Cookie => is_token(name),
        Place::Path | Place::Query => (1..=256).contains(&name.len()),
    };
    if !named {
        return Err(ToolFault::Name(cut(name), parameter.place.as_str()));
    }
    if parameter.place == Place::Header && is_reserved_header(name) {
        return Err(ToolFault::Header(cut(name)));
    }
    let styles: &[Style] = match parameter.place {
        Place::Path => &[Style::Simple, Style::Label, Style::Matrix, Style::Json],
        Place::Query => &[Style::Form, Style::SpaceDelimited, Style::PipeDelimited, Style::DeepObject, Style::Json],
        Place::Header => &[Style::Simple, Style::Json],
        Place::Cookie => &[Style::Form, Style::Json],
    };
    if styles.contains(&parameter.style()) { Ok(()) } else { Err(ToolFault::Style(cut(name))) }
}

/// No name twice in one place, what is fixed included.
fn check_names(tool: &HttpTool) -> Result<(), ToolFault> {
    let mut names = HashSet::new();
    let mut once = |place: Place, name: &str| {
        let compared = if place == Place::Header { name.to_ascii_lowercase() } else { name.to_owned() };
        if names.insert((place, compared)) { Ok(()) } else { Err(ToolFault::Twice(cut(name), place.as_str())) }
    };
    for fixed in &tool.fixed {
        let sendable = HeaderValue::parse(fixed.value.as_str()).is_ok();
        match fixed.place {
            Place::Query if (1..=256).contains(&fixed.name.len()) => {}
            Place::Header if is_reserved_header(&fixed.name) => return Err(ToolFault::Header(cut(&fixed.name))),
            Place::Header if is_token(&fixed.name) && sendable => {}
            _ => return Err(ToolFault::Fixed(cut(&fixed.name))),
        }
        once(fixed.place, &fixed.name)?;
    }
    tool.parameters.iter().try_for_each(|parameter| once(parameter.place, parameter.wire_name()))
}

fn check_body(tool: &HttpTool, body: &Body) -> Result<(), ToolFault> {
    if !tool.method.takes_body() {
        return Err(ToolFault::NoBody);
    }
    if body.argument.is_some() != body.members.is_empty() || (body.format == Format::Text && body.argument.is_none()) {
        return Err(ToolFault::Body);
    }
    let is_media_type = |text: &String| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        let halves = essence.split_once('/').is_some_and(|(left, right)| is_token(left) && is_token(right));
        halves && HeaderValue::parse(text.as_str()).is_ok()
    };
    if !body.content_type.as_ref().is_none_or(is_media_type) {
        return Err(ToolFault::ContentType);
    }
    let mut names = HashSet::new();
    for member in &body.members {
        if !names.insert(member.wire_name()) {
            return Err(ToolFault::Twice(cut(member.wire_name()), "body"));
        }
        let json = body.format == Format::Json;
        if (json && (member.style.is_some() || member.explode.is_some())) || !is_form_style(member.style) {
            return Err(ToolFault::Style(cut(member.wire_name())));
        }
    }
    Ok(())
}

fn is_form_style(style: Option<Style>) -> bool {
    !matches!(style, Some(Style::Simple | Style::Label | Style::Matrix))
}

/// Every argument is a property of the input schema, and every property an argument.
fn check_arguments(tool: &HttpTool) -> Result<(), ToolFault> {
    let schema = &tool.definition.input_schema;
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let body = tool
        .body
        .iter()
        .flat_map(|body| body.argument.iter().chain(body.members.iter().map(|member| &member.argument)));
    let arguments = tool.parameters.iter().map(|parameter| &parameter.argument).chain(body);
    for argument in arguments {
        if !properties.contains_key(argument) {
            return Err(ToolFault::Argument(cut(argument)));
        }
    }
    if let Some(name) = properties.keys().find(|name| !tool.takes(name)) {
        return Err(ToolFault::Nowhere(cut(name)));
    }
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|other| other.as_str() == Some(name)))
    };
    match tool.parameters_in(Place::Path).find(|parameter| !required(&parameter.argument)) {
        Some(parameter) => Err(ToolFault::Optional(cut(&parameter.argument))),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
