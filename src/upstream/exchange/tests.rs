use super::{Answer, Errand, Exchange, Heard, Outcome, Progress};
use crate::id::UpstreamId;
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest, Reach};
use crate::time::Lifetime;
use crate::upstream::ask::{Ask, AskMethod};
use crate::upstream::link::{LegacyLink, Link};
use crate::upstream::survey::Survey;
use crate::upstream::{ProtocolBreach, UnusableReason, Upstream, UpstreamFailure, UpstreamProblem};
use serde_json::{Map, Value, json};
use std::rc::Rc;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn upstream() -> Upstream {
    Upstream::new(UpstreamId::parse("u").unwrap(), "files", "https://tools.example.com/mcp/KEY", None, Reach::Public)
        .unwrap()
}

fn ask(method: AskMethod, params: &Value) -> Ask {
    Ask::plain(method, params.as_object().unwrap().clone())
}

fn call() -> Errand {
    Errand::Ask(Box::new(ask(AskMethod::CallTool, &json!({"name": "read", "arguments": {}}))))
}

fn survey(outcome: Result<Outcome, UpstreamFailure>) -> Survey {
    let Ok(Outcome::Surveyed(survey)) = outcome else { panic!("{outcome:?}") };
    *survey
}

fn names(survey: &Survey) -> Vec<&str> {
    survey.tools.iter().map(|tool| tool.name.as_str()).collect()
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
            Progress::Send(request) | Progress::Resume(_, request) => request,
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
    Link::Legacy(LegacyLink { session, revision: "2025-11-25", introduction: Rc::default(), level: None })
}

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
    assert_eq!(methods.len(), super::MAX_PAGES);
    assert_eq!(outcome.unwrap_err().problem, ProtocolBreach::EndlessList.into());
    let (methods, ..) = run(Some(legacy()), Errand::Survey, (0..99).map(|_| endless(1)).collect());
    assert_eq!(methods.len(), 2);
    let many: Vec<Value> = (0..600).map(|n| tool(&format!("t{n}"))).collect();
    let (_, outcome, _) = run(Some(legacy()), Errand::Survey, vec![ok(json!({"tools": many}))]);
    let found = survey(outcome);
    assert_eq!((found.tools.len(), found.unusable.len()), (500, 100));
}

#[test]
fn an_error_keeps_its_code_and_only_words_that_are_meant_for_the_client() {
    let answered = |code| {
        let (_, outcome, _) = run(Some(Link::Modern), call(), vec![error(200, code)]);
        let Ok(Outcome::Answered(Answer::Error(error))) = outcome else { panic!("{outcome:?}") };
        (error.code, error.message.contains("KEY"))
    };
    for (code, told) in [(-32_602, (-32_602, true)), (-32_002, (-32_602, true)), (-32_042, (-32_042, true))] {
        assert_eq!(answered(code), told);
    }
    for code in [-32_603, -32_000, 17] {
        assert_eq!(answered(code), (code, false));
    }
    for (status, code) in [(400, -32_021), (404, -32_601), (400, -32_602)] {
        let (_, outcome, link) = run(Some(Link::Modern), call(), vec![error(status, code)]);
        assert!(matches!(outcome, Ok(Outcome::Answered(Answer::Error(error))) if error.code == code));
        assert_eq!(link, Some(Link::Modern));
    }
}

#[test]
fn a_modern_upstream_may_want_input_or_go_on_as_a_task_where_the_client_takes_it() {
    let wants = ok(json!({"resultType": "input_required", "inputRequests": {"a": {}}, "requestState": "s"}));
    let (_, outcome, _) = run(Some(Link::Modern), call(), vec![wants]);
    let requests = json!({"a": {}}).as_object().unwrap().clone();
    let wanted = Answer::InputRequired { requests, state: Some("s".into()) };
    assert_eq!(outcome, Ok(Outcome::Answered(wanted)));
    let complete = |method, params: &Value, result: Value| {
        run(Some(Link::Modern), Errand::Ask(Box::new(ask(method, params))), vec![ok(result)]).1
    };
    let never = json!({"resultType": "input_required", "requestState": "s"});
    let outcome = complete(AskMethod::Complete, &json!({}), never);
    assert_eq!(outcome.unwrap_err().problem, ProtocolBreach::Incomplete.into());
    let extensions = json!({"io.modelcontextprotocol/tasks": {}}).as_object().unwrap().clone();
    let declares = crate::mcp::capability::ClientCapabilities { extensions, ..Default::default() };
    let task = Ask { declares, ..ask(AskMethod::CallTool, &json!({"name": "t"})) };
    let answer = ok(json!({"resultType": "task", "taskId": "1"}));
    let (_, outcome, _) = run(Some(Link::Modern), Errand::Ask(Box::new(task)), vec![answer]);
    assert!(matches!(outcome, Ok(Outcome::Answered(Answer::Task(task))) if task["taskId"] == "1"));
}

