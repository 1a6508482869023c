//! What an administrator sets up with the console: an HTTP API, what it is shown, and plans.

use crate::gateway;
use gateway_contract::browser::{Browser, Screen};
use gateway_contract::client::note_secret;
use gateway_contract::console::{Console, button};
use gateway_contract::fake::server::{Reply, Server};
use gateway_contract::team::{SEEN, Team, within};
use reqwest::Method;
use serde_json::{Value, json};

const KEY: &str = "canary-console-key-41c8";
const OTHER_KEY: &str = "canary-console-key-90d2";

const DOCUMENT: &str = r#"
openapi: 3.1.0
info: {title: Stars, version: "1"}
servers: [{url: /v1}]
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Stars-Key}
security: [{key: []}]
paths:
  /stars:
    get: {operationId: listStars, responses: {"200": {description: Stars}}}
    trace: {responses: {}}
  /moons:
    get: {operationId: listMoons, responses: {"200": {description: Moons}}}
"#;

/// Answers who shows one of the keys.
fn api() -> Server {
    Server::start(|request| match request.header("x-stars-key") {
        _ if request.path == "/openapi.yaml" => Reply::text(200, "application/yaml", DOCUMENT),
        Some(KEY | OTHER_KEY) => Reply::json(200, &json!([{"name": "Sirius"}])),
        _ => Reply::empty(401),
    })
}

/// A field of an open form.
fn field(form: &str, label: &str) -> String {
    format!("{form} .field:has(label:text-is(\"{label}\"))")
}

#[tokio::test]
async fn an_api_is_imported_and_shown_a_credential_that_nobody_sees_again() {
    let Some(browser) = Browser::shared() else { return };
    let (team, api) = (Team::new(), api());
    note_secret(KEY);
    note_secret(OTHER_KEY);
    let console = Console::enter(browser, Screen::DESKTOP, &team.member("admin")).await;
    console.go("upstreams").await;
    console.page.click("summary:text-is(\"Add an HTTP API\")").await;
    let form = "details:has(summary:text-is(\"Add an HTTP API\"))";
    console.page.fill(&format!("{} input", field(form, "Name")), "stars").await;
    let address = format!("{} input", field(form, "Address of its OpenAPI document"));
    console.page.fill(&address, &api.url("/openapi.yaml")).await;
    console.page.fill(&format!("{} input", field(form, "Operations (optional)")), "listS*").await;
    console.press("Import it", false).await;
    console.shows("1 tool, 2 operations not chosen").await;
    assert!(console.main().await.contains("key (apiKey, X-Stars-Key)"), "{}", console.main().await);
    console.page.screenshot("console/imported.png").await;

    console.go("upstreams/stars").await;
    console.shows("It has none: it is asked without one.").await;
    console.page.click("summary:text-is(\"Give it a credential\")").await;
    let form = "details:has(summary:text-is(\"Give it a credential\"))";
    console.page.choose(&format!("{form} select"), "header").await;
    console.page.fill(&format!("{} input", field(form, "Name of the field")), "X-Stars-Key").await;
    console.page.fill(&format!("{} input", field(form, "Value")), KEY).await;
    console.press("Give it", false).await;
    console.shows("everybody's calls").await;
    let access = team.token("agent").await;
    let shown = async |key: Option<&str>| {
        gateway().execute(&access, "stars__listStars", &json!({})).await;
        api.asked().pop().is_some_and(|last| last.path == "/v1/stars" && last.header("x-stars-key") == key)
    };
    within(SEEN, "shown the key", async || shown(Some(KEY)).await).await;
    assert!(!console.page.html().await.contains(KEY), "a credential is never shown again");

    let listed = "section[aria-labelledby=credentials] td";
    console.page.click(&format!("{listed} {}", button("Replace"))).await;
    let form = "section[aria-labelledby=replaced]";
    console.page.fill(&format!("{} input", field(form, "Name of the field")), "X-Stars-Key").await;
    console.page.fill(&format!("{} input", field(form, "Value")), OTHER_KEY).await;
    console.press("Replace it", false).await;
    within(SEEN, "shown the other key", async || shown(Some(OTHER_KEY)).await).await;
    console.settled().await;
    console.page.click(&format!("{listed} {}", button("Delete"))).await;
    console.page.click(&format!("dialog {}", button("Delete"))).await;
    console.shows("It has none: it is asked without one.").await;
    within(SEEN, "shown no key", async || shown(None).await).await;
    console.is_quiet().await;
    console.page.close().await;
}

#[tokio::test]
async fn a_plan_is_made_given_changed_and_deleted() {
    let Some(browser) = Browser::shared() else { return };
    let team = Team::new();
    let console = Console::enter(browser, Screen::DESKTOP, &team.member("owner")).await;
    console.go("settings").await;
    console.page.click("summary:text-is(\"Make a plan\")").await;
    let form = "details:has(summary:text-is(\"Make a plan\"))";
    console.page.fill(&format!("{} input", field(form, "Name")), "a hundred a day").await;
    console.page.fill(&format!("{form} textarea"), "{\"daily\": }").await;
    console.press("Make it", false).await;
    console.page.text(&format!("{form} [role=alert]")).await;
    console.page.fill(&format!("{form} textarea"), "{\"daily\": 100}").await;
    console.press("Make it", false).await;
    console.shows("a hundred a day").await;
    let limits = async || {
        let plans = team.order("auditor", Method::GET, "/admin/plans", None).await.json(200);
        let of_name = |plan: &&Value| plan["name"] == "a hundred a day";
        plans["items"].as_array().expect("plans").iter().find(of_name).map(|plan| plan["limits"].clone())
    };
    assert_eq!(limits().await, Some(json!({"daily": 100})));
    let listed = "section[aria-labelledby=plans] tr:has(:text-is(\"a hundred a day\"))";
    console.page.click(&format!("{listed} {}", button("Change"))).await;
    console.page.fill("section[aria-labelledby=plan] textarea", "{\"monthly\": 200}").await;
    console.press("Replace it", false).await;
    within(SEEN, "replaced", async || limits().await == Some(json!({"monthly": 200}))).await;
    console.settled().await;
    console.page.screenshot("console/plans.png").await;
    console.page.click(&format!("{listed} {}", button("Delete"))).await;
    console.page.click(&format!("dialog {}", button("Delete"))).await;
    console.shows("a hundred a day is deleted.").await;
    assert_eq!(limits().await, None);
    console.page.close().await;
}
