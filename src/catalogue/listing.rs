//! What one upstream offers, under its own names.
//!
//! A definition is what a model reads, so one with invisible or direction-changing characters is left out, as is one that
//! is too large, has no usable name, or has a schema that cannot be checked. What is left out is kept with its reason. The
//! same listing serves every endpoint of the tenant, so nothing in it depends on how an endpoint names things.

use super::item::{Item, Shelf};
use super::naming::{MAX_TOOL_NAME, Prefix};
use super::template::UriTemplate;
use crate::id::UpstreamId;
use crate::mcp::wire::{Prompt, Resource, ResourceTemplate, Tool};
use crate::tool::schema::SchemaError;
use crate::upstream::UnusableReason;
use crate::upstream::survey::{Introduction, Survey};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::rc::Rc;

/// Longest description, and longest instructions, in bytes.
pub const MAX_DESCRIPTION_BYTES: usize = 8 * 1024;
/// Longest definition as compact JSON, in bytes.
pub const MAX_DEFINITION_BYTES: usize = 160 * 1024;
/// Most items of one kind of one upstream.
pub const MAX_ITEMS: usize = 500;

/// What something in a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A tool.
    Tool,
    /// A prompt.
    Prompt,
    /// A resource.
    Resource,
    /// A resource template.
    Template,
    /// The upstream's instructions or its `serverInfo`.
    Introduction,
    /// An entry of a list that could not be read at all.
    Unread,
}

/// Something that is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The upstream's name.
    pub upstream: String,
    /// What it is.
    pub kind: Kind,
    /// Its own name, cut to 128 characters; everything but visible ASCII as `?`.
    pub own: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why something is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeftOutReason {
    /// Not a name, a URI or a URI template.
    #[error("its name is not one")]
    Name,
    /// With its upstream's name before it, its name would have other characters than it may, or too many. It is shown by
    /// endpoints that put no prefix before it.
    #[error("its name cannot have the upstream's before it: {MAX_TOOL_NAME} letters, digits, '-' and '_' for a tool")]
    Prefixed,
    /// The upstream lists the name twice.
    #[error("its name stands twice in the list")]
    Duplicate,
    /// An invisible, direction-changing or control character.
    #[error("it has an invisible or control character")]
    HiddenCharacter,
    /// Too long a description.
    #[error("its description is longer than {MAX_DESCRIPTION_BYTES} bytes")]
    Description,
    /// Too long a definition.
    #[error("its definition is longer than {MAX_DEFINITION_BYTES} bytes")]
    TooLarge,
    /// The input schema's root is not an object's.
    #[error("its input schema is not for an object")]
    NotAnObject,
    /// The input schema cannot be checked.
    #[error("its input schema cannot be checked: {0}")]
    InputSchema(SchemaError),
    /// The output schema cannot be checked.
    #[error("its output schema cannot be checked: {0}")]
    OutputSchema(SchemaError),
    /// One upstream has too many of the kind.
    #[error("its upstream has more than {MAX_ITEMS} of the kind")]
    TooMany,
    /// An endpoint whose tools are found by searching has a tool of that name itself, and puts no prefix before this one.
    #[error("its name is that of a tool by which the endpoint's tools are found or called")]
    Kept,
    /// It is not what the protocol says.
    #[error("it {0}")]
    Unusable(UnusableReason),
}

/// What one upstream offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The upstream.
    pub upstream: UpstreamId,
    /// Its name.
    pub prefix: Prefix,
    introduction: Introduction,
    tools: Shelf<Tool>,
    prompts: Shelf<Prompt>,
    resources: Shelf<Resource>,
    templates: Shelf<ResourceTemplate>,
    /// The templates again, cut, in the order of the shelf.
    patterns: Vec<UriTemplate>,
    left_out: Vec<LeftOut>,
}

impl Listing {
    /// Takes what an upstream said of itself.
    pub fn admit(upstream: UpstreamId, prefix: Prefix, survey: Survey) -> Self {
        let mut door = Door { prefix: &prefix, left_out: Vec::new() };
        for entry in survey.unusable {
            door.refuse(Kind::Unread, &entry.tool, LeftOutReason::Unusable(entry.reason));
        }
        let introduction = door.introduction(survey.introduction);
        let (tools, prompts) = (door.shelve(survey.tools), door.shelve(survey.prompts));
        let (resources, templates) = (door.shelve(survey.resources), door.shelve(survey.templates));
        let left_out = door.left_out;
        let cut = |template: &Rc<ResourceTemplate>| UriTemplate::parse(&template.uri_template).ok();
        // Every template on the shelf was cut once to see whether it can be.
        let patterns = templates.iter().filter_map(cut).collect();
        Self { upstream, prefix, introduction, tools, prompts, resources, templates, patterns, left_out }
    }

    /// What the upstream is and can do.
    pub const fn introduction(&self) -> &Introduction {
        &self.introduction
    }

    /// Its tools.
    pub const fn tools(&self) -> &Shelf<Tool> {
        &self.tools
    }

