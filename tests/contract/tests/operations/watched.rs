//! Every query of every dashboard and alert, asked of a real Prometheus that scrapes a gateway under load.

use crate::traffic::Traffic;
use crate::{TURN, documented, gateway, metrics};
use gateway_contract::prometheus::{Prometheus, is_here};
use gateway_contract::{OPERATOR, fresh_state, workspace};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Rounds of traffic before and after the load.
const ROUNDS: usize = 2;
/// How long queries may take to give something, with more traffic meanwhile.
const PATIENCE: Duration = Duration::from_mins(3);
/// Time for two scrapes and for the rules that are computed of them.
const SCRAPED: Duration = Duration::from_secs(22);

/// A query, and where it stands.
#[derive(Clone)]
struct Query {
    place: String,
    expression: String,
}

fn observability(path: &str) -> PathBuf {
    workspace().join("observability").join(path)
}

/// What stands for Grafana's own words: its interval, and variables of which every value is chosen.
fn filled_in(expression: &str) -> String {
    let filled = expression.replace("$__rate_interval", "1m").replace("$tenant", ".*").replace("$upstream", ".*");
    assert!(!filled.contains('$'), "no test knows this variable: {expression}");
    filled
}

/// The names of the dashboards' files, and what is in them.
pub fn dashboards() -> Vec<(String, Value)> {
    let files = std::fs::read_dir(observability("grafana/dashboards")).expect("dashboards").flatten();
    let mut read: Vec<(String, Value)> = files
        .map(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(file.path()).expect("a dashboard");
            let dashboard = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, dashboard)
        })
        .collect();
    read.sort_by(|one, other| one.0.cmp(&other.0));
    read
}

/// The queries of all panels; of variables, whether the label they list has values.
fn of_dashboards() -> Vec<Query> {
    let mut queries = Vec::new();
    for (name, dashboard) in dashboards() {
        for variable in dashboard["templating"]["list"].as_array().expect("variables") {
            let query = variable["query"].as_str().expect("a query");
            let inner =
                query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).expect("label_values");
            let (metric, label) = inner.split_once(", ").expect("a metric and a label");
            queries.push(Query {
                place: format!("{name}: variable {label}"),
                expression: format!("count by ({label}) ({metric}{{{label}!=\"\"}})"),
            });
        }
        for panel in dashboard["panels"].as_array().expect("panels") {
            let place = format!("{name}: {}", panel["title"].as_str().expect("a title"));
            for target in panel["targets"].as_array().expect("targets") {
                let expression = filled_in(target["expr"].as_str().expect("an expression"));
                queries.push(Query { place: place.clone(), expression });
            }
        }
    }
    queries
}

/// What each alert looks at: the left side of its one comparison with a number.
async fn of_alerts(prometheus: &Prometheus) -> Vec<Query> {
    let data = prometheus.data("rules", &[("type", "alert")]).await.expect("the rules");
    let rules =
        data["groups"].as_array().expect("groups").iter().flat_map(|group| group["rules"].as_array().expect("rules"));
    let query = |rule: &Value| {
        assert_eq!(rule["health"], "ok", "{rule}");
        let (name, whole) = (rule["name"].as_str().expect("a name"), rule["query"].as_str().expect("a query"));
        let compared = [" > ", " < "].iter().find_map(|sign| whole.rsplit_once(sign));
        let (left, right) = compared.unwrap_or_else(|| panic!("{name} compares nothing: {whole}"));
        assert!(right.trim().parse::<f64>().is_ok(), "{name} is not compared with a number: {whole}");
        Query { place: format!("alert {name}"), expression: left.to_owned() }
    };
    rules.map(query).collect()
}

/// The queries that give nothing, or no number.
async fn silent(prometheus: &Prometheus, queries: Vec<Query>) -> Vec<Query> {
    let mut silent = Vec::new();
    for query in queries {
        let samples = prometheus
            .ask(&query.expression)
            .await
            .unwrap_or_else(|error| panic!("{}: {} is refused: {error}", query.place, query.expression));
        if !samples.iter().any(|sample| sample.value.is_finite()) {
            silent.push(query);
        }
    }
    silent
}

fn promtool(words: &[&str], input: Option<&str>) {
    let mut command = Command::new("promtool");
    command.args(words).current_dir(observability("prometheus"));
    if let Some(input) = input {
        let file = fresh_state().join("metrics.txt");
        std::fs::write(&file, input).expect("the text");
        command.stdin(std::fs::File::open(file).expect("the text"));
    }
    let output = command.output().expect("promtool");
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "promtool {words:?}: {}", String::from_utf8_lossy(&printed));
}

/// What is told while an isolate leaves an upstream alone, which it does for longer and longer.
async fn while_an_upstream_is_left_alone(traffic: &mut Traffic) -> String {
    let start = Instant::now();
    loop {
        let text = metrics().await;
        if text.contains("mcp_gateway_upstream_breaker_open{") {
            return text;
        }
        assert!(start.elapsed() < PATIENCE, "no upstream is left alone: {text}");
        traffic.round().await;
    }
}

