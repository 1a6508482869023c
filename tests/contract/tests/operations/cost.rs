//! How many operations of the platform a call costs, as the gateway itself counts them.

use crate::{TURN, gateway, metrics, value};
use gateway_contract::client::Answer;
use gateway_contract::team::Team;
use gateway_contract::workspace;
use serde_json::json;
use std::fmt::Write as _;

/// Calls of one client, one after the other.
const CALLS: u32 = 1_000;
/// Every part of the platform that is counted.
const PARTS: [&str; 11] =
    ["d1", "gate", "audit_trail", "entropy_hub", "metrics", "mcp_object", "kv", "r2", "tenant_d1", "assets", "fetch"];

/// Operations of each part during so many calls of a tool.
async fn operations(access: &str, tool: &str) -> Vec<(&'static str, f64)> {
    let call = async || -> Answer { gateway().execute(access, tool, &json!({})).await };
    call().await.json(200);
    let before = metrics().await;
    for _ in 0..CALLS {
        call().await.json(200);
    }
    let after = metrics().await;
    let of = |text: &str, part: &str| value(text, &format!("mcp_gateway_platform_operations_total{{part=\"{part}\"}}"));
    PARTS.into_iter().map(|part| (part, of(&after, part) - of(&before, part))).collect()
}

/// The numbers of a row of the handbook's table of operations.
fn said(handbook: &str, part: &str) -> Vec<f64> {
    let table = handbook.split_once("| operations of 1,000 calls |").expect("the table").1;
    let row = table.lines().find(|line| line.starts_with(&format!("| `{part}` |")));
    let row = row.unwrap_or_else(|| panic!("{part} is not in the table"));
    row.split('|').skip(2).take(2).map(|cell| cell.trim().replace(',', "").parse().expect("a number")).collect()
}

#[tokio::test]
async fn a_thousand_calls_cost_the_platform_no_more_than_the_handbook_reckons_with() {
    let _turn = TURN.lock().await;
    let team = Team::new();
    let access = team.token("agent").await;
    let own = operations(&access, "server_time").await;
    let others = operations(&access, "old__test_simple_text").await;
    let mut told = String::from("operations of 1,000 calls: own tool, upstream's tool\n");
    for ((part, own), (_, others)) in own.iter().zip(&others) {
        let _ = writeln!(told, "{part}: {own} {others}");
    }
    println!("{told}");
    let handbook = std::fs::read_to_string(workspace().join("docs/OPERATING.md")).expect("docs/OPERATING.md");
    for (at, measured) in [own, others].iter().enumerate() {
        for (part, measured) in measured {
            let said = said(&handbook, part)[at];
            assert!(*measured <= said, "{part}: the handbook reckons with {said}\n{told}");
        }
    }
}
