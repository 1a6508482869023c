//! The protocol's official suite against the authorization server, with a person to sign in.

use crate::gateway;
use gateway_contract::fake::free_port;
use gateway_contract::guard::Guarded;
use gateway_contract::oauth::{App, REDIRECT, Visitor};
use gateway_contract::program;
use gateway_contract::seed::Tools;
use serde_json::json;
use std::io::{BufRead, BufReader, Read};

#[tokio::test]
async fn the_official_suite_finds_nothing_wrong() {
    let (app, user) = (App::register(gateway(), json!({})).await, gateway().user(Tools::Own));
    let port = free_port().to_string();
    let mut command = program("conformance");
    command.args(["authorization", "--url", &gateway().url(""), "--client-id", &app.id, "--port", &port]);
    let resource = gateway().url("/mcp");
    command.args(["--resource", &resource]);
    let (suite, _input, output) = Guarded::start_conversation(command);
    // It waits for a person, and says where to send them.
    let (told, mut output) = tokio::task::spawn_blocking(move || {
        let mut output = BufReader::new(output);
        let mut told = String::new();
        while !told.lines().any(|line| line.starts_with("http") && line.contains("/oauth/authorize?")) {
            assert!(output.read_line(&mut told).expect("a line") > 0, "the suite ended: {told}");
        }
        (told, output)
    })
    .await
    .expect("an address");
    let address = told.lines().rfind(|line| line.contains("/oauth/authorize?")).expect("an address");
    let visitor = Visitor::new(gateway());
    let page = visitor.ask(address.trim_start_matches(&gateway().url("")), &user).await;
    let sent = visitor.decide(&page, "allow").await;
    let landing = sent.must("location").to_owned();
    assert!(landing.starts_with(&REDIRECT.replace("51234", &port)), "{landing}");
    reqwest::get(&landing).await.expect("the suite listens");
    let rest = tokio::task::spawn_blocking(move || {
        let mut rest = String::new();
        output.read_to_string(&mut rest).expect("the rest");
        rest
    })
    .await
    .expect("an end");
    let told = format!("{told}{rest}{}", suite.lines().join("\n"));
    for scenario in ["authorization-server-metadata-endpoint", "authorization-code-grant"] {
        assert!(told.contains(scenario), "{scenario}: {told}");
    }
    assert!(told.contains("0 failed") && !told.contains("SKIPPED"), "{told}");
}
