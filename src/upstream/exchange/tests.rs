//! The machine from outside, stage by stage, and what the tests of the stages share.

use super::{Answer, Errand, Exchange, Heard, Outcome, Progress};
use crate::credential::held::{Carries, Held, Withheld};
use crate::id::UpstreamId;
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest, Reach};
use crate::time::Lifetime;
use crate::upstream::ask::{Ask, AskMethod};
use crate::upstream::link::{LegacyLink, Link};
use crate::upstream::survey::Survey;
use crate::upstream::{ProtocolBreach, UnusableReason, Upstream, UpstreamFailure, UpstreamProblem};
use serde_json::{Value, json};
use std::rc::Rc;

mod answering;
mod discovering;
mod hearing;
mod listing;
mod sessions;

fn upstream() -> Upstream {
    Upstream::new(
        UpstreamId::parse("u").unwrap(),
        "files",
        "https://tools.example.com/mcp/KEY",
        Held::default(),
        Reach::Public,
    )
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
fn an_upstream_that_cannot_be_shown_what_it_wants_is_not_asked() {
    let page = "https://gw.example.com/account/connections";
    for (why, leads) in [
        (Withheld::OtherOrigin, None),
        (Withheld::ServerAway, None),
        (Withheld::ConnectFirst { page: page.to_owned() }, Some(page)),
    ] {
        let credential = Held::default().with(Carries::Withheld(why.clone()));
        let upstream = Upstream { credential, ..upstream() };
        for errand in [call(), Errand::Survey] {
            let link = Some(Link::Modern);
            let mut exchange = Exchange::new(&upstream, link, errand, 100, Lifetime::from_seconds(10));
            let Progress::Failed(failure) = exchange.begin() else { panic!("it was asked") };
            assert_eq!(failure.problem.page(), leads);
            assert_eq!(failure.problem, UpstreamProblem::Withheld(why.clone()));
        }
    }
}
