//! People and assertions of an OpenID provider the operator trusts: a gateway of its own, and a provider that signs.

use crate::{gateway as shared, modern_params};
use gateway_contract::client::{Answer, Tokens, note_secret, send};
use gateway_contract::fake::oidc::{self, Provider, Visit, now};
use gateway_contract::oauth::{App, Landing, Visitor, challenge, hidden, refused};
use gateway_contract::seed::{Tools, User};
use gateway_contract::{Gateway, Plan, World};
use reqwest::Method;
use serde_json::json;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The tenant of the provider's people: one with a tool server.
pub const TENANT: &str = "ten-2-0";
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub struct Enterprise {
    pub gateway: Gateway,
    pub provider: Provider,
    /// A user of the tenant with a password.
    pub user: User,
}

/// A gateway that trusts a provider, and the provider.
pub fn enterprise() -> &'static Enterprise {
    static ENTERPRISE: OnceLock<Enterprise> = OnceLock::new();
    ENTERPRISE.get_or_init(|| {
        let provider = Provider::start();
        let plan = plan(&provider.issuer()).with("OIDC_CLIENT_SECRET", oidc::SECRET);
        let gateway = Gateway::start(&plan);
        let user = gateway.user(Tools::Modern);
        assert_eq!(user.tenant, TENANT);
        Enterprise { gateway, provider, user }
    })
}

fn plan(issuer: &str) -> Plan {
    Plan::default()
        .with_accounts(World::shared().addresses())
        .with("OIDC_ISSUER", issuer)
        .with("OIDC_CLIENT_ID", oidc::CLIENT)
        .with("OIDC_TENANT", TENANT)
        .with("OIDC_NAME", "Example & Sons")
        .with("OIDC_GROUPS_CLAIM", "groups")
        .with("LOGIN_SOURCE_BURST", "100000")
        .with("LOGIN_SOURCE_PER_MINUTE", "100000")
        .with("REGISTRATION_SOURCE_BURST", "1000")
}

/// A subject nobody else has.
pub fn subject() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    format!("subject-{}", COUNTER.fetch_add(1, Ordering::SeqCst))
}

/// A browser on its way: it was sent to the provider, which sent it back to this address.
async fn sent_back(visitor: &Visitor, page: &Answer, visit: Visit) -> String {
    let Enterprise { provider, .. } = enterprise();
    let leaving = visitor.post("/oauth/external", &[("ticket", &hidden(page, "ticket"))]).await;
    let landing = Landing::of(&leaving);
    assert_eq!(landing.place, format!("{}/authorize", provider.issuer()));
    let state = landing.find("state").expect("a state");
    provider.expect(state, visit);
    let answer = send(
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client")
            .get(leaving.must("location")),
    )
    .await;
    assert_eq!(answer.status, 302, "{}", answer.text());
    answer.must("location").to_owned()
}

/// Signs in at the account page with this visit; what the gateway answers to the way back.
pub async fn signed_in(visit: Visit) -> (Visitor, Answer) {
    let visitor = Visitor::new(&enterprise().gateway);
    let page = visitor.get("/account").await;
    let back = sent_back(&visitor, &page, visit).await;
    let answer = visitor.get(&back).await;
    (visitor, answer)
}

#[track_caller]
pub fn stays_out(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 403, "{what}: {}", answer.text());
    assert!(answer.text().contains("You were not signed in by Example &#38; Sons."), "{what}: {}", answer.text());
    assert!(!answer.headers.iter().any(|(name, value)| name == "set-cookie" && value.contains("sign-in")), "{what}");
}

#[tokio::test]
async fn a_person_of_the_provider_signs_in_and_an_app_acts_for_them() {
    let Enterprise { gateway, provider, .. } = enterprise();
    let app = App::register(gateway, json!({})).await;
    let (visitor, subject) = (Visitor::new(gateway), subject());
    let page = visitor.get(&app.request(&[])).await;
    assert!(page.text().contains("Continue with <bdi>Example &#38; Sons</bdi>"), "{}", page.text());
    let policy = page.must("content-security-policy");
    assert!(policy.contains(&format!(" {}", provider.issuer())), "the form leads there: {policy}");
    let back = sent_back(&visitor, &page, Visit::of(&subject, json!({"preferred_username": "Grace.H"}))).await;
    let onwards = visitor.get(&back).await;
    assert_eq!(onwards.must("location"), app.request(&[]), "the same request goes on: {}", onwards.text());
    let consent = visitor.get(onwards.must("location")).await;
    assert!(consent.text().contains("grace.h"), "{}", consent.text());
    let landing = Landing::of(&visitor.decide(&consent, "allow").await);
    let tokens = Tokens::read(&app.redeem(landing.find("code").expect("a code"), &[]).await);
    assert_eq!(tokens.claims()["tenant"], TENANT);
    let me = gateway.get_as(&tokens.access, "/auth/me").await.json(200);
    assert_eq!((me["username"].as_str(), me["tenant"].as_str()), (Some("grace.h"), Some(TENANT)));
    let params = modern_params(json!({"name": "modern__repeat", "arguments": {"text": "signed in elsewhere"}}));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let request = gateway.request(Method::POST, "/mcp").bearer_auth(&tokens.access).json(&body);
    let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/call");
    let request = request.header("mcp-name", "modern__repeat").header("accept", "application/json, text/event-stream");
    assert_eq!(send(request).await.message()["result"]["structuredContent"]["text"], "signed in elsewhere");
    assert_eq!(provider.complaints(), [""; 0]);

    let (again, answer) = signed_in(Visit::of(&subject, json!({"preferred_username": "another"}))).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/account")));
    assert!(again.get("/account").await.text().contains("grace.h"), "the subject says who it is, not the name");
}

