//! The machine's own Prometheus, run by `cargo xtask observe` beside a gateway, and asked by its HTTP API.
//!
//! It comes with Debian's package `prometheus`. Where it is missing, a test that needs it says so and is skipped;
//! `PROMETHEUS_TESTS=required` makes that a failure.

use crate::guard::Guarded;
use crate::{Gateway, fake, fresh_state, xtask};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long it may take to start, and to scrape for the first time.
const PATIENCE: Duration = Duration::from_mins(2);
/// Where the test puts the operator's credential for the command.
const TOKEN: &str = "CONTRACT_METRICS_TOKEN";

/// A running Prometheus. It ends with this value.
#[derive(Debug)]
pub struct Prometheus {
    http: reqwest::Client,
    port: u16,
    process: Guarded,
}

/// One sample of an answer: its labels and its value.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The labels, the name of the metric among them.
    pub labels: Value,
    /// The value.
    pub value: f64,
}

/// Whether both programs of the package are here; said aloud when they are not.
pub fn is_here() -> bool {
    let here = ["prometheus", "promtool"].iter().all(|program| Command::new(program).arg("--version").output().is_ok());
    if !here {
        let required = std::env::var("PROMETHEUS_TESTS").is_ok_and(|value| value == "required");
        assert!(!required, "prometheus and promtool are required, and not here");
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let told = format!("\nSKIPPED: {test}: no Prometheus (apt-get install --no-install-recommends prometheus)\n");
        // Not `print!`: the runner keeps what a test prints that holds.
        let _ = std::io::stdout().write_all(told.as_bytes());
    }
    here
}

impl Prometheus {
    /// Starts it beside a gateway, and waits until it has scraped.
    pub async fn beside(gateway: &Gateway, token: &str) -> Self {
        Self::with(gateway, token, &fresh_state(), &[]).await
    }

    /// The same with its files in `state` and more arguments for the command.
    pub async fn with(gateway: &Gateway, token: &str, state: &Path, more: &[&str]) -> Self {
        let port = fake::free_port();
        let mut command = xtask();
        command.args([
            "observe",
            "--gateway-port",
            &gateway.port().to_string(),
            "--port",
            &port.to_string(),
            "--state",
        ]);
        command.arg(state).args(["--token-from", TOKEN]).args(more).env(TOKEN, token);
        let started = Self { http: reqwest::Client::new(), port, process: Guarded::start(command) };
        let start = Instant::now();
        while started.ask("up == 1").await.map_or(true, |samples| samples.is_empty()) {
            assert!(start.elapsed() < PATIENCE, "it does not scrape:\n{}", started.process.lines().join("\n"));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        started
    }

    /// Whether it draws the dashboards: its package came with the library for that, which slim images leave out.
    pub fn draws(&self) -> bool {
        self.process.lines().iter().any(|line| line.contains("the dashboards are at"))
    }

    /// The address of a path of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// The member `data` of an answer of the HTTP API, or what it said was wrong.
    pub async fn data(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let url = reqwest::Url::parse_with_params(&self.url(&format!("api/v1/{path}")), query)
            .map_err(|error| error.to_string())?;
        let answer = self.http.get(url).send().await.map_err(|error| error.to_string())?;
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        if answer["status"] == "success" { Ok(answer["data"].clone()) } else { Err(answer["error"].to_string()) }
    }

    /// What an expression gives now.
    pub async fn ask(&self, expression: &str) -> Result<Vec<Sample>, String> {
        let data = self.data("query", &[("query", expression)]).await?;
        let read = |sample: &Value| Sample {
            labels: sample["metric"].clone(),
            value: sample["value"][1].as_str().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN),
        };
        Ok(data["result"].as_array().ok_or("no vector")?.iter().map(read).collect())
    }

    /// The one number that an expression gives now.
    #[track_caller]
    pub fn number(&self, expression: &str) -> impl Future<Output = f64> {
        let caller = std::panic::Location::caller();
        async move {
            let samples = self.ask(expression).await.unwrap_or_else(|error| panic!("{caller}: {expression}: {error}"));
            assert_eq!(samples.len(), 1, "{caller}: {expression}: {samples:?}");
            samples[0].value
        }
    }
}
