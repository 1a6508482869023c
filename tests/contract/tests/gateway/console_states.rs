//! What the console shows while it waits, when there is nothing, and when something does not work.

use crate::console_looks::incident;
use crate::gateway;
use gateway_contract::OPERATOR;
use gateway_contract::browser::{Browser, Screen};
use gateway_contract::console::{Console, button};
use gateway_contract::fake::faulty::faults;
use gateway_contract::team::{SEEN, Team, within};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn who_opens_the_console_in_an_incident_reads_which_upstream_and_since_when_first() {
    let Some(browser) = Browser::shared() else { return };
    let team = Team::new();
    let console = Console::enter(browser, Screen::DESKTOP, &team.member("auditor")).await;
    console.page.answer_with("/admin/activity", 200, &incident()).await;
    console.go("upstreams").await;
    console.go("overview").await;
    let told =
        console.page.evaluate("[...document.querySelectorAll('.findings li')].map((one) => one.innerText)").await;
    let told: Vec<&str> = told.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(
        told[0].contains("files mostly fails since ") && told[0].contains("calls failed in the last 5 minutes"),
        "{told:?}"
    );
    assert!(told.iter().any(|one| one.contains("crm is slow since ")), "{told:?}");
    assert!(told.iter().any(|one| one.contains("Limits refuse requests to the gateway itself since ")), "{told:?}");
    assert!(console.page.text("h2").await.starts_with(team.tenant()), "whose it is stands above");
    // It is in sight without scrolling, and leads on.
    assert_eq!(
        console.page.evaluate("document.querySelector('.findings').getBoundingClientRect().bottom < innerHeight").await,
        json!(true)
    );
    console.page.click(".findings a:text-is(\"Look at files\")").await;
    console.settled().await;
    assert!(console.page.url().await.ends_with("#/upstreams/files"));
    // The numbers are there for who cannot see the charts.
    console.go("overview").await;
    console.page.click("summary:has-text(\"of Errors\")").await;
    assert!(console.page.text("figure:has-text(\"Errors\") table.numbers").await.contains("files"));
    console.is_quiet().await;
    console.page.close().await;
}

#[tokio::test]
async fn an_upstream_that_really_fails_is_named_within_a_minute() {
    let Some(browser) = Browser::shared() else { return };
    let (team, faults) = (Team::new(), faults());
    team.make("owner", "/admin/upstreams", &json!({"name": "broken", "url": faults.url("/crash")})).await;
    let console = Console::enter(browser, Screen::PHONE, &team.member("owner")).await;
    let access = team.token("agent").await;
    let seen = || async { gateway().execute(&access, "broken__go", &json!({})).await.status != 404 };
    within(SEEN, "listed", seen).await;
    for _ in 0..8 {
        gateway().execute(&access, "broken__go", &json!({})).await;
    }
    console.go("overview").await;
    // What was counted is told with the next request after five seconds, which the page itself makes.
    let told = || async {
        let text = "document.querySelector('.findings li.bad')?.innerText ?? ''";
        console.page.evaluate(text).await.as_str().is_some_and(|told| told.contains("broken fails since "))
    };
    within(Duration::from_secs(45), "told", told).await;
    console.page.screenshot("console/states/broken.png").await;
    console.page.close().await;
}

