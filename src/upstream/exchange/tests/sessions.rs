//! Sessions of older upstreams, and what happens when one is lost.

use super::{
    Errand, Given, LegacyLink, Link, ProtocolBreach, accepted, call, error, initialize, legacy, names, ok, run, survey,
    text, tool,
};
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What a server says that does not know the session: as specified, and as servers in use say it.
const LOST: [(u16, i64); 3] = [(404, -32_001), (400, -32_000), (400, -32_001)];

#[test]
fn a_lost_session_is_opened_again_and_the_call_is_sent_again() {
    for (status, code) in LOST {
        let answers = vec![error(status, code), initialize(), accepted(), ok(text("hi"))];
        let (methods, outcome, link) = run(Some(legacy()), call(), answers);
        assert_eq!(methods, ["tools/call", "initialize", "notifications/initialized", "tools/call"]);
        assert!(outcome.is_ok());
        let Some(Link::Legacy(LegacyLink { session: Some(session), .. })) = link else { panic!("{link:?}") };
        assert_eq!(session.expose(), "sess-1");
    }
}

#[test]
fn a_session_that_is_lost_again_is_not_opened_a_third_time() {
    for (status, code) in LOST {
        let answers = vec![error(status, code), initialize(), accepted(), error(status, code), initialize()];
        let (methods, outcome, link) = run(Some(legacy()), call(), answers);
        assert_eq!(methods.len(), 4);
        assert!(outcome.is_err());
        assert_eq!(link, None);
    }
}

#[test]
fn a_listing_that_loses_its_session_starts_over() {
    let first = ok(json!({"tools": [tool("a")], "nextCursor": "2"}));
    let whole = ok(json!({"tools": [tool("a"), tool("b")]}));
    let answers = vec![first, error(400, -32_000), initialize(), accepted(), whole];
    let (_, outcome, _) = run(Some(legacy()), Errand::Survey, answers);
    assert_eq!(names(&survey(outcome)), ["a", "b"]);
}

#[test]
fn nothing_else_means_that_a_session_is_lost() {
    let Link::Legacy(link) = legacy() else { panic!() };
    let without_session = Link::Legacy(LegacyLink { session: None, ..link });
    for link in [Link::Modern, without_session] {
        for (status, code) in LOST {
            assert_eq!(run(Some(link.clone()), call(), vec![error(status, code)]).0, ["tools/call"]);
        }
    }
    let not_rpc = Given(400, None, json!({"error": {"code": -32_000, "message": "see KEY"}}));
    for answer in [error(400, -32_002), error(409, -32_000), error(500, -32_000), not_rpc] {
        let (methods, outcome, _) = run(Some(legacy()), call(), vec![answer]);
        assert_eq!(methods, ["tools/call"]);
        assert!(outcome.is_err());
    }
}

#[test]
fn a_call_whose_outcome_is_unknown_is_never_sent_again() {
    for link in [Link::Modern, legacy()] {
        for answer in [None, Some(error(500, -32_603)), Some(error(400, -32_020)), Some(Given(200, None, json!({})))] {
            let (methods, outcome, _) = run(Some(link.clone()), call(), answer.into_iter().collect());
            assert_eq!(methods, ["tools/call"]);
            assert!(outcome.is_err());
        }
    }
}

#[test]
fn a_result_the_gateway_cannot_wait_for_is_a_breach() {
    for (link, kind) in [(legacy(), "input_required"), (Link::Modern, "task"), (Link::Modern, "other")] {
        let (_, outcome, _) = run(Some(link), call(), vec![ok(json!({"resultType": kind, "content": []}))]);
        assert_eq!(outcome.unwrap_err().problem, ProtocolBreach::Incomplete.into());
    }
    let (_, outcome, _) = run(Some(Link::Modern), call(), vec![ok(json!({"content": "text"}))]);
    assert_eq!(outcome.unwrap_err().problem, ProtocolBreach::Result.into());
}

#[test]
fn a_session_id_a_header_cannot_carry_is_a_breach() {
    let Given(status, _, body) = initialize();
    let answers = vec![error(400, -32_000), Given(status, Some("a b"), body)];
    assert_eq!(run(None, call(), answers).1.unwrap_err().problem, ProtocolBreach::SessionId.into());
}
