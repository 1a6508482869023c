//! What tools, prompts, resources and resource templates have in common: an own name, a shown one, and a shelf.

use super::listing::{Kind, LeftOutReason, Listing};
use super::naming::{self, Prefix};
use super::template::UriTemplate;
use crate::mcp::wire::{Prompt, Resource, ResourceTemplate, Tool};
use crate::tool::ADMIN_PREFIX;
use crate::tool::builtin::BuiltIn;
use crate::tool::schema::Schema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::rc::Rc;

/// One thing an upstream offers.
pub trait Item: Clone + Serialize {
    /// Its kind.
    const KIND: Kind;

    /// What its upstream calls it: a name, a URI or a URI template.
    fn own(&self) -> &str;

    /// The same under another name.
    #[must_use]
    fn shown_as(&self, shown: String) -> Self;

    /// What a model reads of it first.
    fn description(&self) -> Option<&str>;

    /// What a tool says of itself; other kinds say nothing.
    fn annotations(&self) -> Option<&Map<String, Value>> {
        None
    }

    /// Whether it is well formed, as far as only this kind can tell.
    fn check(&self) -> Result<(), LeftOutReason>;

    /// Where a listing keeps its kind.
    fn shelf(listing: &Listing) -> &Shelf<Self>;

    /// What it is shown as with its upstream's name before it; `None` when it cannot be.
    fn expose(prefix: &Prefix, own: &str) -> Option<String>;

    /// What this upstream calls what is shown so; `None` when that is not a name with its prefix.
    fn hide<'a>(prefix: &Prefix, shown: &'a str) -> Option<Cow<'a, str>>;

    /// Whether the gateway has one of that name itself.
    fn is_the_gateways(_name: &str) -> bool {
        false
    }
}

impl Item for Tool {
    const KIND: Kind = Kind::Tool;

    fn own(&self) -> &str {
        &self.name
    }

    fn shown_as(&self, shown: String) -> Self {
        Self { name: shown, ..self.clone() }
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn annotations(&self) -> Option<&Map<String, Value>> {
        self.annotations.as_ref()
    }

    fn check(&self) -> Result<(), LeftOutReason> {
        if !naming::is_name(&self.name) {
            return Err(LeftOutReason::Name);
        }
        if self.input_schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(LeftOutReason::NotAnObject);
        }
        Schema::compile(&self.input_schema).map_err(LeftOutReason::InputSchema)?;
        self.output_schema.as_ref().map(Schema::compile).transpose().map_err(LeftOutReason::OutputSchema)?;
        Ok(())
    }

    fn shelf(listing: &Listing) -> &Shelf<Self> {
        listing.tools()
    }

    fn expose(prefix: &Prefix, own: &str) -> Option<String> {
        naming::expose_tool(prefix, own)
    }

    fn hide<'a>(prefix: &Prefix, shown: &'a str) -> Option<Cow<'a, str>> {
        naming::hide_name(prefix, shown).map(Cow::Borrowed)
    }

    fn is_the_gateways(name: &str) -> bool {
        BuiltIn::named(name).is_some() || name.starts_with(ADMIN_PREFIX)
    }
}

impl Item for Prompt {
    const KIND: Kind = Kind::Prompt;

    fn own(&self) -> &str {
        &self.name
    }

    fn shown_as(&self, shown: String) -> Self {
        Self { name: shown, rest: self.rest.clone() }
    }

    fn description(&self) -> Option<&str> {
        description(&self.rest)
    }

    fn check(&self) -> Result<(), LeftOutReason> {
        naming::is_name(&self.name).then_some(()).ok_or(LeftOutReason::Name)
    }

    fn shelf(listing: &Listing) -> &Shelf<Self> {
        listing.prompts()
    }

    fn expose(prefix: &Prefix, own: &str) -> Option<String> {
        naming::expose_prompt(prefix, own)
    }

    fn hide<'a>(prefix: &Prefix, shown: &'a str) -> Option<Cow<'a, str>> {
        naming::hide_name(prefix, shown).map(Cow::Borrowed)
    }
}

impl Item for Resource {
    const KIND: Kind = Kind::Resource;

    fn own(&self) -> &str {
        &self.uri
    }

    fn shown_as(&self, shown: String) -> Self {
        Self { uri: shown, rest: self.rest.clone() }
    }

    fn description(&self) -> Option<&str> {
        description(&self.rest)
    }

    fn check(&self) -> Result<(), LeftOutReason> {
        naming::is_uri(&self.uri).then_some(()).ok_or(LeftOutReason::Name)
    }

    fn shelf(listing: &Listing) -> &Shelf<Self> {
        listing.resources()
    }

    fn expose(prefix: &Prefix, own: &str) -> Option<String> {
        Some(naming::expose_uri(prefix, own))
    }

    fn hide<'a>(prefix: &Prefix, shown: &'a str) -> Option<Cow<'a, str>> {
        naming::hide_uri(prefix, shown)
    }
}

impl Item for ResourceTemplate {
    const KIND: Kind = Kind::Template;

    fn own(&self) -> &str {
        &self.uri_template
    }

    fn shown_as(&self, shown: String) -> Self {
        Self { uri_template: shown, rest: self.rest.clone() }
    }

    fn description(&self) -> Option<&str> {
        description(&self.rest)
    }

    fn check(&self) -> Result<(), LeftOutReason> {
        let usable = naming::is_uri_template(&self.uri_template) && UriTemplate::parse(&self.uri_template).is_ok();
        usable.then_some(()).ok_or(LeftOutReason::Name)
    }

    fn shelf(listing: &Listing) -> &Shelf<Self> {
        listing.templates()
    }

    fn expose(prefix: &Prefix, own: &str) -> Option<String> {
        Some(naming::expose_uri(prefix, own))
    }

    fn hide<'a>(prefix: &Prefix, shown: &'a str) -> Option<Cow<'a, str>> {
        naming::hide_uri(prefix, shown)
    }
}

fn description(members: &Map<String, Value>) -> Option<&str> {
    members.get("description").and_then(Value::as_str)
}

/// Items of one kind, in their upstream's order, found by their own names.
#[derive(Clone, Debug, PartialEq)]
pub struct Shelf<T> {
    items: Vec<Rc<T>>,
    /// Places in `items`, in the order of the own names.
    by_own: Vec<usize>,
}

impl<T: Item> Shelf<T> {
    /// Items whose own names are all different.
    pub(super) fn new(items: Vec<Rc<T>>) -> Self {
        let mut by_own: Vec<usize> = (0..items.len()).collect();
        by_own.sort_unstable_by_key(|at| items.get(*at).map(|item| item.own()));
        Self { items, by_own }
    }

    /// The item with exactly this own name.
    pub fn get(&self, own: &str) -> Option<&Rc<T>> {
        let found = self.by_own.binary_search_by(|at| self.items.get(*at).map(|item| item.own()).cmp(&Some(own)));
        self.items.get(*self.by_own.get(found.ok()?)?)
    }

    /// All of them, in their upstream's order.
    pub fn iter(&self) -> std::slice::Iter<'_, Rc<T>> {
        self.items.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<'a, T: Item> IntoIterator for &'a Shelf<T> {
    type Item = &'a Rc<T>;
    type IntoIter = std::slice::Iter<'a, Rc<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
