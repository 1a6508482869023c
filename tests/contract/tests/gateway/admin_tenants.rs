//! Tenants: made and suspended by the operator, deleted by their owners, and what ends with them.

use crate::gateway;
use gateway_contract::client::note_secret;
use gateway_contract::seed::{PASSWORD, Tools};
use gateway_contract::team::{self, Key, Team, refused};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn an_owner_deletes_its_tenant_and_everything_of_it_ends() {
    let (team, other) = (Team::new(), Team::new());
    let developer = team.token("developer").await;
    let key = team.key("developer", &json!({"name": "a key"})).await;
    let path = format!("/admin/tenants/{}", team.tenant());
    for credential in [&developer, &key.secret] {
        gateway().execute(credential, "server_time", &json!({})).await.json(200);
    }
    assert_eq!(team.order("owner", Method::DELETE, &path, None).await.status, 204);
    let ended = || async {
        let mut all = true;
        for credential in [&developer, &key.secret] {
            all &= !gateway().is_let_in(credential).await;
        }
        all
    };
    team::within(team::SEEN, "ended", ended).await;
    gateway().try_login(&team.member("owner").username, PASSWORD).await.problem(401);
    refused(&team.order("owner", Method::GET, &path, None).await, 401, "invalid-token");
    refused(&team::operate(Method::GET, &path, None).await, 404, "no-such-thing");
    other.order("owner", Method::GET, "/admin/users", None).await.json(200);
}

#[tokio::test]
async fn the_operator_suspends_a_tenant_and_nobody_of_it_is_let_in_until_it_is_resumed() {
    let team = Team::new();
    let developer = team.token("developer").await;
    let key: Key = team.key("developer", &json!({"name": "a key"})).await;
    let path = format!("/admin/tenants/{}", team.tenant());
    let suspended = |suspended: bool| json!({"suspended": suspended});
    for name in ["owner", "admin"] {
        let answer = team.order(name, Method::PATCH, &path, Some(&suspended(true))).await;
        refused(&answer, 403, "forbidden");
    }
    assert!(gateway().is_let_in(&key.secret).await && gateway().is_let_in(&developer).await);
    let answer = team::operate(Method::PATCH, &path, Some(&suspended(true))).await;
    assert!(answer.json(200)["suspended_at"].is_u64());
    let out = || async { !gateway().is_let_in(&developer).await && !gateway().is_let_in(&key.secret).await };
    team::within(team::SEEN, "shut out", out).await;
    gateway().try_login(&team.member("owner").username, PASSWORD).await.problem(401);
    let answer = team::operate(Method::PATCH, &path, Some(&suspended(false))).await;
    assert_eq!(answer.json(200)["suspended_at"], Value::Null);
    team::within(team::SEEN, "let in", || gateway().is_let_in(&key.secret)).await;
    assert!(!gateway().is_let_in(&developer).await, "what was ended stays ended");
    team::login(&team.member("owner"), PASSWORD, team::ALL).await;
}

#[tokio::test]
async fn a_gateways_operator_makes_a_tenant_once() {
    let other = gateway().user(Tools::Own);
    let id = format!("made-{}", other.tenant);
    let made = team::operate(Method::POST, "/admin/tenants", Some(&json!({"id": id, "name": "A team"}))).await;
    let made = made.json(201);
    note_secret(made["owner"]["code"].as_str().expect("a code"));
    assert_eq!((&made["tenant"]["id"], &made["tenant"]["name"]), (&json!(id), &json!("A team")));
    assert_eq!(made["owner"]["place"], gateway().url("/join"));
    let again = team::operate(Method::POST, "/admin/tenants", Some(&json!({"id": id}))).await;
    refused(&again, 409, "conflict");
}
