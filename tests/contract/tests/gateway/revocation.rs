//! Logging out: refused within a second, and for ever after.

use crate::{gateway, legacy, logged_in, modern};
use gateway_contract::client::send;
use gateway_contract::seed::Tools;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_revoked_token_is_refused_within_a_second_and_for_ever() {
    let (user, tokens) = logged_in(Tools::Own).await;
    let other = gateway().login(&user).await;
    // The isolate now holds a lease for this principal: the revocation has to reach behind it.
    gateway().execute(&tokens.access, "server_time", &json!({})).await.json(200);
    let answer = gateway().post_as(&tokens.access, "/auth/logout", &json!({})).await;
    let answer = if answer.status == 204 { answer } else { panic!("{}", answer.text()) };
    assert!(answer.body.is_empty());
    let logout = Instant::now();
    let mut last_admitted = None;
    while logout.elapsed() < Duration::from_secs(3) {
        let asked = logout.elapsed();
        match gateway().execute(&tokens.access, "server_time", &json!({})).await.status {
            200 => last_admitted = Some(asked),
            401 | 429 => {}
            status => panic!("{status}"),
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert!(
        last_admitted.is_none_or(|asked| asked < Duration::from_secs(1)),
        "admitted {last_admitted:?} after logout"
    );
    gateway().get_as(&tokens.access, "/auth/me").await.problem(401);
    gateway().get_as(&tokens.access, "/mcp/tools").await.problem(401);
    assert_eq!(modern(&tokens.access, "tools/list", json!({})).await.status, 401);
    assert_eq!(legacy(&tokens.access, "ping", json!({})).await.status, 401);
    gateway().try_refresh(&tokens.refresh).await.problem(401);
    gateway().post_as(&tokens.access, "/auth/logout", &json!({})).await.problem(401);
    assert!(gateway().is_let_in(&other.access).await, "the other session must live on");
}

#[tokio::test]
async fn a_refreshed_session_ends_with_all_its_tokens() {
    let (_, first) = logged_in(Tools::Own).await;
    let second = gateway_contract::client::Tokens::read(&gateway().try_refresh(&first.refresh).await);
    assert_eq!(gateway().post_as(&second.access, "/auth/logout", &json!({})).await.status, 204);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for tokens in [&first, &second] {
        assert!(!gateway().is_let_in(&tokens.access).await);
        gateway().try_refresh(&tokens.refresh).await.problem(401);
    }
}

#[tokio::test]
async fn a_logout_needs_no_body_and_a_good_token() {
    let (_, tokens) = logged_in(Tools::Own).await;
    gateway().post("/auth/logout", &json!({})).await.problem(401);
    assert!(gateway().is_let_in(&tokens.access).await);
    let answer = send(gateway().request(Method::POST, "/auth/logout").bearer_auth(&tokens.access)).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
}
