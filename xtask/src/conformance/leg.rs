//! The suite's scenarios for clients: it brings a server for each, and the gateway is the client it looks at.

use super::stage::{STATE, Stage};
use super::suite::{self, Check, Findings, Scenario};
use super::{Pair, Upstream};
use crate::failure::Failure;
use crate::process::{program, run_quietly, run_silently};
use crate::project::Project;
use crate::step;
use std::path::Path;
use std::process::Command;

/// What the suite starts as the client: it calls the suite's server through the gateway.
const DRIVER: &str = "node tests/conformance/driver.mjs";
/// How long a scenario may take, in milliseconds: the driver adds an upstream first.
const PATIENCE: &str = "60000";
/// Scenarios of what the gateway does not do towards its upstreams: docs/CONFORMANCE.md says why.
const NOT_APPLICABLE: [&str; 2] = ["auth/", "sep-2640-"];

/// Runs every scenario of the upstreams' revisions, or one, with a gateway that knows only what a scenario gives it.
pub fn run(project: &Project, pairs: &[Pair], wanted: Option<&str>) -> Result<Vec<Findings>, Failure> {
    let stage = Stage::set_alone(project)?;
    let (mut findings, mut upstreams) = (Vec::new(), 0);
    for &pair in pairs {
        let head = format!("leg/{pair}");
        step::starts("suite", &format!("its {} server, called in {}", pair.upstream.revision(), pair.client.name()));
        let folder = suite::emptied(project, &head)?;
        let mut names = names(project, pair.upstream)?;
        names.retain(|name| wanted.is_none_or(|wanted| name == wanted));
        let mut complaints = Vec::new();
        for name in &names {
            upstreams += 1;
            let ended = run_silently(&mut scenario(project, &stage, pair, name, upstreams, &folder)?)?;
            complaints.push((name, complaint(&ended.printed)));
        }
        let listed: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut scenarios = suite::read(&folder, &listed)?;
        for scenario in &mut scenarios {
            let said = complaints.iter().find(|(name, _)| **name == scenario.name);
            judge(scenario, said.and_then(|(_, said)| said.as_deref()));
        }
        findings.push(Findings { head, scenarios });
    }
    if findings.iter().all(|found| found.scenarios.is_empty()) {
        return Err(suite::nothing_ran());
    }
    Ok(findings)
}

/// The scenarios the suite has for clients of servers of that revision.
fn names(project: &Project, upstream: Upstream) -> Result<Vec<String>, Failure> {
    let mut command = program(project, project.npm_tool("conformance"));
    let printed = run_quietly(command.args(["list", "--client", "--spec-version", upstream.revision()]))?;
    Ok(applicable(&printed))
}

fn applicable(printed: &str) -> Vec<String> {
    let names = printed.lines().filter_map(|line| line.strip_prefix("  - ")?.split(' ').next());
    names.filter(|name| !NOT_APPLICABLE.iter().any(|start| name.starts_with(start))).map(str::to_owned).collect()
}

fn scenario(
    project: &Project,
    stage: &Stage,
    pair: Pair,
    name: &str,
    number: u32,
    folder: &Path,
) -> Result<Command, Failure> {
    let own = std::env::current_exe().map_err(Failure::at(Path::new("xtask")))?;
    let mut command = program(project, project.npm_tool("conformance"));
    command
        .args(["client", "--command", DRIVER, "--scenario", name, "--spec-version", pair.upstream.revision()])
        .args(["--timeout", PATIENCE, "--output-dir"])
        .arg(folder)
        .env("XTASK", own)
        .env("GATEWAY", stage.origin())
        .env("STATE", project.path(STATE))
        .env("NAME", format!("leg-{number}"))
        .env("CLIENT", pair.client.name());
    Ok(command)
}

/// What the driver has to say, when it did not end well.
fn complaint(printed: &str) -> Option<String> {
    if printed.contains("\nClient timed out after") {
        return Some("it did not end in time".into());
    }
    let (_, told) = printed.split_once("\nClient exited with code")?;
    let said = told.split_once("\nStderr:\n").and_then(|(_, errors)| errors.lines().find(|line| !line.is_empty()));
    Some(said.unwrap_or("it ended with an error").to_owned())
}

/// Adds what the suite does not count: an answer that did not reach the driver, and a scenario in which nothing was looked at.
fn judge(scenario: &mut Scenario, complaint: Option<&str>) {
    let silent = scenario.passed == 0 && scenario.failures.is_empty();
    let found =
        complaint.map(|said| ("driver", said)).or_else(|| silent.then_some(("no-result", "nothing was looked at")));
    scenario.failures.extend(found.map(|(id, message)| Check { id: id.into(), message: message.into() }));
}

#[cfg(test)]
mod tests {
    use super::{Scenario, applicable, complaint, judge};

    #[test]
    fn scenarios_of_what_the_gateway_does_not_do_are_left_out() {
        let printed = "Client scenarios (test against a client):\n  - initialize [2025-06-18,2025-11-25]\n  \
                       - auth/dpop [extension]\n  - sep-2640-client-no-prefetch [extension]\n  - tools_call [2026-07-28]\n";
        assert_eq!(applicable(printed), ["initialize", "tools_call"]);
    }

    #[test]
    fn what_the_driver_says_is_told_and_silence_is_none() {
        let failed = "\nClient exited with code 1\n\nStdout:\nx\n\nStderr:\ntools/call: no\nmore\nChecks:\n";
        assert_eq!(complaint(failed).as_deref(), Some("tools/call: no"));
        assert_eq!(complaint("\nClient exited with code 1\n").as_deref(), Some("it ended with an error"));
        assert_eq!(complaint("\nClient timed out after 60000ms\n").as_deref(), Some("it did not end in time"));
        assert_eq!(complaint("Checks:\n"), None);
    }

    #[test]
    fn a_scenario_in_which_nothing_was_looked_at_has_failed() {
        let ids = |passed, complaint| {
            let mut scenario = Scenario { name: "initialize".into(), passed, failures: Vec::new() };
            judge(&mut scenario, complaint);
            scenario.failures.into_iter().map(|check| check.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(0, None), ["no-result"]);
        assert_eq!(ids(2, Some("no")), ["driver"]);
        assert!(ids(2, None).is_empty());
    }
}