#[tokio::test]
async fn the_other_algorithms_are_checked_as_well() {
    for (key, alg) in [("es", "ES256"), ("ed", "EdDSA"), ("ed", "Ed25519")] {
        let visit = Visit { key, header: json!({"alg": alg}), ..Visit::of(&subject(), json!({})) };
        assert_eq!(signed_in(visit).await.1.status, 303, "{alg}");
    }
}

#[tokio::test]
async fn what_is_not_the_providers_word_about_this_sign_in_is_refused() {
    let issuer = enterprise().provider.issuer();
    for claims in [
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"iss": format!("{issuer}/")}),
        json!({"iss": "https://login.example.com"}),
        json!({"aud": "another"}),
        json!({"aud": [oidc::CLIENT, "another"]}),
        json!({"azp": "another"}),
        json!({"exp": now() - 120}),
        json!({"nbf": now() + 120}),
        json!({"iat": now() + 120}),
        json!({"sub": ""}),
    ] {
        let (_, answer) = signed_in(Visit::of(&subject(), claims.clone())).await;
        stays_out(&answer, &claims.to_string());
    }
}

#[tokio::test]
async fn a_signature_that_is_not_the_providers_is_refused() {
    for (key, header) in [
        ("stranger", json!({"kid": "rs"})),
        ("stranger", json!({})),
        ("rs", json!({"kid": "unknown"})),
        ("rs", json!({"kid": "es"})),
        ("rs", json!({"kid": "other"})),
        ("rs", json!({"kid": null, "alg": "ES256"})),
        ("rs", json!({"alg": "none"})),
        ("rs", json!({"alg": "HS256"})),
        ("rs", json!({"alg": "PS256"})),
        ("rs", json!({"alg": "RS512"})),
        ("rs", json!({"typ": "oauth-id-jag+jwt"})),
        ("rs", json!({"typ": "at+jwt"})),
        ("rs", json!({"crit": ["exp"]})),
    ] {
        let visit = Visit { key, header: header.clone(), ..Visit::of(&subject(), json!({})) };
        stays_out(&signed_in(visit).await.1, &format!("{key} {header}"));
    }
}

#[tokio::test]
async fn an_answer_of_another_issuer_and_a_refusal_are_refused() {
    for answer in [
        vec![("iss", String::new())],
        vec![("iss", "https://login.example.com".to_owned())],
        vec![("iss", format!("{}/", enterprise().provider.issuer()))],
        vec![("code", String::new()), ("error", "access_denied".to_owned())],
        vec![("code", "made-up".to_owned())],
        vec![("code", String::new())],
    ] {
        let visit = Visit { answer: answer.clone(), ..Visit::of(&subject(), json!({})) };
        let (_, told) = signed_in(visit).await;
        if answer[0].1 == "made-up" {
            assert_eq!(told.status, 503, "the provider gave no token for it: {}", told.text());
        } else {
            stays_out(&told, &format!("{answer:?}"));
        }
    }
}

