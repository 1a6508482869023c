//! A request body → arguments.
//!
//! The members of an object are arguments of their own, so that a model sees one flat list. They are not where one of
//! them is called as a parameter, where the object may have others, or where the body may be left out and its members
//! may not; then the whole body is one argument, as it is when it is no object.

use super::parameter::{Arguments, cut, is_json, noted};
use super::reference::{Library, Node};
use super::refusal::Refusal;
use super::schema::Translator;
use crate::http_api::api::{Body, Format, Member, Style};
use crate::outbound::Method;
use serde_json::{Map, Value};

/// Most members that become arguments of their own.
const MAX_MEMBERS: usize = 100;

/// Reads the body of an operation; `None` where it has none, or one that may be left out and cannot be sent.
pub(super) fn read<'l>(
    operation: Node<'l>,
    method: Method,
    library: &'l Library,
    translator: &mut Translator<'l>,
    arguments: &mut Arguments,
) -> Result<Option<Body>, Refusal> {
    let Some(body) = operation.get("requestBody") else { return Ok(None) };
    let body = library.follow(body)?;
    let required = body.is("required");
    if !method.takes_body() {
        return if required { Err(Refusal::NoBody) } else { Ok(None) };
    }
    let content = body.get("content").ok_or(Refusal::Malformed("requestBody"))?;
    let Some((format, media_type, holder)) = chosen(content) else {
        return unsendable(content);
    };
    let holder = library.follow(holder)?;
    let usual = matches!(media_type, "application/json" | "application/x-www-form-urlencoded" | "text/plain" | "*/*");
    let content_type = (!usual).then(|| media_type.to_owned());
    let mut written = Body { format, content_type, argument: None, members: Vec::new() };
    let schema = holder.get("schema");
    let parts = Parts { holder, required, library };
    if format != Format::Text
        && let Some(schema) = schema
        && let Some(members) = parts.members(schema, format, translator, arguments)?
    {
        written.members = members;
        return Ok(Some(written));
    }
    let translated = match schema {
        _ if format == Format::Text => Value::Object([("type".to_owned(), "string".into())].into_iter().collect()),
        Some(schema) => translator.schema(schema)?,
        None if format == Format::Form => Value::Object([("type".to_owned(), "object".into())].into_iter().collect()),
        None => Value::Object(Map::new()),
    };
    if format == Format::Form && holder.get("encoding").is_some() {
        return Err(Refusal::MediaType(cut(media_type)));
    }
    written.argument = Some(arguments.add("body", "request", noted(translated, body), required));
    Ok(Some(written))
}

/// The media type that is written best.
fn chosen<'l>(content: Node<'l>) -> Option<(Format, &'l str, Node<'l>)> {
    let find = |fits: &dyn Fn(&str) -> bool| content.members().find(|(media_type, _)| fits(media_type));
    let with = |format, found: Option<(&'l str, Node<'l>)>| found.map(|(name, node)| (format, name, node));
    with(Format::Json, find(&|name| name == "application/json"))
        .or_else(|| with(Format::Json, find(&|name| is_json(name) || name == "*/*")))
        .or_else(|| with(Format::Form, find(&|name| name.starts_with("application/x-www-form-urlencoded"))))
        .or_else(|| with(Format::Text, find(&|name| name.starts_with("text/"))))
}

/// A body in parts, or of a type that is not written here. What a call would be without it is not what its document means,
/// even where it says that it may be left out.
fn unsendable(content: Node<'_>) -> Result<Option<Body>, Refusal> {
    match content.members().next() {
        None => Ok(None),
        Some((name, _)) if name.starts_with("multipart/") => Err(Refusal::Multipart),
        Some((name, _)) => Err(Refusal::MediaType(cut(name))),
    }
}

struct Parts<'l> {
    holder: Node<'l>,
    required: bool,
    library: &'l Library,
}

impl<'l> Parts<'l> {
    /// The members of the body as arguments; `None` where they cannot be.
    fn members(
        &self,
        schema: Node<'l>,
        format: Format,
        translator: &mut Translator<'l>,
        arguments: &mut Arguments,
    ) -> Result<Option<Vec<Member>>, Refusal> {
        let schema = self.library.follow(schema)?;
        if !is_plain_object(schema) {
            return Ok(None);
        }
        let properties = schema.get("properties").into_iter().flat_map(Node::members);
        let properties: Vec<_> = properties.filter(|(_, member)| !translator.is_left_out(*member)).collect();
        let needed: Vec<&str> = schema.entries("required").filter_map(|name| name.value.as_str()).collect();
        let needed: Vec<&str> =
            needed.into_iter().filter(|name| properties.iter().any(|(own, _)| own == name)).collect();
        let clashes = properties.iter().any(|(name, _)| arguments.properties.contains_key(*name));
        let fits = (1..=MAX_MEMBERS).contains(&properties.len()) && (self.required || needed.is_empty());
        // A form has parts that are written in ways of their own, which only members say.
        if !fits || (clashes && format == Format::Json) {
            return Ok(None);
        }
        let mut members = Vec::new();
        for (name, property) in properties {
            let schema = translator.schema(property)?;
            let argument = arguments.add(name, "body", schema, needed.contains(&name));
            let own_name = (argument != name).then(|| name.to_owned());
            let (style, explode) = if format == Format::Form { self.written(name, property) } else { (None, None) };
            members.push(Member { argument, name: own_name, style, explode });
        }
        Ok(Some(members))
    }

    /// How a member of a form is written (OpenAPI 3.1.1 section 4.8.15): as `encoding` says; an object as JSON where it says
    /// nothing.
    fn written(&self, name: &str, property: Node<'l>) -> (Option<Style>, Option<bool>) {
        let encoding = self.holder.get("encoding").and_then(|encoding| encoding.get(name));
        let explode = encoding.and_then(|encoding| encoding.value.get("explode")?.as_bool());
        let style = match encoding.and_then(|encoding| encoding.text("style")) {
            Some("deepObject") => Some(Style::DeepObject),
            Some("spaceDelimited") => Some(Style::SpaceDelimited),
            Some("pipeDelimited") => Some(Style::PipeDelimited),
            Some(_) => None,
            None if explode.is_some() => None,
            None if encoding.and_then(|encoding| encoding.text("contentType")).is_some_and(is_json) => {
                Some(Style::Json)
            }
            None => {
                let target = self.library.follow(property).ok();
                let object = target
                    .is_some_and(|target| target.text("type") == Some("object") || target.get("properties").is_some());
                object.then_some(Style::Json)
            }
        };
        (style, explode)
    }
}

/// Whether a schema says no more than which members an object has.
fn is_plain_object(schema: Node<'_>) -> bool {
    const NOTES: [&str; 13] = [
        "type",
        "properties",
        "required",
        "title",
        "description",
        "example",
        "examples",
        "default",
        "xml",
        "externalDocs",
        "deprecated",
        "additionalProperties",
        "nullable",
    ];
    let only_notes = schema.members().all(|(name, _)| NOTES.contains(&name) || name.starts_with("x-"));
    let closed = matches!(schema.value.get("additionalProperties"), None | Some(Value::Bool(false)));
    let typed = matches!(schema.text("type"), Some("object")) || schema.value.get("type").is_none();
    only_notes && closed && typed && !schema.is("nullable") && schema.get("properties").is_some()
}
