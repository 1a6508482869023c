//! How many operations of the platform a call costs, as the gateway itself counts them.

use crate::{TURN, gateway, metrics, value};
use gateway_contract::team::Team;
use gateway_contract::workspace;
use serde_json::json;
use std::fmt::Write as _;
use std::time::Instant;

/// Calls of one client, one after the other.
const CALLS: u32 = 1_000;
/// Every part of the platform that is counted.
const PARTS: [&str; 11] =
    ["d1", "gate", "audit_trail", "entropy_hub", "metrics", "mcp_object", "kv", "r2", "tenant_d1", "assets", "fetch"];

/// What a run of calls cost.
struct Run {
    seconds: f64,
    operations: Vec<(&'static str, f64)>,
}

async fn run(access: &str, tool: &str) -> Run {
    gateway().execute(access, tool, &json!({})).await.json(200);
    let before = metrics().await;
    let start = Instant::now();
    for _ in 0..CALLS {
        gateway().execute(access, tool, &json!({})).await.json(200);
    }
    let after = metrics().await;
    let seconds = start.elapsed().as_secs_f64();
    let of = |text: &str, part: &str| value(text, &format!("mcp_gateway_platform_operations_total{{part=\"{part}\"}}"));
    Run { seconds, operations: PARTS.into_iter().map(|part| (part, of(&after, part) - of(&before, part))).collect() }
}

/// What the handbook reckons with for a part: for each call of an own tool, of an upstream's, and for each second.
fn reckoned(handbook: &str, part: &str) -> [f64; 3] {
    let table = handbook.split_once("| operations | ").expect("the table").1;
    let row = table.lines().find(|line| line.starts_with(&format!("| `{part}` |")));
    let row = row.unwrap_or_else(|| panic!("{part} is not in the table"));
    let numbers: Vec<f64> =
        row.split('|').skip(2).take(3).map(|cell| cell.trim().parse().unwrap_or_else(|_| panic!("{row}"))).collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{row}"))
}

#[tokio::test]
async fn a_thousand_calls_cost_the_platform_no_more_than_the_handbook_reckons_with() {
    let _turn = TURN.lock().await;
    let access = Team::new().token("agent").await;
    let runs = [run(&access, "server_time").await, run(&access, "old__test_simple_text").await];
    let mut told = format!("{CALLS} calls of an own tool, and of an upstream's:\n");
    let _ = writeln!(told, "seconds: {:.0} {:.0}", runs[0].seconds, runs[1].seconds);
    for ((part, own), (_, others)) in runs[0].operations.iter().zip(&runs[1].operations) {
        let _ = writeln!(told, "{part}: {own} {others}");
    }
    println!("{told}");
    let handbook = std::fs::read_to_string(workspace().join("docs/OPERATING.md")).expect("docs/OPERATING.md");
    for (at, run) in runs.iter().enumerate() {
        for (part, measured) in &run.operations {
            let [own, others, second] = reckoned(&handbook, part);
            let most = f64::from(CALLS) * if at == 0 { own } else { others } + second * run.seconds;
            assert!(*measured <= most, "{part}: the handbook reckons with {most:.0}\n{told}");
        }
    }
}
