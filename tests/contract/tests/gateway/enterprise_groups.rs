//! Groups that an OpenID provider says its people are in, and policies that mean them.

use crate::enterprise::{Enterprise, TENANT, enterprise, signed_in, stays_out, subject};
use gateway_contract::client::Tokens;
use gateway_contract::fake::oidc::Visit;
use gateway_contract::oauth::{App, Landing, Visitor};
use gateway_contract::team::SEEN;
use serde_json::{Value, json};

const TOOL: &str = "server_time";

/// What an app of somebody who is signed in may see.
async fn tools(visitor: &Visitor, app: &App) -> Vec<String> {
    let consent = visitor.get(&app.request(&[])).await;
    let landing = Landing::of(&visitor.decide(&consent, "allow").await);
    let tokens = Tokens::read(&app.redeem(landing.find("code").expect("a code"), &[]).await);
    let listed = enterprise().gateway.get_as(&tokens.access, "/mcp/tools").await.json(200);
    let names = listed["tools"].as_array().expect("tools").iter();
    names.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn the_groups_the_provider_says_at_a_sign_in_are_those_that_policies_mean() {
    let Enterprise { gateway, .. } = enterprise();
    let rule = json!({"name": "no time for visitors", "effect": "deny", "who": {"groups": ["visitors"]}, "what": {"tools": [TOOL]}});
    gateway.sql(&format!(
        "INSERT INTO policies (id, tenant_id, name, rule, made_by, created_at, updated_at) \
         VALUES ('no-visitors', '{TENANT}', 'no time for visitors', '{rule}', 'seed', 1, 1);"
    ));
    tokio::time::sleep(SEEN).await;
    let (app, subject) = (App::register(gateway, json!({})).await, subject());
    let come = async |groups: Value| {
        let (visitor, answer) = signed_in(Visit::of(&subject, json!({"groups": groups}))).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        visitor
    };
    let visiting = come(json!(["staff", "visitors"])).await;
    let seen = tools(&visiting, &app).await;
    assert!(!seen.iter().any(|name| name == TOOL) && !seen.is_empty(), "{seen:?}");
    // The same person comes again when the provider says otherwise.
    let staying = come(json!("staff")).await;
    tokio::time::sleep(SEEN).await;
    let seen = tools(&staying, &app).await;
    assert!(seen.iter().any(|name| name == TOOL), "{seen:?}");
    gateway.sql("DELETE FROM policies WHERE id = 'no-visitors';");
}

#[tokio::test]
async fn who_comes_with_groups_that_cannot_be_used_stays_out() {
    let many: Vec<String> = (0..201).map(|at| format!("group-{at}")).collect();
    for groups in [json!(many), json!([7]), json!({"staff": true}), json!(["a\nb"])] {
        let (_, answer) = signed_in(Visit::of(&subject(), json!({"groups": groups}))).await;
        stays_out(&answer, &groups.to_string());
    }
    let elsewhere = json!({"_claim_names": {"groups": "src1"}});
    stays_out(&signed_in(Visit::of(&subject(), elsewhere)).await.1, "kept elsewhere");
}