#[tokio::test]
async fn what_is_on_its_way_is_empty_or_cannot_be_had_is_said_on_every_page() {
    let Some(browser) = Browser::shared() else { return };
    let team = Team::new();
    let console = Console::enter(browser, Screen::PHONE, &team.member("owner")).await;
    console
        .page
        .answer_with("/admin/activity", 200, &json!({"now": 1_800_000_000_000_u64, "step_seconds": 60, "series": []}))
        .await;
    console.go("entropy").await;
    console.go("overview").await;
    assert!(console.main().await.contains("No call in this time"));
    for (place, words) in [
        ("drift", "Nothing waits"),
        ("approvals", "No call waits for approval"),
        ("keys", "Nobody has a key"),
        ("policies", "There is no policy"),
        ("revoke", "Nothing that would still be good is revoked"),
        ("tools/no_such_tool", "There is no such tool among yours"),
        ("no-such-page", "There is no such page"),
    ] {
        console.go(place).await;
        assert!(console.main().await.contains(words), "{place}: {}", console.main().await);
    }
    console.is_quiet().await;
    let away = json!({"type": "urn:mcp-secure-gateway:problem:unavailable", "title": "Unavailable", "status": 503,
        "detail": "the database does not answer", "correlation_id": "c-4711"});
    for (place, path) in [
        ("entropy", "/admin/entropy"),
        ("drift", "/admin/pins"),
        ("keys", "/admin/keys"),
        ("users", "/admin/users"),
        ("upstreams", "/admin/upstreams"),
        ("audit", "/admin/audit"),
        ("approvals", "/admin/approvals"),
        ("policies", "/admin/policies"),
        ("revoke", "/admin/revocations"),
        ("overview", "/admin/activity"),
        ("tools", "/mcp/tools"),
        ("entropy", "/auth/me"),
    ] {
        console.page.answer_with(path, 503, &away).await;
        console.go(place).await;
        let shown = console.page.text("main [role=alert]").await;
        assert!(
            shown.contains("the database does not answer") && shown.contains("c-4711") && shown.contains("Try again"),
            "{place}: {shown}"
        );
    }
    assert_eq!(console.page.barriers().await, Vec::<String>::new());
    console.page.screenshot("console/states/away.png").await;
    console.page.answer_with("/admin/webhooks", 0, &json!({})).await;
    console.page.evaluate("location.hash = '#/settings'").await;
    console.page.text("main .waiting:has-text(\"Loading the webhooks\")").await;
    console.page.screenshot("console/states/waiting.png").await;
    console.page.close().await;
}

#[tokio::test]
async fn what_was_refused_is_said_with_its_correlation_id_and_leads_to_the_records() {
    let Some(browser) = Browser::shared() else { return };
    let team = Team::new();
    let console = Console::enter(browser, Screen::DESKTOP, &team.member("owner")).await;
    console.go("upstreams").await;
    console.page.click("summary:text-is(\"Add an MCP server\")").await;
    console.page.fill("details[open] input:not([type=url])", "inner").await;
    console.page.fill("details[open] input[type=url]", "https://10.0.0.1/mcp").await;
    console.press("Add", false).await;
    let refused = console.page.text("details[open] [role=alert]").await;
    assert!(refused.contains("Correlation id"), "{refused}");
    console.page.click("details[open] [role=alert] a").await;
    console.settled().await;
    assert!(console.page.url().await.contains("#/audit?correlation="));
    console.page.close().await;
}

#[tokio::test]
async fn the_operator_looks_at_all_tenants_with_a_token_that_is_stored_nowhere() {
    let Some(browser) = Browser::shared() else { return };
    let Console { page } = Console::open(browser, Screen::DESKTOP).await;
    let console = Console { page };
    console.page.answer_with("/admin/activity", 200, &incident()).await;
    console.page.click("main a:text-is(\"all tenants\")").await;
    console.page.fill("input[type=password]", "not the token").await;
    console.page.click(&button("Look")).await;
    console.page.text("main [role=alert]").await;
    console.page.complaints().await;
    console.page.fill("input[type=password]", OPERATOR).await;
    console.page.click(&button("Look")).await;
    console.page.text("main table .tag").await;
    console.settled().await;
    let told = console.page.text(".findings li").await;
    assert!(told.contains("acme / files mostly fails since "), "{told}");
    assert_eq!(console.stored().await, json!({"session": [], "local": []}));
    assert!(!console.page.html().await.contains(OPERATOR));
    assert_eq!(console.page.barriers().await, Vec::<String>::new());
    console.page.screenshot("console/operator.png").await;
    console.is_quiet().await;
    console.page.goto(&gateway().url("/console?again#/operator")).await;
    console.page.text("input[type=password]").await;
    console.page.close().await;
}
