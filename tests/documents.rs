//! What the documents say is so: every test they name exists, every file and link is there.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "a test that stops is a test that failed"
)]

use mcp_secure_gateway::entropy::provider::ProviderId;
use mcp_secure_gateway::entropy::purpose::Purpose;
use mcp_secure_gateway::http_api::check::Api;
use mcp_secure_gateway::http_api::credential::Credentials;
use mcp_secure_gateway::http_api::request::CallLimits;
use mcp_secure_gateway::observe::COLUMNS;
use mcp_secure_gateway::outbound::Reach;
use mcp_secure_gateway::time::Lifetime;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

fn sources() -> String {
    let mut found = Vec::new();
    for folder in ["src", "tests", "xtask/src"] {
        files(&root().join(folder), ".rs", &mut found);
    }
    found.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

fn documents() -> Vec<(PathBuf, String)> {
    let mut found = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    files(&root().join("docs"), ".md", &mut found);
    found.into_iter().map(|file| (file.clone(), fs::read_to_string(&file).unwrap())).collect()
}

/// The words in backticks of a Markdown text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The test names in a text: lower case, with several underscores.
fn named_tests(text: &str) -> Vec<&str> {
    let is_name = |word: &&str| {
        word.matches('_').count() >= 2
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    quoted(text).filter(is_name).filter(|word| *word != "global_fetch_strictly_public").collect()
}

#[test]
fn every_test_that_the_threats_name_exists() {
    let (text, sources) = (fs::read_to_string(root().join("docs/THREATS.md")).unwrap(), sources());
    let named = named_tests(&text);
    assert!(named.len() > 30, "the names are not read: {named:?}");
    let missing: Vec<_> = named.into_iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
}

#[test]
fn every_file_that_a_document_links_to_exists() {
    for (file, text) in documents() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let local = target.split('#').next().unwrap();
            if local.is_empty() || local.contains("://") {
                continue;
            }
            assert!(file.parent().unwrap().join(local).exists(), "{}: {target}", file.display());
        }
    }
}

#[test]
fn every_source_file_that_a_document_names_exists() {
    let all = {
        let mut found = Vec::new();
        files(&root().join("src"), ".rs", &mut found);
        files(&root().join("tests"), ".rs", &mut found);
        found.iter().map(|file| file.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    for (file, text) in documents() {
        for name in quoted(&text).filter(|word| word.ends_with(".rs") && !word.contains('*')) {
            assert!(all.iter().any(|path| path.ends_with(&format!("/{name}"))), "{}: {name}", file.display());
        }
    }
}

#[test]
fn the_readme_stays_short() {
    let lines = fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines < 120, "{lines} lines");
}

#[test]
fn every_provider_is_in_the_list_of_providers_and_no_other() {
    let text = fs::read_to_string(root().join("docs/PROVIDERS.md")).unwrap();
    let listed: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let known: Vec<_> = ProviderId::all().map(ProviderId::as_str).collect();
    assert_eq!(listed, known);
}

#[test]
fn every_purpose_of_random_bytes_is_listed_with_its_lane_and_no_other() {
    let text = fs::read_to_string(root().join("docs/ENTROPY.md")).unwrap();
    let (_, table) = text.split_once("| purpose | lane |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let listed: Vec<String> = table.lines().filter(|line| line.starts_with("| `")).map(lane_of).collect();
    let known: Vec<_> = Purpose::ALL.map(|purpose| format!("{} {}", purpose.as_str(), purpose.lane().as_str())).into();
    assert_eq!(listed, known);
}

#[test]
fn the_columns_of_rows_for_analytics_engine_are_listed_in_their_order() {
    let text = fs::read_to_string(root().join("docs/METRICS.md")).unwrap();
    let row = text.lines().find(|line| line.starts_with("| `blob1` to `blob7` |")).unwrap();
    let listed: Vec<_> = quoted(row).skip(2).collect();
    assert_eq!(listed, COLUMNS);
}

fn lane_of(line: &str) -> String {
    let mut cells = line.split('|').map(|cell| cell.trim().trim_matches('`')).skip(1);
    format!("{} {}", cells.next().unwrap(), cells.next().unwrap())
}

/// The files of `src` whose code, comments left out, holds one of these words.
fn sources_with(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    files(&root().join("src"), ".rs", &mut found);
    let holds = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        // What only tests do stands at the end of a file, or in one of their own.
        let product = text.split("#[cfg(test)]").next().unwrap().to_owned();
        product
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .any(|line| words.iter().any(|word| line.contains(word)))
    };
    found.retain(|file| !file.ends_with("tests.rs") && holds(file));
    let names = found.iter().map(|file| file.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn every_secret_is_drawn_for_a_purpose_of_the_list() {
    let platform = [
        "getrandom",
        "Math::random",
        "Math.random",
        "random_uuid",
        "randomUUID",
        "get_random_values",
        "getRandomValues",
    ];
    assert_eq!(sources_with(&platform), ["src/edge/random.rs"], "one file asks the platform");
    // The id of a request, that of a slot, and what the hub's own generator is XORed with.
    let plain = ["src/edge/context.rs", "src/edge/entropy_hub_object.rs", "src/edge/limits.rs"];
    assert_eq!(sources_with(&["random::draw"]), plain);
    assert_eq!(sources_with(&["random::local_seed", "random::extra"]), ["src/edge/entropy_hub_object.rs"]);
}

#[test]
fn the_example_of_a_tool_written_by_hand_is_an_api_that_asks_what_the_text_says() {
    let text = fs::read_to_string(root().join("docs/TOOLS.md")).unwrap();
    let example = text.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let api = Api::parse(example.as_bytes(), Reach::Public).unwrap();
    let mut said = quoted(text.split("\n`find_orders` with").nth(1).unwrap());
    let arguments: serde_json::Value = serde_json::from_str(said.next().unwrap()).unwrap();
    let url = said.next().unwrap();
    let limits = CallLimits { deadline: Lifetime::from_seconds(10), max_answer_bytes: 1024 };
    let tool = api.tool("find_orders").unwrap();
    let request = api.request(tool, arguments.as_object().unwrap(), &Credentials::default(), limits).unwrap();
    assert_eq!(request.url.url().as_str(), url);
}
