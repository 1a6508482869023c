//! For any endpoint and any listings: what is listed and what is found are the same.

use super::{BuiltIn, Chosen, Endpoint, Lookup, Offer, Part, PrefixMode, Tool, View, absent, id, part_of, survey};
use crate::catalogue::endpoint::{Face, Member};
use crate::catalogue::item::Item;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{select, subsequence};
use std::collections::HashSet;
use std::rc::Rc;

const PREFIXES: [&str; 4] = ["a", "b", "B", "a_b"];
const NAMES: [&str; 8] = ["x", "y", "b__x", "a__b__x", "_x", "x.y", "server_time", "a_b__y"];
const URIS: [&str; 7] = ["s:1", "s:2", "ui://1", "mcp+b+s:1", "ui://mcp+a+1", "mcp+..b+s:2", "t:1"];
const TEMPLATES: [&str; 5] = ["s:{x}", "t:{x}", "ui://{x}", "mcp+b+s:{x}", "{s}:2"];
const PATTERNS: [&str; 6] = ["x", "b*", "s:*", "ui://*", "s:{x}", "mcp+*"];

fn chosen() -> impl Strategy<Value = Chosen> {
    let some = subsequence(PATTERNS.to_vec(), 0..=PATTERNS.len());
    prop_oneof![Just(Chosen::ALL), some.prop_map(|patterns| Chosen::only(&patterns).unwrap())]
}

