//! An endpoint with its upstreams' listings: what is shown, and whose a shown name is.
//!
//! One function says what an item is shown as. Listing shows what it says, and finding asks it whether the found item is
//! indeed shown so: the two cannot disagree.

use super::endpoint::{Chosen, Endpoint, PrefixMode};
use super::eyes::{Eyes, Seen};
use super::item::Item;
use super::listing::{Kind, Listing};
use super::naming::{self, Prefix};
use crate::id::UpstreamId;
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::wire::{Prompt, Resource, ResourceTemplate, Tool};
use crate::tool::builtin::BuiltIn;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::rc::Rc;

/// How an upstream's part came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// Listed within its lifetime.
    Fresh,
    /// The last good listing, because a newer one could not be had; with the failure's bland text.
    Stale(String),
    /// No listing at all; with the failure's bland text.
    Absent(String),
}

/// One upstream's part.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The upstream.
    pub upstream: UpstreamId,
    /// Its name.
    pub prefix: Prefix,
    /// How the part came about.
    pub freshness: Freshness,
    /// What it offers, unless that is absent.
    pub listing: Option<Rc<Listing>>,
}

/// Whose a shown name is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// An item of the part at this place.
    Found {
        /// The place of the part.
        part: usize,
        /// The item under its own name, or its own URI.
        own: T,
    },
    /// If it is there, it belongs to the part at this place, which has no listing.
    Missing(usize),
    /// Nobody's.
    Unknown,
}

/// An endpoint with its upstreams' listings.
#[derive(Debug, Clone)]
pub struct View<'a> {
    endpoint: &'a Endpoint,
    parts: &'a [Part],
    /// What is shown of each part; of one that is no member's, nothing.
    chosen: Vec<Option<&'a Chosen>>,
    eyes: Eyes<'a>,
}

/// What the endpoint of everything shows an item of an upstream as. Where it shows none so, as its upstream calls it.
pub fn everywhere<T: Item>(upstream: &Prefix, own: &str) -> String {
    T::expose(upstream, own).unwrap_or_else(|| own.to_owned())
}

impl<'a> View<'a> {
    /// The endpoint with its members' parts, in the members' order.
    pub fn new(endpoint: &'a Endpoint, parts: &'a [Part]) -> Self {
        let of = |part: &Part| endpoint.members.iter().find(|member| member.upstream == part.upstream);
        let chosen = parts.iter().map(|part| of(part).map(|member| &member.chosen)).collect();
        Self { endpoint, parts, chosen, eyes: Eyes::default() }
    }

    /// The same for these eyes: what they do not see is as if it were not there. It keeps its name all the same, so that
    /// another item never gets one that means something else to somebody else.
    #[must_use]
    pub fn seen_by(self, eyes: Eyes<'a>) -> Self {
        Self { eyes, ..self }
    }

    /// Whether an item of a part is seen, by what its upstream calls it.
    pub(super) fn sees<T: Item>(&self, part: usize, own: &str, annotations: Option<&Map<String, Value>>) -> bool {
        let Some(part) = self.parts.get(part) else { return false };
        let name = everywhere::<T>(&part.prefix, own);
        self.eyes.see(&Seen { kind: T::KIND, name: &name, upstream: Some(&part.prefix), annotations })
    }

    /// The same where only what it is shown as is known.
    fn may_see<T: Item>(&self, part: usize, shown: &str) -> bool {
        let own = self.parts.get(part).and_then(|part| T::hide(&part.prefix, shown));
        self.sees::<T>(part, own.as_deref().unwrap_or(shown), None)
    }

