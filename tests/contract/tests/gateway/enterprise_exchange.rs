//! Tokens of the gateway for tokens of the servers behind it.

use crate::enterprise::{Enterprise, TENANT, agent, enterprise};
use gateway_contract::World;
use gateway_contract::client::{Answer, Tokens, note_secret};
use gateway_contract::oauth::{App, refused};
use gateway_contract::seed::colleague;
use gateway_contract::token::part;
use serde_json::json;
use std::sync::OnceLock;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The client that exchanges.
fn broker() -> &'static App {
    static BROKER: OnceLock<App> = OnceLock::new();
    BROKER.get_or_init(|| agent(&enterprise().gateway, TENANT, "broker", EXCHANGE))
}

/// The tenant's tool server.
fn server() -> &'static str {
    &World::shared().addresses().modern
}

async fn exchange(app: &App, subject: &str, changes: &[(&str, &str)]) -> Answer {
    let fields = [
        ("grant_type", EXCHANGE),
        ("subject_token", subject),
        ("subject_token_type", ACCESS_TOKEN),
        ("resource", server()),
    ];
    app.token(&fields, changes).await
}

async fn logged_in() -> Tokens {
    let Enterprise { gateway, user, .. } = enterprise();
    gateway.login(&colleague(user)).await
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_that_a_server_of_the_tenant_takes_and_the_gateway_does_not() {
    let Enterprise { gateway, .. } = enterprise();
    let tokens = logged_in().await;
    let answer = exchange(broker(), &tokens.access, &[("scope", "tools:read")]).await;
    let body = answer.json(200);
    let token = body["access_token"].as_str().expect("a token").to_owned();
    note_secret(&token);
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN, "{body}");
    assert!(body.get("refresh_token").is_none() && body["token_type"] == "bearer", "{body}");
    assert!(body["expires_in"].as_u64().is_some_and(|seconds| (1..=300).contains(&seconds)), "{body}");
    assert_eq!(answer.must("cache-control"), "no-store");
    let (claims, subject) = (part(&token, 1), tokens.claims());
    assert_eq!((claims["aud"].as_str(), claims["iss"].as_str()), (Some(server()), Some(&*gateway.url(""))));
    assert_eq!((&claims["sub"], &claims["tenant"]), (&subject["sub"], &subject["tenant"]));
    assert_eq!((&claims["act"], &claims["scope"]), (&json!({"sub": "broker"}), &json!("tools:read")));
    assert_eq!(part(&token, 0)["kid"], part(&tokens.access, 0)["kid"], "signed with a published key");
    assert_eq!(gateway.get_as(&token, "/auth/me").await.status, 401, "it is for elsewhere");
    assert_eq!(gateway.get_as(&token, "/mcp/tools").await.status, 401);
    assert_eq!(refused(&exchange(broker(), &token, &[]).await, 400), "invalid_request", "nor is it exchanged on");
}

#[tokio::test]
async fn an_exchange_that_asks_for_anything_else_is_refused() {
    let Enterprise { gateway, .. } = enterprise();
    let tokens = logged_in().await;
    for (changes, code) in [
        (&[("resource", "https://other.example.com/mcp")][..], "invalid_target"),
        (&[("resource", &*gateway.url("/mcp"))], "invalid_target"),
        (&[("resource", &*format!("{}/", server()))], "invalid_target"),
        (&[("audience", "tools")], "invalid_target"),
        (&[("resource", "")], "invalid_request"),
        (&[("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")], "invalid_request"),
        (&[("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")], "invalid_request"),
        (&[("actor_token", "x"), ("actor_token_type", ACCESS_TOKEN)], "invalid_request"),
        (&[("subject_token", &*tokens.refresh)], "invalid_request"),
        (&[("subject_token", "x.y.z")], "invalid_request"),
        (&[("scope", "admin")], "invalid_scope"),
    ] {
        assert_eq!(refused(&exchange(broker(), &tokens.access, changes).await, 400), code, "{changes:?}");
    }
    assert_eq!(refused(&exchange(broker(), &tokens.access, &[("client_secret", "x")]).await, 401), "invalid_client");
}

#[tokio::test]
async fn tokens_are_exchanged_by_clients_of_their_own_tenant_that_have_the_grant() {
    let Enterprise { gateway, .. } = enterprise();
    let tokens = logged_in().await;
    let foreign = agent(gateway, "ten-2-1", "broker-foreign", EXCHANGE);
    assert_eq!(refused(&exchange(&foreign, &tokens.access, &[]).await, 400), "invalid_request");
    let without = agent(gateway, TENANT, "broker-without", "client_credentials");
    assert_eq!(refused(&exchange(&without, &tokens.access, &[]).await, 400), "unauthorized_client");
    let itself = App::register(
        gateway,
        json!({"grant_types": ["authorization_code", EXCHANGE], "token_endpoint_auth_method": "client_secret_post"}),
    )
    .await;
    assert_eq!(refused(&exchange(&itself, &tokens.access, &[]).await, 400), "unauthorized_client");
}

#[tokio::test]
async fn a_token_that_is_over_is_not_exchanged() {
    let Enterprise { gateway, .. } = enterprise();
    let tokens = logged_in().await;
    let logout = gateway.request(reqwest::Method::POST, "/auth/logout").bearer_auth(&tokens.access);
    assert_eq!(gateway_contract::client::send(logout).await.status, 204);
    assert_eq!(refused(&exchange(broker(), &tokens.access, &[]).await, 400), "invalid_request");
}
