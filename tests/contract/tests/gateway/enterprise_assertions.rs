//! Identity assertions of the OpenID provider for access tokens: good ones, and every kind of other.

use crate::enterprise::{Enterprise, JWT_BEARER, TENANT, agent, enterprise, subject};
use gateway_contract::client::{Answer, note_secret};
use gateway_contract::fake::oidc::{self, changed, now};
use gateway_contract::oauth::{App, refused};
use gateway_contract::token::part;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The client of most tests of assertions.
fn bearer() -> &'static App {
    static AGENT: OnceLock<App> = OnceLock::new();
    AGENT.get_or_init(|| agent(&enterprise().gateway, TENANT, "agent", JWT_BEARER))
}

/// An assertion of the provider for [`bearer`], with changes.
fn assertion(header: &Value, claims: &Value) -> String {
    let Enterprise { gateway, provider, .. } = enterprise();
    let own = json!({
        "iss": provider.issuer(), "sub": subject(), "aud": gateway.url(""), "client_id": "agent", "jti": subject(),
        "iat": now(), "exp": now() + 300, "resource": gateway.url("/mcp"), "scope": "tools:call tools:read",
        "email": "ada@example.com"
    });
    let header = changed(json!({"alg": "RS256", "typ": "oauth-id-jag+jwt", "kid": "rs"}), header);
    let key = header["kid"].as_str().unwrap_or("rs").to_owned();
    provider.sign(&key, &header, &changed(own, claims))
}

async fn present(app: &App, assertion: &str, changes: &[(&str, &str)]) -> Answer {
    app.token(&[("grant_type", JWT_BEARER), ("assertion", assertion)], changes).await
}

#[track_caller]
fn access(answer: &Answer) -> String {
    let body = answer.json(200);
    assert!(body.get("refresh_token").is_none(), "the provider is asked again instead");
    assert_eq!(answer.must("cache-control"), "no-store");
    let token = body["access_token"].as_str().expect("a token").to_owned();
    note_secret(&token);
    token
}

#[tokio::test]
async fn an_assertion_is_an_access_token_for_its_person_and_its_resource() {
    let Enterprise { gateway, .. } = enterprise();
    let who = subject();
    let good = assertion(&json!({}), &json!({"sub": who, "scope": "tools:read admin"}));
    let token = access(&present(bearer(), &good, &[]).await);
    let claims = part(&token, 1);
    assert_eq!((claims["client_id"].as_str(), claims["tenant"].as_str()), (Some("agent"), Some(TENANT)));
    assert_eq!((claims["scope"].as_str(), claims["aud"].as_str()), (Some("tools:read"), Some(&*gateway.url("/mcp"))));
    assert_eq!(gateway.get_as(&token, "/auth/me").await.status, 200);
    assert!(gateway.tool_names(&token).await.contains(&"modern__repeat".to_owned()));
    assert_eq!(refused(&present(bearer(), &good, &[]).await, 400), "invalid_grant", "again");

    let team = gateway.url("/mcp/team");
    let second = assertion(&json!({}), &json!({"sub": who, "resource": [gateway.url("/mcp"), team]}));
    let token = access(&present(bearer(), &second, &[("resource", &team), ("scope", "tools:call")]).await);
    let narrow = part(&token, 1);
    assert_eq!((narrow["aud"].as_str(), narrow["scope"].as_str()), (Some(team.as_str()), Some("tools:call")));
    assert_eq!(narrow["sub"], claims["sub"], "the same person");
    assert_eq!(gateway.get_as(&token, "/auth/me").await.status, 401, "it is for its resource alone");
    let described = gateway.get("/.well-known/oauth-authorization-server").await.json(200);
    assert_eq!(
        described["authorization_grant_profiles_supported"],
        json!(["urn:ietf:params:oauth:grant-profile:id-jag"])
    );
    assert!(described["grant_types_supported"].to_string().contains(JWT_BEARER), "{described}");
}

#[tokio::test]
async fn assertions_that_come_at_once_make_one_user_and_are_used_once() {
    let who = subject();
    let each: Vec<String> = (0..4).map(|_| assertion(&json!({}), &json!({"sub": who}))).collect();
    let answers = futures_of(each.iter().map(|assertion| present(bearer(), assertion, &[]))).await;
    let users: Vec<Value> = answers.iter().map(|answer| part(&access(answer), 1)["sub"].clone()).collect();
    assert!(users.iter().all(|user| *user == users[0]), "{users:?}");
    let one = assertion(&json!({}), &json!({"sub": who}));
    let answers = futures_of((0..8).map(|_| present(bearer(), &one, &[]))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

async fn futures_of<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (slot, future) in done.iter_mut().zip(&mut pending).filter(|(slot, _)| slot.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(context) {
                *slot = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            return std::task::Poll::Ready(done.iter_mut().filter_map(Option::take).collect());
        }
        std::task::Poll::Pending
    })
    .await
}

