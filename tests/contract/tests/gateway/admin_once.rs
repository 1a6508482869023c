//! Orders with an idempotency key: carried out once, however often they come.

use gateway_contract::OPERATOR;
use gateway_contract::client::{Answer, send};
use gateway_contract::team::{Team, ordered, refused};
use reqwest::Method;
use serde_json::{Value, json};

/// An order with an idempotency key.
async fn keyed(credential: &str, path: &str, body: &Value, key: &str) -> Answer {
    send(ordered(credential, Method::POST, path, Some(body)).header("idempotency-key", key)).await
}

async fn count(team: &Team, kind: &str) -> usize {
    let page = team.order("owner", Method::GET, &format!("/admin/{kind}?limit=200"), None).await.json(200);
    page["items"].as_array().expect("items").len()
}

/// Orders that make something: the route, a body, another one, and the list that grows by it.
fn orders(team: &Team, target: &str) -> Vec<(String, Value, Value, &'static str)> {
    let tenant = team.tenant();
    vec![
        (
            "/admin/users".to_owned(),
            json!({"username": format!("{tenant}-once")}),
            json!({"username": format!("{tenant}-twice")}),
            "users",
        ),
        ("/admin/keys".to_owned(), json!({"name": "once"}), json!({"name": "twice"}), "keys"),
        (format!("/admin/keys/{target}/rotate"), json!({}), json!({"overlap": 1}), "keys"),
        (
            "/admin/policies".to_owned(),
            json!({"name": "once", "effect": "allow"}),
            json!({"name": "twice", "effect": "allow"}),
            "policies",
        ),
        (
            "/admin/plans".to_owned(),
            json!({"name": "once", "limits": {}}),
            json!({"name": "twice", "limits": {}}),
            "plans",
        ),
        (
            "/admin/revocations".to_owned(),
            json!({"kind": "client", "user": team.id("agent"), "id": "once"}),
            json!({"kind": "client", "user": team.id("agent"), "id": "twice"}),
            "revocations",
        ),
        ("/admin/invitations".to_owned(), json!({"role": "agent"}), json!({"role": "auditor"}), ""),
        (format!("/admin/users/{}/reset", team.id("agent")), json!({}), json!({"x": 1}), ""),
    ]
}

#[tokio::test]
async fn an_order_with_an_idempotency_key_is_carried_out_once_however_often_it_comes() {
    let team = Team::new();
    let (owner, admin) = (team.token("owner").await, team.token("admin").await);
    let user = team.service("target", &[]).await;
    let target = team.key("owner", &json!({"name": "target", "user": user})).await.id;
    let tenant = team.tenant();
    for (path, body, other, counted) in orders(&team, &target) {
        let before = if counted.is_empty() { 0 } else { count(&team, counted).await };
        let mut orders = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (owner, path, body) = (owner.clone(), path.clone(), body.clone());
            orders.spawn(async move { keyed(&owner, &path, &body, &format!("once-{path}")).await });
        }
        let answers = orders.join_all().await;
        let first = answers[0].json(201);
        for answer in &answers {
            assert_eq!(answer.json(201), first, "{path}");
        }
        assert_eq!(keyed(&owner, &path, &body, &format!("once-{path}")).await.json(201), first);
        if !counted.is_empty() {
            assert_eq!(count(&team, counted).await, before + 1, "{path}");
        }
        // Another order with the key is none; for somebody else it is another key.
        let answer = keyed(&owner, &path, &other, &format!("once-{path}")).await;
        if other["x"].is_null() {
            refused(&answer, 422, "idempotency-key-reused");
        } else {
            refused(&answer, 400, "invalid-body");
        }
        let answer = keyed(&owner, "/admin/keys", &json!({"name": "another operation"}), &format!("once-{path}")).await;
        refused(&answer, 422, "idempotency-key-reused");
        if path == "/admin/keys" || path == "/admin/invitations" {
            assert_ne!(keyed(&admin, &path, &body, &format!("once-{path}")).await.json(201), first, "{path}");
        }
    }
    for bad in ["", " ", "a b", &"x".repeat(129), "\u{e9}"] {
        let request = ordered(&owner, Method::POST, "/admin/keys", Some(&json!({"name": "wrong key"})));
        let answer = send(request.header("idempotency-key", bad.as_bytes())).await;
        assert_eq!(answer.status, 400, "{bad:?}: {}", answer.text());
    }
    // The operator's orders too.
    let body = json!({"id": format!("once-{tenant}")});
    let first = keyed(OPERATOR, "/admin/tenants", &body, &format!("k-{tenant}")).await.json(201);
    assert_eq!(keyed(OPERATOR, "/admin/tenants", &body, &format!("k-{tenant}")).await.json(201), first);
}
