//! `cargo xtask observe --traces`: a trace of a gateway, by a collector, in a store of traces, all from packages.

use gateway_contract::client::Tokens;
use gateway_contract::fake::free_port;
use gateway_contract::prometheus::{Prometheus, is_here};
use gateway_contract::{Gateway, OPERATOR, Plan, fresh_state, workspace};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a span may take through the collector's batches.
const PATIENCE: Duration = Duration::from_secs(40);

/// Whether the packages may be installed here: `COLLECTOR_TESTS=required`, or they are already. Said aloud when not.
fn packages_are_here() -> bool {
    let required = std::env::var("COLLECTOR_TESTS").is_ok_and(|value| value == "required");
    let here = required || workspace().join("target/tools/traces/installed.txt").is_file();
    if !here {
        let told = "\nSKIPPED: a_trace_is_found_in_the_store: not installed (cargo xtask observe --traces)\n";
        let _ = std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes());
    }
    here
}

/// The store, as somebody who has signed in sees it.
struct Store {
    url: String,
    cookies: String,
}

impl Store {
    async fn signed_in(port: u16, state: &Path) -> Self {
        let url = format!("http://127.0.0.1:{port}");
        let password = std::fs::read_to_string(state.join("traces/password")).expect("the password");
        let login = |password: &str| {
            let body = json!({"email": "admin@localhost", "password": password});
            Client::new().post(format!("{url}/auth/login")).json(&body).send()
        };
        assert_eq!(login("admin").await.expect("an answer").status(), StatusCode::UNAUTHORIZED, "its usual password");
        let answer = login(&password).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        let set = answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let pairs: Vec<&str> = set.filter_map(|cookie| cookie.split(';').next()).collect();
        Self { cookies: pairs.join("; "), url }
    }

    /// How many spans of a trace are there, and the name of the first.
    async fn trace(&self, id: &str) -> (u64, Value) {
        let query = format!("{{projects{{edges{{node{{trace(traceId:\"{id}\"){{numSpans rootSpan{{name}}}}}}}}}}}}");
        let asked = Client::new().post(format!("{}/graphql", self.url)).header("cookie", &self.cookies);
        let answer = asked.json(&json!({"query": query})).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        let trace = &answer["data"]["projects"]["edges"][0]["node"]["trace"];
        (trace["numSpans"].as_u64().unwrap_or(0), trace["rootSpan"]["name"].clone())
    }
}

#[tokio::test]
async fn a_trace_is_found_in_the_store() {
    if !(is_here() && packages_are_here()) {
        return;
    }
    let (collector, store, state) = (free_port(), free_port(), fresh_state());
    let address = format!("http://127.0.0.1:{collector}");
    let plan = Plan::default().with("OTEL_EXPORTER_OTLP_ENDPOINT", address).with("METRICS_TOKEN", OPERATOR);
    let gateway = Gateway::start(&plan);
    let ports = [format!("--collector-port={collector}"), format!("--store-port={store}")];
    let _watch = Prometheus::with(&gateway, OPERATOR, &state, &["--traces", &ports[0], &ports[1]]).await;
    let tokens = Tokens::read(&gateway.try_login("demo", "demo123").await);
    gateway.done(&tokens.access, "server_time", &json!({})).await;
    let lines = gateway.lines();
    let line = lines.iter().find(|line| line.contains("\"route\":\"/mcp/execute\"")).expect("the call's line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    let trace = line["trace_id"].as_str().expect("a trace");
    let url = format!("http://127.0.0.1:{store}/v1/traces");
    for asked in [Client::new().get(format!("http://127.0.0.1:{store}/v1/projects")), Client::new().post(url)] {
        assert_eq!(asked.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED, "without a credential");
    }
    let store = Store::signed_in(store, &state).await;
    let start = Instant::now();
    loop {
        let (spans, first) = store.trace(trace).await;
        if spans >= 3 && first == "POST /mcp/execute" {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{spans} spans of {trace}, the first {first}");
        // What was recorded is handed over with later requests.
        gateway.get("/health/live").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
