//! The whole way of a client: register, send a person to the pages, fetch tokens, use, refresh and give them back.

use crate::{gateway, modern_params};
use gateway_contract::client::{Tokens, send};
use gateway_contract::oauth::{App, Landing, REDIRECT, Visitor, hidden, refused};
use gateway_contract::seed::{Tools, User, colleague};
use reqwest::Method;
use serde_json::json;

async fn app() -> App {
    App::register(gateway(), json!({})).await
}

fn person() -> User {
    gateway().user(Tools::Own)
}

async fn works(tokens: &Tokens) -> bool {
    let answer = gateway().get_as(&tokens.access, "/auth/me").await;
    assert!(matches!(answer.status, 200 | 401), "{}", answer.text());
    answer.status == 200
}

#[tokio::test]
async fn a_client_registers_asks_and_calls() {
    let (app, user) = (app().await, person());
    let visitor = Visitor::new(gateway());
    let login = visitor.get(&app.request(&[])).await;
    assert!(login.text().contains("to continue to <bdi class=\"name\">Contract</bdi>"), "{}", login.text());
    let consent = visitor.ask(&app.request(&[]), &user).await;
    for told in ["Contract", "Nobody has checked", "127.0.0.1", "any program on this computer", &user.username] {
        assert!(consent.text().contains(told), "{told}: {}", consent.text());
    }
    let landing = Landing::of(&visitor.decide(&consent, "allow").await);
    assert_eq!(landing.place, REDIRECT);
    assert_eq!(landing.find("state"), Some("a b&c=\u{e9}"), "to the letter");
    assert_eq!(landing.find("iss"), Some(gateway().url("").as_str()));
    let tokens = Tokens::read(&app.redeem(landing.find("code").expect("a code"), &[]).await);
    let claims = tokens.claims();
    assert_eq!((claims["client_id"].as_str(), claims["sub"].as_str()), (Some(app.id.as_str()), Some(user.id.as_str())));
    assert_eq!(claims["aud"], gateway().url("/mcp"));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": modern_params(json!({}))});
    let request = gateway().request(Method::POST, "/mcp").bearer_auth(&tokens.access).json(&body);
    let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/list");
    let answer = send(request.header("accept", "application/json, text/event-stream")).await;
    assert!(answer.message()["result"]["tools"].as_array().is_some_and(|tools| !tools.is_empty()), "{}", answer.text());
}

#[tokio::test]
async fn who_says_no_sends_the_client_away_without_a_code() {
    let (app, user) = (app().await, person());
    let visitor = Visitor::new(gateway());
    let page = visitor.ask(&app.request(&[]), &user).await;
    let landing = Landing::of(&visitor.decide(&page, "deny").await);
    assert_eq!((landing.find("error"), landing.find("code")), (Some("access_denied"), None));
    assert_eq!(landing.find("iss"), Some(gateway().url("").as_str()));
    let again = visitor.decide(&page, "allow").await;
    assert_eq!(again.status, 400, "the page was answered: {}", again.text());
}

#[tokio::test]
async fn tokens_are_refreshed_narrowed_and_given_back() {
    let (app, user) = (app().await, person());
    let first = app.tokens(&user, &[]).await;
    let second = Tokens::read(&app.refresh(&first.refresh, &[("scope", "tools:read")]).await);
    assert_eq!(second.claims()["scope"], "tools:read");
    let third = Tokens::read(&app.refresh(&second.refresh, &[]).await);
    assert_eq!(third.claims()["scope"], "tools:call tools:read", "what was granted stays");
    assert_eq!(third.claims()["aud"], gateway().url("/mcp"));
    assert!(works(&third).await);
    let answer = send(app.form("/oauth/revoke", &[("token", &third.refresh)], &[])).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    assert!(!works(&third).await && !works(&first).await, "every token of the session is over");
    assert_eq!(refused(&app.refresh(&third.refresh, &[]).await, 400), "invalid_grant");
}

#[tokio::test]
async fn an_old_refresh_token_ends_the_session() {
    let (app, user) = (app().await, person());
    let first = app.tokens(&user, &[]).await;
    let second = Tokens::read(&app.refresh(&first.refresh, &[]).await);
    let third = Tokens::read(&app.refresh(&second.refresh, &[]).await);
    assert!(works(&third).await);
    assert_eq!(refused(&app.refresh(&first.refresh, &[]).await, 400), "invalid_grant");
    assert!(!works(&third).await);
}

