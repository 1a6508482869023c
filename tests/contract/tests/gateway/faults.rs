//! Tool servers that do everything wrong that can be done wrong over HTTP: each is one clear error within its deadline, and
//! nobody else's tools suffer.

use crate::gateway;
use gateway_contract::client::{Answer, Tokens, send};
use gateway_contract::fake::faulty::{Fault, Frail, INSIDE, faults};
use gateway_contract::seed::{Tools, User};
use gateway_contract::team::Team;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The longest a call may take by the defaults (30 s), and what that takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(50);

/// A user whose tenant has these tool servers from its first request on.
async fn with(upstreams: &[(&str, String)]) -> (User, Tokens) {
    let user = gateway().user(Tools::Own);
    for (name, url) in upstreams {
        gateway().upstream(&user, name, url);
    }
    let tokens = gateway().login(&user).await;
    (user, tokens)
}

/// Has answers of a tenant's servers given again.
fn reuse(tenant: &str, seconds: u32) {
    gateway().sql(&format!("UPDATE upstreams SET cache_seconds = {seconds} WHERE tenant_id = '{tenant}'"));
}

async fn call(access: &str, tool: &str, mark: &str) -> Answer {
    gateway().execute(access, tool, &json!({"mark": mark})).await
}

/// What a call of [`Frail`] was answered: how many calls there were before it.
#[track_caller]
fn before(answer: &Answer) -> u64 {
    let body = answer.json(200);
    body["result"]["before"].as_u64().unwrap_or_else(|| panic!("{body}"))
}

/// The status and a part of the words that a fault must be told with.
const fn told(fault: Fault) -> (u16, &'static str) {
    match fault {
        Fault::Hang | Fault::Stall | Fault::StallStream | Fault::Drip | Fault::Trickle => (504, "in time"),
        Fault::Endless | Fault::Bomb | Fault::LongEvent => (502, "more than is allowed"),
        Fault::Cut | Fault::Headers => (502, "could not be reached"),
        Fault::Short | Fault::Garble => (502, "not well-formed"),
        Fault::Crash => (502, "HTTP status 500"),
        Fault::Absurd => (502, "HTTP status 503"),
        Fault::Swap => (502, "the request's id"),
        Fault::Both => (502, "not a JSON-RPC response"),
        // Whichever bound comes first: the size of an answer, or the number of its messages.
        Fault::Chatter => (502, ""),
        Fault::ToPrivate | Fault::ToLoopback => (502, "redirect"),
    }
}

