//! Whom nobody reaches: owners, oneself, other people's keys; and names that mislead.

use crate::gateway;
use gateway_contract::team::{self, Team, order, refused, text};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_name_that_does_not_show_what_it_is_is_refused() {
    let team = Team::new();
    let long = "x".repeat(65);
    for bad in [
        "",
        " ",
        " a",
        "a ",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{200b}",
        "a\u{feff}b",
        "\u{e0041}",
        "a\nb",
        "a\u{0}",
        &long,
    ] {
        for (path, body) in [
            ("/admin/keys", json!({"name": bad})),
            ("/admin/plans", json!({"name": bad, "limits": {}})),
            ("/admin/policies", json!({"name": bad, "effect": "allow"})),
            ("/admin/users", json!({"username": format!("{}-named", team.tenant()), "groups": [bad]})),
            ("/admin/users", json!({"username": bad})),
        ] {
            let answer = team.order("owner", Method::POST, path, Some(&body)).await;
            assert_eq!(answer.status, 400, "{path} {bad:?}: {}", answer.text());
            refused(&answer, 400, "invalid-body");
        }
        let path = format!("/admin/tenants/{}", team.tenant());
        let answer = team.order("owner", Method::PATCH, &path, Some(&json!({"name": bad}))).await;
        refused(&answer, 400, "invalid-body");
        let body = json!({"id": format!("{}-named", team.tenant()), "name": bad});
        refused(&team::operate(Method::POST, "/admin/tenants", Some(&body)).await, 400, "invalid-body");
    }
    for bad in ["", "a b", "a/b", "..", "a'b", "\u{e9}", &long, "a\u{202e}"] {
        let answer = team::operate(Method::POST, "/admin/tenants", Some(&json!({"id": bad}))).await;
        refused(&answer, 400, "invalid-body");
    }
}

