//! Which era an upstream speaks.

use super::{
    Answer, Given, LegacyLink, Link, Outcome, ProtocolBreach, UpstreamProblem, accepted, call, discover, error,
    initialize, ok, run, text,
};
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_modern_upstream_is_asked_once_more_than_it_must_and_then_once_per_call() {
    let (methods, outcome, link) = run(None, call(), vec![discover(&["2026-07-28"]), ok(text("hi"))]);
    assert_eq!(methods, ["server/discover", "tools/call"]);
    assert_eq!(link, Some(Link::Modern));
    assert!(matches!(outcome, Ok(Outcome::Answered(Answer::Result(_)))));
    let (methods, ..) = run(link, call(), vec![ok(text("again"))]);
    assert_eq!(methods, ["tools/call"]);
}

#[test]
fn an_upstream_that_refuses_the_probe_gets_the_handshake() {
    for refusal in [
        error(400, -32_000),
        error(404, -32_601),
        error(405, -32_000),
        error(200, -32_601),
        Given(400, None, json!("?")),
    ] {
        let answers = vec![refusal, initialize(), accepted(), ok(text("hi"))];
        let (methods, outcome, link) = run(None, call(), answers);
        assert_eq!(methods, ["server/discover", "initialize", "notifications/initialized", "tools/call"]);
        assert!(outcome.is_ok());
        let Some(Link::Legacy(LegacyLink { session: Some(session), revision: "2025-06-18", .. })) = link else {
            panic!("{link:?}")
        };
        assert_eq!(session.expose(), "sess-1");
    }
    let named = discover(&["2025-11-25"]);
    assert_eq!(run(None, call(), vec![named, initialize(), accepted(), ok(text("hi"))]).0.len(), 4);
}

#[test]
fn a_probe_that_is_answered_with_anything_is_no_answer() {
    let answers = vec![ok(json!({})), initialize(), accepted(), ok(text("hi"))];
    let (methods, outcome, _) = run(None, call(), answers);
    assert_eq!(methods, ["server/discover", "initialize", "notifications/initialized", "tools/call"]);
    assert!(outcome.is_ok());
}

#[test]
fn a_refused_revision_that_is_served_is_asked_for_once_more() {
    let refused = || {
        let error = json!({"code": -32_022, "message": "m", "data": {"supported": ["2026-07-28"]}});
        Given(400, None, json!({"jsonrpc": "2.0", "error": error}))
    };
    let answers = vec![refused(), discover(&["2026-07-28"]), ok(text("hi"))];
    let (methods, outcome, link) = run(None, call(), answers);
    assert_eq!(methods, ["server/discover", "server/discover", "tools/call"]);
    assert!(outcome.is_ok() && link == Some(Link::Modern));
    let (methods, outcome, link) = run(None, call(), vec![refused(), refused()]);
    assert_eq!(methods.len(), 2);
    assert!(outcome.is_err() && link.is_none());
}

#[test]
fn what_says_nothing_about_the_era_never_leads_to_the_handshake() {
    for status in [401, 403, 408, 429, 500, 502, 503] {
        let (methods, outcome, link) = run(None, call(), vec![error(status, -32_000)]);
        assert_eq!(methods, ["server/discover"], "{status}");
        assert_eq!(outcome.unwrap_err().problem, UpstreamProblem::Status(status));
        assert_eq!(link, None);
    }
    for code in [-32_020, -32_021] {
        let (methods, outcome, _) = run(None, call(), vec![error(400, code)]);
        assert_eq!(methods.len(), 1);
        assert!(matches!(outcome.unwrap_err().problem, UpstreamProblem::Rpc { code: found, .. } if found == code));
    }
    assert_eq!(run(None, call(), vec![]).1.unwrap_err().problem, UpstreamProblem::Timeout);
    assert_eq!(
        run(None, call(), vec![discover(&["2031-01-01"])]).1.unwrap_err().problem,
        UpstreamProblem::Protocol(ProtocolBreach::Revision)
    );
}
