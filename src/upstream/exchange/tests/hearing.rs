//! What is said on a stream before the answer, and giving a request up.

use super::{
    Answer, Ask, AskMethod, Errand, Exchange, Heard, Lifetime, Link, OutboundAnswer, OutboundFailure, OutboundRequest,
    Outcome, Progress, ProtocolBreach, Upstream, UpstreamProblem, ask, legacy, sent, text, upstream,
};
use serde_json::{Map, Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

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
    assert!(!exchange.is_answered());
    let done = event(&json!({"jsonrpc": "2.0", "id": 100, "result": text("x")}));
    let heard = exchange.on_piece(&[done, event(&progress(100))].concat());
    assert!(matches!(heard.as_slice(), [Heard::Done(Outcome::Answered(Answer::Result(_)))]) && exchange.is_answered());
}

fn problem(heard: &[Heard]) -> &UpstreamProblem {
    let Some(Heard::Failed(failure)) = heard.last() else { panic!("{} things heard", heard.len()) };
    &failure.problem
}

#[test]
fn a_stream_that_goes_on_without_its_answer_ends_after_ten_thousand_messages() {
    let upstream = upstream();
    let mut exchange = attended(&upstream, legacy());
    let some = event(&json!({"jsonrpc": "2.0", "method": "notifications/x"})).repeat(1_000);
    for _ in 0..10 {
        assert!(exchange.on_piece(&some).iter().all(|heard| matches!(heard, Heard::Notice(_))));
    }
    let more = event(&json!({"jsonrpc": "2.0", "method": "notifications/x"}));
    assert_eq!(*problem(&exchange.on_piece(&more)), ProtocolBreach::EndlessStream.into());
}

#[test]
fn a_notification_has_256_kilobytes_at_most_and_an_answer_what_every_answer_has() {
    let upstream = upstream();
    let long = "x".repeat(300 * 1024);
    let mut exchange = attended(&upstream, legacy());
    let answer = event(&json!({"jsonrpc": "2.0", "id": 100, "result": text(&long)}));
    assert!(matches!(exchange.on_piece(&answer).as_slice(), [Heard::Done(_)]));
    for message in [
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": long}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "roots/list", "params": {"data": long}}),
    ] {
        let mut exchange = attended(&upstream, legacy());
        assert_eq!(*problem(&exchange.on_piece(&event(&message))), UpstreamProblem::TooLarge);
    }
    let mut exchange = attended(&upstream, legacy());
    let endless = [b"data: ".to_vec(), vec![b'x'; 6 * 1024 * 1024]].concat();
    assert_eq!(*problem(&exchange.on_piece(&endless)), UpstreamProblem::TooLarge);
}

/// Whether each request of an errand has a cancellation that names it, as it is sent.
fn cancellable(link: Option<Link>, errand: Errand, answers: &[Value]) -> Vec<(String, bool)> {
    let upstream = upstream();
    let mut exchange = Exchange::new(&upstream, link, errand, 100, Lifetime::from_seconds(10));
    let (mut found, mut answers) = (Vec::new(), answers.iter());
    let mut progress = exchange.begin();
    while let Progress::Send(request) = progress {
        let message = sent(&request);
        let cancellation = exchange.cancellation().map(|cancellation| sent(&cancellation.request()));
        if let Some(cancellation) = &cancellation {
            assert_eq!(cancellation["method"], "notifications/cancelled");
            assert_eq!(cancellation["params"], json!({"requestId": message["id"]}));
        }
        assert!(!exchange.is_answered());
        found.push((message["method"].as_str().unwrap().to_owned(), cancellation.is_some()));
        let answer = answers.next().ok_or(OutboundFailure::Timeout).map(|result| {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            let body = json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string().into_bytes();
            OutboundAnswer { status: 200, headers, body }
        });
        let came = answer.is_ok();
        progress = exchange.on_answer(answer);
        assert!(came || !exchange.is_answered(), "what was not answered is given up");
    }
    found
}

#[test]
fn every_request_of_an_older_session_can_be_cancelled_but_its_handshake_and_no_other_request() {
    let call = || Errand::Ask(Box::new(ask(AskMethod::CallTool, &json!({"name": "t"}))));
    let shown = |found: Vec<(String, bool)>| -> Vec<String> {
        found.into_iter().map(|(method, is)| format!("{}{method}", if is { "+" } else { "-" })).collect()
    };
    let agreed = json!({"protocolVersion": "2025-11-25", "capabilities": {"prompts": {}}});
    let anything = json!({});
    let handshake = [anything.clone(), agreed.clone(), anything.clone()];
    let begun = ["-server/discover", "-initialize", "-notifications/initialized"];
    assert_eq!(shown(cancellable(None, call(), &handshake)), [&begun[..], &["+tools/call"]].concat());
    let listed = [&handshake[..], &[json!({"tools": []})]].concat();
    let lists = ["+tools/list", "+prompts/list"];
    assert_eq!(shown(cancellable(None, Errand::Survey, &listed)), [&begun[..], &lists].concat());
    assert_eq!(shown(cancellable(Some(Link::Modern), call(), &[])), ["-tools/call"]);
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