#[tokio::test]
async fn the_way_back_is_one_browsers_and_is_gone_once() {
    let Enterprise { gateway, .. } = enterprise();
    let visitor = Visitor::new(gateway);
    let page = visitor.get("/account").await;
    let back = sent_back(&visitor, &page, Visit::of(&subject(), json!({}))).await;
    let other = Visitor::new(gateway);
    other.get("/account").await;
    for (who, stranger) in [("another browser", &other), ("no browser", &Visitor::new(gateway))] {
        assert_eq!(stranger.get(&back).await.status, 400, "{who}");
    }
    let (before, rest) = back.split_once("state=").expect("a state");
    let (state, after) = rest.split_once('&').unwrap_or((rest, ""));
    let (head, sealed) = state.rsplit_once('.').expect("a sealed text");
    let altered = format!("{before}state={head}.A{sealed}&{after}");
    assert_eq!(visitor.get(&altered).await.status, 400, "altered");
    assert_eq!(visitor.get("/oauth/callback?code=x").await.status, 400, "no state");
    assert_eq!(visitor.get("/oauth/callback?code=x&state=v1.AAAA").await.status, 400, "made up");
    let ticket = hidden(&page, "ticket");
    assert_eq!(visitor.get(&format!("/oauth/callback?code=x&state={ticket}")).await.status, 400, "another form's");
    assert_eq!(visitor.get(&back).await.status, 303, "nobody else has used it up");
    assert_eq!(visitor.get(&back).await.status, 400, "again");
    let elsewhere = gateway.request(Method::POST, "/oauth/external").header("sec-fetch-site", "cross-site");
    let form = gateway_contract::oauth::form(elsewhere, &[("ticket", &ticket)]);
    assert_eq!(visitor.send(form).await.status, 403, "the form of another site");
    assert_eq!(other.post("/oauth/external", &[("ticket", &ticket)]).await.status, 400, "the page of another browser");
}

#[tokio::test]
async fn a_name_that_somebody_has_is_not_taken_over() {
    let Enterprise { gateway, user, .. } = enterprise();
    for wished in [user.username.as_str(), "demo"] {
        let (visitor, answer) = signed_in(Visit::of(&subject(), json!({"preferred_username": wished}))).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let page = visitor.get("/account").await.text();
        assert!(!page.contains(&format!(">{wished}<")), "{wished}: {page}");
    }
    let still = gateway.login(user).await;
    assert_eq!(still.claims()["sub"], user.id);
}

#[tokio::test]
async fn who_is_disabled_here_stays_out_and_nobody_has_a_password_for_them() {
    let Enterprise { gateway, .. } = enterprise();
    let subject = subject();
    let visit = || Visit::of(&subject, json!({"preferred_username": "leaver"}));
    let (visitor, answer) = signed_in(visit()).await;
    assert_eq!(answer.status, 303);
    for password in ["", "x", "correct horse battery staple"] {
        assert_eq!(gateway.try_login("leaver", password).await.status, 401, "{password}");
    }
    gateway.sql("UPDATE users SET disabled_at = 1 WHERE username = 'leaver';");
    assert!(visitor.get("/account").await.text().contains("name=\"password\""), "the browser is signed out");
    stays_out(&signed_in(visit()).await.1, "a disabled user");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_leaves_the_password() {
    let issuer = format!("http://127.0.0.1:{}", gateway_contract::fake::closed_port());
    let gateway: &'static Gateway = Box::leak(Box::new(Gateway::start(&plan(&issuer))));
    let user = gateway.user(Tools::Own);
    let visitor = Visitor::new(gateway);
    let page = visitor.get("/account").await;
    assert!(page.must("content-security-policy").contains(&issuer), "{page:?}");
    let away = visitor.post("/oauth/external", &[("ticket", &hidden(&page, "ticket"))]).await;
    assert_eq!(away.status, 503, "{}", away.text());
    assert!(away.text().contains("Example &#38; Sons does not answer as it should."), "{}", away.text());
    assert_eq!(visitor.sign_in(&away, &user).await.status, 303, "the page that says so works");
}

#[tokio::test]
async fn without_a_provider_there_is_no_way_to_one() {
    let visitor = Visitor::new(shared());
    let page = visitor.get("/account").await;
    assert!(!page.text().contains("Continue with"));
    let ticket = hidden(&page, "ticket");
    assert_eq!(visitor.post("/oauth/external", &[("ticket", &ticket)]).await.status, 404);
    assert_eq!(visitor.get("/oauth/callback?code=x&state=y").await.status, 404);
    let described = shared().get("/.well-known/oauth-authorization-server").await.json(200);
    assert!(described.get("authorization_grant_profiles_supported").is_none(), "{described}");
    assert!(!described["grant_types_supported"].to_string().contains("jwt-bearer"), "{described}");
    let app = agent(shared(), "ten-0-0", "agent-without", JWT_BEARER);
    let told = app.token(&[("grant_type", JWT_BEARER), ("assertion", "x.y.z")], &[]).await;
    assert_eq!(refused(&told, 400), "unsupported_grant_type");
}

/// A client with a secret that an operator registered for a tenant.
pub fn agent(gateway: &'static Gateway, tenant: &str, id: &str, grants: &str) -> App {
    let secret = format!("mgk_{id}-canary");
    note_secret(&secret);
    gateway.sql(&format!(
        "INSERT INTO oauth_clients (id, tenant_id, name, redirect_uris, auth_method, secret_hash, grant_types, created_at) \
         VALUES ('{id}', '{tenant}', 'Agent', '[]', 'client_secret_post', '{}', '{grants}', 1);",
        challenge(&secret)
    ));
    App { gateway, id: id.to_owned(), secret: Some(secret) }
}
