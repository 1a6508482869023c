//! What the authorization server refuses, and that no refusal harms anybody: the client of the next request, the person's
//! grant, the page that is still open.

use crate::gateway;
use gateway_contract::client::{Answer, Tokens, send};
use gateway_contract::oauth::{App, Landing, REDIRECT, VERIFIER, Visitor, challenge, form, hidden, query, refused};
use gateway_contract::raw;
use gateway_contract::seed::{Tools, User, disabled_colleague};
use reqwest::Method;
use serde_json::json;

fn person() -> User {
    gateway().user(Tools::Own)
}

async fn app() -> App {
    App::register(gateway(), json!({})).await
}

/// A page that says no: nobody is sent anywhere.
#[track_caller]
fn page(answer: &Answer, status: u16) -> String {
    assert_eq!((answer.status, answer.media_type()), (status, "text/html"), "{}", answer.text());
    assert_eq!((answer.header("location"), answer.header("www-authenticate")), (None, None));
    assert!(answer.must("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(answer.must("cache-control"), "no-store");
    assert_eq!(answer.must("referrer-policy"), "no-referrer");
    assert!(answer.text().contains(answer.must("x-correlation-id")), "{}", answer.text());
    answer.text()
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_the_clients_own_is_a_page() {
    let web = json!({"redirect_uris": ["https://app.example/callback?a=1", REDIRECT]});
    let app = App::register(gateway(), web).await;
    for other in [
        "https://evil.example/callback?a=1",
        "https://app.example/callback",
        "https://app.example/callback?a=1&b=2",
        "https://app.example/callback/?a=1",
        "https://app.example/Callback?a=1",
        "https://APP.example/callback?a=1",
        "https://app.example:443/callback?a=1",
        "https://app.example/x/../callback?a=1",
        "https://app.example/callback?a=1#",
        "https://app.example/callback?a=1#x",
        "https://user@app.example/callback?a=1",
        "https://app.example@evil.example/callback?a=1",
        "https://app.example.evil.example/callback?a=1",
        "https://app.example\\@evil.example/callback?a=1",
        "https://xn--pp-1ia.example/callback?a=1",
        "http://app.example/callback?a=1",
        "//app.example/callback?a=1",
        "http://127.0.0.1:51234/other",
        "http://127.0.0.1:51234/callback?x",
        "http://127.0.0.2:51234/callback",
        "http://localhost:51234/callback",
        "http://[::1]:51234/callback",
        "http://127.0.0.1.evil.example:51234/callback",
        "http://127.0.0.1:51234@evil.example/callback",
        "https://127.0.0.1:51234/callback",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "com.example.other:/callback",
        "x\r\nset-cookie: a=b",
    ] {
        let answer = Visitor::new(gateway()).get(&app.request(&[("redirect_uri", other)])).await;
        let html = page(&answer, 400);
        assert!(html.contains("redirect_uri is not one of this client"), "{other}: {html}");
    }
    let several = Visitor::new(gateway()).get(&app.request(&[("redirect_uri", "")])).await;
    page(&several, 400);
    let any_port = app.request(&[("redirect_uri", "http://127.0.0.1:60999/callback")]);
    assert_eq!(Visitor::new(gateway()).get(&any_port).await.status, 200, "a program takes the port that is free");
}

#[tokio::test]
async fn what_may_not_be_a_redirect_uri_cannot_be_registered() {
    for uri in [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/x",
        "about:blank",
        "http://app.example/callback",
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "ftp://app.example/",
        "https://user:password@app.example/",
        "https://app.example/#fragment",
        "https:app.example",
        "//app.example/",
        "/callback",
        "",
        "com.example.unknown:/x",
        "https://app.ex\u{430}mple/",
    ] {
        let body = json!({"redirect_uris": ["https://app.example/fine", uri]});
        let answer = send(gateway().request(Method::POST, "/oauth/register").json(&body)).await;
        assert_eq!(refused(&answer, 400), "invalid_redirect_uri", "{uri}");
    }
    let allowed = json!({"redirect_uris": ["com.example.app:/done"]});
    assert_eq!(send(gateway().request(Method::POST, "/oauth/register").json(&allowed)).await.status, 201);
}

#[tokio::test]
async fn a_registration_is_read_strictly() {
    let post = |body: &'static str, kind: &'static str| {
        let request = gateway().request(Method::POST, "/oauth/register").header("content-type", kind).body(body);
        async { send(request).await }
    };
    for (body, kind, status, code) in [
        ("{", "application/json", 400, "invalid_request"),
        ("[]", "application/json", 400, "invalid_request"),
        (
            r#"{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}"#,
            "application/json",
            400,
            "invalid_request",
        ),
        (r#"{"redirect_uris":"https://a.example/"}"#, "application/json", 400, "invalid_client_metadata"),
        (
            r#"{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"tls_client_auth"}"#,
            "application/json",
            400,
            "invalid_client_metadata",
        ),
        (
            r#"{"redirect_uris":["https://a.example/"],"grant_types":["client_credentials"]}"#,
            "application/json",
            400,
            "invalid_client_metadata",
        ),
        ("redirect_uris=x", "application/x-www-form-urlencoded", 415, "invalid_request"),
    ] {
        assert_eq!(refused(&post(body, kind).await, status), code, "{body}");
    }
}

#[tokio::test]
async fn an_unknown_client_is_a_page_and_never_a_redirect() {
    let app = App { id: "dyn_nobody".into(), ..app().await };
    for id in [
        "dyn_nobody",
        "",
        "password-login",
        "http://127.0.0.1:1/x",
        "https://localhost/",
        "https://10.0.0.1/c",
        "a\u{0}b",
    ] {
        page(&Visitor::new(gateway()).get(&app.request(&[("client_id", id)])).await, 400);
    }
}

#[tokio::test]
async fn what_else_is_wrong_with_a_request_goes_back_to_the_client_after_the_sign_in() {
    let (app, user) = (app().await, person());
    let visitor = Visitor::at_home(gateway(), &user).await;
    let plain = challenge(VERIFIER);
    for (changes, error) in [
        (&[("response_type", "")][..], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code token")], "unsupported_response_type"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "s256")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge", &plain[..42])], "invalid_request"),
        (&[("resource", "https://elsewhere.example/mcp")], "invalid_target"),
        (&[("resource", "not a url")], "invalid_target"),
        (&[("scope", "admin")], "invalid_scope"),
        (&[("scope", "\"")], "invalid_scope"),
        (&[("request", "x.y.z")], "request_not_supported"),
        (&[("request_uri", "https://app.example/r")], "request_uri_not_supported"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("prompt", "none")], "interaction_required"),
    ] {
        let unknown = Visitor::new(gateway()).get(&app.request(changes)).await;
        assert_eq!(unknown.status, 200, "nobody is sent away who has not signed in: {changes:?}");
        let landing = Landing::of(&visitor.get(&app.request(changes)).await);
        assert_eq!((landing.place.as_str(), landing.find("error")), (REDIRECT, Some(error)), "{changes:?}");
        assert_eq!(landing.find("iss"), Some(gateway().url("").as_str()));
        assert_eq!((landing.find("state"), landing.find("code")), (Some("a b&c=\u{e9}"), None));
    }
}

#[tokio::test]
async fn a_state_cannot_break_out_of_the_answer() {
    let (app, user) = (app().await, person());
    let visitor = Visitor::at_home(gateway(), &user).await;
    for state in
        ["x\r\nset-cookie: a=b", "x&code=stolen&iss=https://evil.example", "\u{0}\u{202e}<script>", "#frag", "%0d%0a"]
    {
        let consent = visitor.get(&app.request(&[("state", state)])).await;
        let answer = visitor.decide(&consent, "allow").await;
        let landing = Landing::of(&answer);
        assert_eq!(landing.find("state"), Some(state));
        assert_eq!(landing.find("iss"), Some(gateway().url("").as_str()));
        assert!(landing.find("code").is_some_and(|code| code.starts_with("mgc_")));
        assert!(answer.headers.iter().all(|(name, _)| name != "set-cookie"));
    }
    let long = "x".repeat(2049);
    page(&visitor.get(&app.request(&[("state", &long)])).await, 400);
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused_everywhere() {
    let (app, user) = (app().await, person());
    let visitor = Visitor::at_home(gateway(), &user).await;
    for name in ["client_id", "redirect_uri", "state", "resource", "scope", "unknown"] {
        let twice = format!("{}&{name}=a&{name}=a", app.request(&[]));
        page(&visitor.get(&twice).await, 400);
    }
    let code = app.code(&user, &[]).await;
    let fields =
        [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER), ("client_id", &app.id)];
    for name in ["grant_type", "code", "code_verifier", "client_id", "resource"] {
        let body = format!("{}&{name}=x&{name}=x", query(&fields, &[]));
        let request = gateway().request(Method::POST, "/oauth/token");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        assert_eq!(refused(&send(request).await, 400), "invalid_request", "{name}");
    }
    Tokens::read(&app.redeem(&code, &[]).await);
}

#[tokio::test]
async fn a_code_is_good_for_its_client_its_verifier_and_its_resource_and_no_wrong_attempt_uses_it_up() {
    let (owner, thief, user) = (app().await, app().await, person());
    let code = owner.code(&user, &[]).await;
    let broken = format!("{}x", &code[..code.len() - 1]);
    let other_verifier = "x".repeat(43);
    for (changes, error) in [
        (&[("code_verifier", other_verifier.as_str())][..], "invalid_grant"),
        (&[("code_verifier", "")], "invalid_request"),
        (&[("code_verifier", "short")], "invalid_request"),
        (&[("code", broken.as_str())], "invalid_grant"),
        (&[("code", "mgc_made.up.code.x.y")], "invalid_grant"),
        (&[("code", "")], "invalid_request"),
        (&[("redirect_uri", "http://127.0.0.1:51235/callback")], "invalid_grant"),
        (&[("resource", "https://elsewhere.example/mcp")], "invalid_target"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "implicit")], "unsupported_grant_type"),
        (&[("grant_type", "")], "invalid_request"),
    ] {
        assert_eq!(refused(&owner.redeem(&code, changes).await, 400), error, "{changes:?}");
    }
    let elsewhere = gateway().url("/mcp/files");
    assert_eq!(refused(&owner.redeem(&code, &[("resource", &elsewhere)]).await, 400), "invalid_target");
    assert_eq!(refused(&thief.redeem(&code, &[]).await, 400), "invalid_grant");
    assert_eq!(refused(&owner.redeem(&code, &[("client_id", "dyn_nobody")]).await, 401), "invalid_client");
    assert_eq!(refused(&owner.redeem(&code, &[("client_id", "")]).await, 401), "invalid_client");
    Tokens::read(&owner.redeem(&code, &[("redirect_uri", REDIRECT)]).await);
}

