//! Lists, page by page.

use super::{Errand, Link, ProtocolBreach, UnusableReason, error, legacy, names, ok, run, survey, tool};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn pages_are_followed_to_their_end_and_bad_tools_are_left_out() {
    let first = ok(json!({"tools": [tool("a"), {"name": "b"}, ["b", null, null, {}]], "nextCursor": ""}));
    let annotated = json!({"name": "c", "inputSchema": {"properties": {"x": {"type": "number", "x-mcp-header": "X"}}}});
    let second = ok(json!({"tools": [tool("d"), annotated]}));
    let (methods, outcome, _) = run(Some(legacy()), Errand::Survey, vec![first, second]);
    assert_eq!(methods.len(), 2);
    let found = survey(outcome);
    assert_eq!(names(&found), ["a", "d"]);
    let reasons: Vec<_> = found.unusable.iter().map(|unusable| (unusable.tool.as_str(), unusable.reason)).collect();
    let expected =
        [("b", UnusableReason::Malformed), ("", UnusableReason::Malformed), ("c", UnusableReason::HeaderAnnotation)];
    assert_eq!(reasons, expected);
}

#[test]
fn a_survey_asks_for_every_list_the_upstream_says_it_has() {
    let introduced = json!({"resultType": "complete", "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {"listChanged": true}, "prompts": {}, "resources": {"subscribe": true}},
        "instructions": "Be kind.", "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "n", "version": "1"}}});
    let answers = vec![
        ok(introduced),
        ok(json!({"tools": [tool("a")]})),
        ok(json!({"prompts": [{"name": "p", "title": "P"}, {"title": "no name"}]})),
        ok(json!({"resources": [{"uri": "a:b", "name": "r", "size": 3}]})),
        error(404, -32_601),
    ];
    let (methods, outcome, _) = run(Some(Link::Modern), Errand::Survey, answers);
    let lists = ["server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"];
    assert_eq!(methods, lists);
    let found = survey(outcome);
    assert_eq!(found.introduction.instructions.as_deref(), Some("Be kind."));
    assert_eq!(found.introduction.server.as_ref().and_then(|server| server["name"].as_str()), Some("n"));
    assert!(found.introduction.offered.resources.is_some_and(|resources| resources.subscribe));
    assert_eq!((found.tools.len(), found.prompts.len(), found.unusable.len()), (1, 1, 1));
    assert_eq!(found.resources[0].rest["size"], json!(3));
    assert!(found.templates.is_empty());
}

#[test]
fn a_list_without_end_ends() {
    let endless = |cursor: usize| ok(json!({"tools": [], "nextCursor": format!("{cursor}")}));
    let (methods, outcome, _) = run(Some(legacy()), Errand::Survey, (0..99).map(endless).collect());
    assert_eq!(methods.len(), crate::upstream::exchange::MAX_PAGES);
    assert_eq!(outcome.unwrap_err().problem, ProtocolBreach::EndlessList.into());
    let (methods, ..) = run(Some(legacy()), Errand::Survey, (0..99).map(|_| endless(1)).collect());
    assert_eq!(methods.len(), 2);
    let many: Vec<Value> = (0..600).map(|n| tool(&format!("t{n}"))).collect();
    let (_, outcome, _) = run(Some(legacy()), Errand::Survey, vec![ok(json!({"tools": many}))]);
    let found = survey(outcome);
    assert_eq!((found.tools.len(), found.unusable.len()), (500, 100));
}