#[tokio::test]
async fn the_account_page_shows_what_has_access_and_ends_it() {
    let (app, user) = (app().await, person());
    let tokens = app.tokens(&user, &[]).await;
    let visitor = Visitor::at_home(gateway(), &user).await;
    let page = visitor.get("/account").await;
    for told in ["Contract", "This browser", &user.username, &user.tenant] {
        assert!(page.text().contains(told), "{told}: {}", page.text());
    }
    let session = tokens.claims()["sid"].as_str().expect("a session").to_owned();
    let ticket = hidden(&page, "csrf");
    let ended = visitor.post("/account/end", &[("csrf", &ticket), ("session", &format!("session/{session}"))]).await;
    assert_eq!((ended.status, ended.must("location")), (303, "/account?ended"));
    let page = visitor.get("/account?ended").await;
    assert!(page.text().contains("Access has ended.") && !page.text().contains("Contract"), "{}", page.text());
    assert!(!works(&tokens).await);
    let out = visitor.post("/account/sign-out", &[("csrf", &ticket)]).await;
    assert_eq!((out.status, out.must("location")), (303, "/account/signed-out"));
    assert!(visitor.get("/account/signed-out").await.text().contains("You are signed out"));
    assert!(visitor.get("/account").await.text().contains("name=\"password\""));
}

#[tokio::test]
async fn the_cookie_of_a_browser_that_signed_out_is_worth_nothing() {
    let user = person();
    let visitor = Visitor::at_home(gateway(), &user).await;
    let cookies = visitor.cookies();
    let ticket = hidden(&visitor.get("/account").await, "csrf");
    assert_eq!(visitor.post("/account/sign-out", &[("csrf", &ticket)]).await.status, 303);
    let again = send(gateway().request(Method::GET, "/account").header("cookie", cookies)).await;
    assert!(again.text().contains("name=\"password\""), "{}", again.text());
}

#[tokio::test]
async fn somebody_else_signs_in_and_decides_in_their_own_name() {
    let (app, user) = (app().await, person());
    let other = colleague(&user);
    let visitor = Visitor::new(gateway());
    let page = visitor.ask(&app.request(&[]), &user).await;
    let ticket = hidden(&page, "ticket");
    let switched = visitor.post("/oauth/switch", &[("ticket", &ticket)]).await;
    let page = visitor.ask(switched.must("location"), &other).await;
    assert!(page.text().contains(&other.username), "{}", page.text());
    let stale = visitor.post("/oauth/consent", &[("ticket", &ticket), ("decision", "allow")]).await;
    assert_eq!(stale.status, 400, "the page of another person: {}", stale.text());
    let landing = Landing::of(&visitor.decide(&page, "allow").await);
    let tokens = Tokens::read(&app.redeem(landing.find("code").expect("a code"), &[]).await);
    assert_eq!(tokens.claims()["sub"], other.id);
}

#[tokio::test]
async fn a_client_with_a_secret_must_show_it() {
    let user = person();
    for method in ["client_secret_post", "client_secret_basic"] {
        let app = App::register(gateway(), json!({"token_endpoint_auth_method": method})).await;
        let secret = app.secret.clone().expect("a secret");
        let code = app.code(&user, &[]).await;
        assert_eq!(refused(&app.redeem(&code, &[("client_secret", "")]).await, 401), "invalid_client");
        let wrong = app.redeem(&code, &[("client_secret", "mgk_wrong")]).await;
        assert_eq!(
            (refused(&wrong, 401).as_str(), wrong.must("www-authenticate").starts_with("Basic ")),
            ("invalid_client", true)
        );
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("code_verifier", gateway_contract::oauth::VERIFIER),
        ];
        let basic = gateway_contract::oauth::form(gateway().request(Method::POST, "/oauth/token"), &fields);
        let basic = send(basic.basic_auth(&app.id, Some(&secret))).await;
        let post = app.redeem(&code, &[]).await;
        let (good, other) = if method == "client_secret_post" { (&post, &basic) } else { (&basic, &post) };
        // The other way was refused as such, before or after the code was used.
        assert_eq!(refused(other, 401), "invalid_client", "{method}");
        Tokens::read(good);
    }
}