#[tokio::test]
async fn a_code_that_comes_again_ends_what_it_opened() {
    let (owner, thief, user) = (app().await, app().await, person());
    let code = owner.code(&user, &[]).await;
    let tokens = Tokens::read(&owner.redeem(&code, &[]).await);
    assert_eq!(refused(&thief.redeem(&code, &[]).await, 400), "invalid_grant");
    assert_eq!(gateway().get_as(&tokens.access, "/auth/me").await.status, 200, "another client's attempt ends nothing");
    assert_eq!(refused(&owner.redeem(&code, &[]).await, 400), "invalid_grant");
    gateway().get_as(&tokens.access, "/auth/me").await.problem(401);
    assert_eq!(refused(&owner.refresh(&tokens.refresh, &[]).await, 400), "invalid_grant");
}

#[tokio::test]
async fn of_fifty_uses_of_a_code_at_once_one_is_good() {
    let (app, user) = (app().await, person());
    let code = app.code(&user, &[]).await;
    let attempts = (0..50).map(|_| {
        let (app, code) = (app.clone(), code.clone());
        tokio::spawn(async move { app.redeem(&code, &[]).await })
    });
    let mut good = Vec::new();
    for answer in attempts.collect::<Vec<_>>() {
        let answer = answer.await.expect("an answer");
        match answer.status {
            200 => good.push(Tokens::read(&answer)),
            _ => assert_eq!(refused(&answer, 400), "invalid_grant"),
        }
    }
    assert_eq!(good.len(), 1);
    gateway().get_as(&good[0].access, "/auth/me").await.problem(401);
}

