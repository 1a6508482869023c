//! The end of a whole run: no secret of it stands in anything its gateways printed, and every line of theirs keeps to the
//! log's schema. `cargo xtask test` runs this last; see `docs/LOGS.md`.

use aho_corasick::AhoCorasick;
use gateway_contract::run::{FOLDER, folder};
use gateway_contract::{undecorated, workspace};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Fewer lines or secrets than these are not what a whole run leaves behind.
const LEAST_EVENTS: usize = 1_000;
const LEAST_SECRETS: usize = 100;
/// The signature of a token would do by itself, and so would the last part of an opaque one.
const SHORTEST_PART: usize = 20;

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).expect("a file of the run")).into_owned();
    entries.map(|entry| read(&entry.expect("a file of the run").path())).collect()
}

fn run() -> std::path::PathBuf {
    folder().unwrap_or_else(|| panic!("{FOLDER} names no run: `cargo xtask test` does"))
}

/// Every text that must not be found: each secret, as JSON writes it, and its last part.
fn forms(secrets: &BTreeSet<String>) -> Vec<String> {
    let mut forms = BTreeSet::new();
    for secret in secrets {
        let written = Value::from(secret.as_str()).to_string();
        forms.insert(written.trim_matches('"').to_owned());
        forms.insert(secret.clone());
        let part = secret.rsplit_once('.').map(|(_, part)| part).filter(|part| part.len() >= SHORTEST_PART);
        forms.extend(part.map(str::to_owned));
    }
    forms.into_iter().collect()
}