#[test]
fn a_level_is_set_once_in_a_session_and_only_where_there_are_levels() {
    let Link::Legacy(link) = legacy() else { panic!() };
    let levelled = |offered: Value| {
        let offered = super::ServerCapabilities::read(offered.as_object().unwrap());
        let introduction = Rc::new(super::Introduction { offered, ..Default::default() });
        Link::Legacy(LegacyLink { introduction, ..link.clone() })
    };
    let loud = || {
        let ask = ask(AskMethod::CallTool, &json!({"name": "t"}));
        Errand::Ask(Box::new(Ask { log_level: Some(super::LogLevel::Info), attended: true, ..ask }))
    };
    let (methods, _, link) = run(Some(levelled(json!({"logging": {}}))), loud(), vec![ok(json!({})), ok(text("a"))]);
    assert_eq!(methods, ["logging/setLevel", "tools/call"]);
    assert_eq!(run(link, loud(), vec![ok(text("a"))]).0, ["tools/call"]);
    assert_eq!(run(Some(levelled(json!({}))), loud(), vec![ok(text("a"))]).0, ["tools/call"]);
    assert_eq!(run(Some(Link::Modern), loud(), vec![ok(text("a"))]).0, ["tools/call"]);
}

/// A call whose client hears what the upstream says, over this link, already sent.
fn attended(upstream: &Upstream, link: Link) -> Exchange<'_> {
    let ask = Ask { attended: true, progress: true, ..ask(AskMethod::CallTool, &json!({"name": "t"})) };
    let errand = Errand::Ask(Box::new(ask));
    let mut exchange = Exchange::new(upstream, Some(link), errand, 100, Lifetime::from_seconds(10));
    assert!(matches!(exchange.begin(), Progress::Send(_)) && exchange.relays());
    exchange
}

fn event(message: &Value) -> Vec<u8> {
    format!("id: 4-1\nretry: 20\ndata: {message}\n\n").into_bytes()
}

#[test]
fn what_a_stream_says_is_heard_as_it_comes() {
    let upstream = upstream();
    let mut exchange = attended(&upstream, legacy());
    let progress =
        |token| json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token}});
    let mut said = event(&progress(100));
    said.extend(event(&progress(99)));
    said.extend(event(&json!({"jsonrpc": "2.0", "id": 0, "method": "ping"})));
    said.extend(event(&json!({"jsonrpc": "2.0", "id": "q", "method": "roots/list"})));
    let heard = exchange.on_piece(&said);
    let [Heard::Notice(notice), Heard::Send(pong), Heard::Question(question)] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(notice.params["progressToken"], 100);
    assert_eq!(sent(pong), json!({"jsonrpc": "2.0", "id": 0, "result": {}}));
    assert_eq!(question.method, "roots/list");
    assert_eq!(sent(&exchange.reply(&question.id, &Ok(Map::new())))["id"], "q");
    assert_eq!(sent(&exchange.cancellation().unwrap())["params"], json!({"requestId": 100}));
    let done = event(&json!({"jsonrpc": "2.0", "id": 100, "result": text("x")}));
    let heard = exchange.on_piece(&[done, event(&progress(100))].concat());
    assert!(matches!(heard.as_slice(), [Heard::Done(Outcome::Answered(Answer::Result(_)))]));
}

#[test]
fn a_modern_upstream_asks_nothing_on_a_stream_and_is_not_told_of_a_cancelled_call() {
    let upstream = upstream();
    let mut exchange = attended(&upstream, Link::Modern);
    let heard = exchange.on_piece(&event(&json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list"})));
    assert!(matches!(heard.as_slice(), [Heard::Failed(_)]));
    assert!(exchange.cancellation().is_none());
}

#[test]
fn a_stream_that_broke_off_is_taken_up_where_it_broke_off() {
    let upstream = upstream();
    let mut exchange = attended(&upstream, legacy());
    assert!(exchange.on_piece(b"id: 4-0\nretry: 250\ndata: \n\n").is_empty());
    let Progress::Resume(wait, request) = exchange.on_stream_end(None) else { panic!() };
    assert_eq!((wait.millis(), request.method), (250, crate::outbound::Method::Get));
    let last = |request: &OutboundRequest| {
        let id = request.headers.iter().find(|(name, _)| name == "Last-Event-ID");
        id.map(|(_, id)| id.expose().to_owned())
    };
    assert_eq!(last(&request).as_deref(), Some("4-0"));
    // Nothing new came: the same place again, but not for ever.
    for _ in 1..32 {
        let Progress::Resume(_, request) = exchange.on_stream_end(Some(OutboundFailure::Unreachable)) else { panic!() };
        assert_eq!(last(&request).as_deref(), Some("4-0"));
    }
    assert!(matches!(exchange.on_stream_end(None), Progress::Failed(_)));
    for (link, begun) in [(Link::Modern, "id: 4-0\ndata:\n\n"), (legacy(), "data: \n\n")] {
        let mut exchange = attended(&upstream, link);
        exchange.on_piece(begun.as_bytes());
        assert!(matches!(exchange.on_stream_end(None), Progress::Failed(_)));
    }
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