#[tokio::test]
async fn under_real_traffic_every_family_is_documented_and_every_query_of_dashboards_and_alerts_gives_something() {
    let _turn = TURN.lock().await;
    let prometheus = if is_here() { Some(Prometheus::beside(gateway(), OPERATOR).await) } else { None };
    let mut traffic = Traffic::prepare().await;
    for _ in 0..ROUNDS {
        traffic.round().await;
    }
    traffic.load().await;
    for _ in 0..ROUNDS {
        traffic.round().await;
    }
    let text = while_an_upstream_is_left_alone(&mut traffic).await;
    documented::hold(&text);
    let Some(prometheus) = prometheus else { return };
    promtool(&["check", "metrics"], Some(&text));
    tokio::time::sleep(SCRAPED).await;
    let mut queries = of_alerts(&prometheus).await;
    let alerts = queries.len();
    queries.extend(of_dashboards());
    assert!(alerts >= 15 && queries.len() - alerts >= 70, "the queries are not read: {alerts} of {}", queries.len());
    let start = Instant::now();
    loop {
        queries = silent(&prometheus, queries).await;
        if queries.is_empty() {
            break;
        }
        let told: Vec<String> = queries.iter().map(|query| format!("{}: {}", query.place, query.expression)).collect();
        assert!(start.elapsed() < PATIENCE, "these give nothing: {told:#?}");
        traffic.round().await;
        metrics().await;
        tokio::time::sleep(SCRAPED).await;
    }
    crate::drawn::hold(&prometheus, traffic.team.tenant()).await;
    // Under the load too, every scrape was answered; and what was counted is what was done.
    assert!(prometheus.number("min(min_over_time(up[15m]))").await >= 1.0);
    let drawn = format!(
        "mcp_gateway_tool_calls_total{{tenant=\"{}\",tool=\"quantum_random\",outcome=\"ok\"}}",
        traffic.team.tenant()
    );
    #[expect(clippy::cast_precision_loss, reason = "a few rounds")]
    let rounds = traffic.rounds() as f64;
    assert!((prometheus.number(&drawn).await - rounds).abs() < 0.5, "{rounds} rounds");
    for rule in ["ErrorsLogged", "EntropyProviderQuarantined"] {
        let firing = format!("ALERTS{{alertname=\"{rule}\",alertstate=\"firing\"}}");
        assert!(!prometheus.ask(&firing).await.expect("alerts").is_empty(), "{rule} does not fire");
    }
}

#[test]
fn the_rules_are_well_formed_and_each_fires_when_it_should() {
    if is_here() {
        promtool(&["check", "rules", "rules.yml", "alerts.yml"], None);
        promtool(&["test", "rules", "tests/alerts.test.yml"], None);
    }
}

#[test]
fn every_alert_has_a_case_in_which_it_fires_one_in_which_it_is_quiet_and_a_runbook() {
    let read = |path: &str| std::fs::read_to_string(observability(path)).expect(path);
    let (alerts, cases) = (read("prometheus/alerts.yml"), read("prometheus/tests/alerts.test.yml"));
    let runbooks = std::fs::read_to_string(workspace().join("docs/RUNBOOKS.md")).expect("the runbooks");
    let rules: Vec<&str> = alerts.split("- alert: ").skip(1).collect();
    assert!(rules.len() >= 15, "the alerts are not read");
    for rule in rules {
        let name = rule.lines().next().expect("a name");
        assert!(cases.contains(&format!("alertname: {name}, exp_alerts: []")), "{name} is never quiet");
        assert!(
            cases.contains(&format!("alertname: {name}\n        exp_alerts:\n          - exp_labels")),
            "{name} never fires"
        );
        assert!(
            rule.contains(&format!("runbook: docs/RUNBOOKS.md#{}", name.to_lowercase())),
            "{name} names no runbook"
        );
        assert!(runbooks.contains(&format!("\n### {name}\n")), "{name} has no runbook");
    }
    let named = runbooks.lines().filter_map(|line| line.strip_prefix("### "));
    for name in named.filter(|name| !name.contains(' ')) {
        assert!(alerts.contains(&format!("- alert: {name}\n")), "a runbook of no alert: {name}");
    }
}

#[test]
fn dashboards_are_of_the_form_that_is_provisioned() {
    let sources =
        std::fs::read_to_string(observability("grafana/provisioning/datasources/sources.yaml")).expect("sources");
    let mut titles = Vec::new();
    for (name, dashboard) in dashboards() {
        assert_eq!(dashboard["uid"], format!("gateway-{}", name.trim_end_matches(".json")), "{name}");
        assert!(dashboard["schemaVersion"].as_u64().is_some_and(|version| version >= 41), "{name}");
        titles.push(dashboard["title"].to_string());
        let mut taken = std::collections::HashSet::new();
        for panel in dashboard["panels"].as_array().expect("panels") {
            let about = format!("{name}: {}", panel["title"]);
            let source = panel["datasource"]["uid"].as_str().expect("a source");
            assert!(sources.contains(&format!("uid: {source}\n")), "{about}");
            assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{about} is not explained");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{about} has no unit");
            let of = |member: &str| panel["gridPos"][member].as_u64().expect("a place");
            assert!(of("x") + of("w") <= 24, "{about}");
            for cell in (of("x")..of("x") + of("w")).flat_map(|x| (of("y")..of("y") + of("h")).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{about} lies over another panel");
            }
        }
    }
    titles.dedup();
    assert_eq!(titles.len(), 7, "{titles:?}");
}