/// Whether the development server says with it what it was asked for. Tests put secrets into paths to see that the gateway
/// itself says nothing of them.
fn is_the_simulators(line: &str) -> bool {
    line.strip_prefix("[wrangler:info] ").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// The lines with a secret in them, without the secret.
fn leaks(secrets: &BTreeSet<String>, logs: &[String]) -> Vec<String> {
    let forms = forms(secrets);
    let search = AhoCorasick::new(&forms).expect("the secrets");
    let lines = logs.iter().flat_map(|log| log.lines()).filter(|line| !is_the_simulators(line));
    let leaking = lines.filter(|line| search.is_match(*line));
    leaking.map(|line| search.replace_all(line, &vec!["[SECRET]"; forms.len()])).collect()
}

/// What an event's line must be, by the event's name.
fn validators() -> BTreeMap<String, jsonschema::Validator> {
    let text = fs::read_to_string(workspace().join("docs/log-schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    let lines = schema["oneOf"].as_array().expect("the events");
    let validator = |line: &Value| {
        let mut alone = line.clone();
        alone["$defs"] = schema["$defs"].clone();
        jsonschema::draft202012::new(&alone).expect("a schema")
    };
    let name = |line: &Value| line["properties"]["event"]["const"].as_str().expect("a name").to_owned();
    lines.iter().map(|line| (name(line), validator(line))).collect()
}

/// What is wrong with a gateway's own line; nothing with any other.
fn fault(validators: &BTreeMap<String, jsonschema::Validator>, line: &str) -> Option<String> {
    let event: Value = match serde_json::from_str(line) {
        Ok(event @ Value::Object(_)) => event,
        Ok(_) => return None,
        Err(error) => return Some(format!("{error}: {line}")),
    };
    let name = event["event"].as_str().unwrap_or_default();
    match validators.get(name) {
        None => Some(format!("no such event: {line}")),
        Some(validator) => validator.iter_errors(&event).next().map(|error| format!("{error}: {line}")),
    }
}

fn own_lines(logs: &[String]) -> impl Iterator<Item = &str> {
    logs.iter().flat_map(|log| log.lines()).map(undecorated).filter(|line| line.starts_with("{\"time_ms\""))
}

#[test]
fn no_secret_of_the_run_stands_in_any_log() {
    let run = run();
    let mut secrets: BTreeSet<String> = BTreeSet::new();
    for file in files(&run.join("secrets")) {
        secrets.extend(file.lines().map(|line| serde_json::from_str::<String>(line).expect("a secret")));
    }
    let keys = fs::read_to_string(workspace().join(".dev.vars")).expect("the keys of this machine");
    let keys = keys.lines().filter_map(|line| line.split_once('=')).filter(|(name, _)| name.ends_with("_KEY"));
    secrets.extend(keys.map(|(_, key)| key.trim_matches('"').to_owned()).filter(|key| key.len() >= SHORTEST_PART));
    let logs = files(&run.join("logs"));
    let events = own_lines(&logs).count();
    println!("{events} events of {} gateways, {} secrets", logs.len(), secrets.len());
    assert!(events >= LEAST_EVENTS && secrets.len() >= LEAST_SECRETS, "{events} events, {} secrets", secrets.len());
    let leaks = leaks(&secrets, &logs);
    assert!(leaks.is_empty(), "{} lines with a secret:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn every_line_of_the_run_keeps_to_the_schema() {
    let (validators, logs) = (validators(), files(&run().join("logs")));
    let faults: Vec<String> = own_lines(&logs).filter_map(|line| fault(&validators, line)).take(20).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether Debian's `lnav` is here; said aloud when it is not, and a failure under `READER_TESTS=required`.
fn reader_is_here() -> bool {
    let here = Command::new("lnav").arg("-V").output().is_ok();
    if !here {
        assert!(
            !std::env::var("READER_TESTS").is_ok_and(|value| value == "required"),
            "lnav is required, and not here"
        );
        let told = "\nSKIPPED: the_reader_of_logs_reads_every_line_of_the_run: no lnav (apt-get install lnav)\n";
        let _ = std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes());
    }
    here
}

/// What the reader answers to a question in SQL about the lines in `file`, as JSON.
fn asked_of_the_reader(file: &Path, sql: &str) -> Value {
    // It writes samples of its configuration into its home, and where there is none into the folder it is started in.
    let home = file.with_extension("home");
    fs::create_dir_all(&home).expect("a home for the reader");
    let mut lnav = Command::new("lnav");
    lnav.arg("-n").arg("-I").arg(workspace().join("observability/lnav")).arg("-c").arg(format!(";{sql}"));
    lnav.args(["-c", ":write-json-to -"]).arg(file).env("HOME", &home).env_remove("XDG_CONFIG_HOME").current_dir(&home);
    let output = lnav.output();
    let printed = String::from_utf8_lossy(&output.expect("lnav").stdout).into_owned();
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

#[test]
fn the_reader_of_logs_reads_every_line_of_the_run() {
    if !reader_is_here() {
        return;
    }
    let logs = files(&run().join("logs"));
    let mut lines: Vec<&str> = own_lines(&logs).collect();
    // Gateways ran side by side, and the reader wants a file in the order of time.
    lines.sort_by_key(|line| serde_json::from_str::<Value>(line).ok().and_then(|event| event["time_ms"].as_u64()));
    let file = run().join("reader.jsonl");
    fs::write(&file, lines.join("\n")).expect("a file of the run");
    let field = |line: &str, name: &str| serde_json::from_str::<Value>(line).expect("JSON")[name].clone();
    let warnings = lines.iter().filter(|line| field(line, "level") == "warn").count();
    let of_requests = lines.iter().filter(|line| !field(line, "correlation_id").is_null()).count();
    let told = asked_of_the_reader(
        &file,
        "SELECT count(*) AS all_lines, sum(log_level = 'warning') AS warnings, count(correlation_id) AS of_requests FROM mcp_gateway",
    );
    let wanted = json!([{"all_lines": lines.len(), "warnings": warnings, "of_requests": of_requests}]);
    assert_eq!(told, wanted);
}

#[test]
fn a_secret_that_was_planted_is_found() {
    let token = format!("mgr_acme.u.s.{}.{}", "x".repeat(43), "y".repeat(43));
    let secrets = BTreeSet::from(["quote\"in the password".to_owned(), token.clone()]);
    let line = |text: &str| Value::from(text).to_string();
    let logs = [
        format!("a line\n{}\n", line(&format!("before {token} after"))),
        line("a quote\"in the password"),
        line(&format!("only its tag: {}", "y".repeat(43))),
        line("quote in the password"),
    ];
    let found = leaks(&secrets, &logs);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|line| line.contains("[SECRET]") && !line.contains("password")), "{found:?}");
}

#[test]
fn a_line_that_breaks_the_schema_is_found() {
    let validators = validators();
    let good = r#"{"time_ms":1,"level":"error","event":"schedule.failed","reason":"x"}"#;
    assert_eq!(fault(&validators, good), None);
    for (from, to) in
        [("\"error\"", "\"info\""), ("\"reason\"", "\"motive\""), ("schedule.failed", "schedule.lost"), ("}", "")]
    {
        let bad = good.replacen(from, to, 1);
        assert!(fault(&validators, &bad).is_some(), "{bad}");
    }
}
