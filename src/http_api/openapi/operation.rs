//! One operation → one tool.

use super::choice::{Choice, Settings};
use super::name::Names;
use super::parameter::{self, Arguments};
use super::reference::{Library, Node};
use super::refusal::Refusal;
use super::schema::{Mode, Translator, visible};
use super::shape::{Shaped, shape};
use super::{outcome, payload, security, server};
use crate::catalogue::listing::MAX_DESCRIPTION_BYTES;
use crate::http_api::api::{HttpTool, Parameter, Place, Projection, annotations};
use crate::http_api::check::{ToolFault, check_tool};
use crate::http_api::credential::{Slot, SlotPlace};
use crate::http_api::page::page;
use crate::http_api::template::{Piece, pieces};
use crate::mcp::wire::Tool;
use crate::outbound::{Method, OutboundUrl};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Longest title, in characters.
const MAX_TITLE: usize = 120;

/// What every operation is converted with.
pub(super) struct Workshop<'l> {
    pub(super) library: &'l Library,
    pub(super) settings: &'l Settings,
    pub(super) choice: &'l Choice,
    pub(super) base: &'l OutboundUrl,
}

/// An operation of a document.
#[derive(Clone, Copy)]
pub(super) struct Operation<'l> {
    pub(super) method: Method,
    pub(super) path: &'l str,
    pub(super) node: Node<'l>,
    pub(super) item: Node<'l>,
}

/// A tool, and what it brings along.
pub(super) struct Made {
    pub(super) tool: HttpTool,
    pub(super) slots: Vec<Slot>,
    /// Whether its schemas had to be made shorter.
    pub(super) shortened: bool,
}

impl<'l> Workshop<'l> {
    /// Makes the tool of an operation, and checks it as one that was written by hand.
    pub(super) fn make(&self, operation: Operation<'l>, names: &mut Names) -> Result<Made, Refusal> {
        let mut translator = Translator::new(self.library, Mode::Input);
        let mut arguments = Arguments::default();
        let (node, item) = (operation.node, operation.item);
        let parameters = parameter::read(node, item, self.library, &mut translator, &mut arguments)?;
        let source = self.library.source().url();
        let beginning = server::beginning(&[node, item], self.base, source, self.settings.reach)?;
        let path = format!("{beginning}{}", operation.path);
        let (security, slots) = security::needs(node, self.library)?;
        let parameters = fitting(&path, parameters, &slots, &mut arguments)?;
        let body = payload::read(node, operation.method, self.library, &mut translator, &mut arguments)?;
        let input = shape(object(arguments), translator.definitions()?)?;
        let output = if self.choice.outputs { outcome::read(node, self.library) } else { None };
        let shortened = input.shortened || output.as_ref().is_some_and(|output| output.shortened);
        let mut tool = HttpTool {
            definition: define(operation, input, output),
            method: operation.method,
            path,
            parameters,
            fixed: Vec::new(),
            body,
            answer: Projection::default(),
            security,
            show_errors: self.choice.show_errors,
        };
        check(&mut tool, &slots)?;
        tool.definition.name = names.give(node.text("operationId"), operation.method.as_str(), operation.path);
        Ok(Made { tool, slots, shortened })
    }
}

/// Leaves out parameters that the path does not have, and those that are a credential: that is the gateway's to send.
/// Misses those that the path has.
fn fitting(
    path: &str,
    parameters: Vec<Parameter>,
    slots: &[Slot],
    arguments: &mut Arguments,
) -> Result<Vec<Parameter>, Refusal> {
    let pieces = pieces(path)?;
    let placeholders = pieces.iter().filter_map(|piece| match piece {
        Piece::Parameter(name) => Some(*name),
        Piece::Literal(_) => None,
    });
    let placeholders: Vec<&str> = placeholders.collect();
    let fits = |parameter: &Parameter| match parameter.place {
        Place::Path => placeholders.contains(&parameter.wire_name()),
        _ => !slots.iter().any(|slot| is_credential(parameter, slot)),
    };
    let (kept, stray): (Vec<_>, Vec<_>) = parameters.into_iter().partition(fits);
    for parameter in stray {
        arguments.properties.shift_remove(&parameter.argument);
        arguments.required.retain(|name| name.as_str() != Some(&parameter.argument));
    }
    let has =
        |name: &&str| kept.iter().any(|parameter| parameter.place == Place::Path && parameter.wire_name() == *name);
    match placeholders.iter().find(|name| !has(name)) {
        Some(name) => Err(Refusal::Placeholder(parameter::cut(name))),
        None => Ok(kept),
    }
}

fn is_credential(parameter: &Parameter, slot: &Slot) -> bool {
    let place = match slot.place {
        Some(SlotPlace::Header) => Place::Header,
        Some(SlotPlace::Query) => Place::Query,
        Some(SlotPlace::Cookie) => Place::Cookie,
        None => return false,
    };
    let named = slot.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(parameter.wire_name()));
    parameter.place == place && named
}

/// The input schema of these arguments.
fn object(arguments: Arguments) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), Value::Object(arguments.properties));
    if !arguments.required.is_empty() {
        schema.insert("required".to_owned(), Value::Array(arguments.required));
    }
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    schema
}

fn define(operation: Operation<'_>, input: Shaped, output: Option<Shaped>) -> Tool {
    let summary = operation.node.text("summary").map(|text| visible(text.trim())).filter(|text| !text.is_empty());
    let title = summary.as_ref().map(|text| text.chars().take(MAX_TITLE).collect());
    Tool {
        // Given when everything else is good: a name of a refused operation is not taken.
        name: "unnamed".to_owned(),
        title,
        description: Some(describe(operation, summary.as_deref())),
        input_schema: input.schema,
        output_schema: output.map(|output| output.schema),
        annotations: Some(annotations(operation.method)),
        icons: None,
        meta: None,
    }
}

/// What a model is told: summary and description, no longer than a tool's may be.
fn describe(operation: Operation<'_>, summary: Option<&str>) -> String {
    let description = operation.node.text("description").map(|text| visible(text.trim()));
    let description = description.filter(|text| !text.is_empty());
    let said = match (summary, description) {
        (Some(summary), Some(text)) if text.starts_with(summary) => text,
        (Some(summary), Some(text)) => format!("{summary}\n\n{text}"),
        (Some(text), None) => text.to_owned(),
        (None, Some(text)) => text,
        (None, None) => format!("{} {}", operation.method.as_str(), visible(operation.path)),
    };
    let said = if operation.node.is("deprecated") { format!("Deprecated. {said}") } else { said };
    match page(&said, 0, MAX_DESCRIPTION_BYTES - '…'.len_utf8()) {
        (_, None) => said,
        (part, Some(_)) => format!("{part}…"),
    }
}

/// The same check as of a tool that was written by hand. An output schema that could not be shown is left out.
fn check(tool: &mut HttpTool, slots: &[Slot]) -> Result<(), Refusal> {
    let names: HashSet<&str> = slots.iter().map(|slot| slot.scheme.as_str()).collect();
    let Err(fault) = check_tool(tool, &names) else { return Ok(()) };
    if tool.definition.output_schema.take().is_some() && check_tool(tool, &names).is_ok() {
        return Ok(());
    }
    match fault {
        ToolFault::Path(fault) => Err(Refusal::Path(fault)),
        fault => Err(Refusal::Tool(fault)),
    }
}