#[tokio::test]
async fn a_consent_page_answers_for_its_browser_its_person_and_once() {
    let (app, user) = (app().await, person());
    let visitor = Visitor::new(gateway());
    let consent = visitor.ask(&app.request(&[]), &user).await;
    let ticket = hidden(&consent, "ticket");
    let allow = [("ticket", ticket.as_str()), ("decision", "allow")];
    // Somebody else, signed in or not; a browser without its cookies; a ticket of another form, changed, or none.
    let stranger = Visitor::at_home(gateway(), &person()).await;
    page(&stranger.post("/oauth/consent", &allow).await, 400);
    page(&Visitor::new(gateway()).post("/oauth/consent", &allow).await, 400);
    let account = hidden(&visitor.get("/account").await, "csrf");
    for wrong in [account.as_str(), "", "v1.AAAA", &format!("{ticket}A")] {
        page(&visitor.post("/oauth/consent", &[("ticket", wrong), ("decision", "allow")]).await, 400);
    }
    page(&visitor.post("/oauth/consent", &[("ticket", &ticket)]).await, 400);
    page(&visitor.post("/oauth/consent", &[("ticket", &ticket), ("decision", "maybe")]).await, 400);
    // Posted from another site, whatever cookies come along.
    let foreign = form(gateway().request(Method::POST, "/oauth/consent"), &allow);
    page(&visitor.send(foreign.try_clone().expect("a copy").header("origin", "https://evil.example")).await, 403);
    page(&visitor.send(foreign.try_clone().expect("a copy").header("sec-fetch-site", "cross-site")).await, 403);
    page(&visitor.send(foreign.header("origin", "null")).await, 403);
    // And still it is good, once, however often it is posted at once.
    let visitor = std::sync::Arc::new(visitor);
    let posts = (0..20).map(|_| {
        let (visitor, ticket) = (visitor.clone(), ticket.clone());
        tokio::spawn(async move { visitor.post("/oauth/consent", &[("ticket", &ticket), ("decision", "allow")]).await })
    });
    let mut codes = 0;
    for answer in posts.collect::<Vec<_>>() {
        let answer = answer.await.expect("an answer");
        if answer.status == 303 {
            codes += 1;
        } else {
            page(&answer, 400);
        }
    }
    assert_eq!(codes, 1);
}

