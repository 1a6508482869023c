//! Many tools on a schedule: a run asks as many upstreams as it may, and the next one goes on.
//!
//! `SCANNED_UPSTREAMS=20 cargo test -p gateway-contract --test gateway -- --nocapture a_run_takes_its_part` measures 10,000 tools in one run.

use crate::World;
use gateway_contract::fake::shifting::Shifting;
use gateway_contract::seed::Tools;
use gateway_contract::team::{SEEN, within};
use gateway_contract::{Gateway, Plan};
use serde_json::{Value, json};
use std::time::Instant;

/// Tools of each upstream: as many as one may have.
const TOOLS: usize = 500;

/// What tools of each upstream are called after: names that look like another upstream's are suspicious.
const WORDS: [&str; 20] = [
    "apples",
    "bridges",
    "candles",
    "drawings",
    "engines",
    "flowers",
    "gardens",
    "harbours",
    "islands",
    "journals",
    "kitchens",
    "ladders",
    "mountains",
    "notebooks",
    "orchards",
    "paintings",
    "quarries",
    "railways",
    "stations",
    "tunnels",
];

/// The tools of an upstream, each with a description and a schema of its own.
fn tools(upstream: usize, required: &[&str]) -> Value {
    let tool = |at: usize| {
        let text = json!({"type": "string", "description": format!("What is looked for, of kind {at}.")});
        let properties = json!({"text": text, "limit": {"type": "integer", "minimum": 1, "maximum": 100}});
        let schema =
            json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        json!({"name": format!("find_{}_{at}", WORDS[upstream]), "description": format!("Finds things of kind {at}."), "inputSchema": schema})
    };
    Value::Array((0..TOOLS).map(tool).collect())
}

/// How many upstreams were asked for their tools by now.
fn asked(servers: &[Shifting]) -> Vec<usize> {
    let lists = |server: &Shifting| {
        server.server.asked().iter().filter(|request| request.json()["method"] == "tools/list").count()
    };
    servers.iter().map(lists).collect()
}

/// How many tools the log says this happened to.
fn told(gateway: &Gateway, happening: &str) -> u64 {
    let events = gateway.lines().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let fits = |event: &Value| {
        event["event"] == "drift.happened" && event["happening"] == happening && event["kind"] == "tool"
    };
    events.filter(fits).filter_map(|event| event["times"].as_u64()).sum()
}

#[tokio::test]
async fn a_run_takes_its_part_of_many_tools_and_every_upstream_gets_its_turn() {
    let count: usize = std::env::var("SCANNED_UPSTREAMS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let each = if count == 3 { 2 } else { 20 };
    let servers: Vec<Shifting> = (0..count).map(|at| Shifting::start(tools(at, &[]))).collect();
    let plan = Plan::default().with_accounts(World::shared().addresses()).with("UPSTREAM_SCANS", each.to_string());
    let gateway = Gateway::start(&plan);
    let user = gateway.user(Tools::Own);
    gateway.sql("UPDATE upstreams SET disabled_at = 1;");
    for (at, server) in servers.iter().enumerate() {
        gateway.upstream(&user, &format!("many{at}"), &server.server.url("/mcp"));
    }
    let runs = count.div_ceil(each);
    let run = async |what: &str| {
        let started = Instant::now();
        assert_eq!(gateway.get("/cdn-cgi/handler/scheduled").await.status, 200);
        println!("{what}: {:.1} s", started.elapsed().as_secs_f64());
    };
    for done in 1..=runs {
        run("seen first").await;
        assert_eq!(asked(&servers).iter().sum::<usize>(), (done * each).min(count), "{:?}", asked(&servers));
    }
    let all = u64::try_from(count * TOOLS).expect("a number");
    within(SEEN, "approved", || async { told(&gateway, "accepted") == all }).await;
    run("nothing due").await;
    assert_eq!(asked(&servers), vec![1; count], "nobody is asked again so soon");
    gateway.sql("UPDATE upstreams SET scanned_at = 0;");
    for _ in 0..runs {
        run("unchanged").await;
    }
    assert_eq!(asked(&servers), vec![2; count]);
    servers.iter().enumerate().for_each(|(at, server)| server.shift(tools(at, &["text"])));
    // An upstream that a busy machine keeps from answering in time has had its turn, and gets another one.
    for _ in 0..5 {
        gateway.sql("UPDATE upstreams SET scanned_at = 0;");
        for _ in 0..runs {
            run("all changed").await;
        }
        if told(&gateway, "quarantined") == all {
            break;
        }
    }
    within(SEEN, "quarantined", || async { told(&gateway, "quarantined") == all }).await;
}
