//! The list of tools of an endpoint: every tool, or only what is pinned beside `search_tools` and `call_tool`.
//!
//! Searching is a view and no fence: what is found and called at an endpoint is what it shows to its caller with any face.
//! Only the list is shorter.

use super::endpoint::{Face, PrefixMode};
use super::item::Item;
use super::listing::{Kind, LeftOut, LeftOutReason};
use super::view::View;
use crate::mcp::wire::Tool;
use crate::search::face::FaceTool;
use std::rc::Rc;

/// A tool as an endpoint shows it.
#[derive(Debug, Clone)]
pub struct ShownTool {
    /// The place of its upstream's part; none of the gateway's own.
    pub part: Option<usize>,
    /// What it is shown as.
    pub shown: String,
    /// The tool, under its own name.
    pub tool: Rc<Tool>,
}

impl View<'_> {
    /// Every tool as it is shown; `own` are the gateway's, if the endpoint shows them.
    pub fn tools(&self, own: &[Tool]) -> Vec<Tool> {
        self.tools_named(own, &|_| true)
    }

    /// What `tools/list` shows: every tool, or the two of the face, whose definitions `face` are, and then what is pinned.
    pub fn listed_tools(&self, own: &[Tool], face: impl IntoIterator<Item = Tool>) -> Vec<Tool> {
        match &self.endpoint().face {
            Face::All => self.tools(own),
            Face::Search { pinned } => {
                face.into_iter().chain(self.tools_named(own, &|shown| pinned.takes(shown))).collect()
            }
        }
    }

    fn tools_named(&self, own: &[Tool], wanted: &dyn Fn(&str) -> bool) -> Vec<Tool> {
        let of_upstreams = self.shelved::<Tool>().filter(|(_, shown, _)| wanted(shown)).map(|(part, shown, tool)| {
            let mut tool = tool.shown_as(shown);
            if let Some(meta) = &mut tool.meta {
                self.reveal_interface(part, meta);
            }
            tool
        });
        let own = own.iter().filter(|tool| self.endpoint().own_tools && wanted(&tool.name));
        self.in_order(own.filter(|tool| self.sees_own(tool)).cloned().chain(of_upstreams))
    }

    /// Every tool that is shown, in no order that means anything; `own` are the gateway's, if the endpoint shows them.
    pub fn shown_tools(&self, own: impl IntoIterator<Item = Rc<Tool>>) -> Vec<ShownTool> {
        let own = own.into_iter().filter(|tool| self.endpoint().own_tools && self.sees_own(tool));
        let own = own.map(|tool| ShownTool { part: None, shown: tool.name.clone(), tool });
        let of_upstreams = self.shelved::<Tool>();
        let of_upstreams =
            of_upstreams.map(|(part, shown, tool)| ShownTool { part: Some(part), shown, tool: Rc::clone(tool) });
        own.chain(of_upstreams).collect()
    }

    /// Whether one of [`View::shown_tools`] is seen.
    pub fn sees_tool(&self, shown: &ShownTool) -> bool {
        let ShownTool { part, tool, .. } = shown;
        part.map_or_else(|| self.sees_own(tool), |part| self.sees::<Tool>(part, &tool.name, tool.annotations.as_ref()))
    }

    /// Whether the endpoint's face has a tool of that name itself: then no upstream's is shown so.
    pub(super) fn keeps<T: Item>(&self, name: &str) -> bool {
        T::KIND == Kind::Tool && self.endpoint().face.is_search() && FaceTool::named(name).is_some()
    }

    /// The upstreams' tools that are not shown because the endpoint's face has one of that name itself.
    pub fn left_out(&self) -> Vec<LeftOut> {
        let bare = self.endpoint().mode == PrefixMode::Never;
        let names = FaceTool::ALL.map(FaceTool::name).into_iter().filter(|name| bare && self.keeps::<Tool>(name));
        let mut found = Vec::new();
        for name in names {
            let parts = self.showing::<Tool>(name).filter_map(|(part, _)| self.parts().get(part));
            found.extend(parts.map(|part| LeftOut {
                upstream: part.prefix.as_str().to_owned(),
                kind: Kind::Tool,
                own: name.to_owned(),
                reason: LeftOutReason::Kept,
            }));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::{Chosen, Endpoint, Face, PrefixMode};
    use super::super::eyes::{Eyes, Seen};
    use super::super::listing::{LeftOutReason, Listing};
    use super::super::naming::Prefix;
    use super::super::view::{Freshness, Lookup, Part, View};
    use crate::id::UpstreamId;
    use crate::mcp::wire::Tool;
    use crate::search::face::FaceTool;
    use crate::tool::builtin::BuiltIn;
    use crate::upstream::survey::Survey;
    use serde_json::json;
    use std::rc::Rc;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn part(name: &str, tools: &[&str]) -> Part {
        let tools = tools.iter().map(|tool| json!({"name": tool, "inputSchema": {"type": "object"}})).collect();
        let survey = Survey { tools: serde_json::from_value(tools).unwrap(), ..Survey::default() };
        let (upstream, prefix) = (UpstreamId::parse(&format!("id-{name}")).unwrap(), Prefix::parse(name).unwrap());
        let listing = Some(Rc::new(Listing::admit(upstream.clone(), prefix.clone(), survey)));
        Part { upstream, prefix, freshness: Freshness::Fresh, listing }
    }

    fn endpoint(mode: PrefixMode, pinned: &[&str], parts: &[Part]) -> Endpoint {
        let face = Face::Search { pinned: Chosen::only(pinned).unwrap() };
        Endpoint { mode, face, ..Endpoint::everything(parts.iter().map(|part| part.upstream.clone())) }
    }

    fn own() -> Vec<Tool> {
        BuiltIn::definitions().map(|(_, tool)| tool).collect()
    }

    fn listed(view: &View<'_>) -> Vec<String> {
        let face = FaceTool::ALL.iter().filter_map(|tool| tool.definition());
        view.listed_tools(&own(), face).into_iter().map(|tool| tool.name).collect()
    }

    fn shown(view: &View<'_>) -> Vec<String> {
        let mut shown: Vec<String> =
            view.shown_tools(own().into_iter().map(Rc::new)).into_iter().map(|tool| tool.shown).collect();
        shown.sort();
        shown
    }

    #[test]
    fn a_searched_endpoint_lists_its_face_and_what_is_pinned_and_shows_all() {
        let parts = [part("zoo", &["lion", "bear", "bat"])];
        let searched = endpoint(PrefixMode::Always, &["zoo__b*", "server_time", "nothing"], &parts);
        let view = View::new(&searched, &parts);
        assert_eq!(listed(&view), ["search_tools", "call_tool", "server_time", "zoo__bat", "zoo__bear"]);
        let all = ["get_weather", "quantum_random", "read_more", "server_time", "zoo__bat", "zoo__bear", "zoo__lion"];
        assert_eq!(shown(&view), all);
        assert!(matches!(view.find_tool("zoo__lion"), Lookup::Found { part: 0, .. }));
        let everything = Endpoint::everything([parts[0].upstream.clone()]);
        assert_eq!(listed(&View::new(&everything, &parts)), all);
    }

    #[test]
    fn what_is_not_seen_is_neither_pinned_nor_shown() {
        let parts = [part("zoo", &["lion", "bear"])];
        let searched = endpoint(PrefixMode::Always, &["*"], &parts);
        let sees = |seen: &Seen<'_>| !["zoo__bear", "server_time"].contains(&seen.name);
        let nobody = View::new(&searched, &parts);
        let view = nobody.clone().seen_by(Eyes::of(&sees));
        assert_eq!(
            listed(&view),
            ["search_tools", "call_tool", "get_weather", "quantum_random", "read_more", "zoo__lion"]
        );
        assert_eq!(shown(&view), ["get_weather", "quantum_random", "read_more", "zoo__lion"]);
        let all = nobody.shown_tools(own().into_iter().map(Rc::new));
        let count = all.iter().filter(|tool| view.sees_tool(tool)).count();
        assert_eq!((all.len(), count), (6, 4));
    }

    #[test]
    fn a_name_of_the_face_is_no_upstreams() {
        let parts = [part("a", &["call_tool", "x"]), part("b", &["search_tools", "call_tool"])];
        let bare = endpoint(PrefixMode::Never, &[], &parts);
        let view = View::new(&bare, &parts);
        assert_eq!(shown(&view), ["get_weather", "quantum_random", "read_more", "server_time", "x"]);
        assert_eq!(view.find_tool("call_tool"), Lookup::Unknown);
        let told: Vec<_> = view.left_out().into_iter().map(|it| (it.upstream, it.own, it.reason)).collect();
        let kept = |upstream: &str, own: &str| (upstream.to_owned(), own.to_owned(), LeftOutReason::Kept);
        assert_eq!(told, [kept("b", "search_tools"), kept("a", "call_tool"), kept("b", "call_tool")]);
        // With a prefix they are told apart.
        for mode in [PrefixMode::OnConflict, PrefixMode::Always] {
            let told_apart = endpoint(mode, &[], &parts);
            let view = View::new(&told_apart, &parts);
            assert!(shown(&view).contains(&"a__call_tool".to_owned()) && view.left_out().is_empty());
            assert_eq!(view.find_tool("search_tools"), Lookup::Unknown);
        }
        // Any other face has no such tools.
        let all = Endpoint { face: Face::All, ..bare };
        let view = View::new(&all, &parts);
        assert!(matches!(view.find_tool("call_tool"), Lookup::Found { part: 0, .. }) && view.left_out().is_empty());
    }
}
