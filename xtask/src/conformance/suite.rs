//! One run of the suite, and what it found.

use super::Pair;
use crate::failure::Failure;
use crate::process::{program, run_silently};
use crate::project::{Project, files_below};
use serde_json::Value;
use std::path::{Path, PathBuf};

const RESULTS: &str = "target/conformance/results";
/// `-2026-11-25T02-32-59-882Z`: what the suite puts behind the name of a scenario.
const STAMP_LENGTH: usize = 25;

/// How the suite is run.
pub struct Suite<'a> {
    project: &'a Project,
    scenario: Option<String>,
}

/// What one run found.
pub struct Findings {
    /// What it was of: the head of its column, and the beginning of its lines among the expected failures.
    pub head: String,
    /// Every scenario that was run, in the suite's order.
    pub scenarios: Vec<Scenario>,
}

/// What one scenario found.
#[derive(Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// How many checks passed.
    pub passed: u64,
    /// The checks that did not.
    pub failures: Vec<Check>,
}

/// A check that did not pass: the suite's failures, and its warnings too.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Its id.
    pub id: String,
    /// What the suite says of it.
    pub message: String,
}

impl<'a> Suite<'a> {
    /// The suite, or one of its scenarios.
    pub const fn new(project: &'a Project, scenario: Option<String>) -> Self {
        Self { project, scenario }
    }

    /// Runs it against `url`.
    pub fn run(&self, pair: Pair, url: &str) -> Result<Findings, Failure> {
        let folder = emptied(self.project, &pair.to_string())?;
        let mut command = program(self.project, self.project.npm_tool("conformance"));
        command.args(["server", "--url", url, "--output-dir"]).arg(&folder);
        match &self.scenario {
            Some(name) => command.args(["--scenario", name, "--spec-version", pair.client.name()]),
            None => command.args(["--requirements", pair.client.name()]),
        };
        // How it ends says only that something failed: what, stands in its files.
        let ended = run_silently(&mut command)?;
        let scenarios = read(&folder, &listed(&ended.printed))?;
        if scenarios.is_empty() {
            eprint!("{}", ended.printed);
            return Err(nothing_ran());
        }
        Ok(Findings { head: pair.to_string(), scenarios })
    }
}

/// Where the suite keeps what it finds for the column of this head; what an earlier run left is taken away.
pub fn emptied(project: &Project, head: &str) -> Result<PathBuf, Failure> {
    let folder = project.path(RESULTS).join(head.replace('/', "-"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(Failure::at(&folder))?;
    }
    Ok(folder)
}

/// No scenario is of that name and for those revisions.
pub fn nothing_ran() -> Failure {
    Failure::Unmet("the suite has run nothing".into())
}

/// The scenarios a run says it ran, in its order.
fn listed(printed: &str) -> Vec<&str> {
    printed
        .lines()
        .filter_map(|line| line.strip_prefix("=== Running scenario: ").and_then(|rest| rest.strip_suffix(" ===")))
        .collect()
}

/// What a run left: one folder for each scenario. One that left nothing has failed.
pub fn read(folder: &Path, listed: &[&str]) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios = Vec::new();
    for path in files_below(folder)?.into_iter().filter(|path| path.ends_with("checks.json")) {
        let text = std::fs::read_to_string(&path).map_err(Failure::at(&path))?;
        let checks: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::Unmet(format!("{} is not JSON: {error}", path.display())))?;
        scenarios.push(scenario(name(&path), checks.as_array().map_or(&[], Vec::as_slice)));
    }
    let silent = listed.iter().filter(|name| !scenarios.iter().any(|scenario| scenario.name == **name));
    let silent: Vec<Scenario> = silent
        .map(|name| {
            let check = Check { id: "no-result".into(), message: "the scenario ended without a result".into() };
            Scenario { name: (*name).to_owned(), passed: 0, failures: vec![check] }
        })
        .collect();
    scenarios.extend(silent);
    scenarios.sort_by_key(|scenario| listed.iter().position(|name| *name == scenario.name).unwrap_or(usize::MAX));
    Ok(scenarios)
}

/// `…/server-{name}{stamp}/checks.json`; without `server-` where the suite brought the server itself.
fn name(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let stamped = folder.strip_prefix("server-").unwrap_or(&folder);
    stamped.get(..stamped.len().saturating_sub(STAMP_LENGTH)).unwrap_or(stamped).to_owned()
}

fn scenario(name: String, checks: &[Value]) -> Scenario {
    let text = |check: &Value, key: &str| check.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (mut passed, mut failures) = (0, Vec::new());
    for check in checks {
        match check.get("status").and_then(Value::as_str) {
            Some("SUCCESS") => passed += 1,
            Some("FAILURE" | "WARNING") => {
                let said = text(check, "errorMessage");
                let message = if said.is_empty() { text(check, "description") } else { said };
                failures.push(Check { id: text(check, "id"), message });
            }
            _ => {}
        }
    }
    Scenario { name, passed, failures }
}

#[cfg(test)]
mod tests {
    use super::{Check, listed, name, scenario};
    use serde_json::json;
    use std::path::Path;

    #[test]
    fn a_scenarios_name_is_read_from_its_folder() {
        let path = Path::new("/r/server-tools-call-audio-2026-11-25T02-32-59-882Z/checks.json");
        assert_eq!(name(path), "tools-call-audio");
    }

    #[test]
    fn the_scenarios_of_a_run_are_read_from_what_it_prints() {
        assert_eq!(listed("x\n=== Running scenario: ping ===\ny\n=== SUMMARY ===\n"), ["ping"]);
    }

    #[test]
    fn a_warning_counts_as_a_failure_and_a_skipped_check_as_nothing() {
        let checks = [
            json!({"id": "a", "status": "SUCCESS"}),
            json!({"id": "b", "status": "WARNING", "errorMessage": "late"}),
            json!({"id": "c", "status": "FAILURE", "description": "must hold"}),
            json!({"id": "d", "status": "SKIPPED"}),
            json!({"id": "e", "status": "INFO"}),
        ];
        let found = scenario("s".into(), &checks);
        let check = |id: &str, message: &str| Check { id: id.into(), message: message.into() };
        assert_eq!((found.passed, found.failures), (1, vec![check("b", "late"), check("c", "must hold")]));
    }
}