#[tokio::test]
async fn a_form_without_a_page_before_it_does_nothing() {
    let user = person();
    let visitor = Visitor::at_home(gateway(), &user).await;
    for (path, fields) in [
        ("/oauth/login", &[("username", "x"), ("password", "y")][..]),
        ("/oauth/switch", &[]),
        ("/account/end", &[("session", "session/abc")]),
        ("/account/sign-out", &[]),
    ] {
        page(&visitor.post(path, fields).await, 400);
    }
    assert!(visitor.get("/account").await.text().contains("Your account"), "still signed in");
    let ticket = hidden(&visitor.get("/account").await, "csrf");
    page(&visitor.post("/account/end", &[("csrf", &ticket), ("session", "everything")]).await, 400);
    for path in ["/oauth/login", "/oauth/consent", "/account/sign-out", "/oauth/token", "/oauth/revoke"] {
        let json = gateway().request(Method::POST, path).json(&json!({"ticket": ticket, "csrf": ticket}));
        assert_eq!(visitor.send(json).await.status, 415, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_on_the_page_and_nothing_is_told_of_who_exists() {
    let user = person();
    let visitor = Visitor::new(gateway());
    let login = visitor.get("/account").await;
    let disabled = disabled_colleague(&user).username;
    for (username, password) in
        [(user.username.as_str(), "wrong"), ("nobody-at-all", "wrong"), (&disabled, gateway_contract::seed::PASSWORD)]
    {
        let ticket = hidden(&login, "ticket");
        let fields = [("ticket", ticket.as_str()), ("username", username), ("password", password)];
        let answer = visitor.post("/oauth/login", &fields).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("role=\"alert\">Username or password is wrong.<"), "{}", answer.text());
        assert!(!answer.text().contains("wrong\"") && visitor.cookies().split("; ").count() == 1);
    }
    assert_eq!(visitor.sign_in(&login, &user).await.status, 303, "the page is still good");
}

#[tokio::test]
async fn what_a_client_says_of_itself_stays_text() {
    let name = "</bdi></h1><script>alert(1)</script><h1 onclick=\"x\">' &amp; \u{202e}evil";
    let app = App::register(gateway(), json!({"client_name": name})).await;
    let user = person();
    let visitor = Visitor::new(gateway());
    let login = visitor.get(&app.request(&[])).await;
    let consent = visitor.ask(&app.request(&[]), &user).await;
    Landing::of(&visitor.decide(&consent, "allow").await);
    let account = visitor.get("/account").await;
    for shown in [login, consent, account] {
        let html = shown.text();
        assert!(!html.contains("<script") && !html.contains("onclick=\"") && !html.contains('\u{202e}'), "{html}");
    }
    let app = App { id: "dyn_\"><script>alert(1)</script>".into(), ..app };
    assert!(!page(&visitor.get(&app.request(&[])).await, 400).contains("<script"));
}

#[tokio::test]
async fn a_tokens_owner_is_the_client_that_gives_it_back() {
    let (owner, other, user) = (app().await, app().await, person());
    let tokens = owner.tokens(&user, &[]).await;
    for token in [&tokens.refresh, &tokens.access, "mgr_made.up", "x"] {
        let answer = send(other.form("/oauth/revoke", &[("token", token)], &[])).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    }
    assert_eq!(gateway().get_as(&tokens.access, "/auth/me").await.status, 200);
    assert_eq!(refused(&send(owner.form("/oauth/revoke", &[], &[])).await, 400), "invalid_request");
    let nobody = owner.form("/oauth/revoke", &[("token", &tokens.refresh)], &[("client_id", "")]);
    assert_eq!(refused(&send(nobody).await, 401), "invalid_client");
    assert_eq!(send(owner.form("/oauth/revoke", &[("token", &tokens.access)], &[])).await.status, 200);
    gateway().get_as(&tokens.access, "/auth/me").await.problem(401);
}

#[tokio::test]
async fn a_refresh_token_is_its_clients_and_goes_no_further_than_what_was_granted() {
    let (owner, other, user) = (app().await, app().await, person());
    let code = owner.code(&user, &[("scope", "tools:read openid")]).await;
    let tokens = Tokens::read(&owner.redeem(&code, &[]).await);
    assert_eq!(tokens.claims()["scope"], "tools:read");
    assert_eq!(refused(&other.refresh(&tokens.refresh, &[]).await, 400), "invalid_grant");
    let wider = owner.refresh(&tokens.refresh, &[("scope", "tools:call tools:read")]).await;
    assert_eq!(refused(&wider, 400), "invalid_scope");
    let elsewhere = gateway().url("/mcp/files");
    assert_eq!(refused(&owner.refresh(&tokens.refresh, &[("resource", &elsewhere)]).await, 400), "invalid_target");
    let rest = gateway().request(Method::POST, "/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
    send(rest).await.problem(401);
    Tokens::read(&owner.refresh(&tokens.refresh, &[]).await);
}

#[tokio::test]
async fn a_token_for_one_server_is_good_there_alone() {
    let (app, user) = (app().await, gateway().user(Tools::Fixtures));
    let server = gateway().url("/mcp/some");
    let code = app.code(&user, &[("resource", &server)]).await;
    let tokens = Tokens::read(&app.redeem(&code, &[]).await);
    assert_eq!(tokens.claims()["aud"], server);
    gateway().get_as(&tokens.access, "/auth/me").await.problem(401);
    let again = Tokens::read(&app.refresh(&tokens.refresh, &[("resource", &server)]).await);
    assert_eq!(again.claims()["aud"], server);
    let list = crate::resource_server::request(gateway(), "/mcp/some", "tools/list", json!({}));
    assert_eq!(send(list.bearer_auth(&again.access)).await.status, 200);
    let list = crate::resource_server::request(gateway(), "/mcp/old", "tools/list", json!({}));
    send(list.bearer_auth(&again.access)).await.problem(401);
}

#[tokio::test]
async fn the_issuer_is_what_the_settings_say_whatever_a_request_says() {
    let app = app().await;
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "/evil"),
    ] {
        let request = gateway().request(Method::GET, "/.well-known/oauth-authorization-server").header(name, value);
        assert_eq!(send(request).await.json(200)["issuer"], gateway().url(""));
        let request = gateway().request(Method::GET, &app.request(&[])).header(name, value);
        let html = send(request).await.text();
        assert!(!html.contains("evil"), "{html}");
    }
    let spoofed = raw::request(gateway(), "GET", &app.request(&[("state", "")]), &[("host", b"evil.example")], b"");
    page(&spoofed, 421);
}
