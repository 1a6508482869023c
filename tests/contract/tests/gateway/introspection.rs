//! Asking about a token (RFC 7662): what is said of a good one, and how little of every other.

use crate::{gateway, logged_in};
use gateway_contract::client::{Answer, Tokens, send};
use gateway_contract::seed::Tools;
use gateway_contract::token::with_part;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/auth/introspect";
const FORM: &str = "application/x-www-form-urlencoded";

/// Posts a body of some type to some path with an access token.
async fn post(access: &str, path: &str, content: Option<&str>, body: String) -> Answer {
    let mut request = gateway().request(Method::POST, path).bearer_auth(access).body(body);
    if let Some(content) = content {
        request = request.header("content-type", content);
    }
    send(request).await
}

#[track_caller]
fn is_inactive(what: &str, answer: &Answer) {
    assert_eq!(answer.status, 200, "{what}: {}", answer.text());
    assert_eq!(answer.media_type(), "application/json", "{what}");
    assert_eq!(answer.must("cache-control"), "no-store", "{what}");
    assert_eq!(answer.text(), r#"{"active":false}"#, "{what}");
}

#[tokio::test]
async fn a_good_token_is_told_to_its_own_tenant_with_its_entropy() {
    let (user, reader) = logged_in(Tools::Own).await;
    let asked = gateway().login(&user).await;
    let answer = gateway().introspect(&reader.access, &asked.access).await;
    let told = answer.json(200);
    assert_eq!(answer.must("cache-control"), "no-store");
    assert!(answer.header("ratelimit").is_some(), "asking counts as a call: {answer:?}");
    let claims = asked.claims();
    assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("Bearer")), "{told}");
    for name in ["scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "tenant"] {
        assert!(!told[name].is_null() && told[name] == claims[name], "{name}: {told}");
    }
    assert_eq!((&told["username"], &told["tenant"]), (&json!(user.username), &json!(user.tenant)));
    assert!(told["entropy"]["label"].is_string(), "{told}");
    assert_eq!(told["entropy"], claims["ent"]);
    let me = gateway().get_as(&asked.access, "/auth/me").await.json(200);
    assert_eq!(told["entropy"], me["entropy"]);
    let itself = gateway().introspect(&reader.access, &reader.access).await.json(200);
    assert_eq!((&itself["active"], &itself["jti"]), (&json!(true), &reader.claims()["jti"]));
    let body = format!("token={}&token_type_hint=refresh_token&resource=x", asked.access);
    let hinted = post(&reader.access, PATH, Some(FORM), body).await.json(200);
    assert_eq!(hinted, told, "neither the hint nor what is unknown changes anything");
}

#[tokio::test]
async fn a_token_is_inactive_as_soon_as_its_session_has_ended() {
    let (user, reader) = logged_in(Tools::Own).await;
    let asked = gateway().login(&user).await;
    assert_eq!(gateway().introspect(&reader.access, &asked.access).await.json(200)["active"], true);
    assert_eq!(gateway().post_as(&asked.access, "/auth/logout", &json!({})).await.status, 204);
    is_inactive("logged out", &gateway().introspect(&reader.access, &asked.access).await);
    assert_eq!(gateway().introspect(&reader.access, &reader.access).await.json(200)["active"], true);
}

#[tokio::test]
async fn what_is_no_good_token_of_the_tenant_looks_all_alike() {
    let (_, reader) = logged_in(Tools::Own).await;
    let (_, stranger) = logged_in(Tools::Own).await;
    let altered = |name: &str, value: Value| {
        let mut claims = reader.claims();
        claims[name] = value;
        with_part(&reader.access, 1, &claims)
    };
    let stranger_in = altered("tenant", stranger.claims()["tenant"].clone());
    for (what, token) in [
        ("garbage", "garbage".to_owned()),
        ("dots", "a.b.c".to_owned()),
        ("no text", "%00%ff".to_owned()),
        ("too long", "x".repeat(100_000)),
        ("a refresh token", reader.refresh.clone()),
        ("another tenant's", stranger.access.clone()),
        ("another tenant's refresh token", stranger.refresh.clone()),
        ("another tenant in the claims", stranger_in),
        ("another issuer", altered("iss", json!("https://issuer.example.com"))),
        ("expired", altered("exp", json!(1))),
        (
            "another signature",
            stranger.access.rsplit_once('.').map_or_else(String::new, |(_, signature)| {
                format!("{}.{signature}", reader.access.rsplit_once('.').map_or("", |(signed, _)| signed))
            }),
        ),
    ] {
        is_inactive(what, &gateway().introspect(&reader.access, &token).await);
    }
    assert_eq!(gateway().introspect(&stranger.access, &stranger.access).await.json(200)["active"], true);
}

#[tokio::test]
async fn nobody_asks_about_a_token_without_a_good_one() {
    let (user, tokens) = logged_in(Tools::Own).await;
    let body = format!("token={}", tokens.access);
    let anonymous = gateway().request(Method::POST, PATH).header("content-type", FORM).body(body.clone());
    let anonymous = send(anonymous).await;
    anonymous.problem(401);
    let challenge = anonymous.must("www-authenticate");
    assert!(challenge.starts_with("Bearer") && !challenge.contains("error="), "{challenge}");
    let query = format!("{PATH}?access_token={}", tokens.access);
    send(gateway().request(Method::POST, &query).header("content-type", FORM).body(body)).await.problem(401);
    for bad in ["garbage", &tokens.refresh] {
        let refused = gateway().introspect(bad, &tokens.access).await;
        refused.problem(401);
        assert!(refused.must("www-authenticate").contains("invalid_token"));
    }
    let ended = gateway().login(&user).await;
    assert_eq!(gateway().post_as(&ended.access, "/auth/logout", &json!({})).await.status, 204);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    gateway().introspect(&ended.access, &tokens.access).await.problem(401);
}

/// Every body is refused, and the refusal repeats no token.
async fn refuse_all(tokens: &Tokens, cases: Vec<(&str, Option<&str>, String, u16)>) {
    for (path, content, body, status) in cases {
        let refused = post(&tokens.access, path, content, body).await;
        refused.problem(status);
        assert!(!refused.text().contains(&tokens.access), "{path}: {content:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_form_with_one_token_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let token = format!("token={}", tokens.access);
    let in_query = format!("{PATH}?{token}");
    let cases = vec![
        (PATH, None, token.clone(), 415),
        (PATH, Some("text/plain"), token.clone(), 415),
        (PATH, Some("application/json"), json!({"token": tokens.access}).to_string(), 415),
        (PATH, Some("multipart/form-data; boundary=x"), token.clone(), 415),
        (PATH, Some(FORM), String::new(), 400),
        (PATH, Some(FORM), "token=".to_owned(), 400),
        (PATH, Some(FORM), "token_type_hint=access_token".to_owned(), 400),
        (PATH, Some(FORM), format!("{token}&{token}"), 400),
        (PATH, Some(FORM), format!("{token}&token=other"), 400),
        (PATH, Some(FORM), format!("token={}", "x".repeat(1024 * 1024)), 413),
        // A token in the address is not looked at.
        (&in_query, Some(FORM), String::new(), 400),
    ];
    refuse_all(&tokens, cases).await;
    let other = post(&tokens.access, &in_query, Some(FORM), "token=garbage".to_owned()).await;
    is_inactive("a good token in the address, another in the body", &other);
    let asked = send(gateway().request(Method::GET, &in_query).bearer_auth(&tokens.access)).await;
    asked.problem(405);
    assert_eq!(asked.must("allow"), "POST, OPTIONS");
}
