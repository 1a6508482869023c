use super::{Errand, Exchange, Link, Outcome, Progress};
use crate::id::UpstreamId;
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest, Reach};
use crate::time::Lifetime;
use crate::upstream::{ProtocolBreach, UnusableReason, Upstream, UpstreamFailure, UpstreamProblem};
use serde_json::{Map, Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn upstream() -> Upstream {
    Upstream::new(UpstreamId::parse("u").unwrap(), "files", "https://tools.example.com/mcp/KEY", None, Reach::Public)
        .unwrap()
}

fn call() -> Errand {
    Errand::Call { tool: "read".into(), arguments: Map::new(), params: Vec::new() }
}

fn sent(request: &OutboundRequest) -> Value {
    serde_json::from_slice(request.body.as_deref().unwrap()).unwrap()
}

/// An answer: status, session id, and a body whose id is filled in by [`run`].
struct Given(u16, Option<&'static str>, Value);

#[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn ok(result: Value) -> Given {
    Given(200, None, json!({"jsonrpc": "2.0", "result": result}))
}

fn error(status: u16, code: i64) -> Given {
    Given(status, None, json!({"jsonrpc": "2.0", "error": {"code": code, "message": "see KEY"}}))
}

/// Plays an errand against a list of answers; gives the methods that were sent, the end and the link.
fn run(
    link: Option<Link>,
    errand: Errand,
    answers: Vec<Given>,
) -> (Vec<String>, Result<Outcome, UpstreamFailure>, Option<Link>) {
    let upstream = upstream();
    let mut exchange = Exchange::new(&upstream, link, errand, 100, Lifetime::from_seconds(10));
    let mut methods = Vec::new();
    let mut answers = answers.into_iter();
    let mut progress = exchange.begin();
    loop {
        let request = match progress {
            Progress::Send(request) => request,
            Progress::Done(outcome) => break (methods, Ok(outcome), exchange.into_link()),
            Progress::Failed(failure) => break (methods, Err(failure), exchange.into_link()),
        };
        let message = sent(&request);
        methods.push(message["method"].as_str().unwrap().to_owned());
        let answer = answers.next().map(|Given(status, session, mut body)| {
            if let (Some(body), Some(id)) = (body.as_object_mut(), message.get("id")) {
                body.insert("id".into(), id.clone());
            }
            let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            headers.extend(session.map(|session| ("mcp-session-id".to_owned(), session.to_owned())));
            OutboundAnswer { status, headers, body: body.to_string().into_bytes() }
        });
        progress = exchange.on_answer(answer.ok_or(OutboundFailure::Timeout));
    }
}

fn discover(versions: &[&str]) -> Given {
    ok(json!({"resultType": "complete", "supportedVersions": versions, "capabilities": {"tools": {}}}))
}

fn initialize() -> Given {
    let body = json!({"jsonrpc": "2.0", "result": {"protocolVersion": "2025-06-18", "capabilities": {}}});
    Given(200, Some("sess-1"), body)
}

fn accepted() -> Given {
    Given(202, None, Value::Null)
}

fn tool(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object"}})
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

fn legacy() -> Link {
    let session = Some(crate::outbound::HeaderValue::fixed("sess-0"));
    Link::Legacy { session, revision: "2025-11-25" }
}

#[test]
fn a_modern_upstream_is_asked_once_more_than_it_must_and_then_once_per_call() {
    let (methods, outcome, link) = run(None, call(), vec![discover(&["2026-07-28"]), ok(text("hi"))]);
    assert_eq!(methods, ["server/discover", "tools/call"]);
    assert_eq!(link, Some(Link::Modern));
    assert!(matches!(outcome, Ok(Outcome::Called(result)) if !result.is_error));
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
        let Some(Link::Legacy { session: Some(session), revision: "2025-06-18" }) = link else { panic!("{link:?}") };
        assert_eq!(session.expose(), "sess-1");
    }
    let named = discover(&["2025-11-25"]);
    assert_eq!(run(None, call(), vec![named, initialize(), accepted(), ok(text("hi"))]).0.len(), 4);
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

/// What a server says that does not know the session: as specified, and as servers in use say it.
const LOST: [(u16, i64); 3] = [(404, -32_001), (400, -32_000), (400, -32_001)];

#[test]
fn a_lost_session_is_opened_again_and_the_call_is_sent_again() {
    for (status, code) in LOST {
        let answers = vec![error(status, code), initialize(), accepted(), ok(text("hi"))];
        let (methods, outcome, link) = run(Some(legacy()), call(), answers);
        assert_eq!(methods, ["tools/call", "initialize", "notifications/initialized", "tools/call"]);
        assert!(outcome.is_ok());
        let Some(Link::Legacy { session: Some(session), .. }) = link else { panic!("{link:?}") };
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
    let (_, outcome, _) = run(Some(legacy()), Errand::List, answers);
    let Ok(Outcome::Listed { tools, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn nothing_else_means_that_a_session_is_lost() {
    let without_session = Link::Legacy { session: None, revision: "2025-11-25" };
    for link in [Link::Modern, without_session] {
        for (status, code) in LOST {
            assert_eq!(run(Some(link.clone()), call(), vec![error(status, code)]).0, ["tools/call"]);
        }
    }
    let not_rpc = Given(400, None, json!({"error": {"code": -32_000, "message": "see KEY"}}));
    for answer in [error(400, -32_002), error(200, -32_000), error(409, -32_000), error(500, -32_000), not_rpc] {
        let (methods, outcome, _) = run(Some(legacy()), call(), vec![answer]);
        assert_eq!(methods, ["tools/call"]);
        assert!(outcome.is_err());
    }
}

#[test]
fn a_call_whose_outcome_is_unknown_is_never_sent_again() {
    for link in [Link::Modern, legacy()] {
        for answer in [None, Some(error(500, -32_603)), Some(error(400, -32_600)), Some(Given(200, None, json!({})))] {
            let (methods, outcome, _) = run(Some(link.clone()), call(), answer.into_iter().collect());
            assert_eq!(methods, ["tools/call"]);
            assert!(outcome.is_err());
        }
    }
    let (methods, ..) = run(Some(Link::Modern), call(), vec![error(404, -32_601)]);
    assert_eq!(methods, ["tools/call"]);
}

#[test]
fn a_result_the_gateway_cannot_wait_for_is_a_breach() {
    for kind in ["input_required", "task"] {
        let (_, outcome, _) = run(Some(Link::Modern), call(), vec![ok(json!({"resultType": kind, "content": []}))]);
        assert_eq!(outcome.unwrap_err().problem, ProtocolBreach::Incomplete.into());
    }
    let (_, outcome, _) = run(Some(Link::Modern), call(), vec![ok(json!({"content": "text"}))]);
    assert_eq!(outcome.unwrap_err().problem, ProtocolBreach::Result.into());
}

#[test]
fn pages_are_followed_to_their_end_and_bad_tools_are_left_out() {
    let first = ok(json!({"tools": [tool("a"), {"name": "b"}, ["b", null, null, {}]], "nextCursor": ""}));
    let annotated = json!({"name": "c", "inputSchema": {"properties": {"x": {"type": "number", "x-mcp-header": "X"}}}});
    let second = ok(json!({"tools": [tool("d"), annotated]}));
    let (methods, outcome, _) = run(Some(Link::Modern), Errand::List, vec![first, second]);
    assert_eq!(methods.len(), 2);
    let Ok(Outcome::Listed { tools, unusable }) = outcome else { panic!() };
    assert_eq!(tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["a", "d"]);
    let reasons: Vec<_> = unusable.iter().map(|unusable| (unusable.tool.as_str(), unusable.reason)).collect();
    let expected =
        [("b", UnusableReason::Malformed), ("", UnusableReason::Malformed), ("c", UnusableReason::HeaderAnnotation)];
    assert_eq!(reasons, expected);
}

#[test]
fn a_list_without_end_ends() {
    let endless = |cursor: usize| ok(json!({"tools": [], "nextCursor": format!("{cursor}")}));
    let (methods, outcome, _) = run(Some(Link::Modern), Errand::List, (0..99).map(endless).collect());
    assert_eq!(methods.len(), super::MAX_PAGES);
    assert_eq!(outcome.unwrap_err().problem, ProtocolBreach::EndlessList.into());
    let (methods, ..) = run(Some(Link::Modern), Errand::List, (0..99).map(|_| endless(1)).collect());
    assert_eq!(methods.len(), 2);
    let many: Vec<Value> = (0..600).map(|n| tool(&format!("t{n}"))).collect();
    let (_, outcome, _) = run(Some(Link::Modern), Errand::List, vec![ok(json!({"tools": many}))]);
    assert!(matches!(outcome, Ok(Outcome::Listed { tools, unusable }) if tools.len() == 500 && unusable.len() == 100));
}

#[test]
fn a_failure_names_the_upstream_and_neither_its_address_nor_its_words() {
    for answers in [vec![], vec![error(500, 1)], vec![error(400, -32_020)], vec![discover(&["KEY"])]] {
        let failure = run(None, call(), answers).1.unwrap_err();
        let shown = format!("{failure} {failure:?}");
        assert!(shown.contains("files") && !shown.contains("KEY") && !shown.contains("tools.example.com"), "{shown}");
    }
}

#[test]
fn a_session_id_a_header_cannot_carry_is_a_breach() {
    let Given(status, _, body) = initialize();
    let answers = vec![error(400, -32_000), Given(status, Some("a b"), body)];
    assert_eq!(run(None, call(), answers).1.unwrap_err().problem, ProtocolBreach::SessionId.into());
}
