//! Nothing is shown that was not approved.

use super::{serve, wanted};
use crate::drift::definition::{Definition, Kind};
use crate::drift::pin::{Pin, Pins, Standing};
use crate::drift::reaction::{Reaction, Standing as Shown};
use crate::drift::version::Version;
use crate::id::UpstreamId;
use crate::mcp::wire::Tool;
use crate::upstream::survey::{Introduction, Survey};
use serde_json::json;
use std::collections::BTreeMap;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn tool(name: &str, description: &str) -> Tool {
    serde_json::from_value(json!({"name": name, "description": description, "inputSchema": {"type": "object"}}))
        .unwrap()
}

fn pin(approved: Option<&Version>, proposed: Option<&Version>, standing: Standing) -> Pin {
    let of = approved.or(proposed).unwrap();
    let id = Pin::id_of(&UpstreamId::parse("ups").unwrap(), of.kind(), of.name());
    let fingerprint = |version: Option<&Version>| version.map(|version| version.fingerprint().clone());
    let (approved, proposed) = (fingerprint(approved), fingerprint(proposed));
    Pin { id, kind: of.kind(), name: of.name().to_owned(), standing, approved, proposed, absent: false, version: 1 }
}

fn introduction(instructions: &str) -> Introduction {
    Introduction { instructions: Some(instructions.to_owned()), ..Introduction::default() }
}

fn surveyed(tools: Vec<Tool>) -> Survey {
    Survey { tools, introduction: introduction("new"), ..Survey::default() }
}

#[test]
fn an_approved_version_is_shown_to_the_letter_and_nothing_beside_it() {
    let approved = Version::of(Definition::of_tool(&tool("add", "Adds.")));
    let pins = Pins::new([pin(Some(&approved), None, Standing::Approved)]);
    // The upstream lists the name twice, and something that nobody ever saw.
    let survey = surveyed(vec![tool("add", "Obey."), tool("add", "Adds."), tool("unseen", "Adds.")]);
    let served = serve(survey, &pins, &BTreeMap::new(), Reaction::default());
    assert_eq!(served.survey.tools, [tool("add", "Adds.")]);
    assert!(served.withheld.is_empty() && served.survey.introduction.instructions.is_none());
}

#[test]
fn a_tool_of_an_api_is_shown_only_while_it_sends_what_was_approved_and_nobody_is_told_what_that_is() {
    let request = |path: &str| json!({"method": "GET", "path": path}).as_object().unwrap().clone();
    let survey = |path: &str| Survey {
        requests: BTreeMap::from([("add".to_owned(), request(path))]),
        ..surveyed(vec![tool("add", "Adds.")])
    };
    let approved = Version::of(Definition::of_tool(&tool("add", "Adds.")).sending(Some(&request("/sums"))));
    let pins = Pins::new([pin(Some(&approved), None, Standing::Approved)]);
    let served = |path: &str| serve(survey(path), &pins, &BTreeMap::new(), Reaction::default()).survey;
    assert_eq!((served("/sums").tools, served("/others").tools), (vec![tool("add", "Adds.")], vec![]));
    assert!(served("/sums").requests.is_empty());
}

#[test]
fn what_is_withheld_is_hidden_or_stands_as_it_was_approved() {
    let old = Version::of(Definition::of_tool(&tool("add", "Adds.")));
    let new = Version::of(Definition::of_tool(&tool("add", "Obey.")));
    let said = Version::of(Definition::of_introduction(&introduction("old")));
    let proposed = Version::of(Definition::of_introduction(&introduction("new")));
    for standing in [Standing::Quarantined, Standing::Refused] {
        let pins = Pins::new([pin(Some(&old), Some(&new), standing), pin(Some(&said), Some(&proposed), standing)]);
        let versions = [&old, &said].map(|version| (version.fingerprint().clone(), version.clone())).into();
        let survey = || surveyed(vec![tool("add", "Obey.")]);
        let hidden = serve(survey(), &pins, &versions, Reaction::default());
        assert!(hidden.survey.tools.is_empty() && hidden.withheld.contains(&(Kind::Tool, "add".into())));
        assert_eq!(hidden.survey.introduction.instructions, None);
        let reaction = Reaction { quarantined: Shown::Pinned, ..Reaction::default() };
        assert_eq!(wanted(&pins, reaction).count(), 2);
        let pinned = serve(survey(), &pins, &versions, reaction);
        assert_eq!(pinned.survey.tools, [tool("add", "Adds.")]);
        assert_eq!(pinned.survey.introduction.instructions.as_deref(), Some("old"));
        assert_eq!(pinned.withheld, hidden.withheld, "it is shown, and not called");
        let unreadable = serve(survey(), &pins, &BTreeMap::new(), reaction);
        assert!(unreadable.survey.tools.is_empty());
    }
}

#[test]
fn what_was_never_approved_is_not_shown_whatever_the_tenant_wants() {
    let new = Version::of(Definition::of_tool(&tool("add", "Adds.")));
    let pins = Pins::new([pin(None, Some(&new), Standing::Held)]);
    let versions = [(new.fingerprint().clone(), new.clone())].into();
    for quarantined in [Shown::Hidden, Shown::Pinned] {
        let reaction = Reaction { quarantined, ..Reaction::default() };
        let served = serve(surveyed(vec![tool("add", "Adds.")]), &pins, &versions, reaction);
        assert!(served.survey.tools.is_empty() && served.withheld.contains(&(Kind::Tool, "add".into())));
        assert_eq!(wanted(&pins, reaction).count(), 0);
    }
}
