//! The bucket of calls: never more than burst + rate × time, never fewer than the burst, and nobody starves.

use crate::{gateway, logged_in, modern};
use gateway_contract::client::Answer;
use gateway_contract::seed::Tools;
use serde_json::json;
use std::time::{Duration, Instant};

const BURST: usize = 20;
const PER_SECOND: f64 = 10.0;

/// Calls in parallel: the answers, and the time from the first request to the last answer.
async fn storm(access: &str, calls: usize) -> (Vec<Answer>, Duration) {
    let start = Instant::now();
    let mut storm = tokio::task::JoinSet::new();
    for _ in 0..calls {
        let access = access.to_owned();
        storm.spawn(async move { gateway().execute(&access, "server_time", &json!({})).await });
    }
    (storm.join_all().await, start.elapsed())
}

#[tokio::test]
async fn of_200_parallel_calls_as_many_are_admitted_as_the_bucket_holds() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let (_, neighbour) = logged_in(Tools::Own).await;
    let (answers, elapsed) = storm(&tokens.access, 200).await;
    let admitted = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 429)), "{answers:#?}");
    let most = 20.0 + PER_SECOND * elapsed.as_secs_f64();
    assert!(admitted >= BURST, "{admitted} admitted of a burst of {BURST}");
    #[expect(clippy::cast_precision_loss, reason = "a count under 200")]
    let counted = admitted as f64;
    assert!(counted <= most.floor(), "{admitted} admitted in {elapsed:?}, at most {most}");
    let refused = answers.iter().find(|answer| answer.status == 429).expect("a refused call");
    refused.problem(429);
    let wait: u64 = refused.must("retry-after").parse().expect("seconds");
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(refused.must("ratelimit-policy"), "\"calls\";q=20;w=2");
    let state = refused.must("ratelimit");
    assert!(state.starts_with("\"calls\";r=0;t="), "{state}");
    // One principal's flood is no other's, and the flooded bucket fills again.
    gateway().execute(&neighbour.access, "server_time", &json!({})).await.json(200);
    tokio::time::sleep(Duration::from_secs(wait)).await;
    gateway().execute(&tokens.access, "server_time", &json!({})).await.json(200);
}

#[tokio::test]
async fn a_second_session_of_the_same_user_has_no_second_bucket() {
    let (user, first) = logged_in(Tools::Own).await;
    let second = gateway().login(&user).await;
    let start = Instant::now();
    let ((one, _), (other, _)) = tokio::join!(storm(&first.access, 40), storm(&second.access, 40));
    let elapsed = start.elapsed().as_secs_f64();
    let admitted = one.iter().chain(&other).filter(|answer| answer.status == 200).count();
    #[expect(clippy::cast_precision_loss, reason = "a count under 80")]
    let counted = admitted as f64;
    assert!(counted <= 20.0 + PER_SECOND * elapsed, "{admitted} admitted in {elapsed} s");
}

#[tokio::test]
async fn a_call_through_the_protocol_draws_from_the_same_bucket() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let start = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for round in 0..120 {
        let access = tokens.access.clone();
        calls.spawn(async move {
            if round % 2 == 0 {
                return gateway().execute(&access, "server_time", &json!({})).await;
            }
            modern(&access, "tools/call", json!({"name": "server_time", "arguments": {}})).await
        });
    }
    let answers = calls.join_all().await;
    let admitted = answers.iter().filter(|answer| answer.status == 200).count();
    let most = 20.0 + PER_SECOND * start.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count under 120")]
    let counted = admitted as f64;
    assert!(counted <= most, "{admitted} calls over both faces were admitted, at most {most}");
    let protocol = |answer: &&Answer| answer.status == 429 && answer.media_type() == "application/json";
    let answer = answers.iter().find(protocol).expect("a call refused in the protocol's own form");
    assert!(answer.must("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1));
    let message = answer.message();
    assert_eq!((&message["id"], &message["error"]["code"]), (&json!(7), &json!(429)), "{message}");
    assert!(message["error"]["data"]["retryAfterMs"].is_u64(), "{message}");
}

#[tokio::test]
async fn a_steady_stream_of_calls_is_admitted_at_the_rate_and_never_above_it() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let start = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let access = tokens.access.clone();
        workers.spawn(async move {
            let mut admitted = 0_u32;
            while start.elapsed() < Duration::from_secs(4) {
                match gateway().execute(&access, "server_time", &json!({})).await.status {
                    200 => admitted += 1,
                    429 => tokio::time::sleep(Duration::from_millis(50)).await,
                    status => panic!("{status}"),
                }
            }
            admitted
        });
    }
    let admitted: u32 = workers.join_all().await.into_iter().sum();
    let most = 20.0 + PER_SECOND * start.elapsed().as_secs_f64();
    assert!(f64::from(admitted) <= most, "{admitted} admitted, at most {most}");
    assert!(f64::from(admitted) >= most / 2.0, "{admitted} admitted of {most}: callers starve");
}
