//! The dashboards as Prometheus itself draws them, seen in a real browser.

use crate::watched::dashboards;
use gateway_contract::browser::{Browser, Page, Screen};
use gateway_contract::prometheus::Prometheus;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
/// A chart's line or area. Whoever sees none sees the words that stand in its place.
const DRAWN: &str = "svg path";

/// Every page shows every panel, and every chart has something in it: each of their queries gave something by now.
pub async fn hold(prometheus: &Prometheus, tenant: &str) {
    let Some(browser) = Browser::shared() else { return };
    if !prometheus.draws() {
        let told = "\nSKIPPED: drawn: this Prometheus came without its library for pages (prom.lib)\n";
        let _ = std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes());
        return;
    }
    let page = browser.open(Screen::DESKTOP).await;
    for (file, dashboard) in dashboards() {
        let name = file.trim_end_matches(".json");
        assert_eq!(page.goto(&prometheus.url(&format!("consoles/{name}.html"))).await, 200, "{name}");
        let panels = dashboard["panels"].as_array().expect("panels");
        assert_eq!(page.count("main section").await, panels.len() as u64, "{name}");
        let is_chart = |kind: &str| kind == "timeseries" || kind == "state-timeline";
        let charts = panels.iter().filter(|panel| panel["type"].as_str().is_some_and(is_chart)).count();
        let empty = drawn(&page, charts as u64).await;
        assert!(empty.is_empty(), "{name}: nothing is drawn for {empty:?}");
        page.screenshot(&format!("prometheus-{name}.png")).await;
    }
    of_one_tenant(prometheus, &page, tenant).await;
    page.close().await;
}

/// Waits until each chart of the page has come to something: the titles of those in which there is nothing.
async fn drawn(page: &Page<'_>, charts: u64) -> Vec<String> {
    let with = |what: &str| {
        format!("[...document.querySelectorAll('main section')].filter((it) => it.querySelector('{what}'))")
    };
    let start = Instant::now();
    loop {
        let lines = page.evaluate(&format!("{}.length", with(DRAWN))).await.as_u64().unwrap_or(0);
        let empty = page
            .evaluate(&format!("{}.map((it) => it.querySelector('h2').textContent)", with(".prom_graph_error")))
            .await;
        let empty: Vec<String> = serde_json::from_value(empty).expect("titles");
        if lines + empty.len() as u64 >= charts {
            return empty;
        }
        assert!(start.elapsed() < PATIENCE, "{lines} of {charts} charts are drawn in {}", page.url().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What is chosen is what is asked for.
async fn of_one_tenant(prometheus: &Prometheus, page: &Page<'_>, tenant: &str) {
    page.goto(&prometheus.url("consoles/limits.html")).await;
    page.choose("select[name=tenant]", tenant).await;
    page.arrive(&prometheus.url(&format!("consoles/limits.html?tenant={tenant}"))).await;
    let chosen = page.evaluate("document.querySelector('select[name=tenant]').value").await;
    assert_eq!(chosen, tenant);
    let expression = page.evaluate("chosen('x{tenant=~\"$tenant\"}')").await;
    assert_eq!(expression, format!("x{{tenant=~\"{tenant}\"}}"));
    let rows = page.text("main").await;
    assert!(!rows.contains("error executing"), "{rows}");
}
