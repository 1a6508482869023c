//! For any tools and any query: what is not seen is not found and changes nothing, and a name finds its tool.

use super::{Index, tool};
use crate::mcp::wire::Tool;
use proptest::collection::{btree_set, vec};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;
use serde_json::json;

const WORDS: [&str; 14] = [
    "mail", "send", "sendMail", "list", "lists", "event", "event2", "calendar", "the", "delete", "deleted", "x", "ü",
    "__",
];

fn sentence() -> impl Strategy<Value = String> {
    vec(select(WORDS.to_vec()), 0..8).prop_map(|words| words.join(" "))
}

fn tools() -> impl Strategy<Value = Vec<(Tool, bool)>> {
    let name = vec(select(WORDS.to_vec()), 1..4).prop_map(|words| words.join("_"));
    btree_set(name, 0..12).prop_flat_map(|names| {
        let count = names.len();
        let rest = vec((sentence(), select(WORDS.to_vec()), any::<bool>()), count..=count);
        rest.prop_map(move |rest| {
            let pairs = names.iter().zip(rest);
            pairs.map(|(name, (said, argument, seen))| (tool(name, &said, &json!({argument: {}})), seen)).collect()
        })
    })
}

fn names<'a>(tools: &[&'a Tool], query: &str, sees: &dyn Fn(usize) -> bool) -> Vec<&'a str> {
    let index = Index::build(tools.iter().map(|tool| (tool.name.as_str(), *tool)));
    index.find(query, sees).into_iter().map(|place| tools[place].name.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_not_seen_is_not_found_and_changes_nothing(tools in tools(), query in sentence()) {
        let all: Vec<&Tool> = tools.iter().map(|(tool, _)| tool).collect();
        let seen: Vec<&Tool> = tools.iter().filter(|(_, seen)| *seen).map(|(tool, _)| tool).collect();
        let found = names(&all, &query, &|place| tools[place].1);
        prop_assert!(found.iter().all(|name| seen.iter().any(|tool| tool.name == *name)));
        prop_assert_eq!(found, names(&seen, &query, &|_| true));
    }

    #[test]
    fn an_exact_name_finds_its_tool_first(tools in tools(), other in ".{0,40}") {
        let all: Vec<&Tool> = tools.iter().map(|(tool, _)| tool).collect();
        for tool in &all {
            prop_assert_eq!(names(&all, &tool.name, &|_| true).first().copied(), Some(tool.name.as_str()));
        }
        let index = Index::build(all.iter().map(|tool| (tool.name.as_str(), *tool)));
        let found = index.find(&other, &|_| true);
        prop_assert_eq!(&found, &index.find(&other, &|_| true));
        let mut distinct = found.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), found.len());
    }

    #[test]
    fn the_order_of_the_tools_does_not_matter(tools in tools(), query in sentence()) {
        let mut all: Vec<&Tool> = tools.iter().map(|(tool, _)| tool).collect();
        let forwards = names(&all, &query, &|_| true);
        all.reverse();
        prop_assert_eq!(forwards, names(&all, &query, &|_| true));
    }
}
