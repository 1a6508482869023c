//! What an operator relies on: metrics, dashboards and alerts under real traffic, scraped by a real Prometheus; what a call costs
//! of the platform; a database that is backed up and restored.
//!
//! Numbers are compared here, so the tests that make traffic take turns, and nobody else uses their gateway.

mod backup;
mod cost;
mod documented;
mod drawn;
mod traced;
mod traffic;
mod watched;

use gateway_contract::{Gateway, OPERATOR, World};
use std::time::Duration;
use tokio::sync::Mutex;

/// Longer than an isolate keeps to itself what it gathered.
const FLUSHED: Duration = Duration::from_secs(6);

/// Whose turn it is.
static TURN: Mutex<()> = Mutex::const_new(());

/// The gateway all of this happens to.
fn gateway() -> &'static Gateway {
    &World::shared().gateway
}

/// What the gateway tells once everything that happened is in it.
async fn metrics() -> String {
    tokio::time::sleep(FLUSHED).await;
    // The request that comes after a while is the one that sends what was gathered before.
    gateway().get("/health/live").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let told = gateway().get_as(OPERATOR, "/metrics").await;
    assert_eq!(told.status, 200, "{}", told.text());
    told.text()
}

/// The value of a series in the text format, 0 where it is not there. Labels are given as they are written.
fn value(text: &str, series: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.map_or(0.0, |value| value.parse().unwrap_or_else(|_| panic!("{series}: {value}")))
}
