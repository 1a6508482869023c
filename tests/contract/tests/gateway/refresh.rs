//! Refresh tokens: one use each, and a lost answer is survived.

use crate::{gateway, logged_in};
use gateway_contract::client::{Answer, Tokens};
use gateway_contract::seed::Tools;
use serde_json::json;
use std::time::Duration;

/// As long as a revocation may take, and a little more.
const BOUND: Duration = Duration::from_millis(1100);

async fn refresh(tokens: &Tokens) -> Tokens {
    Tokens::read(&gateway().try_refresh(&tokens.refresh).await)
}

async fn refused(tokens: &Tokens) -> Answer {
    let answer = gateway().try_refresh(&tokens.refresh).await;
    answer.problem(401);
    assert_eq!(answer.must("cache-control"), "no-store");
    answer
}

#[tokio::test]
async fn a_refresh_gives_a_new_pair_of_the_same_session() {
    let (_, first) = logged_in(Tools::Own).await;
    let second = refresh(&first).await;
    assert_ne!(first.access, second.access);
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.claims()["jti"], second.claims()["jti"]);
    let session =
        async |tokens: &Tokens| gateway().get_as(&tokens.access, "/auth/me").await.json(200)["session"].clone();
    assert_eq!(session(&second).await, session(&refresh(&second).await).await);
}

#[tokio::test]
async fn an_old_refresh_token_ends_the_session_once_its_successor_was_used() {
    let (_, first) = logged_in(Tools::Own).await;
    let second = refresh(&first).await;
    let third = refresh(&second).await;
    assert!(gateway().is_let_in(&third.access).await);
    refused(&first).await;
    refused(&third).await;
    tokio::time::sleep(BOUND).await;
    for tokens in [&first, &second, &third] {
        assert!(!gateway().is_let_in(&tokens.access).await);
    }
}

#[tokio::test]
async fn a_used_access_token_proves_that_the_answer_arrived() {
    let (_, first) = logged_in(Tools::Own).await;
    let second = refresh(&first).await;
    assert!(gateway().is_let_in(&second.access).await);
    refused(&first).await;
    refused(&second).await;
    tokio::time::sleep(BOUND).await;
    assert!(!gateway().is_let_in(&second.access).await);
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_can_be_repeated_once() {
    let (_, first) = logged_in(Tools::Own).await;
    let lost = refresh(&first).await;
    let second = refresh(&first).await;
    assert!(gateway().is_let_in(&second.access).await);
    tokio::time::sleep(BOUND).await;
    assert!(!gateway().is_let_in(&lost.access).await, "the lost pair must be dead");
    refused(&first).await;
}

#[tokio::test]
async fn the_pair_after_a_repeated_refresh_goes_on() {
    let (_, first) = logged_in(Tools::Own).await;
    refresh(&first).await;
    let second = refresh(&first).await;
    let third = refresh(&second).await;
    assert!(gateway().is_let_in(&third.access).await);
}

#[tokio::test]
async fn twenty_parallel_refreshes_leave_at_most_one_pair_that_works() {
    let (_, first) = logged_in(Tools::Own).await;
    let mut storm = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let refresh = first.refresh.clone();
        storm.spawn(async move { gateway().try_refresh(&refresh).await });
    }
    let answers = storm.join_all().await;
    let given: Vec<Tokens> = answers.iter().filter(|answer| answer.status == 200).map(Tokens::read).collect();
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 401)), "{answers:#?}");
    assert!((1..=2).contains(&given.len()), "{} refreshes of one token succeeded", given.len());
    tokio::time::sleep(BOUND).await;
    let mut alive = Vec::new();
    for tokens in given {
        if gateway().is_let_in(&tokens.access).await {
            alive.push(tokens);
        }
    }
    assert!(alive.len() <= 1, "{} pairs live on", alive.len());
    if let Some(tokens) = alive.first() {
        refresh(tokens).await;
    }
}

#[tokio::test]
async fn a_changed_refresh_token_is_refused_and_hurts_nobody() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let good = &tokens.refresh;
    let mut bad = vec![
        String::new(),
        "mgr_".into(),
        "mgr_a.b.c.d.e".into(),
        format!("{good}."),
        format!("{good}="),
        format!(" {good}"),
        good.to_uppercase(),
        tokens.access.clone(),
        "x".repeat(10_000),
    ];
    for index in (0..good.len()).step_by(good.len() / 12) {
        let other = if good.as_bytes()[index] == b'A' { "B" } else { "A" };
        let mut changed = good.clone();
        changed.replace_range(index..=index, other);
        bad.push(changed);
    }
    for text in bad {
        let status = gateway().try_refresh(&text).await.status;
        assert!(matches!(status, 400 | 401), "{text}: {status}");
    }
    for body in
        [json!({}), json!({"refresh_token": 7}), json!({"refresh_token": null}), json!({"refresh_token": [good]})]
    {
        gateway().post("/auth/refresh", &body).await.problem(400);
    }
    refresh(&tokens).await;
}

#[tokio::test]
async fn a_refresh_token_opens_nothing_but_the_refresh() {
    let (_, tokens) = logged_in(Tools::Own).await;
    assert!(!gateway().is_let_in(&tokens.refresh).await);
    gateway().execute(&tokens.refresh, "server_time", &json!({})).await.problem(401);
}
