//! The login contract.

use crate::{gateway, logged_in};
use gateway_contract::client::{Tokens, send};
use gateway_contract::seed::{PASSWORD, Tools, disabled_colleague};
use gateway_contract::token;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_login_gives_both_tokens_and_their_facts() {
    let user = gateway().user(Tools::Own);
    let answer = gateway().try_login(&user.username, PASSWORD).await;
    let (tokens, body) = (Tokens::read(&answer), answer.json(200));
    assert_eq!(body["expires_in"], 600);
    assert_eq!(body["scope"], "tools:call tools:read");
    let mut members: Vec<&String> = body.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "scope", "token_type"]);
    let header = token::part(&tokens.access, 0);
    assert_eq!(header["typ"], "at+jwt");
    assert!(matches!(header["alg"].as_str(), Some("EdDSA" | "Ed25519")), "{header}");
    let claims = tokens.claims();
    assert_eq!(claims["iss"], gateway().url(""));
    assert_eq!(claims["sub"], user.id);
    assert_eq!(claims["tenant"], user.tenant);
    assert_eq!(claims["scope"], body["scope"]);
    assert!(claims["client_id"].as_str().is_some_and(|client| !client.is_empty()), "{claims}");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
    assert_eq!(token::decode(claims["jti"].as_str().unwrap()).len(), 32);
    let audience = claims["aud"].as_array().map_or(&claims["aud"], |list| &list[0]);
    assert_eq!(*audience, gateway().url("/mcp"));
}

#[tokio::test]
async fn the_demo_account_logs_in_on_a_developers_machine() {
    let tokens = Tokens::read(&gateway().try_login("demo", "demo123").await);
    let me = gateway().get_as(&tokens.access, "/auth/me").await.json(200);
    assert_eq!(me["username"], "demo");
}

#[tokio::test]
async fn me_says_whose_token_it_is() {
    let (user, tokens) = logged_in(Tools::Own).await;
    let me = gateway().get_as(&tokens.access, "/auth/me").await.json(200);
    assert_eq!((me["sub"].as_str(), me["username"].as_str()), (Some(user.id.as_str()), Some(user.username.as_str())));
    assert_eq!(
        (me["tenant"].as_str(), me["scope"].as_str()),
        (Some(user.tenant.as_str()), Some("tools:call tools:read"))
    );
    assert_eq!(me["expires_at"], tokens.claims()["exp"]);
    assert!(me["session"].as_str().is_some_and(|session| session.len() >= 22), "{me}");
}

#[tokio::test]
async fn two_logins_share_no_token_and_no_session() {
    let (user, first) = logged_in(Tools::Own).await;
    let second = gateway().login(&user).await;
    assert_ne!(first.access, second.access);
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.claims()["jti"], second.claims()["jti"]);
    let session =
        async |tokens: &Tokens| gateway().get_as(&tokens.access, "/auth/me").await.json(200)["session"].clone();
    assert_ne!(session(&first).await, session(&second).await);
}