#[tokio::test]
async fn an_administrator_does_not_reach_an_owner() {
    let team = Team::new();
    let (owner, agent) = (team.id("owner"), team.id("agent"));
    let key = team.key("owner", &json!({"name": "the owner's"})).await;
    let mut wrong = Vec::new();
    for (method, path, body, status, kind) in [
        (Method::PATCH, format!("/admin/users/{owner}"), Some(json!({"disabled": true})), 403, "forbidden"),
        (Method::PATCH, format!("/admin/users/{owner}"), Some(json!({"role": "agent"})), 403, "forbidden"),
        (Method::PATCH, format!("/admin/users/{owner}"), Some(json!({"groups": ["x"]})), 403, "forbidden"),
        (Method::DELETE, format!("/admin/users/{owner}"), None, 403, "forbidden"),
        (Method::POST, format!("/admin/users/{owner}/reset"), None, 403, "forbidden"),
        (Method::PATCH, format!("/admin/users/{agent}"), Some(json!({"role": "owner"})), 403, "forbidden"),
        (Method::POST, "/admin/invitations".into(), Some(json!({"role": "owner"})), 403, "forbidden"),
        (
            Method::POST,
            "/admin/users".into(),
            Some(json!({"username": format!("{agent}-x"), "role": "owner"})),
            403,
            "forbidden",
        ),
        (Method::POST, "/admin/keys".into(), Some(json!({"name": "x", "user": owner})), 409, "conflict"),
        (Method::POST, format!("/admin/keys/{}/rotate", key.id), None, 403, "forbidden"),
        (Method::PATCH, format!("/admin/keys/{}", key.id), Some(json!({"name": "x"})), 403, "forbidden"),
        (Method::DELETE, format!("/admin/keys/{}", key.id), None, 403, "forbidden"),
        (Method::POST, "/admin/revocations".into(), Some(json!({"kind": "key", "id": key.id})), 403, "forbidden"),
        (Method::POST, "/admin/revocations".into(), Some(json!({"kind": "user", "user": owner})), 403, "forbidden"),
        (Method::POST, "/admin/revocations".into(), Some(json!({"kind": "tenant"})), 403, "forbidden"),
        (Method::DELETE, format!("/admin/tenants/{}", team.tenant()), None, 403, "forbidden"),
    ] {
        let answer = team.order("admin", method.clone(), &path, body.as_ref()).await;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != status || told["type"] != format!("urn:mcp-secure-gateway:problem:{kind}") {
            wrong.push(format!("{method} {path} {body:?}: {status} {kind} and not {}", answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(gateway().is_let_in(&key.secret).await && gateway().is_let_in(&team.token("owner").await).await);
    let known = team.order("owner", Method::GET, &format!("/admin/users/{owner}"), None).await.json(200);
    assert_eq!((&known["role"], &known["version"]), (&json!("owner"), &json!(1)), "{known}");
}

#[tokio::test]
async fn nobody_disables_demotes_or_deletes_itself() {
    let team = Team::new();
    for role in ["owner", "admin"] {
        let path = format!("/admin/users/{}", team.id(role));
        for change in [
            json!({"disabled": true}),
            json!({"role": "agent"}),
            json!({"role": "owner"}),
            json!({"groups": ["x"]}),
            json!({}),
        ] {
            refused(&team.order(role, Method::PATCH, &path, Some(&change)).await, 409, "conflict");
        }
        refused(&team.order(role, Method::DELETE, &path, None).await, 409, "conflict");
        refused(&team.order(role, Method::POST, &format!("{path}/reset"), None).await, 409, "conflict");
        // Nor does it by a key.
        let key = team.key(role, &json!({"name": "own", "scope": team::ALL})).await.secret;
        refused(&order(&key, Method::DELETE, &path, None).await, 409, "conflict");
    }
    // A demoted administrator is none any more, within the bound of its role.
    let admin = format!("/admin/users/{}", team.id("admin"));
    let token = team.token("admin").await;
    team.order("owner", Method::PATCH, &admin, Some(&json!({"role": "developer"}))).await.json(200);
    let is_out = || async { order(&token, Method::GET, "/admin/policies", None).await.status == 403 };
    team::within(team::SEEN, "out of its office", is_out).await;
    let answer = order(&token, Method::PATCH, &admin, Some(&json!({"role": "admin"}))).await;
    refused(&answer, 403, "forbidden");
}

#[tokio::test]
async fn a_key_is_never_wider_than_the_credential_that_makes_it() {
    let team = Team::new();
    let create = |credential: String, body: Value| async move {
        order(&credential, Method::POST, "/admin/keys", Some(&body)).await
    };
    // A developer makes keys for itself alone.
    let developer = team.token("developer").await;
    for user in [team.id("other"), team.id("owner"), team.id("agent"), "no-such-user".to_owned()] {
        refused(&create(developer.clone(), json!({"name": "x", "user": user})).await, 404, "no-such-thing");
    }
    let theirs = team.key("other", &json!({"name": "theirs"})).await.id;
    for (method, path) in [
        (Method::GET, format!("/admin/keys/{theirs}")),
        (Method::PATCH, format!("/admin/keys/{theirs}")),
        (Method::DELETE, format!("/admin/keys/{theirs}")),
        (Method::POST, format!("/admin/keys/{theirs}/rotate")),
    ] {
        let body = (method == Method::PATCH).then(|| json!({"name": "x"}));
        refused(&order(&developer, method, &path, body.as_ref()).await, 404, "no-such-thing");
    }
    let listed = order(&developer, Method::GET, "/admin/keys", None).await.json(200);
    assert_eq!(listed["items"], json!([]), "{listed}");
    // No scope that the credential does not have, by making, changing or rotating.
    let narrow =
        team::login(&team.member("owner"), gateway_contract::seed::PASSWORD, "admin:read admin:write tools:read").await;
    let wide = team.key("owner", &json!({"name": "wide", "scope": team::ALL})).await.id;
    let small = Key {
        id: text(
            &create(narrow.access.clone(), json!({"name": "small", "scope": "tools:read"})).await.json(201)["key"],
            "id",
        ),
    };
    for body in
        [json!({"name": "x"}), json!({"name": "x", "scope": "tools:call"}), json!({"name": "x", "scope": team::ALL})]
    {
        refused(&create(narrow.access.clone(), body).await, 403, "forbidden");
    }
    for (method, path, body) in [
        (Method::PATCH, format!("/admin/keys/{}", small.id), Some(json!({"scope": "tools:call tools:read"}))),
        (Method::PATCH, format!("/admin/keys/{wide}"), Some(json!({"name": "x"}))),
        (Method::POST, format!("/admin/keys/{wide}/rotate"), None),
    ] {
        refused(&order(&narrow.access, method, &path, body.as_ref()).await, 403, "forbidden");
    }
    // A key that is narrowed makes, changes and rotates none, not even as narrow a one.
    for narrowed in [json!({"tools": ["*"]}), json!({"upstreams": ["old"]}), json!({"networks": ["0.0.0.0/0", "::/0"]})]
    {
        let mut body = json!({"name": "narrowed", "scope": team::ALL});
        narrowed.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
        let key = team.key("owner", &body).await.secret;
        order(&key, Method::GET, "/admin/keys", None).await.json(200);
        refused(&create(key.clone(), json!({"name": "x", "scope": "tools:read"})).await, 403, "forbidden");
        refused(&create(key.clone(), body.clone()).await, 403, "forbidden");
        let change = json!({"tools": null});
        refused(&order(&key, Method::PATCH, &format!("/admin/keys/{wide}"), Some(&change)).await, 403, "forbidden");
        refused(&order(&key, Method::POST, &format!("/admin/keys/{wide}/rotate"), None).await, 403, "forbidden");
    }
}

/// A key of which only the id is of interest.
struct Key {
    id: String,
}
