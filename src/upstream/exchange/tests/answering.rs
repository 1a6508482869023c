//! What an answer means, and what is told of it.

use super::{
    Answer, Ask, AskMethod, Errand, LegacyLink, Link, Outcome, ProtocolBreach, ask, call, discover, error, legacy, ok,
    run, text,
};
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::log_level::LogLevel;
use crate::upstream::survey::Introduction;
use serde_json::{Value, json};
use std::rc::Rc;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn an_error_keeps_its_code_and_only_words_that_are_meant_for_the_client() {
    let answered_by = |link, code| {
        let (_, outcome, _) = run(Some(link), call(), vec![error(200, code)]);
        let Ok(Outcome::Answered(Answer::Error(error))) = outcome else { panic!("{outcome:?}") };
        (error.code, error.message.contains("KEY"))
    };
    let answered = |code| answered_by(Link::Modern, code);
    // The error that names a page to visit is one of 2025-11-25 only.
    assert_eq!((answered_by(legacy(), -32_042), answered(-32_042)), ((-32_042, true), (-32_603, false)));
    for (code, told) in [(-32_602, (-32_602, true)), (-32_002, (-32_602, true))] {
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
        let offered = ServerCapabilities::read(offered.as_object().unwrap());
        let introduction = Rc::new(Introduction { offered, ..Default::default() });
        Link::Legacy(LegacyLink { introduction, ..link.clone() })
    };
    let loud = || {
        let ask = ask(AskMethod::CallTool, &json!({"name": "t"}));
        Errand::Ask(Box::new(Ask { log_level: Some(LogLevel::Info), attended: true, ..ask }))
    };
    let (methods, _, link) = run(Some(levelled(json!({"logging": {}}))), loud(), vec![ok(json!({})), ok(text("a"))]);
    assert_eq!(methods, ["logging/setLevel", "tools/call"]);
    assert_eq!(run(link, loud(), vec![ok(text("a"))]).0, ["tools/call"]);
    assert_eq!(run(Some(levelled(json!({}))), loud(), vec![ok(text("a"))]).0, ["tools/call"]);
    assert_eq!(run(Some(Link::Modern), loud(), vec![ok(text("a"))]).0, ["tools/call"]);
}

/// A call whose client hears what the upstream says, over this link, already sent.

#[test]
fn a_failure_names_the_upstream_and_neither_its_address_nor_its_words() {
    for answers in [vec![], vec![error(500, 1)], vec![error(400, -32_020)], vec![discover(&["KEY"])]] {
        let failure = run(None, call(), answers).1.unwrap_err();
        let shown = format!("{failure} {failure:?}");
        assert!(shown.contains("files") && !shown.contains("KEY") && !shown.contains("tools.example.com"), "{shown}");
    }
}
