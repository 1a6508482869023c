//! Everything a caller may see: built-in tools and those of every upstream, in one order. An upstream that fails takes
//! nothing away but its own tools, and not even those while its last good listing is kept.

use super::builtin::BuiltIn;
use super::definition::{LeftOut, Listing};
use crate::id::UpstreamId;
use crate::mcp::wire::Tool;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where a tool is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Here.
    BuiltIn(BuiltIn),
    /// At an upstream.
    Upstream {
        /// Which.
        upstream: UpstreamId,
        /// What it calls the tool.
        own_name: String,
    },
}

/// How an upstream's part of the catalogue came about.
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
    /// Its name.
    pub upstream: String,
    /// How it came about.
    pub freshness: Freshness,
    /// Its tools, unless they are absent.
    pub listing: Option<Rc<Listing>>,
}

/// The merged catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    tools: BTreeMap<String, (Rc<Tool>, Target)>,
    parts: Vec<Part>,
}

impl Catalogue {
    /// Merges the built-in tools with every upstream's. Names never collide: built-in names have no separator, and an
    /// upstream's name is unique within its tenant; should they, the first one stays.
    pub fn merge(parts: Vec<Part>) -> Self {
        let mut tools = BTreeMap::new();
        for (built_in, definition) in BuiltIn::definitions() {
            tools.insert(definition.name.clone(), (Rc::new(definition), Target::BuiltIn(built_in)));
        }
        for listing in parts.iter().filter_map(|part| part.listing.as_ref()) {
            for offered in listing.offered() {
                let target =
                    Target::Upstream { upstream: listing.upstream.clone(), own_name: offered.own_name.clone() };
                let name = offered.definition.name.clone();
                tools.entry(name).or_insert_with(|| (Rc::clone(&offered.definition), target));
            }
        }
        Self { tools, parts }
    }

    /// Every definition, in the order of the names.
    pub fn definitions(&self) -> impl Iterator<Item = &Tool> {
        self.tools.values().map(|(definition, _)| &**definition)
    }

    /// The tool with exactly this name.
    pub fn find(&self, name: &str) -> Option<(&Tool, &Target)> {
        self.tools.get(name).map(|(definition, target)| (&**definition, target))
    }

    /// How each upstream's part came about.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Every tool that is not offered, with its reason.
    pub fn left_out(&self) -> impl Iterator<Item = &LeftOut> {
        self.parts.iter().filter_map(|part| part.listing.as_ref()).flat_map(|listing| listing.left_out())
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, Freshness, Part, Target};
    use crate::id::UpstreamId;
    use crate::tool::builtin::BuiltIn;
    use crate::tool::definition::{Listing, Prefix};
    use serde_json::json;
    use std::rc::Rc;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn part(name: &str, tools: &[&str], freshness: Freshness) -> Part {
        let tools = tools.iter().map(|tool| json!({"name": tool, "inputSchema": {"type": "object"}}));
        let tools = tools.map(|tool| serde_json::from_value(tool).unwrap()).collect();
        let listing = Listing::admit(UpstreamId::parse(name).unwrap(), Prefix::parse(name).unwrap(), tools);
        Part { upstream: name.into(), freshness, listing: Some(Rc::new(listing)) }
    }

    #[test]
    fn the_list_is_sorted_and_a_failing_upstream_takes_nothing_else_away() {
        let absent = Part { upstream: "dead".into(), freshness: Freshness::Absent("timeout".into()), listing: None };
        let catalogue = Catalogue::merge(vec![
            part("zoo", &["lion"], Freshness::Fresh),
            absent,
            part("art", &["b", "a", "bad name"], Freshness::Stale("timeout".into())),
        ]);
        let names: Vec<_> = catalogue.definitions().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, ["art__a", "art__b", "get_weather", "quantum_random", "server_time", "zoo__lion"]);
        assert_eq!(catalogue.left_out().count(), 1);
        assert_eq!(catalogue.parts().len(), 3);
    }

    #[test]
    fn a_tool_is_found_by_its_exact_name_only() {
        let catalogue = Catalogue::merge(vec![part("zoo", &["lion"], Freshness::Fresh)]);
        let target = |name: &str| catalogue.find(name).map(|(_, target)| target.clone());
        let upstream = UpstreamId::parse("zoo").unwrap();
        assert_eq!(target("zoo__lion"), Some(Target::Upstream { upstream, own_name: "lion".into() }));
        assert_eq!(target("server_time"), Some(Target::BuiltIn(BuiltIn::ServerTime)));
        for other in ["lion", "Zoo__lion", "zoo__lion ", "zoo__", ""] {
            assert_eq!(target(other), None, "{other}");
        }
    }
}