    /// The endpoint.
    pub const fn endpoint(&self) -> &'a Endpoint {
        self.endpoint
    }

    /// The parts.
    pub const fn parts(&self) -> &'a [Part] {
        self.parts
    }

    /// What the endpoint offers: all that its upstreams do together. While nothing is known of any, tools.
    pub fn offered(&self) -> ServerCapabilities {
        let mut offered = ServerCapabilities::default();
        let mut unknown = !self.parts.is_empty();
        for listing in self.parts.iter().filter_map(|part| part.listing.as_ref()) {
            offered.add(&listing.introduction().offered);
            unknown = false;
        }
        if self.endpoint.own_tools || self.endpoint.face.is_search() || unknown {
            offered.add(&ServerCapabilities::own());
        }
        offered
    }

    /// The instructions of the one upstream that the endpoint is.
    pub fn instructions(&self) -> Option<&'a str> {
        self.only_upstream()?.introduction().instructions.as_deref()
    }

    /// The `serverInfo` of the one upstream that the endpoint is.
    pub fn server_info(&self) -> Option<&'a Map<String, Value>> {
        self.only_upstream()?.introduction().server.as_ref()
    }

    /// The listing of the endpoint's one upstream, when the endpoint is nothing but that one under its own names.
    fn only_upstream(&self) -> Option<&'a Listing> {
        let bare = self.endpoint.mode == PrefixMode::Never && !self.endpoint.own_tools;
        match self.parts {
            [part] if bare => part.listing.as_deref(),
            _ => None,
        }
    }

    /// Whether a tool of the gateway's own is seen.
    pub fn sees_own(&self, tool: &Tool) -> bool {
        let annotations = tool.annotations.as_ref();
        self.eyes.see(&Seen { kind: Kind::Tool, name: &tool.name, upstream: None, annotations })
    }

    /// The prompts as they are shown.
    pub fn prompts(&self) -> Vec<Prompt> {
        self.list()
    }

    /// The resources as they are shown.
    pub fn resources(&self) -> Vec<Resource> {
        self.list()
    }

    /// The resource templates as they are shown.
    pub fn templates(&self) -> Vec<ResourceTemplate> {
        self.list()
    }

    fn list<T: Item>(&self) -> Vec<T> {
        self.in_order(self.shelved::<T>().map(|(_, shown, item)| item.shown_as(shown)))
    }

    /// In the order of the shown names, or in that of a single upstream that is shown as it is.
    pub(super) fn in_order<T: Item>(&self, items: impl Iterator<Item = T>) -> Vec<T> {
        let mut items: Vec<T> = items.collect();
        if self.endpoint.mode != PrefixMode::Never || self.parts.len() > 1 {
            items.sort_by(|left, right| left.own().cmp(right.own()));
        }
        items
    }

    /// Every shown item: its part, what it is shown as, and itself.
    pub(super) fn shelved<T: Item + 'a>(&self) -> impl Iterator<Item = (usize, String, &'a Rc<T>)> {
        let parts = self.parts.iter().enumerate();
        let listed = parts.filter_map(|(at, part)| part.listing.as_ref().map(|listing| (at, T::shelf(listing))));
        listed.flat_map(move |(part, shelf)| {
            let chosen = shelf.iter().filter(move |item| self.is_chosen(part, item.own()));
            let shown = chosen.filter_map(move |item| Some((part, self.shown::<T>(part, item.own())?, item)));
            shown.filter(|(part, _, item)| self.sees::<T>(*part, item.own(), item.annotations()))
        })
    }

    /// What a chosen item of a part is shown as; `None` when it is not.
    fn shown<T: Item + 'a>(&self, part: usize, own: &str) -> Option<String> {
        match self.endpoint.mode {
            PrefixMode::Always => self.exposed::<T>(part, own),
            PrefixMode::OnConflict if self.is_disputed::<T>(own) => self.exposed::<T>(part, own),
            PrefixMode::OnConflict => Some(own.to_owned()),
            PrefixMode::Never => {
                let first = self.showing::<T>(own).next().is_some_and(|(first, _)| first == part);
                (first && !self.is_the_gateways::<T>(own)).then(|| own.to_owned())
            }
        }
    }

    fn exposed<T: Item>(&self, part: usize, own: &str) -> Option<String> {
        T::expose(&self.parts.get(part)?.prefix, own)
    }

    /// Whether a name without a prefix could mean something else: it is another's too, or it has a member's prefix.
    fn is_disputed<T: Item + 'a>(&self, own: &str) -> bool {
        self.is_the_gateways::<T>(own) || self.claim::<T>(own).is_some() || self.showing::<T>(own).nth(1).is_some()
    }

    fn is_the_gateways<T: Item>(&self, own: &str) -> bool {
        (self.endpoint.own_tools && T::is_the_gateways(own)) || self.keeps::<T>(own)
    }

    /// The part whose prefix a shown name has, and what is behind it.
    pub(super) fn claim<'s, T: Item>(&self, shown: &'s str) -> Option<(usize, Cow<'s, str>)> {
        self.parts.iter().enumerate().find_map(|(at, part)| Some((at, T::hide(&part.prefix, shown)?)))
    }

    /// The parts with a chosen item of this own name.
    pub(super) fn showing<'s, T: Item + 'a>(
        &'s self,
        own: &'s str,
    ) -> impl Iterator<Item = (usize, &'a Rc<T>)> + use<'a, 's, T> {
        (0..self.parts.len()).filter_map(move |at| Some((at, self.item::<T>(at, own)?)))
    }

    fn item<T: Item + 'a>(&self, part: usize, own: &str) -> Option<&'a Rc<T>> {
        let listing: &'a Listing = self.parts.get(part)?.listing.as_ref()?;
        T::shelf(listing).get(own).filter(|_| self.is_chosen(part, own))
    }

    fn chosen(&self, part: usize) -> Option<&'a Chosen> {
        self.chosen.get(part).copied().flatten()
    }

    fn is_chosen(&self, part: usize, own: &str) -> bool {
        self.chosen(part).is_some_and(|chosen| chosen.takes(own))
    }

    /// The tool of the gateway that is shown so: under its own name, where the endpoint shows them. No upstream's tool is.
    pub fn own_tool(&self, shown: &str) -> Option<BuiltIn> {
        BuiltIn::named(shown).filter(|_| self.endpoint.own_tools)
    }

    /// The tool of an upstream that is shown so. The gateway's own are found with [`View::own_tool`].
    pub fn find_tool(&self, shown: &str) -> Lookup<Rc<Tool>> {
        self.find(shown)
    }

    /// The prompt that is shown so.
    pub fn find_prompt(&self, shown: &str) -> Lookup<Rc<Prompt>> {
        self.find(shown)
    }

    /// The resource template that is shown so.
    pub fn find_template(&self, shown: &str) -> Lookup<Rc<ResourceTemplate>> {
        self.find(shown)
    }

    fn find<T: Item + 'a>(&self, shown: &str) -> Lookup<Rc<T>> {
        match self.find_unseen::<T>(shown) {
            Lookup::Found { part, own } if !self.sees::<T>(part, own.own(), own.annotations()) => Lookup::Unknown,
            Lookup::Missing(part) if !self.may_see::<T>(part, shown) => Lookup::Unknown,
            found => found,
        }
    }

    fn find_unseen<T: Item + 'a>(&self, shown: &str) -> Lookup<Rc<T>> {
        if self.endpoint.mode != PrefixMode::Never {
            match self.claim::<T>(shown) {
                Some((part, own)) => return self.find_claimed(part, &own, shown),
                None if self.endpoint.mode == PrefixMode::Always => return Lookup::Unknown,
                None => {}
            }
        }
        if self.is_the_gateways::<T>(shown) {
            return Lookup::Unknown;
        }
        match self.showing::<T>(shown).next() {
            Some((part, item)) if self.shown::<T>(part, shown).as_deref() == Some(shown) => {
                Lookup::Found { part, own: Rc::clone(item) }
            }
            Some(_) => Lookup::Unknown,
            None => self.missing(|part| self.is_chosen(part, shown)),
        }
    }

    fn find_claimed<T: Item + 'a>(&self, part: usize, own: &str, shown: &str) -> Lookup<Rc<T>> {
        if self.is_absent(part) {
            return if self.is_chosen(part, own) { Lookup::Missing(part) } else { Lookup::Unknown };
        }
        let Some(item) = self.item::<T>(part, own) else { return Lookup::Unknown };
        // While a part is absent its names are not known, and what it disputes is shown without a prefix. A client that
        // learnt the name with one may go on using it.
        let is_shown = |shown_as: Option<String>| shown_as.as_deref() == Some(shown);
        let learnt = || (0..self.parts.len()).any(|at| self.is_absent(at)) && is_shown(self.exposed::<T>(part, own));
        if is_shown(self.shown::<T>(part, own)) || learnt() {
            return Lookup::Found { part, own: Rc::clone(item) };
        }
        Lookup::Unknown
    }

    fn is_absent(&self, part: usize) -> bool {
        self.parts.get(part).is_some_and(|part| part.listing.is_none())
    }

    fn missing<T>(&self, may_have: impl Fn(usize) -> bool) -> Lookup<T> {
        let absent = (0..self.parts.len()).find(|part| self.is_absent(*part) && may_have(*part));
        absent.map_or(Lookup::Unknown, Lookup::Missing)
    }

    /// The upstream's own URI of one that is shown. It need not be listed: where only one upstream can be meant, by a prefix
    /// or because there is no other, every URI goes to it; else it goes to who lists it or has a template for it.
    pub fn find_resource(&self, shown: &str) -> Lookup<String> {
        match self.find_resource_unseen(shown) {
            Lookup::Found { part, own } if !self.sees::<Resource>(part, &own, None) => Lookup::Unknown,
            Lookup::Missing(part) if !self.may_see::<Resource>(part, shown) => Lookup::Unknown,
            found => found,
        }
    }

    fn find_resource_unseen(&self, shown: &str) -> Lookup<String> {
        if self.endpoint.mode == PrefixMode::Never {
            return self.find_plain(shown);
        }
        match self.claim::<Resource>(shown) {
            Some((part, own)) => self.passes(part, &own),
            None if self.endpoint.mode == PrefixMode::Always => Lookup::Unknown,
            None => self.find_plain(shown),
        }
    }

    /// A URI of which only this part can be meant. Servers may serve more than they list, so everything goes through that
    /// an upstream with resources is asked for, unless only some of it is chosen.
    fn passes(&self, part: usize, own: &str) -> Lookup<String> {
        let (Some(listed), Some(chosen)) = (self.parts.get(part), self.chosen(part)) else { return Lookup::Unknown };
        if !naming::is_uri(own) {
            return Lookup::Unknown;
        }
        let Some(listing) = &listed.listing else { return Lookup::Missing(part) };
        let unlisted = chosen.is_all() && listing.introduction().offered.resources.is_some();
        let passes = unlisted || self.item::<Resource>(part, own).is_some() || self.gives(part, own, |_| true);
        if passes { Lookup::Found { part, own: own.to_owned() } } else { Lookup::Unknown }
    }

    /// A URI without a prefix: that of the one part there is, or of the one that lists it, or of the first that has a
    /// template for it.
    pub(super) fn find_plain(&self, own: &str) -> Lookup<String> {
        if self.parts.len() == 1 {
            return self.passes(0, own);
        }
        if !naming::is_uri(own) {
            return Lookup::Unknown;
        }
        if let Some((part, _)) = self.showing::<Resource>(own).next() {
            let plain = self.shown::<Resource>(part, own).as_deref() == Some(own);
            return if plain { Lookup::Found { part, own: own.to_owned() } } else { Lookup::Unknown };
        }
        let is_plain =
            |part: usize, template: &str| self.shown::<ResourceTemplate>(part, template).as_deref() == Some(template);
        let giving = (0..self.parts.len()).find(|part| self.gives(*part, own, |template| is_plain(*part, template)));
        match giving {
            Some(part) => Lookup::Found { part, own: own.to_owned() },
            None => self.missing(|part| self.chosen(part).is_some()),
        }
    }

    /// Whether a part has a template for a URI: a chosen one of which `holds` is true, or any where the URI is chosen. What
    /// is chosen is a folder, as it were, and a URI must not climb out of it.
    fn gives(&self, part: usize, uri: &str, holds: impl Fn(&str) -> bool) -> bool {
        let (Some(listing), Some(chosen)) =
            (self.parts.get(part).and_then(|part| part.listing.as_ref()), self.chosen(part))
        else {
            return false;
        };
        if !chosen.is_all() && naming::climbs(uri) {
            return false;
        }
        listing
            .templates_giving(uri)
            .any(|template| if chosen.takes(template.own()) { holds(template.own()) } else { chosen.takes(uri) })
    }
}

#[cfg(test)]
mod tests;