#[tokio::test]
async fn every_other_assertion_is_refused_alike() {
    let Enterprise { gateway, provider, .. } = enterprise();
    for claims in [
        json!({"iss": format!("{}/", provider.issuer())}),
        json!({"iss": gateway.url("")}),
        json!({"aud": gateway.url("/")}),
        json!({"aud": gateway.url("/mcp")}),
        json!({"aud": oidc::CLIENT}),
        json!({"client_id": "another"}),
        json!({"client_id": null}),
        json!({"jti": null}),
        json!({"exp": now() - 120}),
        json!({"exp": now() + 3600}),
        json!({"iat": now() + 120}),
        json!({"iat": null}),
        json!({"resource": "https://other.example.com/mcp"}),
        json!({"resource": null}),
        json!({"scope": "admin"}),
        json!({"sub": ""}),
        json!({"cnf": {"jkt": "x"}}),
    ] {
        let told = present(bearer(), &assertion(&json!({}), &claims), &[]).await;
        assert_eq!(refused(&told, 400), "invalid_grant", "{claims}");
    }
    for header in [
        json!({"typ": "JWT"}),
        json!({"typ": null}),
        json!({"alg": "none"}),
        json!({"alg": "PS256"}),
        json!({"alg": "ES256"}),
        json!({"kid": "stranger"}),
        json!({"kid": "es", "alg": "RS256"}),
        json!({"crit": ["jti"]}),
    ] {
        let told = present(bearer(), &assertion(&header, &json!({})), &[]).await;
        assert_eq!(refused(&told, 400), "invalid_grant", "{header}");
    }
    let good = assertion(&json!({}), &json!({}));
    let (signed, _) = good.rsplit_once('.').expect("three parts");
    for forged in
        [format!("{signed}."), format!("{signed}.AAAA"), format!("{good}A"), "x".into(), String::from("a.b.c")]
    {
        assert_eq!(refused(&present(bearer(), &forged, &[]).await, 400), "invalid_grant", "{forged}");
    }
    let files = gateway.url("/mcp/files");
    assert_eq!(refused(&present(bearer(), &good, &[("resource", &files)]).await, 400), "invalid_grant");
    assert_eq!(refused(&present(bearer(), &good, &[("scope", "admin")]).await, 400), "invalid_scope");
    assert_eq!(refused(&present(bearer(), &good, &[("client_secret", "mgk_wrong")]).await, 401), "invalid_client");
    access(&present(bearer(), &good, &[]).await);
}

#[tokio::test]
async fn only_a_client_that_has_the_grant_and_serves_the_tenant_may_bring_one() {
    let Enterprise { gateway, .. } = enterprise();
    let without = agent(gateway, TENANT, "agent-code", "authorization_code client_credentials");
    let for_it = assertion(&json!({}), &json!({"client_id": "agent-code"}));
    assert_eq!(refused(&present(&without, &for_it, &[]).await, 400), "unauthorized_client");
    let foreign = agent(gateway, "ten-2-1", "agent-foreign", JWT_BEARER);
    let for_it = assertion(&json!({}), &json!({"client_id": "agent-foreign"}));
    assert_eq!(refused(&present(&foreign, &for_it, &[]).await, 400), "invalid_grant");
    let itself = App::register(gateway, json!({"grant_types": ["authorization_code", JWT_BEARER]})).await;
    let for_it = assertion(&json!({}), &json!({"client_id": itself.id}));
    assert_eq!(refused(&present(&itself, &for_it, &[]).await, 400), "unauthorized_client");
}

#[tokio::test]
async fn a_disabled_person_gets_no_token_by_assertion() {
    let Enterprise { gateway, .. } = enterprise();
    let who = subject();
    let claims = json!({"sub": who, "email": "leaving@example.com"});
    access(&present(bearer(), &assertion(&json!({}), &claims), &[]).await);
    gateway.sql("UPDATE users SET disabled_at = 1 WHERE username = 'leaving@example.com';");
    let told = present(bearer(), &assertion(&json!({}), &claims), &[]).await;
    assert_eq!(refused(&told, 400), "invalid_grant");
}