    /// Its prompts.
    pub const fn prompts(&self) -> &Shelf<Prompt> {
        &self.prompts
    }

    /// Its resources.
    pub const fn resources(&self) -> &Shelf<Resource> {
        &self.resources
    }

    /// Its resource templates.
    pub const fn templates(&self) -> &Shelf<ResourceTemplate> {
        &self.templates
    }

    /// The tool with exactly this own name.
    pub fn tool(&self, own: &str) -> Option<&Rc<Tool>> {
        self.tools.get(own)
    }

    /// The prompt with exactly this own name.
    pub fn prompt(&self, own: &str) -> Option<&Rc<Prompt>> {
        self.prompts.get(own)
    }

    /// The resource with exactly this URI.
    pub fn resource(&self, own: &str) -> Option<&Rc<Resource>> {
        self.resources.get(own)
    }

    /// The template with exactly this text.
    pub fn template(&self, own: &str) -> Option<&Rc<ResourceTemplate>> {
        self.templates.get(own)
    }

    /// The templates that may give this URI.
    pub fn templates_giving<'a>(&'a self, uri: &'a str) -> impl Iterator<Item = &'a Rc<ResourceTemplate>> {
        let pairs = self.templates.iter().zip(&self.patterns);
        pairs.filter(move |(_, pattern)| pattern.may_give(uri)).map(|(template, _)| template)
    }

    /// Whether the upstream's lists speak for this URI: as a resource, or by a template.
    pub fn serves(&self, uri: &str) -> bool {
        self.resource(uri).is_some() || self.templates_giving(uri).next().is_some()
    }

    /// What is not shown, and what is shown without a prefix only.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }
}

/// Where every item is looked at before it comes in.
struct Door<'a> {
    prefix: &'a Prefix,
    left_out: Vec<LeftOut>,
}

impl Door<'_> {
    fn shelve<T: Item>(&mut self, items: Vec<T>) -> Shelf<T> {
        let (mut kept, mut names) = (Vec::new(), HashSet::new());
        for item in items {
            let outcome = match check(&item) {
                Ok(()) if kept.len() >= MAX_ITEMS => Err(LeftOutReason::TooMany),
                Ok(()) if !names.insert(item.own().to_owned()) => Err(LeftOutReason::Duplicate),
                outcome => outcome,
            };
            if let Err(reason) = outcome {
                self.refuse(T::KIND, item.own(), reason);
                continue;
            }
            if T::expose(self.prefix, item.own()).is_none() {
                self.refuse(T::KIND, item.own(), LeftOutReason::Prefixed);
            }
            kept.push(Rc::new(item));
        }
        Shelf::new(kept)
    }

    /// Without the parts that a model or a person must not read.
    fn introduction(&mut self, mut said: Introduction) -> Introduction {
        let instructions = said.instructions.as_deref().map_or(Ok(()), |text| match text {
            text if text.len() > MAX_DESCRIPTION_BYTES => Err(LeftOutReason::Description),
            text if text.chars().any(is_hidden) => Err(LeftOutReason::HiddenCharacter),
            _ => Ok(()),
        });
        if let Err(reason) = instructions {
            said.instructions = None;
            self.refuse(Kind::Introduction, "instructions", reason);
        }
        if let Some(Err(reason)) = said.server.as_ref().map(check_whole) {
            said.server = None;
            self.refuse(Kind::Introduction, "serverInfo", reason);
        }
        said
    }

    fn refuse(&mut self, kind: Kind, own: &str, reason: LeftOutReason) {
        let visible = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
        let own = own.chars().take(128).map(visible).collect();
        self.left_out.push(LeftOut { upstream: self.prefix.as_str().to_owned(), kind, own, reason });
    }
}

/// Whether an item may be shown, as far as it can be told from it alone.
pub fn check<T: Item>(item: &T) -> Result<(), LeftOutReason> {
    if item.description().is_some_and(|text| text.len() > MAX_DESCRIPTION_BYTES) {
        return Err(LeftOutReason::Description);
    }
    check_whole(item)?;
    item.check()
}

fn check_whole<T: serde::Serialize>(part: &T) -> Result<(), LeftOutReason> {
    let whole = serde_json::to_value(part).map_err(|_| LeftOutReason::TooLarge)?;
    if whole.to_string().len() > MAX_DEFINITION_BYTES {
        return Err(LeftOutReason::TooLarge);
    }
    if has_hidden_characters(&whole) { Err(LeftOutReason::HiddenCharacter) } else { Ok(()) }
}

fn has_hidden_characters(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().any(is_hidden),
        Value::Array(items) => items.iter().any(has_hidden_characters),
        Value::Object(members) => has_hidden_members(members),
        _ => false,
    }
}

fn has_hidden_members(members: &Map<String, Value>) -> bool {
    members.iter().any(|(name, value)| name.chars().any(is_hidden) || has_hidden_characters(value))
}

/// Characters a person does not see in a definition but a model reads: zero-width, direction, tags, controls.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
        || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests;