#[tokio::test]
async fn an_unknown_user_a_wrong_password_and_a_disabled_user_look_the_same() {
    let user = gateway().user(Tools::Own);
    let disabled = disabled_colleague(&user);
    let mut seen: Vec<(Value, Vec<String>)> = Vec::new();
    for (username, password) in [
        (&*user.username, "wrong horse battery staple"),
        ("nobody-of-that-name", PASSWORD),
        (&*disabled.username, PASSWORD),
    ] {
        let answer = gateway().try_login(username, password).await;
        let mut problem = answer.problem(401);
        problem.as_object_mut().unwrap().remove("correlation_id");
        let mut names: Vec<String> = answer.headers.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        assert_eq!(answer.must("cache-control"), "no-store");
        seen.push((problem, names));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
}

#[tokio::test]
async fn a_name_or_password_that_is_almost_right_is_wrong() {
    let user = gateway().user(Tools::Own);
    let (padded, padded_name) = (format!(" {PASSWORD}"), format!("{} ", user.username));
    let (cut, zero) = (&PASSWORD[..PASSWORD.len() - 1], format!("{PASSWORD}\0"));
    for (username, password) in [
        (&*user.username, &*padded),
        (&*user.username, cut),
        (&*user.username, &*zero),
        (&*user.username, ""),
        (&*padded_name, PASSWORD),
        ("' OR '1'='1", PASSWORD),
        ("", PASSWORD),
    ] {
        let status = gateway().try_login(username, password).await.status;
        assert!(matches!(status, 400 | 401), "{username:?} {password:?}: {status}");
    }
    gateway().login(&user).await;
}

#[tokio::test]
async fn an_odd_login_is_refused_for_what_it_is_and_the_next_one_works() {
    let user = gateway().user(Tools::Own);
    let name = &user.username;
    let long = "x".repeat(600);
    let bodies: [(Value, &[u16]); 12] = [
        (json!({"username": name}), &[400]),
        (json!({"password": PASSWORD}), &[400]),
        (json!({"username": name, "password": 12}), &[400]),
        (json!({"username": [name], "password": PASSWORD}), &[400]),
        (json!({"username": {"$ne": ""}, "password": PASSWORD}), &[400]),
        (json!({"username": null, "password": null}), &[400]),
        (json!({"username": name, "password": PASSWORD, "role": "admin"}), &[400]),
        (json!([name, PASSWORD]), &[400]),
        (json!("login"), &[400]),
        (json!({"username": name, "password": long}), &[400, 401]),
        (json!({"username": "n".repeat(5000), "password": PASSWORD}), &[400, 401]),
        (json!({"username": "a\nb\u{202e}c\0", "password": "пароль 🔑"}), &[400, 401]),
    ];
    for (body, statuses) in bodies {
        let answer = gateway().post("/auth/login", &body).await;
        assert!(statuses.contains(&answer.status), "{body}: {}", answer.text());
        answer.problem(answer.status);
    }
    for (kind, body) in [
        ("application/x-www-form-urlencoded", format!("username={name}&password=x")),
        ("text/plain", json!({"username": name, "password": PASSWORD}).to_string()),
    ] {
        let request = gateway().request(Method::POST, "/auth/login").header("content-type", kind).body(body);
        send(request).await.problem(415);
    }
    gateway().login(&user).await;
}

#[tokio::test]
async fn credentials_in_the_address_are_no_login() {
    let user = gateway().user(Tools::Own);
    let path = format!("/auth/login?username={}&password=correct%20horse%20battery%20staple", user.username);
    let answer = gateway().post(&path, &json!({})).await;
    assert!(matches!(answer.status, 400 | 404), "{}", answer.text());
}

/// The statuses of wrong logins, one after the other.
async fn guesses(username: &str, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(gateway().try_login(username, "wrong horse battery staple").await.status);
    }
    statuses
}

#[tokio::test]
async fn guessing_is_slowed_down_for_users_that_are_there_and_users_that_are_not() {
    let user = gateway().user(Tools::Own);
    let known = guesses(&user.username, 11).await;
    assert_eq!(known, [vec![401; 10], vec![429]].concat());
    assert_eq!(guesses(&format!("not-{}", user.username), 11).await, known);
    // The right password has to wait as well, and then it works: the account is not locked.
    let answer = gateway().try_login(&user.username, PASSWORD).await;
    if answer.status == 429 {
        let seconds: u64 = answer.must("retry-after").parse().expect("seconds");
        assert!((1..=2).contains(&seconds), "{seconds}");
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
        gateway().login(&user).await;
    }
    // The right password clears the count.
    assert_eq!(guesses(&user.username, 1).await, [401]);
}

#[tokio::test]
async fn guesses_in_parallel_are_counted_before_they_are_checked() {
    let user = gateway().user(Tools::Own);
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let username = user.username.clone();
        guesses.spawn(async move { gateway().try_login(&username, "wrong horse battery staple").await.status });
    }
    let statuses = guesses.join_all().await;
    let checked = statuses.iter().filter(|status| **status == 401).count();
    assert!(statuses.iter().all(|status| matches!(status, 401 | 429)), "{statuses:?}");
    // Ten are free; a slow run may let one or two more through as the waits of one and two seconds pass.
    assert!((10..=12).contains(&checked), "{checked} of 40 were checked");
}