#[tokio::test]
async fn every_fault_is_one_clear_error_in_time_while_another_server_goes_on_answering() {
    let (server, frail) = (faults(), Frail::start());
    let mut upstreams: Vec<(&str, String)> =
        Fault::ALL.iter().map(|(_, path)| (*path, server.url(&format!("/{path}")))).collect();
    upstreams.push(("fine", frail.server.url("/mcp")));
    let (_, tokens) = with(&upstreams).await;
    let mut calls = JoinSet::new();
    for (fault, path) in Fault::ALL {
        let access = tokens.access.clone();
        calls.spawn(async move {
            let start = Instant::now();
            let answer = call(&access, &format!("{path}__go"), path).await;
            let took = start.elapsed();
            assert!(took < DEADLINE, "{fault:?} took {took:?}");
            let ((status, words), text) = (told(fault), answer.text());
            let problem = answer.problem(status);
            let detail = problem["detail"].as_str().expect("words");
            assert!(detail.contains(path) && detail.contains(words), "{fault:?}: {text}");
            assert!(!text.contains("hunter2") && answer.header("retry-after").is_none(), "{fault:?}: {answer:?}");
            took
        });
        // Stay below the rate limit.
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
    let mut answers = 0;
    while !calls.is_empty() {
        let start = Instant::now();
        call(&tokens.access, "fine__go", "meanwhile").await.json(200);
        assert!(start.elapsed() < Duration::from_secs(8), "the other server's tool took {:?}", start.elapsed());
        answers += 1;
        while let Some(ended) = calls.try_join_next() {
            ended.unwrap_or_else(|error| panic!("{error}"));
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    assert!(answers >= 3, "{answers} calls were answered meanwhile");
    let called = |path: &str| {
        let calls = server.asked().into_iter().filter(|request| request.json()["method"] == "tools/call");
        calls.filter(|request| request.path == format!("/{path}")).count()
    };
    for (fault, path) in Fault::ALL {
        assert_eq!(called(path), 1, "{fault:?}: what may change something is not sent again");
    }
    assert!(!server.asked().iter().any(|request| request.path == "/elsewhere"), "a redirect is not followed");
    let shown = gateway().lines().into_iter().find(|line| line.contains("hunter2"));
    assert_eq!(shown, None, "{INSIDE:?} is in the log");
}

#[tokio::test]
async fn a_server_that_keeps_failing_is_left_alone_until_a_harmless_question_is_answered() {
    let (frail, fine) = (Frail::start(), Frail::start());
    let (user, tokens) = with(&[("frail", frail.server.url("/mcp")), ("fine", fine.server.url("/mcp"))]).await;
    call(&tokens.access, "frail__go", "well").await.json(200);
    frail.is_ill(true);
    for _ in 0..5 {
        call(&tokens.access, "frail__go", "ill").await.problem(502);
    }
    let asked = frail.server.asked().len();
    let refused = call(&tokens.access, "frail__go", "refused").await;
    let problem = refused.problem(503);
    assert!(problem["type"].as_str().unwrap().ends_with(":upstream-away"), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("frail") && detail.contains("retry after"), "{problem}");
    let wait: u64 = refused.must("retry-after").parse().unwrap();
    assert!((1..=6).contains(&wait), "{wait}");
    let message = crate::modern(&tokens.access, "tools/call", json!({"name": "frail__go"})).await.json(200);
    let words = message["result"]["content"][0]["text"].as_str().unwrap_or_default();
    assert!(message["result"]["isError"] == true && words.contains("retry after"), "{message}");
    assert_eq!(frail.server.asked().len(), asked, "nothing was sent");
    call(&tokens.access, "fine__go", "well").await.json(200);
    let line = gateway().lines().into_iter().find(|line| line.contains(&user.tenant) && line.contains("left alone"));
    assert!(line.is_some_and(|line| line.contains("frail")), "the log says nothing of it");
    // A probe that fails keeps it shut, and is no call.
    tokio::time::sleep(Duration::from_millis(6_200)).await;
    call(&tokens.access, "frail__go", "probed").await.problem(502);
    assert_eq!(frail.methods().last().map(String::as_str), Some("server/discover"));
    frail.is_ill(false);
    let start = Instant::now();
    while call(&tokens.access, "frail__go", "healed").await.status != 200 {
        assert!(start.elapsed() < Duration::from_secs(20), "it is not asked again");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let methods = frail.methods();
    let last_three: Vec<&str> = methods.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(last_three, ["tools/call", "server/discover"], "{methods:?}");
    let count = |mark: &str| frail.calls("go", mark);
    assert_eq!(["ill", "refused", "probed", "healed"].map(count), [5, 0, 0, 1]);
}

#[tokio::test]
async fn a_read_whose_connection_breaks_is_made_once_more_and_nothing_else_is() {
    let frail = Frail::start();
    let (_, tokens) = with(&[("frail", frail.server.url("/mcp"))]).await;
    call(&tokens.access, "frail__flaky", "read").await.json(200);
    assert_eq!(frail.calls("flaky", "read"), 2);
    frail.is_ill(true);
    call(&tokens.access, "frail__peek", "ill").await.problem(502);
    assert_eq!(frail.calls("peek", "ill"), 1, "a status of 500 does not pass by itself");
}

#[tokio::test]
async fn an_answer_is_given_again_to_its_user_and_a_public_one_to_its_tenant_and_neither_to_another_tenant() {
    let frail = Frail::start();
    let (team, stranger) = (Team::new(), gateway().user(Tools::Own));
    let url = frail.server.url("/mcp");
    gateway().upstream(&stranger, "frail", &url);
    gateway().upstream(&team.member("owner"), "frail", &url);
    reuse(team.tenant(), 600);
    reuse(&stranger.tenant, 600);
    let (ada, bob) = (team.token("developer").await, team.token("other").await);
    let eve = gateway().login(&stranger).await.access;
    let mark = format!("cache-{}", team.tenant());
    let own = before(&call(&ada, "frail__peek", &mark).await);
    assert_eq!(before(&call(&ada, "frail__peek", &mark).await), own);
    assert_ne!(before(&call(&bob, "frail__peek", &mark).await), own, "another user's");
    assert_ne!(before(&call(&eve, "frail__peek", &mark).await), own, "another tenant's");
    assert_ne!(before(&call(&ada, "frail__peek", "another mark").await), own, "other arguments");
    let shared = before(&call(&ada, "frail__shared", &mark).await);
    assert_eq!(before(&call(&bob, "frail__shared", &mark).await), shared);
    assert_ne!(before(&call(&eve, "frail__shared", &mark).await), shared, "another tenant's");
    let once = before(&call(&ada, "frail__go", &mark).await);
    assert_ne!(before(&call(&ada, "frail__go", &mark).await), once, "what may change something is always asked");
    let failing = json!({"mark": mark, "fail": true});
    let failed = async || gateway().execute(&ada, "frail__peek", &failing).await.json(200);
    let first = failed().await;
    assert!(first["success"] == false && first != failed().await, "errors are not kept: {first}");
}

#[tokio::test]
async fn those_who_read_the_same_at_once_share_one_request() {
    let frail = Frail::start();
    let (user, _) = with(&[("frail", frail.server.url("/mcp"))]).await;
    reuse(&user.tenant, 600);
    // From a login after the row was changed.
    let access = gateway().login(&user).await.access;
    tokio::time::sleep(Duration::from_secs(6)).await;
    call(&access, "frail__peek", "warm").await.json(200);
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let access = access.clone();
        calls.spawn(async move { before(&call(&access, "frail__slow", "same").await) });
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(frail.calls("slow", "same"), 1);
}

/// A call with an idempotency key.
async fn keyed(access: &str, arguments: &Value, key: &str) -> Answer {
    let body = json!({"tool": "frail__go", "arguments": arguments});
    let request = gateway().request(Method::POST, "/mcp/execute").bearer_auth(access).json(&body);
    send(request.header("idempotency-key", key)).await
}

#[tokio::test]
async fn a_call_with_an_idempotency_key_is_made_once_and_answered_alike() {
    let frail = Frail::start();
    let (_, tokens) = with(&[("frail", frail.server.url("/mcp"))]).await;
    let access = tokens.access.as_str();
    let first = keyed(access, &json!({"mark": "once"}), "k-1").await.json(200);
    assert_eq!(keyed(access, &json!({"mark": "once"}), "k-1").await.json(200), first);
    assert_eq!(frail.calls("go", "once"), 1);
    let reused = keyed(access, &json!({"mark": "other"}), "k-1").await.problem(422);
    assert!(reused["type"].as_str().unwrap().ends_with(":idempotency-key-reused"), "{reused}");
    assert_ne!(keyed(access, &json!({"mark": "once"}), "k-2").await.json(200), first, "another key is another call");
    keyed(access, &json!({"mark": "bad key"}), "").await.problem(400);
    assert_eq!([frail.calls("go", "other"), frail.calls("go", "bad key")], [0, 0]);
    let mut calls = JoinSet::new();
    for _ in 0..6 {
        let access = access.to_owned();
        calls.spawn(async move { keyed(&access, &json!({"mark": "raced"}), "k-3").await.status });
    }
    let statuses = calls.join_all().await;
    assert!(statuses.contains(&200) && statuses.iter().all(|status| matches!(status, 200 | 409)), "{statuses:?}");
    assert_eq!(frail.calls("go", "raced"), 1);
    frail.is_ill(true);
    let failed = keyed(access, &json!({"mark": "failed"}), "k-4").await.problem(502);
    frail.is_ill(false);
    let again = keyed(access, &json!({"mark": "failed"}), "k-4").await.problem(502);
    assert_eq!((&again["detail"], frail.calls("go", "failed")), (&failed["detail"], 1), "it may have been made");
}

#[tokio::test]
async fn a_call_that_was_refused_before_it_was_made_leaves_its_key_free_and_a_key_is_its_users_alone() {
    let frail = Frail::start();
    let team = Team::new();
    gateway().upstream(&team.member("owner"), "frail", &frail.server.url("/mcp"));
    let (ada, bob) = (team.token("developer").await, team.token("other").await);
    let ask = async |access: &str| keyed(access, &json!({"mark": "both"}), "same-key").await;
    let (own, other) = (ask(&ada).await.json(200), ask(&bob).await.json(200));
    assert_ne!(own, other);
    let bad = json!({"tool": "server_time", "arguments": {"no": "such"}});
    let send_bad = async |body: &Value| {
        let request = gateway().request(Method::POST, "/mcp/execute").bearer_auth(&ada).json(body);
        send(request.header("idempotency-key", "free-key")).await
    };
    send_bad(&bad).await.problem(422);
    send_bad(&json!({"tool": "server_time", "arguments": {}})).await.json(200);
}
