//! Specifications of public APIs become tools: how many operations do, and why the others do not, is written down here.
//!
//! The documents are npm packages that this project pins and does not ship. Run by the suite, which installs them:
//! `cargo xtask test`, or `npm ci` and `cargo test --test openapi_tools -- --ignored`.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that stops is a test that failed")]

use mcp_secure_gateway::http_api::openapi::{Choice, Conversion, Converted, Settings, Step};
use mcp_secure_gateway::outbound::{OutboundUrl, Reach};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn convert(file: &str, source: &str, base: Option<&str>) -> Converted {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules").join(file);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `npm ci`", path.display()));
    let url = |text: &str| OutboundUrl::parse(text, Reach::Public).unwrap();
    let settings = Settings::new(base.map(url), Reach::Public, None);
    let mut conversion = Conversion::begin(url(source), &bytes, Choice::default(), settings).unwrap_or_else(|error| panic!("{file}: {error}"));
    match conversion.next() {
        Step::Done(converted) => *converted,
        Step::Want(url) => panic!("{file} wants {url:?}"),
    }
}

#[test]
#[ignore = "wants the npm packages"]
fn try_all() {
    for file in fs::read_to_string("/tmp/specs/list").unwrap().lines() {
        let begun = std::time::Instant::now();
        let c = convert(file, "https://docs.test-api.com/openapi.json", Some("https://api.test-api.com/v1"));
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for r in &c.refused { *reasons.entry(r.reason.name()).or_default() += 1; }
        let bytes: usize = c.api.tools().iter().map(|t| serde_json::to_string(&t.definition).unwrap().len()).sum();
        let outs = c.api.tools().iter().filter(|t| t.definition.output_schema.is_some()).count();
        println!("{file}: {} tools, {outs} outputs, {bytes} bytes, {} shortened, refused {reasons:?}, {:?}", c.api.tools().len(), c.shortened.len(), begun.elapsed());
        for r in &c.refused { println!("    {} {} {}: {}", r.method, r.path, r.operation, r.reason); }
    }
}