fn offered() -> impl Strategy<Value = (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>)> {
    let of = |texts: &[&'static str]| subsequence(texts.to_vec(), 0..=texts.len()).prop_shuffle();
    (of(&NAMES), of(&URIS), of(&TEMPLATES))
}

/// An endpoint with its parts; each part is there with a chance of `present`.
fn world(present: f64) -> impl Strategy<Value = (Endpoint, Vec<Part>)> {
    let part = (offered(), chosen(), proptest::bool::weighted(present));
    let parts = proptest::collection::vec(part, 0..=PREFIXES.len());
    (select(PrefixMode::ALL.to_vec()), any::<bool>(), parts).prop_map(|(mode, own_tools, offers)| {
        let mut members = Vec::new();
        let mut parts = Vec::new();
        for (prefix, ((names, uris, templates), chosen, present)) in PREFIXES.into_iter().zip(offers) {
            let offer = Offer { names: &names, uris: &uris, templates: &templates };
            parts.push(if present { part_of(prefix, survey(&offer)) } else { absent(prefix) });
            members.push(Member { upstream: id(prefix), chosen });
        }
        (Endpoint { name: None, mode, own_tools, face: Face::All, members }, parts)
    })
}

/// The part that has this very item, by the pointer.
fn owner<T: Item>(parts: &[Part], own: &Rc<T>) -> usize {
    let has = |part: &Part| {
        let listing = part.listing.as_ref();
        listing.and_then(|listing| T::shelf(listing).get(own.own())).is_some_and(|item| Rc::ptr_eq(item, own))
    };
    parts.iter().position(has).unwrap()
}

/// Every shown item is found under what it is shown as, in its part, and nothing is shown twice.
fn check<T: Item>(parts: &[Part], shown: &[T], find: impl Fn(&str) -> Lookup<Rc<T>>) -> HashSet<(usize, String)> {
    let mut seen = HashSet::new();
    for item in shown {
        let Lookup::Found { part, own } = find(item.own()) else { panic!("{} is shown, not found", item.own()) };
        assert_eq!(owner(parts, &own), part);
        assert!(seen.insert((part, own.own().to_owned())), "{} is shown twice", item.own());
    }
    let names: HashSet<&str> = shown.iter().map(Item::own).collect();
    assert_eq!(names.len(), shown.len());
    seen
}

fn own_tools() -> Vec<Tool> {
    BuiltIn::definitions().map(|(_, tool)| tool).collect()
}

fn of_upstreams(view: &View<'_>) -> Vec<Tool> {
    view.tools(&[])
}

/// Names that somebody might ask for, each once.
fn asked(texts: &[&str]) -> HashSet<String> {
    let with = |text: &&str| -> Vec<String> {
        let marks = ["a", "b", "..b", "a.b"].map(|label| match text.strip_prefix("ui://") {
            Some(rest) => format!("ui://mcp+{label}+{rest}"),
            None => format!("mcp+{label}+{text}"),
        });
        let names = PREFIXES.map(|prefix| format!("{prefix}__{text}"));
        [vec![(*text).to_owned()], marks.to_vec(), names.to_vec()].concat()
    };
    texts.iter().flat_map(with).collect()
}

proptest! {
    #[test]
    fn what_is_shown_is_found_and_what_is_found_is_shown((endpoint, parts) in world(1.0)) {
        let view = View::new(&endpoint, &parts);
        let tools = check(&parts, &of_upstreams(&view), |shown| view.find_tool(shown));
        let prompts = check(&parts, &view.prompts(), |shown| view.find_prompt(shown));
        let templates = check(&parts, &view.templates(), |shown| view.find_template(shown));
        let (mut found_tools, mut found_prompts, mut found_templates) = (0, 0, 0);
        for text in asked(&NAMES) {
            if let Lookup::Found { part, own } = view.find_tool(&text) {
                prop_assert!(tools.contains(&(part, own.name.clone())));
                found_tools += 1;
            }
            if let Lookup::Found { part, own } = view.find_prompt(&text) {
                prop_assert!(prompts.contains(&(part, own.name.clone())));
                found_prompts += 1;
            }
        }
        for text in asked(&TEMPLATES) {
            if let Lookup::Found { part, own } = view.find_template(&text) {
                prop_assert!(templates.contains(&(part, own.uri_template.clone())));
                found_templates += 1;
            }
        }
        prop_assert_eq!((found_tools, found_prompts, found_templates), (tools.len(), prompts.len(), templates.len()));
        let all = view.tools(&own_tools());
        let names: HashSet<&str> = all.iter().map(|tool| tool.name.as_str()).collect();
        prop_assert_eq!(names.len(), all.len(), "also with the gateway's own tools nothing is shown twice");
    }

    #[test]
    fn what_is_shown_is_found_while_parts_are_absent((endpoint, parts) in world(0.6)) {
        let view = View::new(&endpoint, &parts);
        check(&parts, &of_upstreams(&view), |shown| view.find_tool(shown));
        check(&parts, &view.prompts(), |shown| view.find_prompt(shown));
        check(&parts, &view.templates(), |shown| view.find_template(shown));
    }

    #[test]
    fn a_shown_resource_is_read_where_it_was_listed((endpoint, parts) in world(0.8)) {
        let view = View::new(&endpoint, &parts);
        let mut seen = HashSet::new();
        for resource in view.resources() {
            prop_assert!(seen.insert(resource.uri.clone()), "{} is shown twice", resource.uri);
            let Lookup::Found { part, own } = view.find_resource(&resource.uri) else {
                panic!("{} is shown, not found", resource.uri)
            };
            prop_assert_eq!(view.shown_uri(part, &own), Some(resource.uri));
            prop_assert!(parts[part].listing.as_ref().unwrap().resource(&own).is_some());
            prop_assert!(endpoint.members[part].chosen.takes(&own));
        }
    }

    #[test]
    fn a_uri_an_answer_names_leads_back_to_who_answered((endpoint, parts) in world(0.8)) {
        let view = View::new(&endpoint, &parts);
        for part in 0..parts.len() {
            for own in URIS.into_iter().chain(["s:9", "unlisted:1", "mcp+b+unlisted:1"]) {
                let Some(shown) = view.shown_uri(part, own) else { continue };
                match view.find_resource(&shown) {
                    Lookup::Found { part: found, own: found_own } => {
                        prop_assert_eq!((found, found_own.as_str()), (part, own));
                    }
                    Lookup::Missing(missing) => prop_assert_eq!(missing, part),
                    Lookup::Unknown => prop_assert!(endpoint.members[part].chosen != Chosen::ALL),
                }
            }
        }
    }
}
